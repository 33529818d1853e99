"""Out-of-sample predictions of a numeric target and how far each can be trusted, in spite of wrong targets."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError, ParameterError, PartError, TilthError
from tilth.numerics.cross_fitting.fold_models import as_features, check_finite
from tilth.numerics.cross_fitting.folds import assign_folds
from tilth.numerics.statistics.threads import one_blas_thread
from tilth.numerics.targets.residuals import check_targets, median_scale, residual_spread

__all__ = ["RegressionFit", "cross_fit_predictions"]

Floats = npt.NDArray[np.float64]

_CUT = 3.0
_FOREST_ROWS = 5000
_SMALLEST = 1e-9


@dataclass(frozen=True, eq=False)
class RegressionFit:
    """Out-of-sample predictions and their spread.

    Attributes
    ----------
    predictions : ndarray of float64, shape (n,)
        In the unit of the target. Row i comes from models that were trained without row i and its group. A row
        without a target has the mean of all fold models.
    spread : ndarray of float64, shape (n,)
        Standard deviation expected between target and prediction, above 0: what the models disagree about and what
        nobody can predict, together.
    epistemic : ndarray of float64, shape (n,)
        The part of the spread that comes from which rows the models were trained on.
    weights : dict of str to float
        Share of each kind of model in the predictions.
    folds : ndarray of int64, shape (n,)
        Fold in the first round; -1 for rows without a target.
    """

    predictions: Floats
    spread: Floats
    epistemic: Floats
    weights: dict[str, float]
    folds: npt.NDArray[np.int64]


def _default_models(random_state: int) -> list[tuple[str, Callable[[int], Any]]]:
    from sklearn.ensemble import ExtraTreesRegressor, HistGradientBoostingRegressor
    from sklearn.linear_model import RidgeCV
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    def trees(rows: int) -> Any:
        share = {"bootstrap": True, "max_samples": _FOREST_ROWS} if rows > _FOREST_ROWS else {}
        return ExtraTreesRegressor(100, min_samples_leaf=3, random_state=random_state, **share)

    return [
        ("ridge", lambda _rows: make_pipeline(StandardScaler(), RidgeCV(np.geomspace(0.1, 1000, 9)))),
        ("boosting", lambda _rows: HistGradientBoostingRegressor(random_state=random_state)),
        ("trees", trees),
    ]


def _given_model(model: Any, random_state: int) -> list[tuple[str, Callable[[int], Any]]]:
    from sklearn.base import clone

    is_factory = isinstance(model, type) or not hasattr(model, "fit")
    if is_factory and not callable(model):
        raise ParameterError("model must be a regressor or a function that returns one", found=type(model).__name__)

    def make(_rows: int) -> Any:
        made = model() if is_factory else clone(model) if hasattr(model, "get_params") else copy.deepcopy(model)
        if not (hasattr(made, "fit") and hasattr(made, "predict")):
            raise ParameterError("the model needs fit and predict", found=type(made).__name__)
        params = made.get_params(deep=True) if hasattr(made, "set_params") and hasattr(made, "get_params") else {}
        unset = [key for key, value in params.items() if key.split("__")[-1] == "random_state" and value is None]
        if unset:
            made.set_params(**dict.fromkeys(unset, random_state))
        return made

    return [("model", make)]


@dataclass(frozen=True, eq=False)
class _Work:
    """What every round of the fit shares."""

    X: Any
    y: Floats
    groups: npt.NDArray[np.int64] | None
    n_folds: int
    random_state: int
    models: Sequence[tuple[str, Callable[[int], Any]]]
    on_step: Callable[[], object]

    def folds(self, repeat: int) -> npt.NDArray[np.int64]:
        known = np.isfinite(self.y)
        edges = np.unique(np.quantile(self.y[known], np.linspace(0, 1, 11)[1:-1]))
        codes = np.where(known, np.searchsorted(edges, np.where(known, self.y, 0.0)), -1)
        return assign_folds(
            codes, n_folds=self.n_folds, groups=self.groups, random_state=self.random_state + 1000 * repeat
        )

    def cross_fit(self, make: Callable[[int], Any], target: Floats, keep: Any, folds: Any) -> Floats:
        """Out-of-fold predictions of `target`, learnt from the rows in `keep` only."""
        out = np.zeros(len(self.y))
        unknown, n_folds = folds < 0, int(folds.max()) + 1
        for fold in range(n_folds):
            train = np.flatnonzero((folds >= 0) & (folds != fold) & keep)
            if len(train) < 2:
                train = np.flatnonzero((folds >= 0) & (folds != fold))
            held = folds == fold
            made = make(len(train))
            try:
                made.fit(self.X[train], target[train])
                out[held] = np.asarray(made.predict(self.X[held]), dtype=np.float64).reshape(-1)
                if unknown.any():
                    out[unknown] += np.asarray(made.predict(self.X[unknown]), dtype=np.float64).reshape(-1) / n_folds
            except TilthError:
                raise
            except Exception as error:
                raise PartError(
                    "the model failed", where=f"fold {fold + 1} of {n_folds}", found=f"{type(error).__name__}: {error}"
                ) from error
            self.on_step()
        if not np.isfinite(out).all():
            row = int(np.flatnonzero(~np.isfinite(out))[0])
            raise PartError("the model predicts a value that is not finite", where=f"row {row}", found=str(out[row]))
        return out


def _blend_weights(each: Sequence[Floats], y: Floats) -> Floats:
    """Weights, in tenths and summing to one, with the least mean absolute residual, cut off at three scales."""
    if len(each) == 1:
        return np.ones(1)
    best, chosen = np.inf, np.ones(len(each)) / len(each)
    for cuts in np.ndindex(*([11] * (len(each) - 1))):
        if any(a > b for a, b in pairwise(cuts)):
            continue
        weights = np.diff([0, *cuts, 10]) / 10
        size = np.abs(y - sum(w * p for w, p in zip(weights, each, strict=True)))
        cost = float(np.minimum(size, _CUT * median_scale(size)).mean())
        if cost < best:
            best, chosen = cost, weights
    return np.asarray(chosen, dtype=np.float64)


def cross_fit_predictions(
    X: Any,
    y: npt.ArrayLike,
    *,
    model: Any = None,
    groups: npt.ArrayLike | None = None,
    n_folds: int = 5,
    n_repeats: int = 2,
    random_state: int = 0,
    on_step: Callable[[], object] | None = None,
) -> RegressionFit:
    """Predict every row from the others, without letting wrong targets bend the prediction.

    The first round fits all rows; the two after it leave out the rows whose residual exceeds three spreads. The last is
    repeated with other folds. A row's spread joins the scale of the residuals near it with what the repeats disagree
    about.

    Parameters
    ----------
    X : array_like or scipy sparse matrix, shape (n, d)
        Features.
    y : array_like of float, shape (n,)
        Targets; NaN for a row without one.
    model : regressor or callable, optional
        With ``fit`` and ``predict``. By default ridge regression, gradient boosting and extremely randomised trees,
        with the weights that predict best.
    groups : array_like of int, shape (n,), optional
        Rows with the same id stay in one fold; -1 marks a row that stands alone.
    n_folds, n_repeats : int
        At least 2 and at least 1.
    random_state : int
    on_step : callable, optional
        Called after each fitted model.

    Returns
    -------
    RegressionFit

    Raises
    ------
    LabelError, DataError, AlignmentError, ParameterError
        If the input cannot be used; the message names the row.
    PartError
        If the model fails on a fold.

    References
    ----------
    Zhou et al. 2023, "Detecting Errors in a Numerical Response via any Regression Model", DMLR workshop at ICML.

    Examples
    --------
    >>> from sklearn.linear_model import LinearRegression
    >>> x = np.arange(20.0)
    >>> fit = cross_fit_predictions(x[:, None], np.where(x == 7, 90, 2 * x), model=LinearRegression())
    >>> round(float(fit.predictions[7]), 3)
    14.0
    """
    targets = check_targets(y, missing=True)
    features = as_features(X)
    if features.shape[0] != len(targets):
        raise AlignmentError("X and y have different lengths", found=f"{features.shape[0]} and {len(targets)}")
    if n_repeats < 1:
        raise ParameterError("n_repeats must be at least 1", found=repr(n_repeats))
    known = np.isfinite(targets)
    if known.sum() < 4:
        raise LabelError("predictions need at least 4 rows with a target", found=str(int(known.sum())))
    check_finite(features, model)
    models = _default_models(random_state) if model is None else _given_model(model, random_state)
    ids = None if groups is None else np.asarray(groups)
    if features.dtype.kind not in "iuf" or hasattr(features, "toarray"):
        models = [(name, make) for name, make in models if name in ("ridge", "model")]
    if hasattr(features, "toarray") and model is None:
        raise ParameterError(
            "the default models need dense features", fix="pass X.toarray(), or a model that takes sparse features"
        )
    work = _Work(features, targets, ids, n_folds, random_state, models, on_step or (lambda: None))
    with one_blas_thread():
        return _fit(work, known, n_repeats)


def _fit(work: _Work, known: npt.NDArray[np.bool_], n_repeats: int) -> RegressionFit:
    first = work.folds(0)
    keep = known.copy()
    spread = np.zeros(len(work.y))
    made: list[Floats] = []
    weights = np.ones(len(work.models))
    for step in range(3):
        made = []
        for repeat in range(n_repeats if step == 2 else 1):
            folds = work.folds(repeat) if repeat else first
            each = [work.cross_fit(make, work.y, keep, folds) for _, make in work.models]
            weights = _blend_weights([p[known] for p in each], work.y[known])
            made.append(np.asarray(sum(w * p for w, p in zip(weights, each, strict=True))))
        center = np.mean(made, axis=0)
        spread = _spread(work, center, known, first)
        keep = known.copy()
        keep[known] = np.abs(work.y[known] - center[known]) <= _CUT * spread[known]
    epistemic = np.std(made, axis=0)
    names = [name for name, _ in work.models]
    return RegressionFit(
        predictions=center,
        spread=np.sqrt(spread**2 + epistemic**2),
        epistemic=epistemic,
        weights=dict(zip(names, weights.tolist(), strict=True)),
        folds=first,
    )


def _spread(work: _Work, center: Floats, known: npt.NDArray[np.bool_], folds: npt.NDArray[np.int64]) -> Floats:
    """Spread of every row; a row without a target has that of the nearest prediction."""
    residuals = (work.y - center)[known]
    by_features = None
    if not hasattr(work.X, "toarray") and np.asarray(work.X).ndim == 2 and np.isfinite(work.X).all():
        size = np.zeros(len(work.y))
        size[known] = np.minimum(np.abs(residuals), _CUT * median_scale(residuals))
        by_features = work.cross_fit(lambda rows: _spread_model(rows, work.random_state), size, known, folds)
    ours = residual_spread(residuals, center[known], None if by_features is None else by_features[known])
    out = np.empty(len(work.y))
    out[known] = ours
    if not known.all():
        order = np.argsort(center[known], kind="stable")
        place = np.searchsorted(center[known][order], center[~known]).clip(0, len(order) - 1)
        out[~known] = ours[order][place]
    return np.asarray(np.maximum(out, _SMALLEST * (np.abs(center).max() or 1.0)))


def _spread_model(rows: int, random_state: int) -> Any:
    from sklearn.ensemble import ExtraTreesRegressor

    share = {"bootstrap": True, "max_samples": _FOREST_ROWS} if rows > _FOREST_ROWS else {}
    return ExtraTreesRegressor(60, min_samples_leaf=10, random_state=random_state, **share)
