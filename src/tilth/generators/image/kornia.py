"""Any two-dimensional augmentation of the library kornia, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from tilth.errors import NotApplicable, ParameterError
from tilth.generators.image._base import shows, tiny, warped
from tilth.numerics.augment.batches import _run
from tilth.numerics.augment.pixels import check_pixels, from_unit, to_unit
from tilth.numerics.augment.warps import Warp
from tilth.plugin import Example, Operation
from tilth.records import Sample

__all__ = ["Kornia"]

#: Transforms that move pixels by more than a matrix says.
_BENT = ("Elastic", "Fisheye", "ThinPlate", "Jigsaw", "Crop", "Resize", "Pad", "Shuffle")


@dataclass(frozen=True)
class Kornia(Operation):
    """A transform of ``kornia.augmentation``: what `tilth.kornia_batch` does to whole batches, for one image.

    Boxes and mask follow where the transform is a matrix (rotation, affine, perspective, flips); an image that has
    them is refused where it bends, crops or resizes.

    Parameters
    ----------
    magnitude : float
        Ignored: the strength is in `params`.
    transform : str, default="ColorJiggle"
        Name of a class of ``kornia.augmentation``.
    params : mapping
        Its arguments; it always applies unless ``p`` is among them.
    device : str, default="cpu"
        Where torch computes.

    References
    ----------
    Riba et al. (2020). Kornia: an open source differentiable computer vision library for PyTorch. WACV.

    Examples
    --------
    >>> Kornia(transform="RandomInvert").spec()["params"]["transform"]
    'RandomInvert'
    """

    medium: ClassVar[str] = "image"
    accepts: ClassVar[tuple[str, ...]] = ("image",)
    ranged: ClassVar[bool] = False
    extra: ClassVar[str] = "torch"

    transform: str = "ColorJiggle"
    params: Mapping[str, Any] = field(default_factory=dict)
    device: str = "cpu"

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.transform, str) or not isinstance(self.params, Mapping):
            raise ParameterError(
                "kornia takes the name of a transform and a mapping of its arguments",
                found=f"{self.transform!r} and {self.params!r}",
            )

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """The sample through the transform, on the device."""
        torch = self.require("torch")
        self.require("kornia")
        image = check_pixels(sample.value, where=sample.row_id)
        if tiny(image):
            return sample
        alpha = image.ndim == 3 and image.shape[2] in (2, 4)
        layers = image.reshape(*image.shape[:2], -1)
        colour = to_unit(layers[..., :-1] if alpha else layers)
        grey = colour.shape[2] == 1
        planes = np.repeat(colour, 3, axis=2) if grey else colour
        batch = torch.from_numpy(np.ascontiguousarray(planes.transpose(2, 0, 1)))[None].to(self.device)
        out, matrices = _run(batch, [rng], self.transform, dict(self.params))
        made = out[0].cpu().numpy().transpose(1, 2, 0)
        made = from_unit(made.mean(axis=2, keepdims=True) if grey else made, image.dtype)
        followed = self._followers(sample, matrices[0], (image.shape[0], image.shape[1]), alpha)
        if alpha:
            made = np.concatenate([made, followed.value[..., None]], axis=-1)
        return followed.changed(np.ascontiguousarray(made.reshape(*made.shape[:2], *image.shape[2:])))

    def _followers(self, sample: Sample, matrix: Any, size: tuple[int, int], alpha: bool) -> Sample:
        """Boxes, mask and alpha channel moved by the transform's matrix; the value is the alpha channel."""
        level = np.asarray(sample.value)[..., -1] if alpha else np.zeros(size, dtype=np.uint8)
        moves = matrix is not None and not np.array_equal(matrix.cpu().numpy(), np.eye(3, dtype=np.float32))
        bent = any(word in self.transform for word in _BENT)
        if not (alpha or sample.boxes is not None or sample.mask is not None) or not (moves or bent):
            return sample.changed(level)
        if bent:
            raise NotApplicable(
                f"boxes, masks and alpha channels cannot follow {self.transform} of kornia",
                where=f"row {sample.row_id}",
                fix="use an operation of tilth or of albumentations",
            )
        # kornia counts from the middle of the first pixel, a warp from its corner
        half = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
        forward = half @ matrix.cpu().numpy().astype(np.float64) @ np.linalg.inv(half)
        return warped(sample.changed(level), level, Warp(size, size, np.linalg.inv(forward)))

    @classmethod
    def example(cls) -> Example:
        """Black is white."""
        cls().require("kornia")
        return shows(
            "Black is white.",
            lambda old, new: int(np.abs(new.value.astype(int) - (255 - old.value.astype(int))).max()) <= 1,
            transform="RandomInvert",
        )
