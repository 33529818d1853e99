"""KOS: iterative message passing between items and raters."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.numerics.consensus.result import (
    Consensus,
    check_iterations,
    choose_labels,
    class_votes,
    fill_quality,
    vote_shares,
)

__all__ = ["kos"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def kos(votes: Any, *, max_iter: int = 100, tol: float = 1e-7, random_state: int = 0) -> Consensus:
    """Infer true classes by passing messages between items and raters (Karger, Oh and Shah).

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
        Two classes as in the paper; more by one class against the rest.
    max_iter : int, default=100
        Rounds of messages.
    tol : float, default=1e-7
        Stop when the (normalised) messages change less, in the root mean square.
    random_state : int, default=0
        Of the first messages, normal with mean and variance 1.

    Returns
    -------
    Consensus
        ``beliefs`` are a logistic map of the scores, scaled by their root mean square: they rank classes and items
        but are not calibrated. ``weights`` are the rater messages, ``quality`` the agreement with the labels.
        Items without votes, and items whose messages cancel, have the shares of their votes.

    Raises
    ------
    LabelError
        Numeric votes, or only one class.

    References
    ----------
    Karger, Oh and Shah (2014), "Budget-optimal task allocation for reliable crowdsourcing systems".

    Examples
    --------
    >>> fit = kos([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0], [0, 0, 1], [1, 1, 0]])
    >>> fit.labels.tolist()
    [0, 1, 0, 1, 0, 1]
    """
    check_iterations(max_iter, tol)
    made = class_votes(votes)
    k, n = made.n_classes, made.n_items
    shares, prior = vote_shares(made)
    start = np.random.default_rng(random_state).normal(1.0, 1.0, made.n_votes)
    scores = np.zeros((n, k))
    weights = np.zeros(made.n_raters)
    steps, converged = 0, True
    for one in range(1, 2) if k == 2 else range(k):
        signs = np.where(np.asarray(made.values) == one, 1.0, -1.0)
        messages, rounds, settled = _pass(made.items, made.raters, signs, start, max_iter, tol)
        scores[:, one] = np.bincount(made.items, signs * messages, minlength=n)
        weights += np.bincount(made.raters, messages, minlength=made.n_raters) / np.maximum(made.votes_per_rater, 1)
        steps, converged = max(steps, rounds), converged and settled
    size = np.sqrt(np.mean(scores**2, axis=0, keepdims=True))
    scaled = scores / np.where(size > 0, size, 1.0)
    if k == 2:
        right = 1.0 / (1.0 + np.exp(-2.0 * scaled[:, 1]))
        beliefs = np.column_stack([1.0 - right, right])
    else:
        beliefs = np.exp(scaled - scaled.max(axis=1, keepdims=True))
        beliefs /= beliefs.sum(axis=1, keepdims=True)
    flat = np.abs(scaled).max(axis=1) < 1e-12
    beliefs[flat] = shares[flat]
    labels = choose_labels(beliefs, prior)
    hits = (np.asarray(made.values) == labels[made.items]).astype(np.float64)
    share = np.bincount(made.raters, hits, minlength=made.n_raters) / np.maximum(made.votes_per_rater, 1)
    return Consensus(
        "kos",
        beliefs,
        labels,
        prior,
        fill_quality(share, made),
        iterations=steps,
        converged=converged,
        weights=weights / (1 if k == 2 else k),
    )


def _pass(
    items: IntArray, raters: IntArray, signs: FloatArray, start: FloatArray, max_iter: int, tol: float
) -> tuple[FloatArray, int, bool]:
    """Return the messages of raters to items, scaled to root mean square 1."""
    messages = start
    for step in range(1, max_iter + 1):
        said = signs * messages
        inferred = np.bincount(items, said)[items] - said
        heard = signs * inferred
        new = np.bincount(raters, heard)[raters] - heard
        size = float(np.sqrt(np.mean(new**2)))
        if size == 0.0:
            return np.ones_like(start), step, True
        new = new / size
        moved = float(np.sqrt(np.mean((new - messages) ** 2)))
        messages = new
        if moved < tol:
            return messages, step, True
    return messages, max_iter, False
