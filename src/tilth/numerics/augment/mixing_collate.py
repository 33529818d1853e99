"""Batches for training loops: samples are stacked and mixed, for a DataLoader of torch or for a loop of one's own."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import Any

import numpy as np

from tilth.errors import DataError, ParameterError
from tilth.numerics.augment.mixing import audio_mixup, c_mixup, mixup
from tilth.numerics.augment.mixing_images import cutmix, resizemix
from tilth.numerics.augment.soft_labels import is_torch, like, soft_labels
from tilth.numerics.statistics.shared_number import SharedNumber

__all__ = ["MixCollate"]

_KINDS = {"mixup": mixup, "cutmix": cutmix, "resizemix": resizemix, "audio_mixup": audio_mixup}


class MixCollate:
    """A ``collate_fn``: stacks (value, label) pairs and mixes them.

    What a batch becomes depends on the seed, the epoch and the samples in it, not on the worker that makes it.

    Parameters
    ----------
    kinds : str or sequence of str
        "mixup", "cutmix", "resizemix", "audio_mixup" or "c_mixup"; of several, one is drawn for each batch.
    n_classes : int, optional
        Columns of the soft labels; needed but for "c_mixup" and labels that are soft already.
    classes : sequence, optional
        Class names instead of `n_classes`.
    p : float, default 1.0
        Probability that a batch is mixed; the labels of others are one-hot.
    alpha : float, optional
        Of the Beta distribution; default: the method's own.
    seed : int, default 0

    Attributes
    ----------
    epoch : int
        Set it at the start of each epoch for another mixture of equal batches; workers that a DataLoader keeps from
        epoch to epoch see it too.

    Examples
    --------
    >>> collate = MixCollate("mixup", n_classes=3)
    >>> values, soft = collate([(np.zeros(4), 0), (np.ones(4), 2)])
    >>> values.shape, soft.shape
    ((2, 4), (2, 3))
    """

    def __init__(
        self,
        kinds: str | Sequence[str] = ("mixup", "cutmix"),
        *,
        n_classes: int | None = None,
        classes: Sequence[Any] | None = None,
        p: float = 1.0,
        alpha: float | None = None,
        seed: int = 0,
    ) -> None:
        self.kinds = (kinds,) if isinstance(kinds, str) else tuple(kinds)
        unknown = [kind for kind in self.kinds if kind not in _KINDS and kind != "c_mixup"]
        if unknown or not self.kinds:
            raise ParameterError(
                "no such way to mix", found=repr(unknown or kinds), fix=f"use {', '.join(_KINDS)} or c_mixup"
            )
        if "c_mixup" in self.kinds and len(self.kinds) > 1:
            raise ParameterError("c_mixup is for numeric targets and stands alone", found=", ".join(self.kinds))
        if not 0 <= p <= 1:
            raise ParameterError("a probability lies in [0, 1]", found=repr(p))
        self.n_classes, self.classes, self.p, self.alpha, self.seed = n_classes, classes, p, alpha, seed
        self._epoch = SharedNumber(0)

    @property
    def epoch(self) -> int:
        """The epoch that batches are mixed for."""
        return self._epoch.value

    @epoch.setter
    def epoch(self, epoch: int) -> None:
        whole = isinstance(epoch, (int, np.integer)) and not isinstance(epoch, bool)
        if not whole or not 0 <= epoch < 2**63:
            raise ParameterError("an epoch is a whole number from 0", found=repr(epoch))
        self._epoch.value = int(epoch)

    def __call__(self, samples: Sequence[tuple[Any, Any]]) -> tuple[Any, Any]:
        """The mixed batch and its soft labels; torch.Tensor where the samples hold tensors, else numpy arrays."""
        if not len(samples):
            raise DataError("an empty batch cannot be mixed", found="no samples", fix="leave empty batches out")
        values = _stacked([value for value, _ in samples])
        labels: Any = [label for _, label in samples]
        if is_torch(labels[0]) or isinstance(labels[0], np.ndarray):
            labels = _stacked(labels)
        rng = np.random.default_rng([self.seed, self.epoch, _mark(values)])
        mixes = rng.random() < self.p
        kind = self.kinds[int(rng.integers(len(self.kinds)))]
        more: dict[str, Any] = {} if self.alpha is None or kind == "resizemix" else {"alpha": self.alpha}
        if kind == "c_mixup":
            mixed = c_mixup(values, labels, rng, **more)
            plain = labels.detach().cpu().numpy() if is_torch(labels) else np.asarray(labels, dtype=np.float64)
            return mixed if mixes else (values, like(plain, values, keep=True))
        soft = soft_labels(labels, n_classes=self._width(labels), classes=self.classes)
        partners = None if mixes else np.arange(len(values))
        if not mixes:
            kind = "mixup"
        mix: Any = _KINDS[kind]
        made: tuple[Any, Any] = mix(values, soft, rng, partners=partners, **more)
        return made

    def _width(self, labels: Any) -> int | None:
        if self.n_classes is None and self.classes is None and getattr(labels, "ndim", 1) == 1:
            raise ParameterError(
                "the number of classes is not known from one batch", fix="give n_classes, or classes=[...]"
            )
        return self.n_classes


def _stacked(values: list[Any]) -> Any:
    if len({tuple(getattr(value, "shape", ())) for value in values}) > 1:
        shapes = sorted({tuple(getattr(value, "shape", ())) for value in values})
        raise DataError(
            "the samples of a batch have different shapes", found=f"{shapes}"[:120], fix="crop or pad first"
        )
    if is_torch(values[0]):
        import torch

        return torch.stack(values)
    return np.stack([np.asarray(value) for value in values])


def _mark(values: Any) -> int:
    """A number that tells batches apart, from some thousands of their values."""
    flat = (values.detach().cpu() if is_torch(values) else values).reshape(-1)
    plain = np.asarray(flat[:: max(1, len(flat) // 8192)])
    return zlib.crc32(np.ascontiguousarray(plain).tobytes())
