"""Rows that may belong to several classes at once: which annotations are probably wrong."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError
from tilth.numerics.confident.issues import find_label_issues
from tilth.numerics.confident.probabilities import check_pred_probs
from tilth.numerics.label_errors.log_odds import from_log_odds, pool_log_odds
from tilth.numerics.label_errors.model import estimate_label_errors

__all__ = ["MultilabelErrors", "find_multilabel_errors"]

Floats = npt.NDArray[np.float64]
Mask = npt.NDArray[np.bool_]

_FEWEST = 5


@dataclass(frozen=True, eq=False)
class MultilabelErrors:
    """What `find_multilabel_errors` found.

    Attributes
    ----------
    scores : ndarray of float64, shape (n,)
        In [0, 1], high means look here first: is any annotation of the row wrong?
    issues : ndarray of bool, shape (n,)
        Rows with at least one class issue.
    class_scores : ndarray of float64, shape (n, k)
        The same for each class: present though it should not be, or absent though it should be there.
    class_issues : ndarray of bool, shape (n, k)
    suggested : ndarray of bool, shape (n, k)
        The classes of each row with the class issues turned over.
    """

    scores: Floats
    issues: Mask
    class_scores: Floats
    class_issues: Mask
    suggested: Mask


def find_multilabel_errors(labels: Any, pred_probs: Any) -> MultilabelErrors:
    """Find rows whose set of classes is probably wrong, and which of the classes.

    Each class is judged by itself, as present or absent. Its score is the mean, in log-odds, of two probabilities that
    the annotation is wrong: what the model says, and what is left of it once the class's own rates of false and missed
    annotations are accounted for. The score of a row adds up the odds of its classes, so that one blatant error
    outweighs many small doubts.

    Parameters
    ----------
    labels : ndarray of bool or of 0 and 1, shape (n, k), or sequence of n sequences of int
        An array tells for each class whether it is present; lists name the classes present, 0..k-1 (an empty
        list: none). No missing values.
    pred_probs : array_like of float, shape (n, k)
        Out-of-sample probability, in [0, 1], that each class is present; rows need not sum to one.

    Returns
    -------
    MultilabelErrors
        A class that all rows, or no rows, have gets scores but no issues.

    Raises
    ------
    LabelError, ProbabilityError, AlignmentError
        If the input cannot be used; the message names the row.

    References
    ----------
    Thyagarajan et al. 2022, "Identifying Incorrect Annotations in Multi-Label Classification Data", arXiv:2211.13895.
    Patrini et al. 2017, "Making Deep Neural Networks Robust to Label Noise: A Loss Correction Approach", CVPR.

    Examples
    --------
    >>> labels = [[0], [0, 1], [], [1], [0], [0, 1]]
    >>> pred_probs = [[0.9, 0.1], [0.8, 0.9], [0.1, 0.2], [0.9, 0.9], [0.8, 0.1], [0.9, 0.8]]
    >>> found = find_multilabel_errors(labels, pred_probs)
    >>> int(found.scores.argmax()), int(found.class_scores[3].argmax())
    (3, 0)
    """
    probs = _check_presence(pred_probs)
    given = _check_annotations(labels, probs.shape)
    log_odds = np.empty(probs.shape)
    issues = np.zeros(probs.shape, dtype=bool)
    for j in range(probs.shape[1]):
        log_odds[:, j], issues[:, j] = _judge(given[:, j], probs[:, j])
    return MultilabelErrors(
        scores=from_log_odds(np.logaddexp.reduce(log_odds, axis=1)),
        issues=np.asarray(issues.any(axis=1)),
        class_scores=from_log_odds(log_odds),
        class_issues=issues,
        suggested=given ^ issues,
    )


def _judge(given: Mask, present: Floats) -> tuple[Floats, Mask]:
    """Log-odds that the annotation of one class is wrong, and the rows where confident learning says so."""
    plain = np.where(given, 1 - present, present)
    positives = int(given.sum())
    if not 0 < positives < len(given):
        return pool_log_odds((1.0, plain)), np.zeros(len(given), dtype=bool)
    codes, both = given.astype(np.int64), np.column_stack([1 - present, present])
    issues = find_label_issues(codes, both)
    if min(positives, len(given) - positives) < _FEWEST:
        return pool_log_odds((1.0, plain)), issues
    estimate = estimate_label_errors(None, codes, pred_probs=both)
    return pool_log_odds((0.5, plain), (0.5, estimate.p_error_low)), issues


def _check_presence(pred_probs: Any) -> Floats:
    """Probabilities (n, k) as float64; unlike elsewhere, a single class is enough."""
    table = np.asarray(pred_probs)
    if table.ndim == 2 and table.shape[1] == 1 and table.dtype.kind in "iuf":
        return check_pred_probs(np.column_stack([1 - table, table])).astype(np.float64)[:, 1:]
    return check_pred_probs(pred_probs).astype(np.float64)


def _check_annotations(labels: Any, shape: tuple[int, ...]) -> Mask:
    if not isinstance(labels, Sequence):
        return _check_indicators(np.asarray(labels), shape)
    if len(labels) != shape[0]:
        raise AlignmentError("labels and pred_probs have different lengths", found=f"{len(labels)} and {shape[0]}")
    out = np.zeros(shape, dtype=bool)
    for row, classes in enumerate(labels):
        codes = np.asarray(classes)
        if codes.ndim != 1 or (codes.size and codes.dtype.kind not in "iu"):
            raise LabelError(
                "the classes of a row must be a list of integers",
                where=f"row {row}",
                found=repr(classes),
                fix="use [] for a row without classes, or pass an (n, k) array of 0 and 1",
            )
        if codes.size and not (codes.min() >= 0 and codes.max() < shape[1]):
            raise LabelError(
                "a class is not a column of pred_probs", where=f"row {row}", found=f"{classes!r} for {shape[1]} columns"
            )
        out[row, codes.astype(np.int64)] = True
    return out


def _check_indicators(given: npt.NDArray[Any], shape: tuple[int, ...]) -> Mask:
    if given.shape != shape:
        raise AlignmentError(
            "labels as an array must have the shape of pred_probs",
            found=f"{given.shape} and {shape}",
            fix="pass one column of 0 and 1 per class, or one list of class numbers per row",
        )
    bad = np.argwhere((given != 0) & (given != 1))
    if len(bad):
        row, column = (int(i) for i in bad[0])
        raise LabelError("labels must be 0 or 1", where=f"row {row}, class {column}", found=repr(given[row, column]))
    return np.asarray(given, dtype=bool)
