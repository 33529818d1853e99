"""What kind of errors the data show: errors of a class as a whole, or errors only where rows are ambiguous."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tilth.numerics.label_errors.channel import fit_transition, posterior_of, smooth_transition

__all__ = ["FEW_ROWS", "Regime", "judge_regime", "sure_error_ratio", "unproven_share"]

Floats = NDArray[Any]

SHARES = (0.0, 0.1, 0.3, 0.6, 1.0)
FEW_ROWS = 50
"""With fewer rows per class the soft labels of later rounds only confirm themselves."""
_MOST_CELLS = 4_000_000
_LEAST_SLACK = 0.05
_LEAST_WEIGHT = 0.2
_SHOWN = (0.03, 0.1)
_SPREAD = (0.22, 0.4)
_SPREAD_ALONE = (0.4, 0.55)
_BORDER = (0.1, 0.2)
_ROWS = (40.0, 80.0)


@dataclass(frozen=True, eq=False)
class Regime:
    """What the labels say about their errors.

    Attributes
    ----------
    evidence : float
        Gain of held-out likelihood of the given labels by a channel of its own for every pair of classes over an
        even channel, as a share of what there is to gain. 0 where errors are even or depend on the row.
    spread : float
        How often the surest quarter of the predictions contradicts the label, relative to all: about 1 where errors
        fall anywhere, 0 where they are found at borders of classes only.
    share : float
        Weight of the even channel under which held-out labels are likeliest.
    dependent : float
        Weight of the reading "errors may depend on the row", in [0.2, 1].
    plain : float
        Weight of plain self-confidence, in [0, 1]: only where there are few rows per class and no sure row is
        contradicted, so that nothing shows that the joint model does better.
    low : ndarray of float64, shape (n,)
        Probability of error through a channel that was fitted without the row.
    """

    evidence: float
    spread: float
    share: float
    dependent: float
    plain: float
    low: NDArray[np.float64]


def sure_error_ratio(probs: Floats, given: NDArray[np.int64]) -> float:
    """Rate of contradicted labels in the surest quarter of the rows, over the rate in all rows.

    Parameters
    ----------
    probs : ndarray of float, shape (n, k)
        Out-of-sample.
    given : ndarray of int64, shape (n,)

    Returns
    -------
    float
        1 where no label is contradicted.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.55, 0.45]])
    >>> sure_error_ratio(p, np.array([0, 0, 0, 1]))
    0.0
    """
    differs = probs.argmax(axis=1) != given
    if not differs.any():
        return 1.0
    order = np.argsort(-probs.max(axis=1), kind="stable")[: max(1, len(given) // 4)]
    return float(differs[order].mean() / differs.mean())


def unproven_share(probs: Floats, given: NDArray[np.int64]) -> float:
    """How little the labels show that a joint model does better than plain self-confidence, in [0, 1].

    Parameters
    ----------
    probs : ndarray of float, shape (n, k)
        Out-of-sample.
    given : ndarray of int64, shape (n,)

    Returns
    -------
    float
        1 with at most 40 rows per class and hardly a sure row contradicted; 0 from 80 rows per class on, or where at
        least a fifth as many of the sure rows are contradicted as of all rows.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.6, 0.4], [0.55, 0.45]])
    >>> unproven_share(p, np.array([0, 0, 0, 1])), unproven_share(p, np.array([1, 0, 0, 1]))
    (1.0, 0.0)
    """
    rows = len(given) / max(len(np.unique(given)), 1)
    return float(np.interp(sure_error_ratio(probs, given), _BORDER, (1.0, 0.0)) * np.interp(rows, _ROWS, (1.0, 0.0)))


def judge_regime(
    probs: Floats,
    transition: Floats,
    given: NDArray[np.int64],
    folds: NDArray[np.int64],
    baseline: float,
    *,
    alone: bool = False,
) -> Regime:
    """Judge by held-out labels how errors come about, and read the probability of error through the channel.

    Parameters
    ----------
    probs : ndarray of float, shape (n, k)
        Out-of-sample.
    transition : ndarray of float, shape (k, k)
        Where the channels of the folds start from.
    given : ndarray of int64, shape (n,)
    folds : ndarray of int64, shape (n,)
        The channel of a fold is fitted on the other folds.
    baseline : float
        Mean log-probability of the labels under the class frequencies.
    alone : bool
        The probabilities are of one model, whose own confusions look like a channel: more is asked of the spread.

    Returns
    -------
    Regime

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> true = np.arange(400) % 2
    >>> p = np.eye(2)[true] * 0.9 + 0.05
    >>> given = np.where((true == 0) & (rng.random(400) < 0.3), 1, true)
    >>> found = judge_regime(p, np.array([[0.7, 0.3], [0.0, 1.0]]), given, np.arange(400) % 5, -0.69)
    >>> found.dependent < 0.5, bool(found.low[(true == 0) & (given == 1)].min() > 0.5)
    (True, True)
    """
    n, k = probs.shape
    part = np.zeros(n, dtype=bool)
    part[:: max(1, -(-n * k // _MOST_CELLS))] = True
    likely = np.zeros(len(SHARES))
    channels: list[tuple[NDArray[np.int64], Floats]] = []
    for fold in np.unique(folds):
        held, fit = np.flatnonzero(folds == fold), part & (folds != fold)
        fitted = fit_transition(probs[fit], given[fit], transition, n_iter=4) if fit.any() else transition
        channels.append((held, fitted))
        rows = held[part[held]]
        # The even channel has the same rate, so the likelihoods of both suffice for any mixture of them.
        own = np.einsum("nk,nk->n", probs[rows], fitted.T[given[rows]])
        even = np.einsum("nk,nk->n", probs[rows], smooth_transition(fitted, 1.0).T[given[rows]])
        likely += [float(np.log(np.maximum((1 - s) * own + s * even, 1e-30)).sum()) for s in SHARES]
    likely /= max(int(part.sum()), 1)
    best = int(np.argmax(likely))
    low = np.empty(n)
    for held, fitted in channels:
        posterior = posterior_of(probs[held], smooth_transition(fitted, SHARES[best]), given[held])
        low[held] = 1.0 - posterior[np.arange(len(held)), given[held]]
    slack = max(min(float(likely[best]) - baseline, -float(likely[best])), _LEAST_SLACK)
    evidence = float(likely[best] - likely[-1]) / slack
    spread = sure_error_ratio(probs, given)
    wide = _SPREAD_ALONE if alone else _SPREAD
    class_dependent = float(np.interp(evidence, _SHOWN, (0.0, 1.0)) * np.interp(spread, wide, (0.0, 1.0)))
    dependent = 1.0 - (1.0 - _LEAST_WEIGHT) * class_dependent
    return Regime(evidence, spread, SHARES[best], dependent, unproven_share(probs, given), low)
