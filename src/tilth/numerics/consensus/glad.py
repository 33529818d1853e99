"""GLAD: rater ability and item difficulty learnt together."""

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
)
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.statistics.threads import one_blas_thread

__all__ = ["glad"]

FloatArray = npt.NDArray[np.float64]


def glad(
    votes: Any,
    *,
    prior: npt.ArrayLike | None = None,
    init: Consensus | None = None,
    max_iter: int = 100,
    tol: float = 1e-5,
    gradient_steps: int = 10,
) -> Consensus:
    """Infer true classes where some items are harder than others (GLAD).

    A vote of rater r on item i is right with probability 1 / (1 + exp(-a_r * exp(b_i))): ability a_r, ease b_i, both
    with a normal prior of mean 1 and variance 1. Errors are equally likely on all other classes.

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
    prior : array-like of shape (n_classes,), optional
        Class shares before any vote. Default: uniform.
    init : Consensus, optional
        An earlier GLAD fit of the same raters and items: abilities and difficulties start there.
    max_iter : int, default=100
        Steps of expectation maximisation.
    tol : float, default=1e-5
        Stop when the log posterior per vote gains less.
    gradient_steps : int, default=10
        Gradient (L-BFGS) steps inside each maximisation.

    Returns
    -------
    Consensus
        ``weights`` are the abilities (negative for an adversary), ``difficulty`` is exp(mean ease - ease),
        ``quality`` is the chance of a right vote on the average item. Items without votes have the prior.

    Raises
    ------
    LabelError
        Numeric votes, or only one class.
    ParameterError
        `max_iter` below 1, or a negative `tol`.

    References
    ----------
    Whitehill, Wu, Bergsma, Movellan and Ruvolo (2009), "Whose vote should count more".

    Examples
    --------
    >>> fit = glad([[0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 1, 0], [0, 0, 1], [1, 1, 0]])
    >>> fit.labels.tolist(), bool(fit.weights[2] < fit.weights[0])
    ([0, 1, 0, 1, 0, 1], True)
    """
    check_iterations(max_iter, tol)
    made = class_votes(votes)
    k = made.n_classes
    shares = np.full(k, 1.0 / k) if prior is None else np.asarray(prior, dtype=np.float64)
    shares = shares / shares.sum()
    model = _Model(made, shares)
    point = np.ones(made.n_raters + made.n_items)
    if init is not None and init.weights.size == made.n_raters and init.difficulty.size == made.n_items:
        point = np.concatenate([init.weights, 1.0 - np.log(init.difficulty)])
    with one_blas_thread():  # the products are short: more threads would only wait for each other
        point, steps, converged = _climb(model, point, max_iter, tol * made.n_votes, gradient_steps)
        beliefs, likelihood = model.expect(point)
    ability, ease = point[: made.n_raters], point[made.n_raters :]
    voted = made.votes_per_item > 0
    mean_ease = float(ease[voted].mean())
    quality = fill_quality(1.0 / (1.0 + np.exp(-ability * np.exp(mean_ease))), made)
    return Consensus(
        "glad",
        beliefs,
        choose_labels(beliefs, shares),
        shares,
        quality,
        log_likelihood=likelihood,
        iterations=steps,
        converged=converged,
        difficulty=np.exp(mean_ease - ease),
        weights=ability,
    )


def _climb(
    model: _Model, point: FloatArray, max_iter: int, gain: float, gradient_steps: int
) -> tuple[FloatArray, int, bool]:
    """Alternate both steps until the log posterior gains less; return abilities and ease, steps, whether it did."""
    from scipy.optimize import minimize

    beliefs, _ = model.expect(point)
    last, steps = -np.inf, 0
    for steps in range(1, max_iter + 1):
        right = beliefs.ravel()[model.cells]
        found = minimize(
            model.loss, point, args=(right,), jac=True, method="L-BFGS-B", options={"maxiter": gradient_steps}
        )
        point = found.x
        beliefs, likelihood = model.expect(point)
        reached = likelihood - 0.5 * float(((point - 1.0) ** 2).sum())
        if reached - last < gain:
            return point, steps, True
        last = reached
    return point, steps, False


class _Model:
    """The votes and the fixed arrays that both steps of GLAD need."""

    def __init__(self, votes: Votes, prior: FloatArray) -> None:
        self.items, self.raters = votes.items, votes.raters
        self.n_items, self.n_raters, self.k = votes.n_items, votes.n_raters, votes.n_classes
        self.cells = votes.items * votes.n_classes + np.asarray(votes.values, dtype=np.int64)
        self.log_prior = np.log(np.clip(prior, 1e-300, None))
        self.log_others = float(np.log(self.k - 1))

    def strength(self, point: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Return ability times exp(ease) per vote, and its two factors."""
        ability = point[: self.n_raters][self.raters]
        ease = np.exp(np.clip(point[self.n_raters :], -30.0, 30.0))[self.items]
        return ability * ease, ability, ease

    def expect(self, point: FloatArray) -> tuple[FloatArray, float]:
        """Return beliefs and the log-likelihood; log right - log wrong of a vote is its strength plus log(k - 1)."""
        strength, _, _ = self.strength(point)
        size = self.n_items * self.k
        joint = np.bincount(self.cells, strength + self.log_others, minlength=size).reshape(self.n_items, self.k)
        joint = joint + self.log_prior
        wrong = -np.logaddexp(0.0, strength) - self.log_others
        base = np.bincount(self.items, wrong, minlength=self.n_items)
        top = joint.max(axis=1)
        shifted = np.exp(joint - top[:, None])
        total = shifted.sum(axis=1)
        return shifted / total[:, None], float((np.log(total) + top + base).sum())

    def loss(self, point: FloatArray, right: FloatArray) -> tuple[float, FloatArray]:
        """Return minus the expected log posterior, and its gradient, given each vote's chance of being right."""
        strength, ability, ease = self.strength(point)
        small = np.exp(-np.abs(strength))
        soft = np.maximum(strength, 0.0) + np.log1p(small)
        sigma = np.where(strength >= 0, 1.0, small) / (1.0 + small)
        value = float((right * strength - soft - (1.0 - right) * self.log_others).sum())
        away = point - 1.0
        value -= 0.5 * float(away @ away)
        slope = (right - sigma) * ease
        gradient = np.concatenate(
            [
                np.bincount(self.raters, slope, minlength=self.n_raters),
                np.bincount(self.items, slope * ability, minlength=self.n_items),
            ]
        )
        return -value, away - gradient
