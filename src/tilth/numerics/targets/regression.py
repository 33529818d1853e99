"""Numeric labels that are probably wrong: residuals scaled by the spread that is to be expected."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, ParameterError
from tilth.numerics.targets.regression_fit import cross_fit_predictions
from tilth.numerics.targets.residuals import check_targets, residual_spread

__all__ = ["RegressionErrors", "find_regression_errors"]

Floats = npt.NDArray[np.float64]

_LEAST = 3.0


@dataclass(frozen=True, eq=False)
class RegressionErrors:
    """What `find_regression_errors` found.

    Attributes
    ----------
    scores : ndarray of float64, shape (n,)
        In [0, 1), high means look here first; 0.5 is the threshold.
    issues : ndarray of bool, shape (n,)
        Rows whose score reaches 0.5.
    predictions : ndarray of float64, shape (n,)
        What the target should be, in its unit.
    spread : ndarray of float64, shape (n,)
        Standard deviation expected around the prediction.
    z : ndarray of float64, shape (n,)
        (target - prediction) / spread, signed.
    cut : float
        Absolute z from which a row is an issue.
    weights : dict of str to float
        Share of each kind of model in the predictions; empty where they were given.
    """

    scores: Floats
    issues: npt.NDArray[np.bool_]
    predictions: Floats
    spread: Floats
    z: Floats
    cut: float
    weights: dict[str, float]


def find_regression_errors(
    y: npt.ArrayLike,
    predictions: npt.ArrayLike | None = None,
    X: Any = None,
    *,
    uncertainty: npt.ArrayLike | None = None,
    model: Any = None,
    groups: npt.ArrayLike | None = None,
    n_folds: int = 5,
    n_repeats: int = 2,
    fdr: float = 0.05,
    random_state: int = 0,
) -> RegressionErrors:
    """Find numeric targets that are probably wrong.

    Every residual is divided by the spread to be expected of its row: how much repeated cross-fitting disagrees, and
    how far targets lie from predictions where the features or the prediction are alike. With features, the predictions
    are made here and re-made without the worst rows.

    Parameters
    ----------
    y : array_like of float, shape (n,)
        Targets; no missing values.
    predictions : array_like of float, shape (n,), optional
        Out-of-sample predictions in the unit of `y`, which are then used as they are.
    X : array_like or scipy sparse matrix, shape (n, d), optional
        Features; needed without `predictions`.
    uncertainty : float or array_like of float, shape (n,), optional
        Standard deviation expected around each prediction, above 0; by default it is estimated.
    model : regressor or callable, optional
        See `tilth.numerics.targets.regression_fit.cross_fit_predictions`, as for `groups`, `n_folds` and `n_repeats`.
    fdr : float
        In (0, 1): share of wrong alarms among the issues that is tolerated if the noise is normal. Below three
        spreads nothing is an issue.
    random_state : int

    Returns
    -------
    RegressionErrors

    Raises
    ------
    LabelError, DataError, AlignmentError, ParameterError
        If the input cannot be used; the message names the row.
    PartError
        If the model fails on a fold.

    References
    ----------
    Zhou et al. 2023, "Detecting Errors in a Numerical Response via any Regression Model", DMLR workshop at ICML.
    Benjamini, Hochberg 1995, "Controlling the False Discovery Rate", JRSS B 57.

    Examples
    --------
    >>> predictions = np.arange(8.0)
    >>> y = predictions + [0.1, -0.1, 0.1, -0.1, 0.1, -9.0, 0.1, -0.1]
    >>> found = find_regression_errors(y, predictions)
    >>> np.flatnonzero(found.issues), float(found.predictions[5])
    (array([5]), 5.0)
    """
    targets = check_targets(y)
    if not 0 < fdr < 1:
        raise ParameterError("fdr must be between 0 and 1", found=repr(fdr))
    if predictions is None and X is None:
        raise ParameterError("nothing to compare y with", fix="pass out-of-sample predictions, or features X")
    weights: dict[str, float] = {}
    if predictions is None:
        fit = cross_fit_predictions(
            X, targets, model=model, groups=groups, n_folds=n_folds, n_repeats=n_repeats, random_state=random_state
        )
        expected, spread, weights = fit.predictions, fit.spread, fit.weights
    else:
        expected = check_targets(predictions, "predictions")
        if len(expected) != len(targets):
            raise AlignmentError("y and predictions have different lengths", found=f"{len(targets)}, {len(expected)}")
        spread = residual_spread(targets - expected, expected) if uncertainty is None else np.ones(len(targets))
    if uncertainty is not None:
        spread = _check_uncertainty(uncertainty, len(targets))
    z = (targets - expected) / spread
    cut = _cut(np.abs(z), fdr)
    scores = np.abs(z) / (np.abs(z) + cut)
    return RegressionErrors(scores, np.abs(z) >= cut, expected, spread, z, cut, weights)


def _check_uncertainty(uncertainty: npt.ArrayLike, n: int) -> Floats:
    given = np.asarray(uncertainty)
    values = check_targets(np.full(n, given) if given.ndim == 0 else given, "uncertainty")
    if len(values) != n:
        raise AlignmentError("uncertainty must be one number, or one per row", found=f"{len(values)} for {n} rows")
    bad = np.flatnonzero(values <= 0)
    if bad.size:
        raise ParameterError("uncertainty must be above 0", where=f"row {bad[0]}", found=str(values[bad[0]]))
    return values


def _cut(size: Floats, fdr: float) -> float:
    """Absolute z from which rows are issues: Benjamini and Hochberg's bound under the normal law, at least 3."""
    from scipy.special import ndtr, ndtri

    p = np.sort(2 * ndtr(-size))
    passed = np.flatnonzero(p <= fdr * np.arange(1, len(p) + 1) / len(p))
    level = fdr * (passed[-1] + 1 if passed.size else 1) / len(p)
    return max(_LEAST, float(-ndtri(level / 2)))
