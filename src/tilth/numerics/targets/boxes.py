"""Bounding boxes that are probably missing, badly placed or of the wrong class, judged by a detector's predictions."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError, ProbabilityError
from tilth.numerics.label_errors.log_odds import from_log_odds, to_log_odds

__all__ = ["BoxErrors", "BoxIssue", "find_box_errors"]

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]

_TOUCHING = 0.1
_USUAL = 0.8


@dataclass(frozen=True)
class BoxIssue:
    """One box that is probably wrong.

    Parameters
    ----------
    image : int
    kind : {"overlooked", "badly placed", "swapped"}
    score : float
        In [0, 1], high means look here first.
    given : int
        Which box of the label; -1 for one that was overlooked.
    predicted : int
        The prediction that says so: its box and class are the suggestion.
    """

    image: int
    kind: str
    score: float
    given: int
    predicted: int


@dataclass(frozen=True, eq=False)
class BoxErrors:
    """What `find_box_errors` found.

    Attributes
    ----------
    scores : ndarray of float64, shape (n,)
        In [0, 1], one per image, high means look here first: the odds of all its boxes and kinds added up.
    overlooked : list of n ndarrays of float64, shape (predicted boxes,)
        Per predicted box: there is an object here and no box.
    badly_placed : list of n ndarrays of float64, shape (given boxes,)
        Per given box: right class, wrong edges.
    swapped : list of n ndarrays of float64, shape (given boxes,)
        Per given box: right edges, wrong class.
    issues : list of BoxIssue
        All with a score of at least `threshold`, the worst first.
    usual_overlap : float
        Median overlap of given boxes with predictions of their class: what a well-placed box reaches.
    """

    scores: Floats
    overlooked: list[Floats]
    badly_placed: list[Floats]
    swapped: list[Floats]
    issues: list[BoxIssue]
    usual_overlap: float


@dataclass(frozen=True, eq=False)
class _Image:
    classes: Ints
    predicted: Ints
    confidence: Floats
    overlap: Floats

    @property
    def same(self) -> npt.NDArray[np.bool_]:
        """Whether each given box and each prediction share a class, shape (given, predicted)."""
        return np.asarray(self.classes[:, None] == self.predicted[None, :])


def find_box_errors(
    labels: Sequence[Mapping[str, Any]],
    predictions: Sequence[Mapping[str, Any]],
    *,
    min_score: float = 0.5,
    threshold: float = 0.5,
) -> BoxErrors:
    """Find bounding boxes that are probably wrong, per box and per image.

    The overlap of two boxes is the area they share over the area they cover.

    - A prediction shows an *overlooked* object as far as it is confident and covered by no given box of any class.
    - A given box is *badly placed* as far as the best confident prediction of its class that belongs to it overlaps
      it less than is usual in these data.
    - A given box is *swapped* as far as a prediction of another class overlaps it more confidently than any of its own.

    Parameters
    ----------
    labels : sequence of n mappings
        ``{"boxes": (L, 4), "labels": (L,)}``: corners x1, y1, x2, y2 with x1 < x2 and y1 < y2, in any unit, and
        integer classes. An image without objects has empty arrays.
    predictions : sequence of n mappings
        ``{"boxes": (M, 4), "labels": (M,), "scores": (M,)}``: the same, with confidences in [0, 1], of a model that
        was not trained on the image.
    min_score : float
        Predictions that are less confident say nothing about overlooked and badly placed boxes.
    threshold : float
        Score, in [0, 1], from which a box is an issue.

    Returns
    -------
    BoxErrors

    Raises
    ------
    AlignmentError, LabelError, DataError, ProbabilityError, ParameterError
        If the input cannot be used; the message names the image.

    References
    ----------
    Tkachenko, Thyagarajan, Mueller 2023, "ObjectLab: Automated Diagnosis of Mislabeled Images in Object Detection
    Data", arXiv:2309.00832.

    Examples
    --------
    >>> labels = [{"boxes": [[0, 0, 10, 10]], "labels": [0]}]
    >>> boxes = [[0, 0, 10, 10], [50, 50, 60, 60]]
    >>> found = find_box_errors(labels, [{"boxes": boxes, "labels": [1, 0], "scores": [0.95, 0.9]}])
    >>> [(issue.kind, issue.given, issue.predicted, issue.score) for issue in found.issues]
    [('swapped', 0, 0, 0.95), ('overlooked', -1, 1, 0.9)]
    """
    for name, value in (("min_score", min_score), ("threshold", threshold)):
        if not 0 <= value <= 1:
            raise ParameterError(f"{name} must be between 0 and 1", found=repr(value))
    if len(labels) != len(predictions):
        raise AlignmentError("labels and predictions differ in length", found=f"{len(labels)}, {len(predictions)}")
    images = [_read(i, label, said) for i, (label, said) in enumerate(zip(labels, predictions, strict=True))]
    usual = _usual_overlap(images, min_score)
    result = BoxErrors(np.zeros(len(images)), [], [], [], [], usual)
    for i, image in enumerate(images):
        placed, by = _badly_placed(image, min_score, usual)
        overlooked = _overlooked(image, min_score, by)
        swapped, to = _swapped(image)
        result.overlooked.append(overlooked)
        result.badly_placed.append(placed)
        result.swapped.append(swapped)
        every = np.concatenate([overlooked, placed, swapped])
        if len(every):
            result.scores[i] = from_log_odds(np.logaddexp.reduce(to_log_odds(every)))
        found = [BoxIssue(i, "overlooked", float(s), -1, m) for m, s in enumerate(overlooked) if s >= threshold]
        for kind, scores, which in (("badly placed", placed, by), ("swapped", swapped, to)):
            chosen = np.flatnonzero((scores >= threshold) & (which >= 0))
            found += [BoxIssue(i, kind, float(scores[b]), int(b), int(which[b])) for b in chosen]
        result.issues.extend(found)
    result.issues.sort(key=lambda issue: -issue.score)
    return result


def _overlooked(image: _Image, min_score: float, by: Ints) -> Floats:
    """Score of each prediction; one that tells where a given box should be (`by`) has found no new object."""
    covered = image.overlap.max(axis=0, initial=0.0)
    score = image.confidence * np.clip(1 - covered / 0.5, 0, 1)
    score = np.where(image.confidence >= min_score, score, 0.0)
    score[by[by >= 0]] = 0.0
    return np.asarray(score)


def _badly_placed(image: _Image, min_score: float, usual: float) -> tuple[Floats, Ints]:
    """Score of each given box, and the prediction that contradicts its edges (-1: none)."""
    if not image.overlap.size:
        return np.zeros(len(image.classes)), np.full(len(image.classes), -1)
    fits = np.where(image.same & (image.confidence >= min_score), image.overlap, 0.0)
    mine = fits >= np.maximum(fits.max(axis=0), _TOUCHING)
    worth = np.where(mine, fits * image.confidence, 0.0)
    best = worth.argmax(axis=1)
    each = np.arange(len(best))
    some = worth[each, best] > 0
    gap = np.clip(1 - fits[each, best] / usual, 0, 1)
    return np.where(some, gap * image.confidence[best], 0.0), np.where(some, best, -1).astype(np.int64)


def _swapped(image: _Image) -> tuple[Floats, Ints]:
    """Score of each given box, and the prediction that contradicts its class (-1: none)."""
    if not image.overlap.size:
        return np.zeros(len(image.classes)), np.full(len(image.classes), -1)
    support = image.overlap * image.confidence
    against = np.where(image.same, 0.0, support)
    best = against.argmax(axis=1)
    own = np.where(image.same, support, 0.0).max(axis=1)
    score = np.clip(against.max(axis=1) - own, 0, 1)
    return score, np.where(score > 0, best, -1).astype(np.int64)


def _usual_overlap(images: Sequence[_Image], min_score: float) -> float:
    """Median over given boxes of the best overlap with a confident prediction of their class."""
    found = [_USUAL]
    for image in images:
        if image.overlap.size:
            best = np.where(image.same & (image.confidence >= min_score), image.overlap, 0.0).max(axis=1)
            found += best[best >= 0.5].tolist()
    return float(np.median(found))


def _read(i: int, label: Mapping[str, Any], said: Mapping[str, Any]) -> _Image:
    given, classes = _boxes(i, label, "labels")
    boxes, predicted = _boxes(i, said, "predictions")
    if "scores" not in said:
        raise DataError("a prediction has no 'scores'", where=f"image {i}", found=", ".join(said))
    confidence = np.asarray(said["scores"], dtype=np.float64).reshape(-1)
    if len(confidence) != len(boxes):
        raise AlignmentError(
            "a prediction has other numbers of boxes and of scores",
            where=f"image {i}",
            found=f"{len(boxes)} and {len(confidence)}",
        )
    bad = np.flatnonzero(~((confidence >= 0) & (confidence <= 1)))
    if bad.size:
        raise ProbabilityError(
            "a confidence is outside [0, 1]", where=f"image {i}, box {bad[0]}", found=str(confidence[bad[0]])
        )
    return _Image(classes, predicted, confidence, _overlap(given, boxes))


def _boxes(i: int, record: Mapping[str, Any], name: str) -> tuple[Floats, Ints]:
    missing = [key for key in ("boxes", "labels") if key not in record]
    if missing:
        raise DataError(f"{name} lack {missing[0]!r}", where=f"image {i}", found=", ".join(record) or "nothing")
    boxes = np.asarray(record["boxes"], dtype=np.float64)
    boxes = boxes if boxes.size else np.zeros((0, 4))
    if boxes.ndim != 2 or boxes.shape[1] != 4:
        raise DataError("a box must have four corners", where=f"image {i} of {name}", found=f"shape {boxes.shape}")
    classes = np.asarray(record["labels"]).reshape(-1)
    if len(boxes) != len(classes):
        raise AlignmentError(
            f"{name} have other numbers of boxes and of classes",
            where=f"image {i}",
            found=f"{len(boxes)} and {len(classes)}",
        )
    if classes.size and classes.dtype.kind not in "iu":
        raise LabelError("classes must be integers", where=f"image {i} of {name}", found=f"dtype {classes.dtype}")
    flat = ~(np.isfinite(boxes).all(axis=1) & (boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1]))
    if flat.any():
        box = int(np.argmax(flat))
        raise DataError(
            "a box must have finite corners x1 < x2 and y1 < y2",
            where=f"image {i} of {name}, box {box}",
            found=str(boxes[box].tolist()),
            fix="convert from x, y, width, height, or drop the box",
        )
    return boxes, classes.astype(np.int64)


def _overlap(a: Floats, b: Floats) -> Floats:
    """Shared over covered area of every pair of boxes, shape (len(a), len(b))."""
    low = np.maximum(a[:, None, :2], b[None, :, :2])
    high = np.minimum(a[:, None, 2:], b[None, :, 2:])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    area_a = (a[:, 2:] - a[:, :2]).prod(axis=1)
    area_b = (b[:, 2:] - b[:, :2]).prod(axis=1)
    return np.asarray(shared / (area_a[:, None] + area_b[None, :] - shared))
