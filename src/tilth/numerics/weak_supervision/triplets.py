"""Triplets: accuracies of labelling functions in closed form, from how often three of them agree in pairs."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.weak_supervision.matrix import incidence, sparse_matrix
from tilth.numerics.weak_supervision.model import WeakModel, class_balance_of, named, one_coin_table, weak_votes

__all__ = ["pair_agreement", "triplets"]

FloatArray = npt.NDArray[np.float64]


def pair_agreement(votes: Votes) -> tuple[Any, Any]:
    """How often each pair of functions voted on the same row, and how often alike: two sparse (m, m) count matrices.

    Examples
    --------
    >>> from tilth.numerics.weak_supervision.matrix import label_matrix
    >>> both, alike = pair_agreement(label_matrix([[0, 0], [1, 0], [1, -1]]))
    >>> int(both[0, 1]), int(alike[0, 1])
    (2, 1)
    """
    from scipy.sparse import csr_array

    k = votes.n_classes
    fired = sparse_matrix(votes)
    fired.data = np.ones(fired.data.size, dtype=np.float32)
    both = (fired.T @ fired).tocsr()
    marks = incidence(votes)
    alike = csr_array(both.shape, dtype=np.float32)
    for c in range(k):
        block = marks[:, np.arange(votes.n_raters) * k + c]
        alike = alike + block.T @ block
    return both, alike.tocsr()


def triplets(
    L: Any,
    *,
    class_balance: npt.ArrayLike | None = None,
    gold: npt.ArrayLike | None = None,
    min_overlap: int = 20,
    n_triplets: int = 300,
    prior_votes: float = 20.0,
    precision: float = 0.7,
    random_state: int = 0,
) -> WeakModel:
    """Fit a label model by the triplet method.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
        -1 where a function abstains. With fewer than three functions all get `precision`.
    class_balance : array-like of shape (k,), optional
        Default: from `gold`, else uniform.
    gold : array-like of shape (n,), optional
        For the class balance only.
    min_overlap : int, default=20
        Pairs that vote together on fewer rows are not used.
    n_triplets : int, default=300
        Triplets a function at most, drawn at random where there are more.
    prior_votes : float, default=20
        Votes that the belief in `precision` is worth.
    precision : float, default=0.7
        Of a function of which no triplet is known, in (1/k, 1).
    random_state : int, default=0

    Returns
    -------
    WeakModel

    Raises
    ------
    LabelError, ParameterError

    Notes
    -----
    Let a function be right with probability p and wrong on the other classes alike, and c = (k p - 1) / (k - 1). If
    functions err independently, the agreement of two of them, scaled in the same way, is c_i c_j; so three agreements
    give each |c|, and the median over all triplets is taken. Every function is believed better than chance, which
    settles the sign: an adversarial one is not found out, matrix completion does.
    No iteration, one pass over the rows.

    References
    ----------
    Fu, Chen, Sala, Hooper, Fatahalian and Re (2020), "Fast and three-rious: speeding up weak supervision with triplet
    methods".

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(2, size=4000)
    >>> right = rng.random((4000, 4)) < [0.9, 0.8, 0.7, 0.6]
    >>> L = np.where(right, truth[:, None], 1 - truth[:, None])
    >>> triplets(L).accuracies.round(1).tolist()
    [0.9, 0.8, 0.7, 0.6]
    """
    votes = weak_votes(L)
    k, m = votes.n_classes, votes.n_raters
    if not 1 / k < precision < 1 or min_overlap < 1 or n_triplets < 1 or not prior_votes >= 0:
        raise ParameterError(
            "precision must lie above chance and below 1; the counts must be positive",
            found=f"precision {precision}, min_overlap {min_overlap}, n_triplets {n_triplets}",
        )
    given = class_balance_of(votes, class_balance, gold)
    prior = np.full(k, 1 / k) if given is None else given
    both, alike = pair_agreement(votes)
    rng = np.random.default_rng(random_state)
    usual = (k * precision - 1) / (k - 1)
    found = np.full(m, usual)
    partners = [_partners(both, alike, j, k, min_overlap) for j in range(m)]
    for j in range(m):
        sizes, known = _one(j, partners, rng, n_triplets)
        if known.size:
            weight = sizes / (sizes + prior_votes)
            found[j] = weight * float(np.median(known)) + (1 - weight) * usual
    fired = votes.votes_per_rater > 0
    accuracies = np.where(fired, np.clip((found * (k - 1) + 1) / k, 0.01, 0.99), np.nan)
    return named(WeakModel("triplets", prior, one_coin_table(accuracies, k), accuracies), votes)


def _partners(both: Any, alike: Any, j: int, k: int, least: int) -> dict[int, tuple[float, float]]:
    """Scaled agreement, and rows it rests on, of function j with each function that it overlaps with enough."""
    row = both[[j], :].tocoo()
    same = np.asarray(alike[[j], :].todense()).ravel()
    made: dict[int, tuple[float, float]] = {}
    for i, count in zip(row.coords[1].tolist(), row.data.tolist(), strict=True):
        if i != j and count >= least:
            made[i] = ((k * same[i] / count - 1) / (k - 1), count)
    return made


def _one(
    j: int, partners: list[dict[int, tuple[float, float]]], rng: np.random.Generator, most: int
) -> tuple[float, FloatArray]:
    """Rows behind, and values of, |c_j| over its triplets."""
    mine = partners[j]
    names = list(mine)
    pairs = [(a, b) for x, a in enumerate(names) for b in names[x + 1 :] if b in partners[a]] if len(names) < 60 else []
    if not pairs and len(names) >= 60:
        drawn = rng.choice(names, size=(most * 3, 2))
        pairs = [(int(a), int(b)) for a, b in drawn if a != b and int(b) in partners[int(a)]]
    if len(pairs) > most:
        pairs = [pairs[int(at)] for at in rng.choice(len(pairs), most, replace=False)]
    values, sizes = [], []
    for a, b in pairs:
        between, size = partners[a][b]
        if abs(between) > 0.02:
            values.append(min(np.sqrt(abs(mine[a][0] * mine[b][0] / between)), 1.0))
            sizes.append(min(size, mine[a][1], mine[b][1]))
    return float(np.median(sizes)) if sizes else 0.0, np.asarray(values, dtype=np.float64)
