"""Scores on slices: named groups of rows that must not be forgotten behind the average."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError
from tilth.numerics.statistics.interval_result import Interval
from tilth.numerics.statistics.intervals import wilson_interval

__all__ = ["SliceScore", "score_slices"]


@dataclass(frozen=True)
class SliceScore:
    """Accuracy on one slice.

    Attributes
    ----------
    name : str
        "all" for all rows.
    n : int
        Rows of the slice with known truth.
    accuracy : Interval or None
        Wilson; None where no row is judged.
    gap : float
        Accuracy less that of all other rows; NaN where either has no rows.
    worse : bool
        Whether the slice is worse beyond doubt: its interval lies below the accuracy of the other rows.
    """

    name: str
    n: int
    accuracy: Interval | None
    gap: float
    worse: bool


def score_slices(
    predicted: npt.ArrayLike, truth: npt.ArrayLike, slices: Mapping[str, npt.ArrayLike], *, level: float = 0.95
) -> list[SliceScore]:
    """Accuracy of predictions on all rows and on each slice.

    Parameters
    ----------
    predicted, truth : array-like of shape (n,), int
        Class indices; truth is -1 where unknown, and a prediction of -1 counts as wrong.
    slices : mapping of name to array-like of bool, shape (n,)
        Slices may overlap.
    level : float, default=0.95
        Of all intervals of slices together (Bonferroni).

    Returns
    -------
    list of SliceScore
        "all" first, then the slices, worst first; those without rows last.

    Raises
    ------
    AlignmentError
        Different lengths.

    Examples
    --------
    >>> found = score_slices([0, 1, 1, 1], [0, 1, 0, 0], {"late": [False, False, True, True]})
    >>> [(s.name, s.n, s.accuracy.estimate, s.gap) for s in found]
    [('all', 4, 0.5, nan), ('late', 2, 0.0, -1.0)]
    """
    guess, real = np.asarray(predicted), np.asarray(truth)
    if guess.shape != real.shape or guess.ndim != 1:
        raise AlignmentError("predictions and truth differ in length", found=f"{guess.shape} and {real.shape}")
    known = real >= 0
    right = guess == real
    share = 1 - (1 - level) / max(len(slices), 1)
    made = []
    for name, mask in slices.items():
        inside = np.asarray(mask, dtype=bool)
        if inside.shape != real.shape:
            raise AlignmentError(
                "a slice has another number of rows", where=f"slice {name!r}", found=f"{inside.shape}, {real.shape}"
            )
        mine, others = known & inside, known & ~inside
        n = int(mine.sum())
        found = wilson_interval(int(right[mine].sum()), n, level=share) if n else None
        rest = float(right[others].mean()) if others.any() else float("nan")
        gap = found.estimate - rest if found is not None else float("nan")
        made.append(SliceScore(name, n, found, gap, found is not None and found.high < rest))
    made.sort(key=lambda s: (np.inf if np.isnan(s.gap) else s.gap, s.name))
    total = int(known.sum())
    overall = wilson_interval(int(right[known].sum()), total, level=level) if total else None
    return [SliceScore("all", total, overall, float("nan"), False), *made]
