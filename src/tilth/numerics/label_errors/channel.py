"""The channel between true and given classes: transition matrix, posterior of the true class, temperature."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "channel_log_likelihood",
    "fit_temperature",
    "fit_transition",
    "initial_transition",
    "posterior_of",
    "smooth_transition",
    "softmax_rows",
]

Floats = NDArray[Any]
_TINY = 1e-30
_MOST_CELLS = 400_000


def softmax_rows(scores: Floats) -> Floats:
    """Softmax of every row, without overflow.

    Parameters
    ----------
    scores : ndarray of float, shape (n, k)

    Returns
    -------
    ndarray of the same dtype, shape (n, k)
        Rows sum to 1.

    Examples
    --------
    >>> softmax_rows(np.array([[0.0, 0.0], [1000.0, 0.0]])).tolist()
    [[0.5, 0.5], [1.0, 0.0]]
    """
    out = np.exp(scores - scores.max(axis=1, keepdims=True))
    out /= out.sum(axis=1, keepdims=True)
    return np.asarray(out)


def posterior_of(probs: Floats, transition: Floats, given: NDArray[np.int64], *, trust: float = 1.0) -> Floats:
    """Probabilities of the true class, from the prediction and the given class: p(k|x) T[k, given], normalised.

    Parameters
    ----------
    probs : ndarray of float, shape (n, k)
        Prediction that does not use the row's own label.
    transition : ndarray of float, shape (k, k)
        P(given = column | true = row).
    given : ndarray of int64, shape (n,)
    trust : float
        Exponent of T: 1 takes the given label as evidence independent of x, 0 ignores it.

    Returns
    -------
    ndarray of float64, shape (n, k)

    Examples
    --------
    >>> T = np.array([[0.9, 0.1], [0.1, 0.9]])
    >>> posterior_of(np.array([[0.5, 0.5]]), T, np.array([0])).round(3).tolist()
    [[0.9, 0.1]]
    """
    weighted = probs * (transition**trust).T[given]
    total = weighted.sum(axis=1, keepdims=True)
    return np.where(total > _TINY, weighted / np.maximum(total, _TINY), probs)


def channel_log_likelihood(probs: Floats, transition: Floats, given: NDArray[np.int64]) -> float:
    """Mean log-probability of the given labels under the prediction passed through the channel.

    Parameters
    ----------
    probs, transition, given
        As for `posterior_of`.

    Returns
    -------
    float

    Examples
    --------
    >>> round(channel_log_likelihood(np.array([[1.0, 0.0]]), np.eye(2), np.array([0])), 3)
    0.0
    """
    likelihood = np.einsum("nk,nk->n", probs, transition.T[given])
    return float(np.log(np.maximum(likelihood, _TINY)).mean())


def fit_temperature(
    scores: Floats, transition: Floats, given: NDArray[np.int64], grid: NDArray[np.float64]
) -> tuple[float, float]:
    """Factor on the scores under which the given labels are most likely through the channel, and that likelihood.

    Parameters
    ----------
    scores : ndarray of float, shape (n, k)
        Out-of-sample scores, the higher the likelier.
    transition : ndarray of float, shape (k, k)
    given : ndarray of int64, shape (n,)
    grid : ndarray of float
        Factors to try.

    Returns
    -------
    factor, log_likelihood : float
        The likelihood is over an evenly spaced subset of the rows where the scores have more than 400,000 cells.

    Examples
    --------
    >>> T = np.array([[0.9, 0.1], [0.1, 0.9]])
    >>> fit_temperature(np.array([[1.0, 0.0], [0.0, 1.0]]), T, np.array([0, 1]), np.array([0.1, 10.0]))[0]
    10.0
    """
    n, k = scores.shape
    step = max(1, -(-n * k // _MOST_CELLS))
    part = np.asarray(scores[::step], dtype=np.float32)
    columns = transition.T[given[::step]].astype(np.float32)
    found = []
    for factor in grid:
        probs = softmax_rows(part * np.float32(factor))
        found.append(float(np.log(np.maximum(np.einsum("nk,nk->n", probs, columns), _TINY)).mean()))
    best = int(np.argmax(found))
    return float(grid[best]), found[best]


def initial_transition(probs: Floats, given: NDArray[np.int64]) -> Floats:
    """Transition matrix by confident learning: thresholds are the mean self-confidence per class.

    Parameters
    ----------
    probs : ndarray of float, shape (n, k)
        Out-of-sample.
    given : ndarray of int64, shape (n,)

    Returns
    -------
    ndarray of float64, shape (k, k)
        P(given = column | true = row); a class that no row is confidently predicted as has 1 on the diagonal.

    References
    ----------
    Northcutt, Jiang, Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70.

    Examples
    --------
    >>> p = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]])
    >>> initial_transition(p, np.array([0, 0, 0, 1, 1])).round(2).tolist()
    [[1.0, 0.0], [0.33, 0.67]]
    """
    n, k = probs.shape
    counts = np.bincount(given, minlength=k)
    own = probs[np.arange(n), given]
    sums = np.bincount(given, weights=own, minlength=k)
    thresholds = np.where(counts > 0, sums / np.maximum(counts, 1), 2.0)
    reached = probs >= thresholds - 1e-6
    sure = reached.any(axis=1)
    top = np.where(reached, probs, -1.0).argmax(axis=1)
    joint = np.bincount(top[sure] * k + given[sure], minlength=k * k).reshape(k, k).astype(np.float64)
    np.fill_diagonal(joint, np.maximum(joint.diagonal(), 1.0))
    joint *= counts / np.maximum(joint.sum(axis=0), _TINY)
    total = joint.sum(axis=1, keepdims=True)
    return np.where(total > _TINY, joint / np.maximum(total, _TINY), np.eye(k))


def fit_transition(
    probs: Floats, given: NDArray[np.int64], start: Floats, *, strength: float = 5.0, n_iter: int = 10
) -> Floats:
    """Transition matrix by expectation-maximisation with the predictions held fixed.

    Parameters
    ----------
    probs : ndarray of float, shape (n, k)
        Out-of-sample.
    given : ndarray of int64, shape (n,)
    start : ndarray of float, shape (k, k)
    strength : float
        Weight, in rows, of the pull of every row towards the average error rate spread evenly.
    n_iter : int

    Returns
    -------
    ndarray of float64, shape (k, k)

    References
    ----------
    Dawid, Skene 1979, "Maximum Likelihood Estimation of Observer Error-Rates Using the EM Algorithm", JRSS C 28.

    Examples
    --------
    >>> p = np.repeat([[0.99, 0.01], [0.01, 0.99]], 50, axis=0)
    >>> given = np.repeat([0, 1, 1], [40, 10, 50])
    >>> fit_transition(p, given, np.full((2, 2), 0.5)).round(1).tolist()
    [[0.8, 0.2], [0.0, 1.0]]
    """
    from scipy.sparse import csr_matrix

    n, k = probs.shape
    picks = csr_matrix((np.ones(n), (given, np.arange(n))), shape=(k, n))
    transition = start
    for _ in range(n_iter):
        counts = np.asarray(picks @ posterior_of(probs, transition, given)).T
        moved = 1.0 - counts.diagonal() / np.maximum(counts.sum(axis=1), 1e-9)
        counts = counts + strength * _even(float(moved.mean()), k)
        updated = counts / counts.sum(axis=1, keepdims=True)
        change = float(np.abs(updated - transition).max())
        transition = updated
        if change < 1e-4:
            break
    return transition


def _even(rate: float, k: int) -> Floats:
    """A channel in which every class errs at `rate`, to all others alike."""
    return np.asarray((1.0 - rate) * np.eye(k) + rate * (1.0 - np.eye(k)) / max(k - 1, 1))


def smooth_transition(transition: Floats, share: float) -> Floats:
    """Mix a channel with the even one of the same mean error rate.

    Parameters
    ----------
    transition : ndarray of float, shape (k, k)
    share : float
        Weight of the even channel, in [0, 1].

    Returns
    -------
    ndarray of float64, shape (k, k)

    Examples
    --------
    >>> smooth_transition(np.array([[0.8, 0.2], [0.0, 1.0]]), 0.5).round(2).tolist()
    [[0.85, 0.15], [0.05, 0.95]]
    """
    rate = 1.0 - float(transition.diagonal().mean())
    return np.asarray((1.0 - share) * transition + share * _even(rate, len(transition)))
