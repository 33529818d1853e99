"""BADGE: k-means++ on gradient embeddings that are never written down, and greedy batches without near-copies."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import ParameterError
from tilth.numerics.querying.scores import check_probs, check_rows

__all__ = ["badge", "copy_radius", "most_have_copies", "spread_batch", "without_copies"]

Ints = NDArray[np.int64]
#: Neighbours among which a row's copies are told from other rows, by a distance that grows this many times at once.
NEIGHBOURS, JUMP = 10, 10.0


def badge(X: ArrayLike, probs: ArrayLike, k: int, *, random_state: int = 0) -> Ints:
    """Pick k rows by k-means++ seeding on the gradients that their most probable label would give: BADGE [1]_.

    The gradient of row i at a linear output layer is the outer product of ``p_i - onehot(argmax p_i)`` and ``x_i``.
    Distances between outer products follow from the factors' inner products, so the (n, classes * d) matrix is
    never made: a pick costs one pass over X and one over the probabilities, memory is O(n).

    Parameters
    ----------
    X : (n, d) array_like of float, finite
        What the output layer sees: embeddings.
    probs : (n, c) array_like of float
    k : int
        At most n.
    random_state : int
        Seed of the draws.

    Returns
    -------
    (k,) int64 array
        The first has the largest gradient; each further one is drawn with probability proportional to its squared
        distance from the nearest pick.

    Raises
    ------
    ParameterError, DataError, ProbabilityError, AlignmentError

    References
    ----------
    .. [1] Ash, Zhang, Krishnamurthy, Langford, Agarwal (2020). Deep batch active learning by diverse, uncertain
       gradient lower bounds. ICLR.

    Examples
    --------
    >>> badge([[1.0, 0.0], [1.0, 0.0], [0.0, 1.0]], [[0.5, 0.5], [0.5, 0.5], [0.6, 0.4]], 2)
    array([0, 2])
    """
    p = check_probs(probs)
    rows = check_rows(X, n=len(p))
    if not 0 < k <= len(rows):
        raise ParameterError("the number of picks must be at least 1 and at most the rows", found=f"{k} of {len(rows)}")
    errors = p.astype(rows.dtype)
    errors[np.arange(len(p)), p.argmax(axis=1)] -= 1
    norms = np.einsum("ij,ij->i", errors, errors) * np.einsum("ij,ij->i", rows, rows)
    rng = np.random.default_rng(random_state)
    picks = np.empty(k, dtype=np.int64)
    best = np.full(len(rows), np.inf)
    taken = np.zeros(len(rows), dtype=bool)
    for turn in range(k):
        pick = int(np.argmax(norms)) if turn == 0 else _draw(best, taken, rng)
        picks[turn] = pick
        taken[pick] = True
        near = norms + norms[pick] - 2 * (rows @ rows[pick]) * (errors @ errors[pick])
        np.minimum(best, np.maximum(near, 0), out=best)
        best[pick] = 0
    return picks


def _draw(weights: NDArray[np.float64], taken: NDArray[np.bool_], rng: np.random.Generator) -> int:
    mass = np.where(taken, 0, weights)
    # distances that rounding alone makes positive are none
    mass[mass <= 1e-7 * float(mass.max(initial=0))] = 0
    total = np.cumsum(mass)
    if total[-1] <= 0:
        return int(rng.choice(np.flatnonzero(~taken)))
    place = int(np.searchsorted(total, rng.random() * total[-1], side="right"))
    return place if mass[min(place, len(mass) - 1)] > 0 else int(np.flatnonzero(mass)[-1])


def copy_radius(X: ArrayLike, *, share: float = 0.2, sample: int = 1_000, random_state: int = 0) -> float:
    """Distance below which two rows are near-copies: a share of the median distance to the nearest other row.

    Where most rows have copies, the nearest other row is a copy and that distance tells nothing. Such data shows in
    the distances to the first ten neighbours, which grow at least tenfold from one to the next behind the copies; for
    most rows that have such a jump, the distance behind it counts.

    Parameters
    ----------
    X : (n, d) array_like of float, finite
    share : float
        0 leaves only rows that are equal.
    sample : int
        Rows measured, against at most 20 times as many.
    random_state : int

    Returns
    -------
    float
        In the units of X. Where rows have an equal twin but fewer than half a jump, rows with a distance count alone.

    Examples
    --------
    >>> round(copy_radius(np.arange(10.0)[:, None]), 2)
    0.2
    >>> round(copy_radius(np.repeat(np.arange(10.0), 2)[:, None] + np.tile([0, 1e-4], 10)[:, None]), 2)
    0.2
    """
    return share * _spacing(X, sample, random_state)[0]


def most_have_copies(X: ArrayLike, *, sample: int = 1_000, random_state: int = 0) -> bool:
    """Whether more than half of the rows have copies, by the jump in the distances that `copy_radius` describes.

    Parameters
    ----------
    X : (n, d) array_like of float, finite
    sample, random_state
        As for `copy_radius`.

    Examples
    --------
    >>> most_have_copies(np.arange(10.0)[:, None])
    False
    >>> most_have_copies(np.repeat(np.arange(10.0), 2)[:, None] + np.tile([0, 1e-4], 10)[:, None])
    True
    """
    return _spacing(X, sample, random_state)[1]


def _spacing(X: ArrayLike, sample: int, random_state: int) -> tuple[float, bool]:
    """Median distance to the nearest row that is no copy, and whether most rows have copies."""
    rows = check_rows(X)
    if len(rows) < 2:
        return 0.0, False
    rng = np.random.default_rng(random_state)
    against = rows
    if len(rows) > 20 * sample:
        against = rows[np.sort(rng.choice(len(rows), 20 * sample, replace=False))]
    asked = np.sort(rng.choice(len(against), min(sample, len(against)), replace=False))
    centre = against.mean(axis=0)
    points = against - centre
    lengths = np.einsum("ij,ij->i", points, points)
    near = lengths[asked, None] + lengths - 2 * points[asked] @ points.T
    near[np.arange(len(asked)), asked] = np.inf
    nearest = np.sqrt(np.maximum(near.min(axis=1), 0))
    least = float(1e-6 * (np.sqrt(lengths.max()) + 1e-30))
    # a fifth of the rows tells whether most have copies
    if (_behind_copies(near[::5], least) > 0).mean() > 0.5:
        behind = _behind_copies(near, least)
        if (behind > 0).mean() > 0.5:
            return float(np.median(np.where(behind > 0, behind, nearest))), True
    apart = nearest[nearest > least]
    return (float(np.median(apart)) if len(apart) else 0.0), False


def _behind_copies(squares: NDArray[Any], least: float) -> NDArray[np.float64]:
    """Distance to the first row behind a row's copies; 0 where the distances do not jump."""
    k = min(NEIGHBOURS, (squares.shape[1] - 1) // 3)
    out = np.zeros(len(squares))
    if k < 2:
        return out
    for start in range(0, len(squares), 100):
        part = np.sort(np.partition(squares[start : start + 100], k - 1, axis=1)[:, :k], axis=1)
        far = np.maximum(np.sqrt(np.maximum(part, 0)), least)
        jumps = far[:, 1:] >= JUMP * far[:, :-1]
        last = k - 1 - np.argmax(jumps[:, ::-1], axis=1)
        out[start : start + 100] = np.where(jumps.any(axis=1), far[np.arange(len(far)), last], 0)
    return out


def spread_batch(
    X: ArrayLike, order: ArrayLike, k: int, *, radius: float, avoid: ArrayLike | None = None
) -> tuple[Ints, int]:
    """The first k rows of an order that are no near-copies of each other.

    Parameters
    ----------
    X : (n, d) array_like of float, finite
    order : (m,) array_like of int
        Rows from best to worst; at least k.
    k : int
    radius : float
        Rows this close are copies; see `copy_radius`.
    avoid : (q,) array_like of int, optional
        Rows that already have labels: copies of them are passed over too.

    Returns
    -------
    picks : (k,) int64 array
        Where there are fewer than k rows without copies, the best of those passed over follow.
    passed_over : int
        How many rows that were looked at were left out as copies.

    Examples
    --------
    >>> spread_batch([[0.0], [0.01], [5.0]], [1, 0, 2], 2, radius=0.1)
    (array([1, 2]), 1)
    """
    kept, passed = _spread(X, order, k, radius, avoid)
    picks: list[Any] = [*kept, *passed[: k - len(kept)]]
    return np.asarray(picks, dtype=np.int64), len(passed) - max(0, len(picks) - len(kept))


def without_copies(X: ArrayLike, order: ArrayLike, most: int, *, radius: float, avoid: ArrayLike | None = None) -> Ints:
    """The first rows of an order, at most `most`, that are no near-copies of each other; copies are left out.

    Parameters
    ----------
    X, order, radius, avoid
        As for `spread_batch`.
    most : int

    Returns
    -------
    (at most `most`,) int64 array

    Examples
    --------
    >>> without_copies([[0.0], [0.01], [5.0]], [1, 0, 2], 3, radius=0.1)
    array([1, 2])
    """
    return np.asarray(_spread(X, order, most, radius, avoid)[0], dtype=np.int64)


def _spread(
    X: ArrayLike, order: ArrayLike, k: int, radius: float, avoid: ArrayLike | None
) -> tuple[list[int], list[int]]:
    """Rows kept, at most k, and rows passed over on the way."""
    rows = check_rows(X)
    ranked = np.asarray(order, dtype=np.int64)
    known = np.asarray([] if avoid is None else avoid, dtype=np.int64)
    kept: list[int] = []
    passed: list[int] = []
    places = np.empty((len(known) + k, rows.shape[1]), dtype=rows.dtype)
    places[: len(known)] = rows[known]
    for row in ranked:
        if len(kept) == k:
            break
        filled = len(known) + len(kept)
        gap = places[:filled] - rows[row]
        if filled and float(np.einsum("ij,ij->i", gap, gap).min()) <= radius * radius:
            passed.append(int(row))
            continue
        places[filled] = rows[row]
        kept.append(int(row))
    return kept, passed
