"""Out-of-sample class probabilities by cross-fitting, and a test of whether given ones are in-sample.

Confident learning needs, for every row, the probabilities of a model that has not seen that row: a model that
has memorised its labels agrees with every one of them, right or wrong, and finds no error at all.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError
from tilth.numerics.cross_fitting.fold_models import (
    FoldModel,
    as_features,
    check_finite,
    default_classifier,
    model_maker,
)
from tilth.numerics.cross_fitting.folds import as_labels, assign_folds, merge_groups
from tilth.numerics.cross_fitting.in_sample import InSampleVerdict, as_probs, backed_by_neighbors, judge
from tilth.numerics.statistics.threads import one_blas_thread

__all__ = [
    "CrossFit",
    "InSampleVerdict",
    "assign_folds",
    "cross_fit_probabilities",
    "default_classifier",
    "detect_in_sample",
    "merge_groups",
]


@dataclass(frozen=True, eq=False)
class CrossFit:
    """Out-of-sample probabilities, and how they came about.

    Attributes
    ----------
    probs : ndarray of float32, shape (n, k)
        Row i comes from the model that was trained without row i and without its group. An unlabelled row
        has the mean of all fold models, none of which was trained on it.
    folds : ndarray of int64, shape (n,)
        Fold of each row; -1 for unlabelled rows.
    n_folds : int
        Number of folds used.
    notes : tuple of str
        What a careful reader should know: fewer folds than asked for, models that did not converge, classes
        missing from a training part, margins turned into probabilities.
    """

    probs: NDArray[np.float32]
    folds: NDArray[np.int64]
    n_folds: int
    notes: tuple[str, ...]


def cross_fit_probabilities(
    model: Any,
    X: Any,
    labels: ArrayLike,
    *,
    n_classes: int | None = None,
    n_folds: int = 5,
    groups: ArrayLike | None = None,
    sample_weight: ArrayLike | None = None,
    random_state: int = 0,
    on_fold: Callable[[int, int], object] | None = None,
) -> CrossFit:
    """Predict every row with a model that was not trained on it.

    Parameters
    ----------
    model : object, callable or None
        A classifier with scikit-learn's ``fit`` and ``predict_proba`` (cloned for each fold, its
        ``random_state`` set where it is None), or a function without arguments that returns one, or None
        for :func:`default_classifier`. A model that has only ``decision_function`` is accepted: its margins
        go through the logistic function (two classes) or softmax (more), which keeps the ranking but is not
        calibrated, and a note says so.
    X : ndarray or scipy sparse matrix, shape (n, ...)
        Features. NaN is refused unless the model's tags allow it.
    labels : array_like of int, shape (n,)
        Class codes; -1 marks an unlabelled row.
    n_classes : int, optional
        Number of columns k of the result; by default the highest code plus one.
    n_folds : int
        Number of folds, at least 2; lowered, with a note, where there are fewer groups than folds.
    groups : array_like of int, shape (n,), optional
        Rows with the same id are never on both sides; -1 marks a row that stands alone.
    sample_weight : array_like of float, shape (n,), optional
        Weights for ``fit``.
    random_state : int
        Seed of the folds and of the models.
    on_fold : callable, optional
        Called as ``on_fold(i, n)`` after i of n folds are done.

    Returns
    -------
    CrossFit
        A class that is missing from a training part gets probability 0 there.

    Raises
    ------
    LabelError
        If the labels are not integer codes, hold a single class, or hold so many classes that an id or
        free-text column was probably taken for the label.
    AlignmentError
        If X, labels, groups or weights differ in length.
    DataError
        If a feature is NaN or infinite, naming row and column.
    ParameterError
        If the model cannot give probabilities or take weights.
    PartError
        If the model fails on a fold; the cause is attached.
    ProbabilityError
        If what the model returns is not a probability per class.

    References
    ----------
    Northcutt, C. G., Jiang, L. & Chuang, I. L. (2021). Confident Learning: Estimating Uncertainty in Dataset
    Labels. Journal of Artificial Intelligence Research 70, 1373-1411.
    Stone, M. (1974). Cross-Validatory Choice and Assessment of Statistical Predictions. Journal of the Royal
    Statistical Society B 36(2), 111-133.

    Examples
    --------
    >>> X = np.array([[0.0], [0.1], [0.2], [5.0], [5.1], [5.2]])
    >>> fit = cross_fit_probabilities(None, X, [0, 0, 0, 1, 1, 1], n_folds=3)
    >>> fit.probs.argmax(axis=1)
    array([0, 0, 0, 1, 1, 1])
    >>> fit.notes
    ()
    """
    from scipy.sparse import issparse

    features, codes = as_features(X), as_labels(labels)
    if features.shape[0] != len(codes):
        raise AlignmentError(
            "X and labels must have the same number of rows",
            found=f"{features.shape[0]} rows of X and {len(codes)} labels",
        )
    k = _count_classes(codes, n_classes)
    weight = _as_weight(sample_weight, len(codes))
    chosen = default_classifier(random_state, sparse=issparse(features)) if model is None else model
    make = model_maker(chosen, random_state)
    check_finite(features, make(0))
    folds = assign_folds(codes, n_folds=n_folds, groups=groups, random_state=random_state)
    used = int(folds.max()) + 1
    notes = [] if used == n_folds else [f"{used} folds instead of {n_folds}: there are only {used} groups"]
    probs, fold_notes = _fit_folds(make, features, codes, folds, weight, k, on_fold)
    return CrossFit(probs=probs, folds=folds, n_folds=used, notes=(*notes, *fold_notes))


def _fit_folds(
    make: Callable[[int], Any],
    X: Any,
    codes: NDArray[np.int64],
    folds: NDArray[np.int64],
    weight: NDArray[np.float64] | None,
    k: int,
    on_fold: Callable[[int, int], object] | None,
) -> tuple[NDArray[np.float32], list[str]]:
    n_folds = int(folds.max()) + 1
    unlabelled = np.flatnonzero(folds < 0)
    probs = np.zeros((len(codes), k), dtype=np.float32)
    pooled = np.zeros((len(unlabelled), k), dtype=np.float64)
    present = np.unique(codes[codes >= 0])
    notes: list[str] = []
    for fold in range(n_folds):
        train, held = np.flatnonzero((folds >= 0) & (folds != fold)), np.flatnonzero(folds == fold)
        made = make(fold)
        if fold == 0 and not hasattr(made, "predict_proba"):
            notes.append("the model has no predict_proba: its margins went through softmax, uncalibrated")
        part = None if weight is None else weight[train]
        with one_blas_thread():
            fitted = FoldModel.fit(f"fold {fold + 1} of {n_folds}", made, X[train], codes[train], part)
        missing = np.setdiff1d(present, fitted.classes)
        if missing.size:
            listed = ", ".join(str(c) for c in missing[:5]) + (", ..." if missing.size > 5 else "")
            notes.append(f"{fitted.name}: no training row of class {listed}, so probability 0 there")
        notes.extend(fitted.notes)
        probs[held] = fitted.predict(X[held], k)
        pooled += fitted.predict(X[unlabelled], k)
        if on_fold is not None:
            on_fold(fold + 1, n_folds)
    probs[unlabelled] = pooled / n_folds
    return probs, notes


def _count_classes(codes: NDArray[np.int64], n_classes: int | None) -> int:
    """Check that the labels can be learnt, and return the number of columns."""
    labelled = codes[codes >= 0]
    present = np.unique(labelled)
    if len(present) < 2:
        raise LabelError(
            "a classifier needs labels of at least two classes",
            found=f"{len(present)} among {len(labelled)} labelled rows",
        )
    if len(present) > len(labelled) / 2:
        raise LabelError(
            "there are too many classes to learn any of them: was an id or free-text column taken for the label?",
            found=f"{len(present)} classes in {len(labelled)} labelled rows",
            fix="name the label column",
        )
    highest = int(present[-1])
    if n_classes is not None and highest >= n_classes:
        row = int(np.flatnonzero(codes >= n_classes)[0])
        raise LabelError(f"a label lies outside the {n_classes} classes", where=f"row {row}", found=str(codes[row]))
    return highest + 1 if n_classes is None else n_classes


def _as_weight(sample_weight: ArrayLike | None, n: int) -> NDArray[np.float64] | None:
    if sample_weight is None:
        return None
    weight = np.asarray(sample_weight, dtype=np.float64)
    if weight.shape != (n,):
        raise AlignmentError("sample_weight must hold one weight per row", found=f"shape {weight.shape}")
    bad = np.flatnonzero(~np.isfinite(weight) | (weight < 0))
    if bad.size:
        raise DataError("weights must be finite and not negative", where=f"row {bad[0]}", found=str(weight[bad[0]]))
    return weight


def detect_in_sample(
    probs: ArrayLike,
    labels: ArrayLike,
    X: Any = None,
    reference: ArrayLike | None = None,
    *,
    groups: ArrayLike | None = None,
    threshold: float = 0.9,
    n_neighbors: int = 10,
    max_rows: int = 5000,
    random_state: int = 0,
) -> InSampleVerdict:
    """Tell whether brought probabilities come from a model that was trained on the very rows it predicts.

    The test looks only at *contested* rows: those whose label is contradicted both by an out-of-sample
    reference model and by the labels of the nearest neighbours. A model that has not seen the labels often
    contradicts them too; a model that has memorised them sides with nearly all of them. The verdict is
    "in-sample" when the lower end of the 95 % Wilson interval of that agreement is above `threshold`,
    which takes at least 35 contested rows at the default.

    On 12 data sets (digits, blobs, moons, two overlapping classes, BANKING77, random labels; up to 20 % label
    noise) honest probabilities of ten kinds of model agreed with at most 55 % of the contested labels. Random
    forests with pure leaves, extra trees and one nearest neighbour, used on their own training rows, agreed with
    100 % of them. Models that memorise in part stay unnoticed: boosting on noisy moons (49 %), a small neural
    network on noisy digits (36 to 85 %), forests with leaves of five rows, a regularised logistic regression.
    A very good honest model passes while the reference is good too, for then few rows are contested; one
    that is right on more than nine in ten rows where features and reference fail cannot be told from
    memory, so bring features or a reference worthy of it.

    Parameters
    ----------
    probs : array_like of float, shape (n, k)
        The brought probabilities.
    labels : array_like of int, shape (n,)
        Class codes; rows labelled -1 are left out.
    X : ndarray or scipy sparse matrix, shape (n, d), optional
        Features, for the neighbours and, if `reference` is missing, for a cross-fitted
        :func:`default_classifier`.
    reference : array_like of float, shape (n, k), optional
        Probabilities known to be out-of-sample.
    groups : array_like of int, shape (n,), optional
        Rows that stay together when the reference is cross-fitted; -1 marks a row that stands alone.
    threshold : float
        Between 0 and 1.
    n_neighbors : int
        Neighbours that vote.
    max_rows : int
        Larger data are judged on a random sample of this many labelled rows.
    random_state : int
        Seed of the sample and of the reference.

    Returns
    -------
    InSampleVerdict

    Raises
    ------
    ParameterError
        If neither X nor a reference is given, or the threshold is outside (0, 1).
    ProbabilityError
        If `probs` or `reference` is not a matrix with a row per label and a column per class.

    References
    ----------
    Feldman, V. (2020). Does Learning Require Memorization? A Short Tale about a Long Tail. STOC 2020.
    Wilson, E. B. (1927). Probable Inference, the Law of Succession, and Statistical Inference. Journal of
    the American Statistical Association 22(158), 209-212.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 200)
    >>> detect_in_sample(np.eye(2)[y], y, rng.normal(size=(200, 3))).in_sample
    True
    """
    if X is None and reference is None:
        raise ParameterError("a comparison needs features X or reference probabilities")
    if not 0 < threshold < 1:
        raise ParameterError("threshold must be between 0 and 1", found=str(threshold))
    codes = as_labels(labels)
    brought = as_probs(probs, codes, "probs")
    rows = np.flatnonzero(codes >= 0)
    if len(rows) > max_rows:
        rng = np.random.default_rng(random_state)
        rows = np.sort(rng.choice(rows, size=max_rows, replace=False))
    y, features = codes[rows], None
    if X is not None:
        whole = as_features(X)
        if whole.shape[0] != len(codes):
            raise AlignmentError("X and labels must have the same number of rows", found=str(whole.shape[0]))
        features = whole[rows]
    if reference is not None:
        expected = as_probs(reference, codes, "reference")[rows]
    else:
        part = None if groups is None else np.asarray(groups)[rows]
        expected = _quick_reference(features, y, brought.shape[1], part, random_state)
    contested = expected.argmax(axis=1) != y
    reference_accuracy, neighbor_accuracy = float(1.0 - contested.mean()), float("nan")
    if features is not None:
        backed = backed_by_neighbors(features, y, brought.shape[1], n_neighbors)
        neighbor_accuracy = float(backed.mean())
        contested &= ~backed
    agrees = brought[rows].argmax(axis=1) == y
    return judge(agrees, contested, threshold, reference_accuracy, neighbor_accuracy)


def _quick_reference(
    X: Any, y: NDArray[np.int64], k: int, groups: ArrayLike | None, random_state: int
) -> NDArray[np.float64]:
    fit = cross_fit_probabilities(None, X, y, n_classes=k, groups=groups, random_state=random_state)
    return fit.probs.astype(np.float64)
