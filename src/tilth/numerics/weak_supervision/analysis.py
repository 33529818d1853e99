"""What labelling functions do: coverage, overlaps, conflicts, polarity, accuracy where the truth is known."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.statistics.intervals import wilson_interval
from tilth.numerics.weak_supervision.matrix import label_matrix

__all__ = [
    "FunctionReport",
    "analyze_functions",
    "empirical_probs",
    "lf_summary",
    "most_disputed",
    "worth_of_functions",
]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class FunctionReport:
    """What one labelling function does.

    Attributes
    ----------
    index : int
        Column of the label matrix.
    name : str
    polarity : tuple of int
        Classes that it votes for.
    coverage, overlaps, conflicts : float
        Share of all rows on which it votes; on which another one votes too; on which another one votes otherwise.
    correct, incorrect : int
        Votes on rows with known truth; 0 without gold.
    accuracy, low, high : float
        Share of correct votes with its Wilson interval; NaN where it never voted on a row with known truth.
    alone : int
        Rows on which no other function votes: what would be lost without it.
    gain : float
        Accuracy of majority vote on gold with it, less without it (ties count by halves); NaN without gold.
    """

    index: int
    name: str
    polarity: tuple[int, ...]
    coverage: float
    overlaps: float
    conflicts: float
    correct: int
    incorrect: int
    accuracy: float
    low: float
    high: float
    alone: int
    gain: float


def _gold_of(votes: Votes, gold: npt.ArrayLike | None) -> IntArray | None:
    if gold is None:
        return None
    known = np.asarray(gold)
    if known.shape != (votes.n_items,):
        raise AlignmentError(
            "another number of true labels than rows", found=f"shape {known.shape}", fix=f"give {votes.n_items} of them"
        )
    if known.dtype.kind not in "iu" or known.max(initial=-1) >= votes.n_classes or known.min(initial=0) < -1:
        raise LabelError(
            "true labels must be class indices, -1 where unknown",
            found=f"values {np.unique(known)[:5].tolist()}",
            fix=f"use 0 to {votes.n_classes - 1}",
        )
    return known.astype(np.int64)


def analyze_functions(L: Any, gold: npt.ArrayLike | None = None, *, level: float = 0.95) -> list[FunctionReport]:
    """Describe every labelling function.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
        -1 where a function abstains. May have no rows.
    gold : array-like of shape (n,), int, optional
        True classes, -1 where unknown.
    level : float, default=0.95
        Of the Wilson intervals.

    Returns
    -------
    list of FunctionReport
        One for each function, in the order of the columns.

    Raises
    ------
    AlignmentError, LabelError
        Gold that does not fit.

    Examples
    --------
    >>> first = analyze_functions([[1, 1], [1, 0], [-1, 0]], gold=[1, 0, 0])[0]
    >>> first.coverage.__round__(2), first.conflicts.__round__(2), first.correct, first.incorrect
    (0.67, 0.33, 1, 1)
    """
    votes = label_matrix(L)
    known = _gold_of(votes, gold)
    n, m, k = votes.n_items, votes.n_raters, votes.n_classes
    per_item = votes.votes_per_item
    together = per_item[votes.items] > 1
    counts = votes.count_table()
    against = counts[votes.items, votes.values] < per_item[votes.items]
    cells = np.bincount(votes.raters * k + votes.values, minlength=m * k).reshape(m, k)
    fired = cells.sum(axis=1)
    tell = [np.bincount(votes.raters[mask], minlength=m) for mask in (together, against, ~together)]
    right = np.zeros(m, dtype=np.int64)
    judged = np.zeros(m, dtype=np.int64)
    gains = np.full(m, np.nan)
    if known is not None:
        truth = known[votes.items]
        judged = np.bincount(votes.raters[truth >= 0], minlength=m)
        right = np.bincount(votes.raters[(truth >= 0) & (truth == votes.values)], minlength=m)
        gains = worth_of_functions(votes, known)
    size = max(n, 1)
    made = []
    for j in range(m):
        accuracy, low, high = np.nan, np.nan, np.nan
        if judged[j]:
            found = wilson_interval(int(right[j]), int(judged[j]), level=level)
            accuracy, low, high = found.estimate, found.low, found.high
        made.append(
            FunctionReport(
                j,
                str(votes.rater_names[j]),
                tuple(np.flatnonzero(cells[j]).tolist()),
                float(fired[j] / size),
                float(tell[0][j] / size),
                float(tell[1][j] / size),
                int(right[j]),
                int(judged[j] - right[j]),
                float(accuracy),
                float(low),
                float(high),
                int(tell[2][j]),
                float(gains[j]),
            )
        )
    return made


def worth_of_functions(L: Any, gold: npt.ArrayLike) -> FloatArray:
    """What each function adds: accuracy of majority vote on gold with it less without it, shape (m,).

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
    gold : array-like of shape (n,), int
        -1 where unknown. Rows without votes count as ties between all classes.

    Returns
    -------
    ndarray of shape (m,)
        NaN where no row has a known truth.

    Examples
    --------
    >>> worth_of_functions([[1, -1], [1, 0], [-1, 0]], [1, 1, 0]).round(2).tolist()
    [0.33, 0.0]
    """
    votes = label_matrix(L)
    known = _gold_of(votes, gold)
    if known is None or not (known >= 0).any():
        return np.full(votes.n_raters, np.nan)
    counts = votes.count_table()
    use = known[votes.items] >= 0
    items, raters, values = votes.items[use], votes.raters[use], votes.values[use]
    with_all = _half_right(counts[items], known[items])
    less = counts[items].copy()
    less[np.arange(items.size), values] -= 1
    without = _half_right(less, known[items])
    total = np.bincount(raters, with_all - without, minlength=votes.n_raters)
    return np.asarray(total / int((known >= 0).sum()), dtype=np.float64)


def _half_right(counts: IntArray, truth: IntArray) -> FloatArray:
    best = counts == counts.max(axis=1, keepdims=True)
    made: FloatArray = best[np.arange(truth.size), truth] / best.sum(axis=1)
    return made


def lf_summary(
    L: Any, gold: npt.ArrayLike | None = None, *, lf_names: Any = None, est_weights: npt.ArrayLike | None = None
) -> dict[str, list[Any]]:
    """Table of labelling functions with the column names that snorkel made known.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
    gold : array-like of shape (n,), int, optional
        Adds Correct, Incorrect, Emp. Acc. and its interval.
    lf_names : sequence of str, optional
    est_weights : array-like of shape (m,), optional
        Adds Learned Weight.

    Returns
    -------
    dict of column name to list of length m
        ``name``, ``j``, ``Polarity``, ``Coverage``, ``Overlaps``, ``Conflicts`` and what `gold` and `est_weights` add.
        ``pandas.DataFrame(found).set_index("name")`` is snorkel's frame. Emp. Acc. of a function that never voted on
        a row with known truth is NaN.

    Raises
    ------
    AlignmentError, LabelError, ParameterError

    Examples
    --------
    >>> found = lf_summary([[1, 1], [1, 0], [-1, 0]], gold=[1, 0, 0], lf_names=["link", "short"])
    >>> found["name"], found["Polarity"], found["Emp. Acc."][0]
    (['link', 'short'], [[1], [0, 1]], 0.5)
    """
    votes = label_matrix(L, lf_names=lf_names)
    made = analyze_functions(votes, gold)
    table: dict[str, list[Any]] = {
        "name": [r.name for r in made],
        "j": [r.index for r in made],
        "Polarity": [list(r.polarity) for r in made],
        "Coverage": [r.coverage for r in made],
        "Overlaps": [r.overlaps for r in made],
        "Conflicts": [r.conflicts for r in made],
    }
    if gold is not None:
        table["Correct"] = [r.correct for r in made]
        table["Incorrect"] = [r.incorrect for r in made]
        table["Emp. Acc."] = [r.accuracy for r in made]
        table["Emp. Acc. low"] = [r.low for r in made]
        table["Emp. Acc. high"] = [r.high for r in made]
    if est_weights is not None:
        weights = np.asarray(est_weights, dtype=np.float64)
        if weights.shape != (votes.n_raters,):
            raise ParameterError("est_weights must hold one number for each function", found=f"shape {weights.shape}")
        table["Learned Weight"] = weights.tolist()
    return table


def empirical_probs(L: Any, gold: npt.ArrayLike) -> FloatArray:
    """P(answer | true class) of each function on gold, shape (m, k + 1, k); answer 0 is abstaining.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
    gold : array-like of shape (n,), int
        -1 where unknown.

    Returns
    -------
    ndarray of shape (m, k + 1, k)
        NaN for a true class of which gold has no row.

    Examples
    --------
    >>> empirical_probs([[1], [1], [0], [-1]], [1, 1, 0, 0])[0].round(1).tolist()
    [[0.5, 0.0], [0.5, 0.0], [0.0, 1.0]]
    """
    votes = label_matrix(L)
    known = _gold_of(votes, gold)
    k, m = votes.n_classes, votes.n_raters
    if known is None:
        raise LabelError("true labels are needed", fix="pass gold")
    size = np.bincount(known[known >= 0], minlength=k).astype(np.float64)
    truth = known[votes.items]
    use = truth >= 0
    flat = (votes.raters[use] * k + votes.values[use]) * k + truth[use]
    counts = np.bincount(flat, minlength=m * k * k).reshape(m, k, k).astype(np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        voted = counts / size
        silent = 1 - voted.sum(axis=1, keepdims=True)
    return np.concatenate([silent, voted], axis=1)


def most_disputed(L: Any, n: int = 20) -> tuple[IntArray, FloatArray]:
    """The rows on which functions disagree most: entropy of their votes in bits, times how many voted.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
    n : int, default=20
        Rows at most.

    Returns
    -------
    rows : ndarray of shape (a,), int64
        Most disputed first; only rows with two different votes.
    entropy : ndarray of shape (a,)

    Examples
    --------
    >>> most_disputed([[0, 0, 0], [0, 1, 1], [0, 1, -1]])[0].tolist()
    [1, 2]
    """
    votes = label_matrix(L)
    if n < 1:
        raise ParameterError("n must be at least 1", found=str(n))
    counts = votes.count_table().astype(np.float64)
    total = counts.sum(axis=1)
    share = counts / np.maximum(total, 1)[:, None]
    entropy = -np.where(share > 0, share * np.log2(np.where(share > 0, share, 1.0)), 0.0).sum(axis=1)
    score = entropy * total
    order = np.argsort(-score, kind="stable")[:n]
    order = order[entropy[order] > 0]
    return order.astype(np.int64), entropy[order]
