"""Does a change keep the label true? Which magnitudes are safe for each class, by a cross-fitted model's flips."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, ParameterError

__all__ = ["Flips", "flip_rates", "safe_magnitude"]


@dataclass(frozen=True, eq=False)
class Flips:
    """How often changed rows of a class went over to another class.

    Parameters
    ----------
    judged : (k, s) int64
        Rows of each class that the model got right as they are, at each of s settings.
    flipped : (k, s) int64
        How many of them it takes for another class, clearly, once changed.
    into : (k, s) int64
        The class that most of them went over to; -1 where none did.
    """

    judged: npt.NDArray[np.int64]
    flipped: npt.NDArray[np.int64]
    into: npt.NDArray[np.int64]


def flip_rates(
    X: npt.NDArray[Any],
    labels: npt.NDArray[np.int64],
    changed: npt.NDArray[Any],
    origin: npt.NDArray[np.int64],
    setting: npt.NDArray[np.int64],
    *,
    model: Any = None,
    n_folds: int = 5,
    clear: float = 0.5,
    random_state: int = 0,
) -> Flips:
    """Judge changed rows by a model that has seen neither them nor the rows they come from.

    Parameters
    ----------
    X : (n, d) float array
        Features of the rows as they are.
    labels : (n,) int64
        Class index of each.
    changed : (m, d) float array
        Features of changed rows.
    origin : (m,) int64
        The row that each comes from.
    setting : (m,) int64
        Which operation at which magnitude each went through, from 0.
    model : scikit-learn classifier, optional
        Default: logistic regression on standardised features.
    n_folds : int
        Folds; less where a class has fewer rows.
    clear : float
        Probability from which a prediction counts as clear.
    random_state : int

    Returns
    -------
    Flips
        Only rows that the model gets right as they are are judged, so that its own errors do not count. A changed row
        counts as gone over only where it also lies among the rows of the other class: no farther from its nearest
        row there than rows of that class lie from each other. A row that is merely unfamiliar is no other class.

    Raises
    ------
    ParameterError
        Fewer than two classes, or a class with fewer than two rows.

    Examples
    --------
    >>> X = np.repeat([[0.0, 0.0], [4.0, 0.0]], 10, axis=0) + np.random.default_rng(0).normal(0, 0.1, (20, 2))
    >>> y = np.repeat([0, 1], 10)
    >>> mirrored = X[:10] * 0 + [4.0, 0.0]  # every row of class 0 lands among class 1
    >>> made = flip_rates(X, y, mirrored, np.arange(10), np.zeros(10, dtype=int))
    >>> made.flipped[:, 0].tolist(), made.into[:, 0].tolist()
    ([10, 0], [1, -1])
    """
    from sklearn.base import clone
    from sklearn.model_selection import StratifiedKFold

    from tilth.numerics.cross_fitting.crossfit import default_classifier
    from tilth.numerics.statistics.threads import one_blas_thread

    if len(X) != len(labels) or not len(changed) == len(origin) == len(setting):
        raise AlignmentError("features, labels and origins do not fit together")
    k = int(labels.max(initial=-1)) + 1
    counts = np.bincount(labels, minlength=k)
    present = counts[counts > 0]
    if len(present) < 2 or present.min() < 2:
        raise ParameterError(
            "labels can be checked only with two classes of at least two rows each",
            found=f"{len(present)} classes, the smallest with {int(present.min(initial=0))} rows",
        )
    right = np.zeros(len(X), dtype=bool)
    said = np.full(len(changed), -1, dtype=np.int64)
    folds = StratifiedKFold(min(n_folds, int(present.min())), shuffle=True, random_state=random_state)
    with one_blas_thread():
        for train, test in folds.split(X, labels):
            fitted = clone(model if model is not None else default_classifier(random_state)).fit(
                X[train], labels[train]
            )
            right[test] = fitted.predict(X[test]) == labels[test]
            ours = np.flatnonzero(np.isin(origin, test))
            if len(ours):
                probs = fitted.predict_proba(changed[ours])
                best = probs.argmax(axis=1)
                said[ours] = np.where(probs.max(axis=1) >= clear, fitted.classes_[best], -1)
    said[~_among(X, labels, changed, said)] = -1
    n_settings = int(setting.max(initial=-1)) + 1
    judged, flipped, into = (np.zeros((k, n_settings), dtype=np.int64) for _ in range(3))
    into -= 1
    own = labels[origin]
    counted = right[origin]
    away = counted & (said >= 0) & (said != own)
    np.add.at(judged, (own[counted], setting[counted]), 1)
    np.add.at(flipped, (own[away], setting[away]), 1)
    for c, s in zip(*np.nonzero(flipped), strict=True):
        into[c, s] = np.bincount(said[away & (own == c) & (setting == s)], minlength=k).argmax()
    return Flips(judged, flipped, into)


def _among(
    X: npt.NDArray[Any], labels: npt.NDArray[np.int64], changed: npt.NDArray[Any], said: npt.NDArray[np.int64]
) -> npt.NDArray[np.bool_]:
    """Whether each changed row lies as near to a row of the class it is taken for as rows of that class do."""
    from scipy.spatial.distance import cdist

    spread = X.std(axis=0)
    scale = np.where(spread > 1e-9, spread, 1.0)
    inside = np.zeros(len(changed), dtype=bool)
    for c in np.unique(said[said >= 0]).tolist():
        own, here = X[labels == c] / scale, np.flatnonzero(said == c)
        between = cdist(own, own)
        np.fill_diagonal(between, np.inf)
        inside[here] = cdist(changed[here] / scale, own).min(axis=1) <= between.min(axis=1).max() + 1e-9
    return inside


def safe_magnitude(
    magnitudes: npt.NDArray[np.float64],
    judged: npt.NDArray[np.int64],
    flipped: npt.NDArray[np.int64],
    *,
    most: float = 0.1,
    level: float = 0.95,
) -> float:
    """The highest tried magnitude up to which labels hold.

    Parameters
    ----------
    magnitudes : (s,) float array, rising
    judged, flipped : (s,) int64
        Of `flip_rates`, for one class.
    most : float
        Share of flips that is borne.
    level : float
        A magnitude is unsafe where the lower end of the one-sided Wilson interval at this level is above `most`.

    Returns
    -------
    float
        0 where even the lowest is unsafe, 1 where none is.

    Examples
    --------
    >>> safe_magnitude(np.array([0.3, 0.6, 1.0]), np.array([20, 20, 20]), np.array([0, 1, 12]))
    0.6
    """
    from tilth.numerics.statistics.intervals import wilson_interval

    safe = 0.0
    for magnitude, n, bad in zip(magnitudes.tolist(), judged.tolist(), flipped.tolist(), strict=True):
        if n and wilson_interval(bad, n, level=2 * level - 1).low > most:
            return safe
        safe = magnitude
    return 1.0
