"""Views on the classes of rows: cross-fitted scores that never use a row's own label.

A view is prepared once from features and folds and then asked, round after round, for scores of ever better soft
labels. The linear and kernel views are ridge regressions on soft labels whose folds share one Gram matrix, so that a
round costs a few matrix products.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["View", "fixed_view", "kernel_view", "linear_view", "neighbor_view", "prepare_features"]

Floats = NDArray[Any]
_WIDEST = 800
_LANDMARKS = 400
_BLOCK_CELLS = 8_000_000
_PENALTIES = (0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0)
_RIDGE_GRID = np.geomspace(1.0, 60.0, 12)
_LOG_GRID = np.geomspace(0.1, 6.0, 12)


@dataclass(frozen=True, eq=False)
class View:
    """One way to predict classes out of sample.

    Attributes
    ----------
    name : str
    scores : callable
        From soft labels, shape (n, k), to a list of score matrices of that shape, one per setting of the view.
    grid : ndarray of float
        Sensible factors on its scores.
    """

    name: str
    scores: Callable[[Floats], list[Floats]]
    grid: NDArray[np.float64]


def prepare_features(X: Any, random_state: int = 0) -> tuple[Floats, Floats]:
    """Features as they are and standardised, float32, with no more than 800 columns.

    Parameters
    ----------
    X : ndarray or scipy sparse matrix, shape (n, ...)
        Finite.
    random_state : int
        Seed of the projection of wide and sparse features.

    Returns
    -------
    raw, standard : ndarray of float32, shape (n, d)
        Rotated onto their main directions where there are more than 800 columns.

    Examples
    --------
    >>> raw, standard = prepare_features(np.array([[1.0, 5.0], [3.0, 5.0]]))
    >>> standard.tolist()
    [[-1.0, 0.0], [1.0, 0.0]]
    """
    from scipy.sparse import issparse

    if issparse(X):
        raw = _project(X.astype(np.float32), min(256, *X.shape), random_state)
        return raw, _standardise(raw)
    wide = np.asarray(X, dtype=np.float64).reshape(len(X), -1)
    wide = wide - wide.mean(axis=0)
    peak = float(np.abs(wide).max(initial=0.0))
    raw = (wide / peak if peak > 1e6 or 0 < peak < 1e-6 else wide).astype(np.float32)
    return _narrow(raw, random_state), _narrow(_standardise(raw), random_state)


def _standardise(X: Floats) -> Floats:
    spread = X.std(axis=0, dtype=np.float64)
    centred = X - X.mean(axis=0, dtype=np.float64)
    return np.asarray(centred / np.where(spread > 1e-9, spread, 1.0), dtype=np.float32)


def _narrow(X: Floats, random_state: int) -> Floats:
    n, d = X.shape
    if d <= _WIDEST:
        return X
    if min(n, d) > 2500:
        return _project(X, _WIDEST // 2, random_state)
    if n <= d:
        values, vectors = np.linalg.eigh(X.astype(np.float64) @ X.T)
        values = np.maximum(values[::-1][:_WIDEST], 0.0)
        return np.asarray(vectors[:, ::-1][:, :_WIDEST] * np.sqrt(values), dtype=np.float32)
    _, vectors = np.linalg.eigh((X.T @ X).astype(np.float64))
    return np.asarray(X @ vectors[:, ::-1][:, :_WIDEST].astype(np.float32))


def _project(X: Any, width: int, random_state: int) -> Floats:
    from sklearn.decomposition import TruncatedSVD

    if width >= min(X.shape):
        return np.asarray(X.toarray() if hasattr(X, "toarray") else X, dtype=np.float32)
    svd = TruncatedSVD(width, n_iter=4, random_state=random_state)
    return np.asarray(svd.fit_transform(X), dtype=np.float32)


class _Ridge:
    """Ridge regression of soft labels, cross-fitted; eigenvectors per fold are found once."""

    def __init__(self, Z: Floats, folds: NDArray[np.int64]) -> None:
        self.Z = np.hstack([Z, np.ones((len(Z), 1), dtype=np.float32)]).astype(np.float32)
        self.folds = [np.flatnonzero(folds == f) for f in range(int(folds.max()) + 1)]
        gram = (self.Z.T @ self.Z).astype(np.float64)
        self.parts: list[tuple[Floats, Floats]] = []
        for held in self.folds:
            values, vectors = np.linalg.eigh(gram - self.Z[held].T @ self.Z[held])
            self.parts.append((np.maximum(values, 0.0), vectors.astype(np.float32)))

    def scores(self, soft: Floats, penalties: tuple[float, ...]) -> list[Floats]:
        centred = (soft - 1.0 / soft.shape[1]).astype(np.float32)
        total = self.Z.T @ centred
        out = [np.empty(soft.shape, dtype=np.float32) for _ in penalties]
        for held, (values, vectors) in zip(self.folds, self.parts, strict=True):
            target = vectors.T @ (total - self.Z[held].T @ centred[held])
            basis = self.Z[held] @ vectors
            for one, penalty in zip(out, penalties, strict=True):
                one[held] = basis @ (target / (values + penalty)[:, None].astype(np.float32))
        return out


def linear_view(standard: Floats, folds: NDArray[np.int64]) -> View:
    """Ridge regression of soft labels on standardised features.

    Parameters
    ----------
    standard : ndarray of float32, shape (n, d)
    folds : ndarray of int64, shape (n,)
        0 and up.

    Returns
    -------
    View

    References
    ----------
    Hoerl, Kennard 1970, "Ridge Regression: Biased Estimation for Nonorthogonal Problems", Technometrics 12.

    Examples
    --------
    >>> x = np.array([[-1.0], [-0.9], [0.9], [1.0]], dtype=np.float32)
    >>> view = linear_view(x, np.array([0, 1, 0, 1]))
    >>> view.scores(np.eye(2, dtype=np.float32)[[0, 0, 1, 1]])[0].argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    ridge = _Ridge(standard, folds)
    penalties = (*(30 * p for p in _PENALTIES), 3_000.0, 10_000.0)
    return View("linear", lambda soft: ridge.scores(soft, penalties), _RIDGE_GRID)


def kernel_view(X: Floats, folds: NDArray[np.int64], *, width: float = 1.0, random_state: int = 0) -> View:
    """Kernel ridge regression of soft labels, with a Gaussian kernel on 400 landmarks.

    Parameters
    ----------
    X : ndarray of float32, shape (n, d)
    folds : ndarray of int64, shape (n,)
    width : float
        Squared width of the kernel, in squared distances to the tenth nearest landmark.
    random_state : int
        Seed of the landmarks.

    Returns
    -------
    View

    References
    ----------
    Williams, Seeger 2001, "Using the Nystroem Method to Speed Up Kernel Machines", NIPS 13.

    Examples
    --------
    >>> x = np.array([[-1.0], [-0.9], [0.9], [1.0]], dtype=np.float32)
    >>> view = kernel_view(x, np.array([0, 1, 0, 1]))
    >>> view.scores(np.eye(2, dtype=np.float32)[[0, 0, 1, 1]])[0].argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    n = len(X)
    chosen = np.random.default_rng(random_state).choice(n, min(_LANDMARKS, n), replace=False)
    landmarks = X[np.sort(chosen)]
    squared = _squared_distances(X, landmarks)
    rank = min(10, squared.shape[1] - 1)
    scale = 2.0 * width * max(float(np.median(np.partition(squared, rank, axis=1)[:, rank])), 1e-12)
    values, vectors = np.linalg.eigh(np.exp(-_squared_distances(landmarks, landmarks) / scale).astype(np.float64))
    kept = values > 1e-5 * values[-1]
    Z = np.exp(-squared / scale) @ (vectors[:, kept] / np.sqrt(values[kept])).astype(np.float32)
    ridge = _Ridge(Z, folds)
    return View(f"kernel {width:g}", lambda soft: ridge.scores(soft, _PENALTIES), _RIDGE_GRID)


def _squared_distances(A: Floats, B: Floats) -> Floats:
    squared = np.einsum("nd,nd->n", A, A)[:, None] - 2.0 * (A @ B.T) + np.einsum("nd,nd->n", B, B)
    return np.asarray(np.maximum(squared, 0.0))


def neighbor_view(X: Floats, folds: NDArray[np.int64]) -> View:
    """Vote of the soft labels of the nearest rows outside a row's fold, nearer rows counting more.

    Parameters
    ----------
    X : ndarray of float32, shape (n, d)
    folds : ndarray of int64, shape (n,)

    Returns
    -------
    View
        Settings are 5, 10 and 30 neighbours.

    References
    ----------
    Cover, Hart 1967, "Nearest Neighbor Pattern Classification", IEEE Transactions on Information Theory 13.

    Examples
    --------
    >>> x = np.array([[-1.0], [-0.9], [0.9], [1.0]], dtype=np.float32)
    >>> view = neighbor_view(x, np.array([0, 1, 0, 1]))
    >>> view.scores(np.eye(2, dtype=np.float32)[[0, 0, 1, 1]])[0].argmax(axis=1).tolist()
    [0, 0, 1, 1]
    """
    smallest = len(X) - int(np.bincount(folds).max())
    most = min(30, smallest)
    indices, distances = _outside_neighbors(X, folds, most)

    def scores(soft: Floats) -> list[Floats]:
        prior = soft.mean(axis=0, dtype=np.float64)
        out = []
        for count in sorted({min(c, most) for c in (5, 10, 30)}):
            far = max(float(np.median(distances[:, count - 1])), 1e-12)
            weights = 1.0 / (1.0 + distances[:, :count] / far)
            votes = np.empty(soft.shape, dtype=np.float64)
            step = max(1, _BLOCK_CELLS // (count * soft.shape[1]))
            for i in range(0, len(soft), step):
                part = slice(i, i + step)
                votes[part] = np.einsum("nq,nqk->nk", weights[part], soft[indices[part, :count]])
            votes += 0.5 * prior + 1e-12
            out.append(np.log(votes / votes.sum(axis=1, keepdims=True)).astype(np.float32))
        return out

    return View("neighbors", scores, _LOG_GRID)


def _outside_neighbors(X: Floats, folds: NDArray[np.int64], count: int) -> tuple[NDArray[np.int64], Floats]:
    n = len(X)
    indices, distances = np.zeros((n, count), dtype=np.int64), np.zeros((n, count), dtype=np.float32)
    for fold in range(int(folds.max()) + 1):
        held, others = np.flatnonzero(folds == fold), np.flatnonzero(folds != fold)
        step = max(1, _BLOCK_CELLS // len(others))
        pool = X[others]
        for i in range(0, len(held), step):
            rows = held[i : i + step]
            squared = _squared_distances(X[rows], pool)
            near = np.argpartition(squared, count - 1, axis=1)[:, :count]
            found = np.take_along_axis(squared, near, axis=1)
            order = np.argsort(found, axis=1, kind="stable")
            indices[rows] = others[np.take_along_axis(near, order, axis=1)]
            distances[rows] = np.sqrt(np.take_along_axis(found, order, axis=1))
    return indices, distances


def fixed_view(name: str, probs: Floats) -> View:
    """A view whose out-of-sample probabilities are given and do not change from round to round.

    Parameters
    ----------
    name : str
    probs : ndarray of float, shape (n, k)

    Returns
    -------
    View

    Examples
    --------
    >>> fixed_view("mine", np.array([[0.5, 0.5]])).scores(np.ones((1, 2)))[0].round(2).tolist()
    [[-0.6899999976158142, -0.6899999976158142]]
    """
    logs = np.log(np.maximum(np.asarray(probs, dtype=np.float64), 1e-7)).astype(np.float32)
    return View(name, lambda _: [logs], _LOG_GRID)
