"""Two coordinates for every row, so that rows which are alike stand together on a map."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import ParameterError
from tilth.numerics.similarity.neighbors import as_features, nearest_neighbors
from tilth.numerics.statistics.threads import one_blas_thread

__all__ = ["project_2d"]

Floats = NDArray[np.float64]

_REPELLED = 6  # random rows that push each row away in each step, as many as the other methods draw or more
_PULL = 0.7  # all neighbours together; less gives looser groups, more gives tighter ones
_WIDEST = 4.0  # longest pull or push of one pair in one step, in units of the layout
_SPAN = 10.0  # half the width of the start, in the same units
_NEAR = 0.01  # keeps the push between rows at one place finite


def project_2d(X: ArrayLike, *, n_neighbors: int = 10, n_steps: int = 200, random_state: int = 0) -> Floats:
    """Place rows in the plane so that each stands near its nearest neighbours.

    The rows start at their first two principal components. Each step then pulls every row towards its
    nearest neighbours and pushes it off a few random rows, with the heavy-tailed kernel ``1 / (1 + d^2)``
    of t-SNE [1]_ and the sampled pushes of LargeVis [2]_, by ever smaller steps. Nearness can be read from
    the result; sizes of groups and distances between them cannot.

    Parameters
    ----------
    X : (n, d) array_like of numbers, finite
        Compared by Euclidean distance. n may be 0.
    n_neighbors : int, default 10
        Neighbours that pull; clipped to n - 1.
    n_steps : int, default 200
        0 gives the two principal components, scaled.
    random_state : int, default 0

    Returns
    -------
    (n, 2) float64 array
        Centred coordinates in [-1, 1], scaled alike in both directions; zeros where all rows are equal
        and `n_steps` is 0. The same input gives the same result on the same machine.

    Raises
    ------
    DataError
        Not a finite two-dimensional table (row and column are named).
    ParameterError
        An argument out of range.

    References
    ----------
    .. [1] van der Maaten, Hinton (2008). Visualizing data using t-SNE. JMLR 9.
    .. [2] Tang, Liu, Zhang, Mei (2016). Visualizing large-scale and high-dimensional data. WWW.

    Examples
    --------
    >>> import numpy as np
    >>> X = np.repeat([[0.0, 0, 0], [9, 9, 9]], 20, axis=0) + np.arange(120).reshape(40, 3) / 1000
    >>> y = project_2d(X)
    >>> y.shape, bool(abs(y[:20].mean(axis=0) - y[20:].mean(axis=0)).max() > 0.5)
    ((40, 2), True)
    """
    for name, value, low in (("n_neighbors", n_neighbors, 1), ("n_steps", n_steps, 0)):
        if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < low:
            raise ParameterError(f"{name} must be a whole number of at least {low}", found=repr(value))
    features = as_features(X, min_rows=0)
    n = len(features)
    if n == 0:
        return np.zeros((0, 2))
    rng = np.random.default_rng(random_state)
    with one_blas_thread():
        start = _principal(features)
        if n_steps == 0 or n < 3:
            return _unit(start)
        graph = nearest_neighbors(features, min(n_neighbors, n - 1), random_state=random_state)
    places = _SPAN * start + rng.normal(scale=1e-3, size=(n, 2))
    return _unit(_relax(places, graph.indices, int(n_steps), rng))


def _principal(features: NDArray[np.floating[Any]]) -> Floats:
    """The first two principal components by subspace iteration, (n, 2) in [-1, 1]; zeros for missing ones."""
    low, high = features.min(axis=0).astype(np.float64), features.max(axis=0).astype(np.float64)
    middle = low / 2 + high / 2
    span = float((high / 2 - low / 2).max())
    if span == 0:
        return np.zeros((len(features), 2))
    centred = (features - middle) / span
    centred -= centred.mean(axis=0)
    width = min(8, *centred.shape)
    basis = np.random.default_rng(0).normal(size=(centred.shape[1], width))
    for _ in range(12):
        basis = np.linalg.qr(centred.T @ (centred @ basis))[0]
    scores = centred @ basis
    turn = np.linalg.eigh(scores.T @ scores)[1][:, ::-1][:, :2]
    found = scores @ turn
    peaks = found[np.abs(found).argmax(axis=0), np.arange(found.shape[1])]
    found = found * np.where(peaks < 0, -1.0, 1.0)
    return _unit(np.pad(found, ((0, 0), (0, 2 - found.shape[1]))))


def _relax(places: Floats, neighbors: NDArray[np.integer[Any]], n_steps: int, rng: np.random.Generator) -> Floats:
    """Pull along the edges of the graph, push off random rows."""
    n, k = neighbors.shape
    ends = np.stack([np.repeat(np.arange(n), k), neighbors.ravel().astype(np.int64)])
    keys = np.unique(np.concatenate([ends[0] * n + ends[1], ends[1] * n + ends[0]]))
    here, there = keys // n, keys % n
    for step in range(n_steps):
        apart = places[here] - places[there]
        pull = -2 / (1 + (apart * apart).sum(axis=1))
        force = np.clip(apart * pull[:, None], -_WIDEST, _WIDEST)
        move = np.stack([np.bincount(here, force[:, axis], minlength=n) for axis in (0, 1)], axis=1) * (_PULL / k)
        apart = places[:, None] - places[rng.integers(n, size=(n, _REPELLED))]
        squared = (apart * apart).sum(axis=2)
        push = 2 / ((_NEAR + squared) * (1 + squared))
        move += np.clip(apart * push[:, :, None], -_WIDEST, _WIDEST).sum(axis=1)
        places = places + (1 - step / n_steps) * move
    return places


def _unit(places: Floats) -> Floats:
    """Centre the bounding box, and scale its longer side to [-1, 1]."""
    low, high = places.min(axis=0), places.max(axis=0)
    half = float((high - low).max()) / 2
    return np.zeros_like(places) if half == 0 else np.clip((places - (low + high) / 2) / half, -1.0, 1.0)
