"""Segmentation masks: which pixels, and which images, are probably labelled wrongly. One image in memory at a time."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError, ParameterError, ProbabilityError

__all__ = ["MaskErrors", "find_mask_errors"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class MaskErrors:
    """What `find_mask_errors` found.

    Attributes
    ----------
    scores : ndarray of float64, shape (n,)
        In [0, 1], one per image, high means look here first.
    n_suspect : ndarray of int64, shape (n,)
        Pixels of each image that are probably wrong.
    issues : ndarray of bool, shape (n,)
        Images whose score reaches 0.5 and that have a suspect pixel.
    masks : list of n ndarrays of bool, shape (height, width)
        The suspect pixels; empty unless asked for.
    thresholds : ndarray of float64, shape (k,)
        Mean probability of each class on the pixels labelled so; NaN for a class that is on no pixel.
    """

    scores: Floats
    n_suspect: npt.NDArray[np.int64]
    issues: Mask
    masks: list[Mask]
    thresholds: Floats


def find_mask_errors(
    labels: Sequence[Any],
    pred_probs: Sequence[Any],
    *,
    temperature: float = 0.1,
    window: int = 5,
    return_masks: bool = False,
    ignore_label: int | None = None,
) -> MaskErrors:
    """Find images whose segmentation mask is probably wrong, and the pixels that are.

    A pixel's score is one minus the probability of its class, averaged over the window around it: an error covers an
    area, while doubt along an outline is thin. An image's score is the mean of its pixel scores with weights that
    grow as exp(score / temperature). A pixel is suspect where another class is more probable than the given one, and
    at least as probable as that class is on average on pixels labelled so.

    Parameters
    ----------
    labels : sequence of n array_like of int, shape (height, width)
        Class of each pixel, 0..k-1. A list, an (n, height, width) array or memory map, or anything with a length and
        items by number; images may differ in size. It is read twice, one image at a time.
    pred_probs : sequence of n array_like of float, shape (k, height, width)
        Out-of-sample probabilities in [0, 1] of each pixel; the same.
    temperature : float
        Above 0. Low: the worst pixel decides; high: the mean does.
    window : int
        Odd, at least 1: pixels on a side of the window; 1 does not average.
    return_masks : bool
        Whether to keep the suspect pixels of every image.
    ignore_label : int, optional
        Pixels with this label, such as 255, count for nothing.

    Returns
    -------
    MaskErrors

    Raises
    ------
    AlignmentError, LabelError, ProbabilityError, ParameterError
        If the input cannot be used; the message names the image.

    References
    ----------
    Lad, Mueller 2023, "Estimating label quality and errors in semantic segmentation data via any model",
    arXiv:2307.05080.

    Examples
    --------
    >>> labels = np.zeros((2, 6, 6), dtype=int)
    >>> dog = np.full((2, 6, 6), 0.1)
    >>> labels[0, :3, :3] = 1
    >>> dog[:, :3, :3] = 0.9
    >>> found = find_mask_errors(labels, np.stack([1 - dog, dog], axis=1))
    >>> int(found.scores.argmax()), found.n_suspect.tolist()
    (1, [0, 9])
    """
    if not temperature > 0:
        raise ParameterError("temperature must be above 0", found=repr(temperature))
    if window < 1 or window % 2 == 0:
        raise ParameterError("window must be an odd number of pixels", found=repr(window))
    if len(labels) != len(pred_probs):
        raise AlignmentError("labels and pred_probs have different lengths", found=f"{len(labels)}, {len(pred_probs)}")
    if not len(labels):
        raise LabelError("there are no masks", found="0 images")
    thresholds = _thresholds(labels, pred_probs, ignore_label)
    scores = np.zeros(len(labels))
    n_suspect = np.zeros(len(labels), dtype=np.int64)
    masks: list[Mask] = []
    for i in range(len(labels)):
        given, probs, used = _read(i, labels[i], pred_probs[i], ignore_label)
        own = np.take_along_axis(probs, given[None], axis=0)[0]
        scores[i] = _pool(_average(np.where(used, 1 - own, 0.0), used, window)[used], temperature)
        top = probs.argmax(axis=0)
        sure = probs.max(axis=0) >= np.nan_to_num(thresholds, nan=2.0)[top] - 1e-6
        suspect = used & (top != given) & sure
        n_suspect[i] = int(suspect.sum())
        if return_masks:
            masks.append(suspect)
    return MaskErrors(scores, n_suspect, (scores >= 0.5) & (n_suspect > 0), masks, thresholds)


def _thresholds(labels: Sequence[Any], pred_probs: Sequence[Any], ignore_label: int | None) -> Floats:
    """Mean probability of each class on its own pixels, over all images."""
    total, count = np.zeros(0), np.zeros(0)
    for i in range(len(labels)):
        given, probs, used = _read(i, labels[i], pred_probs[i], ignore_label)
        if not i:
            total, count = np.zeros(len(probs)), np.zeros(len(probs))
        if len(probs) != len(total):
            raise ProbabilityError(
                "images have different numbers of classes", where=f"image {i}", found=f"{len(probs)}, {len(total)}"
            )
        own = np.take_along_axis(probs, given[None], axis=0)[0]
        total += np.bincount(given[used], weights=own[used], minlength=len(total))
        count += np.bincount(given[used], minlength=len(total))
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _average(score: Floats, used: Mask, window: int) -> Floats:
    """Mean over the used pixels of the window around each pixel."""
    if window == 1:
        return score
    from scipy.ndimage import uniform_filter

    share = uniform_filter(used.astype(np.float64), window, mode="nearest")
    return np.asarray(uniform_filter(score, window, mode="nearest") / np.maximum(share, 1e-12))


def _pool(score: Floats, temperature: float) -> float:
    if not len(score):
        return 0.0
    weights = np.exp((score - score.max()) / temperature)
    return float(np.clip((score * weights).sum() / weights.sum(), 0, 1))


def _read(i: int, label: Any, table: Any, ignore_label: int | None) -> tuple[npt.NDArray[np.int64], Floats, Mask]:
    """Labels, probabilities and which pixels count, of one image, checked."""
    given, probs = np.asarray(label), np.asarray(table)
    if given.ndim != 2 or probs.ndim != 3 or probs.shape[1:] != given.shape or not given.size or not len(probs):
        raise AlignmentError(
            "a mask must be (height, width) and its probabilities (classes, height, width)",
            where=f"image {i}",
            found=f"{given.shape} and {probs.shape}",
            fix="move the class axis first, and scale both to one size",
        )
    if given.dtype.kind not in "iub" or probs.dtype.kind not in "iufb":
        raise LabelError("labels must be integers", where=f"image {i}", found=f"{given.dtype} and {probs.dtype}")
    low, high = float(probs.min()), float(probs.max())
    if not (low >= -1e-6 and high <= 1 + 1e-6):
        raise ProbabilityError("a probability is outside [0, 1]", where=f"image {i}", found=f"{low} to {high}")
    used = np.ones(given.shape, dtype=bool) if ignore_label is None else given != ignore_label
    codes = np.where(used, given, 0).astype(np.int64)
    if codes.min() < 0 or codes.max() >= len(probs):
        bad = int(codes.min()) if codes.min() < 0 else int(codes.max())
        raise LabelError(
            "a pixel has a class without probabilities",
            where=f"image {i}",
            found=f"class {bad}, {len(probs)} classes",
            fix="pass ignore_label for pixels that have no class",
        )
    return codes, probs.astype(np.float64), used
