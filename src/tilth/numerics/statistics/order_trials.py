"""Which order of review pays first: one fixed model, with the first corrections of either order applied."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError
from tilth.numerics.statistics.intervals import Interval
from tilth.numerics.statistics.trials import Compare, Trial, fit_predict, row_weights

__all__ = ["OrderGain", "compare_orders"]


@dataclass(frozen=True)
class OrderGain:
    """What two orders gained after the same number of reviews.

    Parameters
    ----------
    reviewed : int
        Rows reviewed, mean of the trials.
    gains : tuple of two floats
        Mean gain of the metric over the old labels, in the first order and in the second.
    difference : Interval
        Paired difference, first minus second.
    """

    reviewed: int
    gains: tuple[float, float]
    difference: Interval


def compare_orders(
    X: npt.NDArray[Any],
    old: npt.NDArray[np.int64],
    new: npt.NDArray[np.int64],
    trials: Sequence[Trial],
    orders: Sequence[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]],
    *,
    model: Any,
    shares: Sequence[float] = (0.1, 0.25, 0.5),
    balanced: bool = False,
    fixed_test: bool = False,
    truth: npt.NDArray[np.int64] | None = None,
    on_fit: Callable[[int], object] | None = None,
) -> tuple[OrderGain, ...]:
    """Train on the old labels with the first rows of either order corrected, and compare.

    Parameters
    ----------
    X : (n, d) array
    old, new : (n,) int64
        Class index as given and as reviewed; -1 where unlabelled or dropped.
    trials : sequence of Trial
        At least 2.
    orders : sequence of two (m,) int64
        For each trial the reviewed rows among its training rows, in the first order and in the second.
    model : scikit-learn classifier or zero-argument factory
    shares : sequence of float
        Shares of the reviewed rows after which to look, in (0, 1].
    balanced, fixed_test, truth, on_fit
        As for `run_trials`.

    Returns
    -------
    tuple of OrderGain
        One for each share.

    Raises
    ------
    AlignmentError
        Not one pair of orders for each trial, or the two of a pair differ in their rows.

    Examples
    --------
    >>> from sklearn.linear_model import LogisticRegression
    >>> X, true = np.linspace(-1, 1, 40)[:, None], np.repeat([0, 1], 20)
    >>> old = true.copy()
    >>> old[[1, 20, 21, 22]] = 1 - old[[1, 20, 21, 22]]
    >>> trial = Trial(np.arange(0, 40), np.arange(0, 40))
    >>> orders = (np.array([20, 21, 22, 1]), np.array([1, 20, 21, 22]))
    >>> found = compare_orders(
    ...     X, old, true, [trial, trial], [orders, orders], model=LogisticRegression(C=100), shares=[0.75], truth=true
    ... )
    >>> found[0].reviewed, found[0].difference.estimate >= 0
    (3, True)
    """
    if len(orders) != len(trials):
        raise AlignmentError("every trial needs its two orders", found=f"{len(orders)} for {len(trials)} trials")
    for i, (first, second) in enumerate(orders):
        if not np.array_equal(np.sort(first), np.sort(second)):
            raise AlignmentError("the two orders must hold the same rows", where=f"trial {i}")
    tell, answers = on_fit or (lambda _n: None), old if truth is None else truth
    tell(len(trials) * (1 + 2 * len(shares)))
    before: list[npt.NDArray[np.float64]] = []
    right: list[tuple[list[npt.NDArray[np.float64]], list[npt.NDArray[np.float64]]]] = [([], []) for _ in shares]
    for trial, pair in zip(trials, orders, strict=True):
        score = _scorer(X, trial, model, answers, balanced, tell)
        before.append(score(old))
        for share, arms in zip(shares, right, strict=True):
            for order, arm in zip(pair, arms, strict=True):
                labels = old.copy()
                chosen = order[: _first(share, len(order))]
                labels[chosen] = new[chosen]
                arm.append(score(labels))
    compare = Compare(trials, fixed_test)
    everything = [np.ones(len(trial.test), dtype=bool) for trial in trials]
    start = float(np.mean([r.mean() for r in before]))
    return tuple(
        OrderGain(
            round(float(np.mean([_first(share, len(order)) for order, _ in orders]))),
            (
                float(np.mean([r.mean() for r in first])) - start,
                float(np.mean([r.mean() for r in second])) - start,
            ),
            compare(second, first, everything),
        )
        for share, (first, second) in zip(shares, right, strict=True)
    )


def _scorer(
    X: npt.NDArray[Any],
    trial: Trial,
    model: Any,
    answers: npt.NDArray[np.int64],
    balanced: bool,
    tell: Callable[[int], object],
) -> Callable[[npt.NDArray[np.int64]], npt.NDArray[np.float64]]:
    """From training labels to the weighted hits on the test rows of a trial."""
    label = answers[trial.test]
    weights = row_weights(label, balanced)

    def score(labels: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        predicted = fit_predict(model, X, labels, trial.train, trial.test)
        tell(0)
        return np.asarray((predicted == label) * weights)

    return score


def _first(share: float, n: int) -> int:
    """Rows reviewed after a share of n: at least one, where there is one."""
    return min(n, max(1, round(share * n)))
