"""``CleanClassifier``: a classifier that finds wrong labels in its training rows and repairs them where that pays."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin, MetaEstimatorMixin, clone
from sklearn.utils import check_random_state, get_tags
from sklearn.utils.metaestimators import available_if
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import _check_sample_weight, check_is_fitted, validate_data

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.cross_fitting.fold_models import FoldModel, default_classifier, model_maker
from tilth.numerics.label_errors.model import estimate_label_errors
from tilth.numerics.label_errors.repair import ACTIONS, LabelRepair, choose_repair

__all__ = ["CleanClassifier"]


def _can(method: str) -> Callable[[CleanClassifier], bool]:
    """Whether the estimator, fitted or not, has the method; scikit-learn shows it only then."""

    def check(self: CleanClassifier) -> bool:
        return self.estimator is None or hasattr(getattr(self, "estimator_", self.estimator), method)

    return check


class CleanClassifier(MetaEstimatorMixin, ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """Train any classifier on labels of which some are wrong.

    `fit` estimates for every row the probability that its label is wrong, with the estimator as one of several
    cross-fitted views; tries by cross-validation whether relabelling, dropping or down-weighting makes the
    estimator better on held-out rows; and trains it on the rows that result. Where no fix is clearly better, as with
    a model that is robust to the errors, it is trained on the labels as they are.

    Parameters
    ----------
    estimator : scikit-learn classifier, optional
        Cloned. Has `predict_proba` or `decision_function`. By default a standardised logistic regression.
    repair : {"auto", "relabel", "drop", "downweight", "nothing"} or sequence of such
        The fixes that may be chosen: "auto" stands for all. Doing nothing is always among them.
    n_folds : int
        Folds of the cross-fitting and of the choice, at least 2.
    rounds : int
        Most rounds of the estimate, at least 1.
    random_state : int, RandomState or None

    Attributes
    ----------
    classes_ : ndarray, shape (k,)
        Class names, sorted.
    estimator_ : classifier
        Trained on the repaired rows; it knows classes as codes 0..k-1, places in `classes_`.
    estimate_ : LabelErrorEstimate
        Probabilities of error, suggestions and the channel, in codes, for the rows `rows_`.
    repair_ : LabelRepair
        What was chosen, what each fix would gain, and what became of every row of `rows_`.
    label_issues_ : ndarray of bool, shape (n,)
        Rows whose label is probably wrong, whether or not a repair was chosen.
    rows_ : ndarray of int64
        The rows of `X` that were used: those with a positive `sample_weight`.
    n_features_in_ : int
    feature_names_in_ : ndarray of str
        Only where `X` has column names.

    References
    ----------
    Patrini et al. 2017, "Making Deep Neural Networks Robust to Label Noise: A Loss Correction Approach", CVPR.
    Natarajan et al. 2013, "Learning with Noisy Labels", NIPS 26.

    Examples
    --------
    >>> from sklearn.neighbors import KNeighborsClassifier
    >>> rng = np.random.default_rng(0)
    >>> true = np.repeat(["cat", "frog"], 100)
    >>> X = rng.normal(4.0 * (true == "frog")[:, None], 1.0, (200, 2))
    >>> given = true.copy()
    >>> given[:20] = "frog"
    >>> model = CleanClassifier(KNeighborsClassifier(1)).fit(X, given)
    >>> model.repair_.chosen, int(model.label_issues_[:20].sum()), int(model.label_issues_[20:].sum())
    ('drop', 18, 0)
    >>> float((model.predict(X) == true).mean()), KNeighborsClassifier(1).fit(X, given).score(X, true)
    (0.98, 0.9)
    """

    def __init__(
        self,
        estimator: Any = None,
        *,
        repair: str | Sequence[str] = "auto",
        n_folds: int = 5,
        rounds: int = 5,
        random_state: int | np.random.RandomState | None = 0,
    ) -> None:
        self.estimator = estimator
        self.repair = repair
        self.n_folds = n_folds
        self.rounds = rounds
        self.random_state = random_state

    def fit(self, X: Any, y: Any, sample_weight: Any = None, *, groups: Any = None) -> CleanClassifier:
        """Estimate the label errors, choose the repair, train.

        Parameters
        ----------
        X : ndarray or scipy sparse matrix, shape (n, d)
            Finite numbers.
        y : array_like, shape (n,)
            Class names or numbers, none missing.
        sample_weight : array_like of float, shape (n,), optional
            Not negative. Multiplied into the weights of the repair when the estimator is trained; the estimate
            counts each row of positive weight once, and leaves rows of weight 0 out.
        groups : array_like of int, shape (n,), optional
            Rows with the same id, such as near-duplicates, stay in one fold; -1 marks a row that stands alone.

        Returns
        -------
        self

        Raises
        ------
        LabelError
            If there is one class only.
        AlignmentError, ParameterError, ValueError
            If features, labels, groups or an option cannot be used.
        PartError
            If the estimator fails, with the fold in which it did.
        """
        actions = self._actions()
        X, y = validate_data(self, X, y, accept_sparse="csr", ensure_min_samples=2)
        check_classification_targets(y)
        weight = _check_sample_weight(sample_weight, X, dtype=np.float64, ensure_non_negative=True)
        self.rows_ = np.flatnonzero(weight > 0)
        X, weight = _small_indices(X)[self.rows_], weight[self.rows_]
        if groups is not None:
            groups = np.asarray(groups)
            if groups.shape != y.shape:
                raise AlignmentError("groups must hold one id per row", found=f"{groups.shape} for {len(y)} rows")
            groups = groups[self.rows_]
        self.classes_, codes = np.unique(y[self.rows_], return_inverse=True)
        if len(self.classes_) < 2:
            found = f"{len(codes)} rows of class {self.classes_.tolist()[0]!r}"
            raise LabelError("there is one class only, and label errors need two", found=found)
        seed = self._seed()
        model = self._model(X)
        shared = {"groups": groups, "n_folds": self.n_folds, "random_state": seed}
        view = None if self.estimator is None else model
        self.estimate_ = estimate_label_errors(X, codes, model=view, rounds=self.rounds, **shared)
        chosen = choose_repair(X, self.estimate_, model=model, actions=actions, **shared)
        self.repair_ = _keep_classes(chosen, codes, len(self.classes_))
        self.label_issues_ = np.zeros(len(y), dtype=bool)
        self.label_issues_[self.rows_] = self.estimate_.issues
        self._train(model_maker(model, seed)(self.n_folds), X, weight, None if sample_weight is None else weight)
        return self

    def _train(self, model: Any, X: Any, weight: npt.NDArray[np.float64], asked: Any) -> None:
        final = self.repair_.sample_weight * weight
        kept = np.flatnonzero(final > 0)
        plain = asked is None and bool((final[kept] == 1).all())
        weights = None if plain else final[kept]
        fitted = FoldModel.fit("training on the repaired rows", model, X[kept], self.repair_.labels[kept], weights)
        self.estimator_ = fitted.model

    def _actions(self) -> tuple[str, ...]:
        if isinstance(self.repair, str):
            named = {"auto": ACTIONS, "nothing": ()}.get(self.repair, (self.repair,))
        else:
            named = tuple(action for action in self.repair if action != "nothing")
        unknown = [action for action in named if action not in ACTIONS]
        if unknown:
            known = ", ".join(("auto", *ACTIONS, "nothing"))
            raise ParameterError("unknown repair", found=repr(unknown[0]), fix=f"use some of {known}")
        return named

    def _seed(self) -> int:
        if isinstance(self.random_state, (int, np.integer)):
            return int(self.random_state)
        return int(check_random_state(self.random_state).randint(2**31 - 1))

    def _model(self, X: Any) -> Any:
        """The estimator for labels in codes: class weights by name become class weights by code."""
        if self.estimator is None:
            return default_classifier(self._seed(), sparse=hasattr(X, "tocsr"))
        model = clone(self.estimator)
        places = {name: code for code, name in enumerate(self.classes_.tolist())}
        for key, value in model.get_params(deep=True).items():
            if key.endswith("class_weight") and isinstance(value, dict):
                model.set_params(**{key: {places[c]: w for c, w in value.items() if c in places}})
        return model

    def _checked(self, X: Any) -> Any:
        check_is_fitted(self, "estimator_")
        return _small_indices(validate_data(self, X, accept_sparse="csr", reset=False))

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predicted class names of the rows of `X`, shape (n,)."""
        features = self._checked(X)
        return np.asarray(self.classes_[np.asarray(self.estimator_.predict(features), dtype=np.int64)])

    @available_if(_can("predict_proba"))  # type: ignore[untyped-decorator]
    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Probabilities of the classes in the order of `classes_`, shape (n, k); only where the estimator has them."""
        features = self._checked(X)
        return np.asarray(self.estimator_.predict_proba(features))

    @available_if(_can("decision_function"))  # type: ignore[untyped-decorator]
    def decision_function(self, X: Any) -> npt.NDArray[np.float64]:
        """Confidence scores as the estimator gives them: (n,) for two classes, else mostly (n, k)."""
        features = self._checked(X)
        return np.asarray(self.estimator_.decision_function(features))

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.sparse = self.estimator is None or get_tags(self.estimator).input_tags.sparse
        return tags


def _small_indices(X: Any) -> Any:
    """The same sparse matrix with 32-bit indices where they suffice, since many estimators take no others."""
    if hasattr(X, "indices") and X.indices.dtype.itemsize > 4 and max(X.nnz, *X.shape) < 2**31:
        X = X.copy()
        X.indices, X.indptr = X.indices.astype(np.int32), X.indptr.astype(np.int32)
    return X


def _keep_classes(repair: LabelRepair, given: npt.NDArray[np.int64], k: int) -> LabelRepair:
    """Undo the repair of a class of which it would leave no row."""
    left = np.bincount(repair.labels[repair.sample_weight > 0], minlength=k)
    lost = np.flatnonzero(left == 0)
    if not len(lost):
        return repair
    undone = np.isin(given, lost)
    notes = (*repair.notes, f"class {', '.join(map(str, lost))} was left as it is: no row of it would remain")
    return dataclasses.replace(
        repair,
        labels=np.where(undone, given, repair.labels),
        sample_weight=np.where(undone, 1.0, repair.sample_weight),
        action=np.where(undone, "keep", repair.action),
        by_class={c: "nothing" if c in lost else what for c, what in repair.by_class.items()},
        notes=notes,
    )
