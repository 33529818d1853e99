"""Which classes, and which pairs of classes, the labels of a whole dataset suffer from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError
from tilth.numerics.confident.joint import estimate_joint, num_label_issues
from tilth.numerics.confident.matrices import check_joint

__all__ = [
    "ClassOverlap",
    "ClassQuality",
    "find_overlapping_classes",
    "overall_label_health_score",
    "rank_classes_by_label_quality",
]

Array = npt.NDArray[Any]


@dataclass(frozen=True)
class ClassQuality:
    """Label quality of one class.

    Parameters
    ----------
    class_index : int
        The class, 0..K-1.
    label_issues : int
        Estimated number of rows given this class that belong to another.
    inverse_label_issues : int
        Estimated number of rows of this class that were given another.
    label_noise : float
        P(true class differs | given this class), in [0, 1].
    inverse_label_noise : float
        P(given class differs | truly this class), in [0, 1].
    label_quality_score : float
        1 - `label_noise`; low is bad.
    """

    class_index: int
    label_issues: int
    inverse_label_issues: int
    label_noise: float
    inverse_label_noise: float
    label_quality_score: float


@dataclass(frozen=True)
class ClassOverlap:
    """How often two classes are mistaken for each other.

    Parameters
    ----------
    class_index_a, class_index_b : int
        The classes; given and true class where the direction counts.
    num_overlapping_examples : int
        Estimated number of rows.
    joint_probability : float
        Their share of all rows, in [0, 1].
    """

    class_index_a: int
    class_index_b: int
    num_overlapping_examples: int
    joint_probability: float


def rank_classes_by_label_quality(
    labels: npt.ArrayLike,
    pred_probs: Any = None,
    *,
    joint: npt.ArrayLike | None = None,
    confident_joint: npt.ArrayLike | None = None,
) -> list[ClassQuality]:
    """Classes by label quality, the worst first.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Given classes, 0..K-1, no missing values.
    pred_probs : array_like of float, shape (n, K), or re-iterable of blocks
        Out-of-sample probabilities in [0, 1]; not needed with `joint` or `confident_joint`.
    joint : array_like of float, shape (K, K), optional
        Result of `estimate_joint`.
    confident_joint : array_like, shape (K, K), optional
        Counts from which the joint is made.

    Returns
    -------
    list of ClassQuality
        One per class.

    Raises
    ------
    LabelError, ProbabilityError, AlignmentError, ParameterError
        If the input cannot be used.

    Examples
    --------
    >>> worst = rank_classes_by_label_quality([0, 0, 1, 1], joint=[[0.375, 0.125], [0.0, 0.5]])[0]
    >>> worst.class_index, worst.label_noise, worst.label_quality_score
    (0, 0.25, 0.75)
    """
    table = _joint(labels, pred_probs, joint, confident_joint)
    n = len(np.asarray(labels))
    given = table.sum(axis=1) - table.diagonal()
    true = table.sum(axis=0) - table.diagonal()
    noise = given / np.maximum(table.sum(axis=1), 1e-6)
    inverse = true / np.maximum(table.sum(axis=0), 1e-6)
    return [
        ClassQuality(
            int(k),
            int(np.round(given[k] * n)),
            int(np.round(true[k] * n)),
            float(noise[k]),
            float(inverse[k]),
            float(1 - noise[k]),
        )
        for k in np.argsort(1 - noise, kind="stable")
    ]


def find_overlapping_classes(
    labels: npt.ArrayLike,
    pred_probs: Any = None,
    *,
    asymmetric: bool = False,
    joint: npt.ArrayLike | None = None,
    confident_joint: npt.ArrayLike | None = None,
) -> list[ClassOverlap]:
    """Pairs of classes by how often one is given for the other, the most confused first.

    Parameters
    ----------
    labels, pred_probs, joint, confident_joint
        As in `rank_classes_by_label_quality`.
    asymmetric : bool
        Keep "given a, truly b" and "given b, truly a" apart; otherwise they are added up.

    Returns
    -------
    list of ClassOverlap
        One per (ordered, if `asymmetric`) pair of different classes.

    Raises
    ------
    LabelError, ProbabilityError, AlignmentError, ParameterError
        If the input cannot be used.

    Examples
    --------
    >>> find_overlapping_classes([0, 0, 1, 1], joint=[[0.25, 0.25], [0.0, 0.5]])[0].num_overlapping_examples
    1
    """
    table = _joint(labels, pred_probs, joint, confident_joint)
    n = len(np.asarray(labels))
    if asymmetric:
        a, b = np.nonzero(~np.eye(len(table), dtype=bool))
        shares = table[a, b]
    else:
        a, b = np.triu_indices(len(table), 1)
        shares = table[a, b] + table[b, a]
    return [
        ClassOverlap(int(a[i]), int(b[i]), int(np.round(shares[i] * n)), float(shares[i]))
        for i in np.argsort(-shares, kind="stable")
    ]


def overall_label_health_score(labels: npt.ArrayLike, pred_probs: Any) -> float:
    """Estimated share of right labels.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Given classes, 0..K-1, no missing values.
    pred_probs : array_like of float, shape (n, K), or re-iterable of blocks
        Out-of-sample probabilities in [0, 1].

    Returns
    -------
    float
        1 - `num_label_issues` / n, in [0, 1].

    Raises
    ------
    LabelError, ProbabilityError, AlignmentError
        If the input cannot be used.

    Examples
    --------
    >>> probs = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]]
    >>> overall_label_health_score([0, 0, 0, 1, 1], probs)
    0.8
    """
    return 1 - num_label_issues(labels, pred_probs) / len(np.asarray(labels))


def _joint(
    labels: npt.ArrayLike, pred_probs: Any, joint: npt.ArrayLike | None, confident_joint: npt.ArrayLike | None
) -> Array:
    if joint is not None:
        return check_joint(joint)
    if pred_probs is None and confident_joint is None:
        raise ParameterError("nothing to estimate from", fix="pass pred_probs, joint or confident_joint")
    return estimate_joint(labels, pred_probs, confident_joint=confident_joint)
