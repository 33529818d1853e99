"""Functions that err together: found, and weighed down so that copies of one rule do not outvote the others."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.weak_supervision.matrix import incidence, select_rows
from tilth.numerics.weak_supervision.model import WeakModel, weak_votes

__all__ = ["Dependence", "dependency_aware", "find_dependence"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]

MAX_ROWS = 50_000
#: Rows on which two functions must vote alike; among millions of pairs chance makes some meet a few times.
_LEAST = 5


@dataclass(frozen=True, eq=False)
class Dependence:
    """Pairs of functions that fire together beyond what the classes explain.

    Attributes
    ----------
    first, second : ndarray of shape (p,), int64
        Positions of the functions, strongest pair first.
    strength : ndarray of shape (p,)
        Correlation of their equal votes within classes, in (0, 1]; 1 for copies.
    weights : ndarray of shape (m,)
        Factor on a function's votes: 1 alone, 1/c among c copies.
    """

    first: IntArray
    second: IntArray
    strength: FloatArray
    weights: FloatArray


def find_dependence(
    L: Any, beliefs: npt.ArrayLike | None = None, *, min_strength: float = 0.2, random_state: int = 0
) -> Dependence:
    """Find functions that depend on each other given the class.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
    beliefs : array-like of shape (n, k), optional
        Beliefs about the rows' classes. Default: vote shares.
    min_strength : float, default=0.2
        Correlations below it, or within three standard errors of 0, count as none.
    random_state : int, default=0
        Draws the rows where there are more than 50,000.

    Returns
    -------
    Dependence

    Raises
    ------
    LabelError, ParameterError

    Notes
    -----
    For each class, the correlation of "i votes v" with "j votes v" over the rows, weighed by the belief in the class;
    the strongest over v of the mean over classes is kept. Only pairs that
    vote alike on five rows or more are looked at.

    References
    ----------
    Varma, Sala, He, Ratner and Re (2019), "Learning dependency structures for weak supervision models".

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(2, size=1000)
    >>> L = np.where(rng.random((1000, 3)) < 0.7, truth[:, None], 1 - truth[:, None])
    >>> found = find_dependence(np.column_stack([L, L[:, 0]]))
    >>> found.first.tolist(), found.second.tolist()
    ([0], [3])
    """
    votes = weak_votes(L)
    if not 0 < min_strength <= 1:
        raise ParameterError("min_strength must lie in (0, 1]", found=str(min_strength))
    belief = _shares(votes) if beliefs is None else np.asarray(beliefs, dtype=np.float64)
    if votes.n_items > MAX_ROWS:
        chosen = np.sort(np.random.default_rng(random_state).choice(votes.n_items, MAX_ROWS, replace=False))
        votes, belief = select_rows(votes, chosen), belief[chosen]
    m = votes.n_raters
    best = _correlations(votes, belief)
    limit = max(min_strength, 3.0 / np.sqrt(max(votes.n_items, 1)))
    keep = best.data > limit
    first, second, strength = best.coords[0][keep], best.coords[1][keep], np.minimum(best.data[keep], 1.0)
    order = np.argsort(-strength, kind="stable")
    crowd = np.ones(m)
    np.add.at(crowd, first, strength)
    np.add.at(crowd, second, strength)
    return Dependence(
        first[order].astype(np.int64), second[order].astype(np.int64), strength[order], 1.0 / crowd
    )  # fmt: skip


def _shares(votes: Votes) -> FloatArray:
    from tilth.numerics.consensus.result import vote_shares

    return vote_shares(votes)[0]


def _correlations(votes: Votes, beliefs: FloatArray) -> Any:
    """Sparse upper triangle (m, m): the strongest correlation of equal votes within classes."""
    from scipy.sparse import coo_array, triu

    m, k = votes.n_raters, votes.n_classes
    marks = incidence(votes).astype(np.float64)
    columns = [np.arange(m) * k + v for v in range(k)]
    found: dict[int, Any] = {}
    for v in range(k):
        block = marks[:, columns[v]].tocsr()
        pairs = triu(block.T @ block, k=1).tocoo()
        often = pairs.data >= _LEAST
        if not often.any():
            continue
        i, j = pairs.coords[0][often], pairs.coords[1][often]
        total = np.zeros(i.size)
        mass = np.zeros(i.size)
        for y in range(k):
            weight = beliefs[:, y]
            n = max(float(weight.sum()), 1e-9)
            scaled = block.multiply(weight[:, None]).tocsr()
            joint = np.asarray((block.T @ scaled).tocsr()[i, j]).ravel() / n
            share = np.asarray(scaled.sum(axis=0)).ravel() / n
            spread = np.sqrt(np.maximum(share * (1 - share), 0.0))
            size = n * np.minimum(share[i], share[j])
            scale = spread[i] * spread[j]
            correlation = np.where(scale > 1e-12, (joint - share[i] * share[j]) / np.maximum(scale, 1e-12), 0.0)
            total += size * correlation
            mass += size
        found[v] = coo_array((np.where(mass > 0, total / np.maximum(mass, 1e-9), 0.0), (i, j)), shape=(m, m))
    made = coo_array((m, m)).tocsr()
    for one in found.values():
        made = made.maximum(one.tocsr())
    return made.tocoo()


def dependency_aware(
    L: Any,
    *,
    class_balance: npt.ArrayLike | None = None,
    gold: npt.ArrayLike | None = None,
    min_strength: float = 0.2,
    random_state: int = 0,
) -> WeakModel:
    """Naive Bayes in which functions that depend on each other share one voice.

    Parameters
    ----------
    L : label matrix of shape (n, m) or Votes
    class_balance, gold
        As in `naive_bayes`.
    min_strength, random_state
        As in `find_dependence`.

    Returns
    -------
    WeakModel
        ``notes`` name the strongest pairs.

    Raises
    ------
    LabelError, ParameterError

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> truth = rng.integers(2, size=1000)
    >>> L = np.where(rng.random((1000, 4)) < 0.8, truth[:, None], 1 - truth[:, None])
    >>> dependency_aware(np.column_stack([L, L[:, 3]])).notes[0]
    'lf_3 and lf_4 depend on each other (1.00): they share one voice'
    """
    from tilth.numerics.weak_supervision.naive_bayes import naive_bayes

    votes = weak_votes(L)
    first = naive_bayes(votes, class_balance=class_balance, gold=gold, random_state=random_state)
    found = find_dependence(votes, first.predict_proba(votes), min_strength=min_strength, random_state=random_state)
    made = naive_bayes(votes, class_balance=class_balance, gold=gold, weights=found.weights, random_state=random_state)
    names = votes.rater_names.tolist()
    notes = tuple(
        f"{names[i]} and {names[j]} depend on each other ({s:.2f}): they share one voice"
        for i, j, s in zip(found.first[:20].tolist(), found.second[:20].tolist(), found.strength[:20], strict=True)
    )
    return replace(made, method="dependency_aware", notes=notes)
