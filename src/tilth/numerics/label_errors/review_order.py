"""In which order to review labels, so that the fixed model gains most per row reviewed."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError, ParameterError
from tilth.numerics.label_errors.model import LabelErrorEstimate
from tilth.numerics.label_errors.regime import FEW_ROWS

__all__ = ["neighbor_shapley", "order_by_worth"]

Floats = NDArray[Any]
_BLOCK_CELLS = 4_000_000
_CURVATURE_ROWS = 4000
_MOST_CURVATURE = 30_000_000
_STEPS, _LOOKAHEAD = 75, 0.15
_LEAST_RIGHT = 1e-4


def neighbor_shapley(
    X: Any, labels: ArrayLike, reference: Any, reference_posterior: ArrayLike, *, n_neighbors: int = 10
) -> NDArray[np.float64]:
    """Shapley value of every row for a nearest-neighbour classifier on reference rows, exactly.

    Parameters
    ----------
    X : array_like of float, shape (n, d)
        Training rows; finite.
    labels : array_like of int, shape (n,)
        Their class codes.
    reference : array_like of float, shape (m, d)
    reference_posterior : array_like of float, shape (m, k)
        Probabilities of the classes of the reference rows (one-hot where they are known).
    n_neighbors : int
        K of the classifier.

    Returns
    -------
    ndarray of float64, shape (n,)
        Share of each row in the mean probability of a right vote; they sum to the value of all rows, which is that
        of the K nearest. Negative values harm.

    Raises
    ------
    AlignmentError, DataError, ParameterError
        If shapes do not fit, or `n_neighbors` is less than 1.

    References
    ----------
    Jia et al. 2019, "Efficient Task-Specific Data Valuation for Nearest Neighbor Algorithms", PVLDB 12(11).

    Examples
    --------
    >>> neighbor_shapley([[0.0], [1.0]], [0, 1], [[0.1]], [[1.0, 0.0]], n_neighbors=1).tolist()
    [1.0, 0.0]
    """
    train, codes = np.asarray(X, dtype=np.float32), np.asarray(labels, dtype=np.int64)
    points, posterior = np.asarray(reference, dtype=np.float32), np.asarray(reference_posterior, dtype=np.float64)
    if n_neighbors < 1:
        raise ParameterError("n_neighbors must be at least 1", found=repr(n_neighbors))
    if train.ndim != 2 or points.ndim != 2 or train.shape[1:] != points.shape[1:]:
        raise DataError("rows and reference must have the same columns", found=f"{train.shape} and {points.shape}")
    if len(codes) != len(train) or len(posterior) != len(points):
        raise AlignmentError("labels and posterior must describe the rows", found=f"{len(codes)}, {len(posterior)}")
    n, value = len(train), np.zeros(len(train))
    place = np.arange(1, n, dtype=np.float64)
    factor = np.minimum(n_neighbors, place) / (n_neighbors * place)
    length = np.einsum("nd,nd->n", train, train)
    step = max(1, _BLOCK_CELLS // max(n, 1))
    for i in range(0, len(points), step):
        order = np.argsort(length - 2.0 * points[i : i + step] @ train.T, axis=1, kind="stable")
        right = np.take_along_axis(posterior[i : i + step][:, codes], order, axis=1)
        share = np.empty_like(right)
        share[:, -1] = right[:, -1] / max(n, n_neighbors)
        steps = (right[:, :-1] - right[:, 1:]) * factor
        share[:, :-1] = share[:, -1:] + np.cumsum(steps[:, ::-1], axis=1)[:, ::-1]
        np.add.at(value, order.ravel(), share.ravel())
    return value / max(len(points), 1)


def order_by_worth(
    X: Any,
    estimate: LabelErrorEstimate,
    *,
    pred_probs: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    damping: float = 0.1,
    random_state: int = 0,
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Order rows by what the fixed model is expected to gain from their review.

    All expected corrections together would move the fixed model to where clean labels would put it. The order takes
    first the rows whose corrections bring it closest to there: worth is by how much a review is expected to shorten
    the distance between the two models' logits, over all rows, weighted by how open the model's answer is there. The
    model's move is that of a linear surrogate, one Newton step of a softmax regression with a curvature for every
    class. After every 1/500 of the rows the distance is taken anew, so that rows which teach the same thing do not
    follow each other.

    With fewer than two rows per feature, or 50 per class, a linear model fits every row nearly by itself, and how two
    rows pull at it together cannot be told from noise. There a row counts alone: its surprise, minus the logarithm
    of the probability that its label is right, times what the surrogate, fitted to the given labels, still misses of
    that label. In such a model a row pulls at the weights in proportion to what is missed.

    Parameters
    ----------
    X : ndarray or scipy sparse matrix, shape (n, d)
        Features of the rows of `estimate`.
    estimate : LabelErrorEstimate
    pred_probs : array_like of float, shape (n, k), optional
        Out-of-sample probabilities of the fixed model on the given labels; by default those of
        `default_classifier`, cross-fitted.
    groups : array_like of int, shape (n,), optional
        Rows with the same id stay in one fold.
    damping : float
        Ridge on the curvature, as a share of its mean; positive.
    random_state : int

    Returns
    -------
    order : ndarray of int64, shape (n,)
        Row numbers, the worthiest first.
    worth : ndarray of float64, shape (n,)
        Expected gain of the row when its turn came, in arbitrary units; not negative.

    Raises
    ------
    AlignmentError, ParameterError
        If X, the estimate and the probabilities differ in length, or an option is out of range.

    References
    ----------
    Koh, Liang 2017, "Understanding Black-box Predictions via Influence Functions", ICML: the surrogate's move.
    Yeh et al. 2018, "Representer Point Selection for Explaining Deep Neural Networks", NeurIPS: the pull of a row.

    Examples
    --------
    >>> from tilth.numerics.label_errors.model import estimate_label_errors
    >>> rng = np.random.default_rng(0)
    >>> true = np.repeat([0, 1], 50)
    >>> X = rng.normal(4.0 * true[:, None], 1.0, (100, 2))
    >>> given = true.copy()
    >>> given[3] = 1
    >>> int(order_by_worth(X, estimate_label_errors(X, given))[0][0])
    3
    """
    from tilth.numerics.cross_fitting.crossfit import cross_fit_probabilities
    from tilth.numerics.cross_fitting.fold_models import as_features
    from tilth.numerics.label_errors.views import prepare_features

    features = as_features(X)
    n, k = estimate.posterior.shape
    if features.shape[0] != n:
        raise AlignmentError("X and the estimate must describe the same rows", found=f"{features.shape[0]} and {n}")
    if not damping > 0:
        raise ParameterError("damping must be positive", found=repr(damping))
    if pred_probs is None:
        fit = cross_fit_probabilities(
            None, features, estimate.labels, n_classes=k, groups=groups, random_state=random_state
        )
        probs = np.asarray(fit.probs, dtype=np.float64)
    else:
        probs = np.asarray(pred_probs, dtype=np.float64)
    if probs.shape != (n, k):
        raise AlignmentError("pred_probs must have the shape of the posterior", found=f"{probs.shape}, not {(n, k)}")
    _, standard = prepare_features(features, random_state)
    if n < max(2 * standard.shape[1], FEW_ROWS * len(np.unique(estimate.labels))):
        worth = _lone_worth(standard, estimate)
        return np.lexsort((-estimate.p_error, -worth)), worth
    points = np.hstack([standard, np.ones((n, 1), dtype=standard.dtype)])
    return _greedy(points, _distances(points, probs, damping), estimate)


def _lone_worth(standard: Floats, estimate: LabelErrorEstimate) -> NDArray[np.float64]:
    """Surprise of every label times what a linear model that was fitted to it misses."""
    import warnings

    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    surprise = -np.log(np.clip(1.0 - estimate.p_error, _LEAST_RIGHT, 1.0)).astype(np.float64)
    place = np.unique(estimate.labels, return_inverse=True)[1]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fitted = LogisticRegression(C=1.0, max_iter=300).fit(standard, place)
    missed = 1.0 - fitted.predict_proba(standard)[np.arange(len(place)), place]
    return np.asarray(surprise * missed, dtype=np.float64)


def _distances(points: Floats, probs: Floats, damping: float) -> list[Floats]:
    """For every class, the matrix that makes sums of rows times label changes into squared distances of logits.

    One for all classes where there are many.
    """
    n, d = points.shape
    k = probs.shape[1]
    rows = np.linspace(0, n - 1, min(n, _CURVATURE_ROWS)).astype(np.int64)
    spread = (probs * (1.0 - probs))[rows] + 1e-6
    shared = k * d * d > _MOST_CURVATURE
    if shared:
        spread = spread.mean(axis=1, keepdims=True)
    chosen = points[rows].astype(np.float64)
    out: list[Floats] = []
    for column in spread.T:
        curvature = (chosen * column[:, None]).T @ chosen / len(rows)
        inverse = np.linalg.inv(curvature + damping * float(np.trace(curvature)) / d * np.eye(d))
        out.append((inverse @ curvature @ inverse).astype(np.float32))
    return out * k if shared else out


def _greedy(
    points: Floats, distances: list[Floats], estimate: LabelErrorEstimate
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rows in the order in which their corrections shorten the distance to the model on clean labels."""
    n, k = estimate.posterior.shape
    change = estimate.posterior.astype(np.float32) - np.eye(k, dtype=np.float32)[estimate.labels]
    rest = points.T @ change
    worth, left = np.zeros(n), np.ones(n, dtype=bool)
    order: list[NDArray[np.int64]] = []
    edges = np.linspace(0, _LOOKAHEAD * n, _STEPS + 1).round().astype(int)
    for step in range(_STEPS):
        pull = points @ np.stack([distances[c] @ rest[:, c] for c in range(k)], axis=1)
        gain = (pull * change).sum(axis=1)
        worth[left] = np.maximum(gain[left], 0.0) / n**2
        ranked = np.argsort(np.where(left, -gain, np.inf), kind="stable")[: int(left.sum())]
        if step + 1 == _STEPS:
            order.append(ranked)
            break
        taken = ranked[: edges[step + 1] - edges[step]]
        order.append(taken)
        left[taken] = False
        rest -= points[taken].T @ change[taken]
    return np.concatenate(order), worth
