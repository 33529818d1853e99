"""Any transform of the library albumentations, by its name."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from tilth.errors import ParameterError
from tilth.generators.image._albumentations import library, made_transform, refusals, seeded
from tilth.generators.image._base import shows, tiny
from tilth.numerics.augment.images import to_gray
from tilth.numerics.augment.pixels import Pixels, check_pixels, from_unit, to_unit
from tilth.plugin import Example, Operation
from tilth.records import Sample

__all__ = ["Albumentations"]


@dataclass(frozen=True)
class Albumentations(Operation):
    """A transform of albumentations 2.0.8, the last release under the MIT licence; boxes and mask follow.

    Its update check is switched off. The fork albumentationsx, which has the same import name and the AGPL licence, is
    refused. A grey image goes through as one of three equal channels, an alpha channel as a mask.

    Parameters
    ----------
    magnitude : float
        Ignored: the strength is in `params`.
    transform : str, default="CLAHE"
        Name of a class of albumentations.
    params : mapping
        Its arguments; it always applies unless ``p`` is among them. For a transform that joins others (``Compose``,
        ``OneOf``, ``SomeOf``), ``transforms`` is a list of names and of ``{name: arguments}``: a whole pipeline costs
        little more than called by hand.

    References
    ----------
    Buslaev et al. (2020). Albumentations: fast and flexible image augmentations. Information 11(2).

    Examples
    --------
    >>> Albumentations(transform="HorizontalFlip").spec()["params"]["transform"]
    'HorizontalFlip'
    """

    medium: ClassVar[str] = "image"
    accepts: ClassVar[tuple[str, ...]] = ("image",)
    ranged: ClassVar[bool] = False
    retypes: ClassVar[bool] = True
    extra: ClassVar[str] = "image"

    transform: str = "CLAHE"
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.transform, str) or not isinstance(self.params, Mapping):
            raise ParameterError(
                "albumentations takes the name of a transform and a mapping of its arguments",
                found=f"{self.transform!r} and {self.params!r}",
            )

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """The sample, its boxes and its mask through the transform."""
        image = sample.value
        if _plain(image) and sample.boxes is None and sample.mask is None:  # nothing to prepare, nothing to follow
            transform, _ = made_transform(self, boxes=False)  # not within the try, which asks the library for errors
            try:
                return sample.changed(seeded(transform, rng)(image=image)["image"])
            except refusals() as error:
                raise self._refused(sample, error) from error
        image = check_pixels(image, where=sample.row_id)
        if tiny(image):
            return sample
        colour, alpha = _apart(image)
        given: dict[str, Any] = {"image": colour}
        masks = [mask for mask in (sample.mask, alpha) if mask is not None]
        if masks:
            given["masks"] = masks
        boxes = () if sample.boxes is None else sample.boxes
        transform, boxed = made_transform(self, boxes=len(boxes) > 0)
        if boxed:
            given |= {"bboxes": np.asarray(boxes, dtype=np.float32), "at": np.arange(len(boxes))}
        try:
            made = seeded(transform, rng)(**given)
        except refusals() as error:
            raise self._refused(sample, error) from error
        more: dict[str, Any] = {}
        if boxed:
            kept = [int(at) for at in made["at"]]
            more["boxes"] = np.asarray(made["bboxes"], dtype=np.float32).reshape(-1, 4)
            more["box_labels"] = tuple(sample.box_labels[at] for at in kept) if sample.box_labels else ()
        if sample.mask is not None:
            more["mask"] = np.asarray(made["masks"][0])
        new_alpha = np.asarray(made["masks"][-1]) if alpha is not None else None
        return sample.changed(_together(np.asarray(made["image"]), new_alpha, image), **more)

    def _refused(self, sample: Sample, error: Exception) -> ParameterError:
        return ParameterError(
            f"{self.transform} of albumentations cannot change this image",
            where=sample.row_id,
            found=str(error)[:300],
        )

    @classmethod
    def example(cls) -> Example:
        """Left is right, the box too."""
        library()
        return shows(
            "Left is right, the box too.",
            lambda old, new: bool((new.value == old.value[:, ::-1]).all()),
            transform="HorizontalFlip",
        )


def _plain(image: Any) -> bool:
    """Whether it is a colour image of a type that the library takes, of more than one pixel."""
    if type(image) is not np.ndarray or image.ndim != 3:
        return False
    height, width, channels = image.shape
    return bool(channels == 3 and height * width > 1 and image.dtype in _TYPES)


_TYPES = (np.dtype(np.uint8), np.dtype(np.float32))


def _apart(image: Pixels) -> tuple[Pixels, Pixels | None]:
    """Three colours of a type that the library takes, and the alpha channel."""
    alpha = image[..., -1] if image.ndim == 3 and image.shape[2] in (2, 4) else None
    colour = image if alpha is None else image[..., :-1]
    if colour.dtype not in (np.uint8, np.float32):
        colour = to_unit(colour)
    if colour.ndim == 2 or colour.shape[2] == 1:
        colour = np.repeat(colour.reshape(*colour.shape[:2], 1), 3, axis=2)
    return np.ascontiguousarray(colour), None if alpha is None else np.ascontiguousarray(alpha)


def _together(colour: Pixels, alpha: Pixels | None, before: Pixels) -> Pixels:
    """What came out, with as many channels as went in, and of the old type where it was only lent another."""
    channels = (before.shape[2] if before.ndim == 3 else 1) - (alpha is not None)
    if channels == 1 and colour.ndim == 3 and colour.shape[2] == 3:
        colour = to_gray(colour)[..., :1] if (colour != colour[..., :1]).any() else colour[..., :1]
    if before.dtype not in (np.uint8, np.float32):
        colour = from_unit(colour, before.dtype)
    if alpha is not None:
        level = alpha if colour.dtype == before.dtype else to_unit(alpha)
        return np.concatenate([colour, level[..., None].astype(colour.dtype)], axis=-1)
    return np.ascontiguousarray(colour[..., 0] if before.ndim == 2 and colour.ndim == 3 else colour)
