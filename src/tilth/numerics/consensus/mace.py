"""MACE: raters who know, and raters who spam."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError
from tilth.numerics.consensus.result import (
    Consensus,
    check_iterations,
    choose_labels,
    class_votes,
    fill_quality,
)
from tilth.numerics.consensus.votes import Votes

__all__ = ["mace"]

FloatArray = npt.NDArray[np.float64]


def mace(
    votes: Any,
    *,
    variational: bool = True,
    n_restarts: int = 10,
    max_iter: int = 50,
    tol: float = 1e-6,
    alpha: float = 0.5,
    beta: float = 0.5,
    random_state: int = 0,
) -> Consensus:
    """Infer true classes from raters who either know the answer or follow a habit of their own (MACE).

    Parameters
    ----------
    votes : Votes or array-like of shape (n_items, n_raters)
    variational : bool, default=True
        Variational Bayes with beta(`alpha`, `beta`) priors on spamming and knowing and a Dirichlet(10) prior on the
        habits; False for plain expectation maximisation with light smoothing.
    n_restarts : int, default=10
        Random starts; the fit with the highest likelihood is kept.
    max_iter : int, default=50
    tol : float, default=1e-6
        Stop a run when the log-likelihood per vote gains less.
    alpha, beta : float, default=0.5
    random_state : int, default=0

    Returns
    -------
    Consensus
        ``weights`` are the probabilities that a rater knows. ``quality`` adds the lucky habits.
        Items without votes have uniform beliefs, the prior of the model.

    Raises
    ------
    LabelError
        Numeric votes, or only one class.
    ParameterError
        Settings out of range.

    References
    ----------
    Hovy, Berg-Kirkpatrick, Vaswani and Hovy (2013), "Learning whom to trust with MACE".

    Examples
    --------
    >>> fit = mace([[0, 0, 1], [1, 1, 1], [0, 0, 1], [1, 1, 1], [0, 0, 1], [1, 1, 1]])
    >>> fit.labels.tolist(), bool(fit.weights[2] < fit.weights[0])
    ([0, 1, 0, 1, 0, 1], True)
    """
    check_iterations(max_iter, tol)
    if n_restarts < 1 or alpha <= 0 or beta <= 0:
        raise ParameterError("n_restarts must be at least 1, alpha and beta positive")
    made = class_votes(votes)
    priors = (alpha, beta) if variational else None
    rng = np.random.default_rng(random_state)
    fits = [_Fit(made, rng, priors).run(max_iter, tol) for _ in range(n_restarts)]
    best = max(fits, key=lambda fit: fit.likelihood)
    beliefs = best.beliefs
    prior = beliefs[made.votes_per_item > 0].mean(axis=0)
    know = best.know / (best.know + best.spam)
    habit = best.habit / best.habit.sum(axis=1, keepdims=True)
    quality = fill_quality(know + (1.0 - know) * (habit @ prior), made)
    return Consensus(
        "mace",
        beliefs,
        choose_labels(beliefs, prior),
        prior,
        quality,
        log_likelihood=best.likelihood,
        iterations=best.steps,
        converged=best.converged,
        weights=know,
    )


class _Fit:
    """One run from a random start."""

    def __init__(self, votes: Votes, rng: np.random.Generator, priors: tuple[float, float] | None) -> None:
        self.votes, self.priors = votes, priors
        self.n, self.r, self.k = votes.n_items, votes.n_raters, votes.n_classes
        values = np.asarray(votes.values, dtype=np.int64)
        self.cells = votes.items * self.k + values
        self.habits = votes.raters * self.k + values
        noise = rng.uniform(1.0, 1.5, (self.r, self.k + 2))
        self.spam, self.know = noise[:, 0] / noise[:, :2].sum(axis=1), noise[:, 1] / noise[:, :2].sum(axis=1)
        self.habit: FloatArray = noise[:, 2:] / noise[:, 2:].sum(axis=1, keepdims=True)
        self.beliefs: FloatArray = np.full((self.n, self.k), 1.0 / self.k)
        self.likelihood, self.steps, self.converged = -np.inf, 0, False

    def run(self, max_iter: int, tol: float) -> _Fit:
        """Alternate until the likelihood settles."""
        for self.steps in range(1, max_iter + 1):
            before = self.likelihood
            spamming = self.expect()
            if self.likelihood - before < tol * self.votes.n_votes:
                self.converged = True
                break
            self.maximise(spamming)
        else:
            self.expect()
        return self

    def expect(self) -> FloatArray:
        """Update beliefs and likelihood; return each vote's chance of being spam."""
        base = self.spam[self.votes.raters] * self.habit.ravel()[self.habits]
        right = base + self.know[self.votes.raters]
        gain = np.bincount(self.cells, np.log(right / base), minlength=self.n * self.k).reshape(self.n, self.k)
        common = np.bincount(self.votes.items, np.log(base), minlength=self.n)
        top = gain.max(axis=1)
        shifted = np.exp(gain - top[:, None])
        total = shifted.sum(axis=1)
        self.beliefs = shifted / total[:, None]
        self.likelihood = float((np.log(total / self.k) + top + common).sum())
        own = self.beliefs.ravel()[self.cells]
        spamming: FloatArray = 1.0 - own * (1.0 - base / right)
        return spamming

    def maximise(self, spamming: FloatArray) -> None:
        """Update spamming, knowing and habits from expected counts."""
        both = np.empty((self.r, 2))
        both[:, 0] = np.bincount(self.votes.raters, spamming, minlength=self.r)
        both[:, 1] = np.bincount(self.votes.raters, 1.0 - spamming, minlength=self.r)
        flat = np.bincount(self.habits, spamming, minlength=self.r * self.k)
        habit = flat.reshape(self.r, self.k).astype(np.float64)
        if self.priors is None:
            both += 0.01 / self.n
            habit += 0.01 / self.n
            both /= both.sum(axis=1, keepdims=True)
            self.habit = np.maximum(habit / habit.sum(axis=1, keepdims=True), 1e-12)
        else:
            both = _expected_log(both + np.array(self.priors))
            self.habit = _expected_log(habit + 10.0)
        self.spam, self.know = np.maximum(both[:, 0], 1e-12), np.maximum(both[:, 1], 1e-12)


def _expected_log(counts: FloatArray) -> FloatArray:
    """Return the exponential of the mean log of a Dirichlet with these parameters."""
    from scipy.special import digamma

    made: FloatArray = np.exp(digamma(counts) - digamma(counts.sum(axis=1, keepdims=True)))
    return np.maximum(made, 1e-12)
