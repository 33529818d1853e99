"""What goes into the model of label errors: checks of the input, folds and views, and the user's model as a view."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, LabelError, ParameterError, ProbabilityError
from tilth.numerics.confident.probabilities import check_labels, check_pred_probs
from tilth.numerics.label_errors.views import (
    View,
    fixed_view,
    kernel_view,
    linear_view,
    neighbor_view,
    prepare_features,
)

__all__ = ["VIEWS", "ModelView", "check_options", "prepare_views", "read_input"]

Floats = NDArray[Any]

VIEWS = ("logistic", "linear", "kernel", "neighbors", "boosting")
"""The words that `views` may hold."""


def read_input(
    X: Any, labels: ArrayLike, pred_probs: Any, n_classes: int | None
) -> tuple[NDArray[np.int64], list[Floats], int]:
    """Labels, brought probabilities and number of classes, checked; errors name the row and column."""
    codes = check_labels(labels).astype(np.int64)
    if X is None and pred_probs is None:
        raise ParameterError("features or probabilities are needed", found="neither X nor pred_probs")
    matrices = [] if pred_probs is None else _as_matrices(pred_probs, len(codes))
    k = n_classes or max([int(codes.max(initial=0)) + 1, *(m.shape[1] for m in matrices)])
    for place, matrix in enumerate(matrices):
        if matrix.shape[1] != k:
            name = f"pred_probs {place}" if len(matrices) > 1 else "pred_probs"
            raise ProbabilityError(
                f"{name} must have one column per class", found=f"{matrix.shape[1]} columns for {k} classes"
            )
    check_labels(codes, k)
    if len(np.unique(codes)) < 2:
        raise LabelError("label errors need labels of at least two classes", found=f"{len(codes)} rows of one class")
    return codes, matrices, k


def _as_matrices(pred_probs: Any, n_rows: int) -> list[Floats]:
    """One matrix, or a sequence of matrices, checked."""
    several = not hasattr(pred_probs, "shape") or np.ndim(pred_probs) == 3
    parts = list(pred_probs) if several else []
    if not parts or np.ndim(parts[0]) != 2:
        parts = [pred_probs]
    return [np.asarray(check_pred_probs(part, n_rows), dtype=np.float64) for part in parts]


def check_options(X: Any, brought: list[Floats], views: Sequence[str], n_folds: int, rounds: int) -> None:
    """Raise ParameterError where an option is unknown or out of range."""
    unknown = [v for v in views if v not in VIEWS]
    if unknown:
        raise ParameterError("unknown view", found=repr(unknown[0]), fix=f"use some of {', '.join(VIEWS)}")
    if n_folds < 2:
        raise ParameterError("n_folds must be at least 2", found=repr(n_folds))
    if rounds < 1:
        raise ParameterError("rounds must be at least 1", found=repr(rounds))
    if X is not None and not views and not brought:
        raise ParameterError("at least one view is needed", fix=f"use some of {', '.join(VIEWS)}")


def prepare_views(
    X: Any,
    codes: NDArray[np.int64],
    brought: list[Floats],
    views: Sequence[str],
    groups: ArrayLike | None,
    n_folds: int,
    random_state: int,
    k: int,
) -> tuple[NDArray[np.int64], list[View], list[str]]:
    """Folds, views and notes."""
    prepared = [fixed_view(f"pred_probs {i}" if len(brought) > 1 else "pred_probs", p) for i, p in enumerate(brought)]
    if X is None:
        return np.zeros(len(codes), dtype=np.int64), prepared, []
    from tilth.numerics.cross_fitting.fold_models import as_features, check_finite
    from tilth.numerics.cross_fitting.folds import assign_folds

    features = as_features(X)
    if features.shape[0] != len(codes):
        raise AlignmentError(
            "X and labels must have the same number of rows", found=f"{features.shape[0]} and {len(codes)}"
        )
    check_finite(features, None)
    folds = assign_folds(codes, n_folds=n_folds, groups=groups, random_state=random_state)
    used = int(folds.max()) + 1
    notes = [] if used == n_folds else [f"{used} folds instead of {n_folds}: there are only {used} groups"]
    raw, standard = prepare_features(features, random_state)
    same = raw.shape == standard.shape and bool(np.allclose(raw, standard))
    if "linear" in views:
        prepared.append(linear_view(standard, folds))
    if "kernel" in views:
        prepared += [kernel_view(raw, folds, width=w, random_state=random_state) for w in (1.0, 4.0)]
        prepared.append(kernel_view(standard, folds, width=2.0, random_state=random_state))
    if "neighbors" in views:
        prepared.append(neighbor_view(raw, folds))
        prepared += [] if same else [neighbor_view(standard, folds)]
    if "boosting" in views:
        prepared.append(_boosting_view(features, codes, k, groups, n_folds, random_state))
    return folds, prepared, notes


def _boosting_view(
    X: Any, codes: NDArray[np.int64], k: int, groups: ArrayLike | None, n_folds: int, random_state: int
) -> View:
    from sklearn.ensemble import HistGradientBoostingClassifier

    from tilth.numerics.cross_fitting.crossfit import cross_fit_probabilities

    dense = X.toarray() if hasattr(X, "toarray") else X.reshape(len(codes), -1)
    model = HistGradientBoostingClassifier(max_iter=60, learning_rate=0.1, max_leaf_nodes=15, l2_regularization=1.0)
    fit = cross_fit_probabilities(
        model, dense, codes, n_classes=k, n_folds=n_folds, groups=groups, random_state=random_state
    )
    return fixed_view("boosting", fit.probs)


class ModelView:
    """The user's model as a view: cross-fitted on the given labels, then once on the suggested ones."""

    def __init__(
        self,
        model: Any,
        X: Any,
        codes: NDArray[np.int64],
        k: int,
        groups: ArrayLike | None,
        n_folds: int,
        random_state: int,
    ) -> None:
        if X is None:
            raise ParameterError("a model needs features", found="X=None", fix="pass X, or leave the model out")
        self.model, self.X, self.codes = model, X, codes
        self.options: dict[str, Any] = {
            "n_classes": k,
            "n_folds": n_folds,
            "groups": groups,
            "random_state": random_state,
        }
        self.notes: tuple[str, ...] = ()

    def fit(self, soft: Floats | None, repeat: int = 0) -> View:
        """Out-of-sample probabilities after training on the given labels, or on soft ones; other folds by `repeat`."""
        from tilth.numerics.cross_fitting.crossfit import cross_fit_probabilities

        if soft is None or self.model is None:
            options = {**self.options, "random_state": self.options["random_state"] + repeat}
            fit = cross_fit_probabilities(self.model, self.X, self.codes, **options)
            self.notes = fit.notes
            return fixed_view("logistic" if self.model is None else "model", fit.probs)
        best = soft.argmax(axis=1)
        if len(np.unique(best)) < 2:
            return self.fit(None)
        try:
            fit = cross_fit_probabilities(self.model, self.X, best, sample_weight=soft.max(axis=1), **self.options)
        except ParameterError as error:
            if "sample_weight" not in str(error):
                raise
            fit = cross_fit_probabilities(self.model, self.X, best, **self.options)
            self.notes = (*self.notes, "the model takes no sample_weight: it was trained on hard labels")
        return fixed_view("model", fit.probs)
