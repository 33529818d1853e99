"""An automatic fix, applied only where held-out rows say that it helps: relabel, drop, down-weight or nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, ParameterError
from tilth.numerics.label_errors.model import LabelErrorEstimate
from tilth.numerics.label_errors.regime import unproven_share

__all__ = ["ACTIONS", "LabelRepair", "choose_repair"]

ACTIONS = ("relabel", "drop", "downweight")
"""The fixes that may be tried; doing nothing is always among them."""

_CERTAIN = 0.2
_NEAR = 0.9
_UNPROVEN_GAIN = 0.02
_MILDEST_FIRST = ("downweight", "drop", "relabel")


@dataclass(frozen=True, eq=False)
class LabelRepair:
    """What to do with every row.

    Attributes
    ----------
    chosen : str
        "relabel", "drop", "downweight" or "nothing".
    action : ndarray of str, shape (n,)
        "keep", "relabel", "drop" or "downweight".
    labels : ndarray of int64, shape (n,)
        New class codes; dropped rows keep the old one.
    sample_weight : ndarray of float64, shape (n,)
        In [0, 1]; 0 for dropped rows.
    gains : dict of str to (float, float)
        Estimated gain in accuracy over doing nothing on held-out rows, and its standard error, per fix tried.
    by_class : dict of int to str
        What happens to the issues of each given class.
    notes : tuple of str
    """

    chosen: str
    action: NDArray[np.str_]
    labels: NDArray[np.int64]
    sample_weight: NDArray[np.float64]
    gains: dict[str, tuple[float, float]]
    by_class: dict[int, str]
    notes: tuple[str, ...]


def choose_repair(
    X: Any,
    estimate: LabelErrorEstimate,
    *,
    model: Any = None,
    groups: ArrayLike | None = None,
    actions: Sequence[str] = ACTIONS,
    min_gain: float = 0.003,
    n_folds: int = 5,
    random_state: int = 0,
) -> LabelRepair:
    """Choose the fix under which the fixed model predicts held-out rows best.

    Every fix is tried by cross-validation: the model is trained on the repaired labels of the other folds, and
    credited, on each held-out row, with the posterior probability of the class that it predicts. A fix is chosen
    only if its gain over doing nothing exceeds two standard errors and `min_gain`, so a model that is already robust
    to the errors is left alone. With few rows per class, and contradictions only where predictions are unsure, the
    posterior is a weak judge: the gain must then exceed up to 0.02. Of fixes whose gain is within 10 % of the best,
    the mildest is taken (down-weight, drop, relabel), because the posterior flatters a model trained on its own
    suggestions. Within a fix, the issues of a given class are changed only where, on average, the suggestion is
    clearly more probable than the label.

    Parameters
    ----------
    X : ndarray or scipy sparse matrix, shape (n, d)
        Features of the rows of `estimate`.
    estimate : LabelErrorEstimate
    model : classifier or callable, optional
        The model to be trained in the end; by default `default_classifier`.
    groups : array_like of int, shape (n,), optional
        Rows with the same id stay in one fold.
    actions : sequence of {"relabel", "drop", "downweight"}
        Fixes to try. Down-weighting is passed over, with a note, where the model takes no weights.
    min_gain : float
        Least gain in accuracy worth a change, in [0, 1].
    n_folds, random_state : int

    Returns
    -------
    LabelRepair

    Raises
    ------
    ParameterError
        If an action is unknown or `min_gain` is out of range.
    AlignmentError
        If X and the estimate differ in length.
    PartError
        If the model fails on a fold.

    References
    ----------
    Natarajan et al. 2013, "Learning with Noisy Labels", NIPS 26, for scoring by corrected labels.

    Examples
    --------
    >>> from tilth.numerics.label_errors.model import estimate_label_errors
    >>> rng = np.random.default_rng(0)
    >>> true = np.repeat([0, 1], 100)
    >>> X = rng.normal(2.0 * true[:, None], 1.0, (200, 2))
    >>> given = np.where(rng.random(200) < 0.05, 1 - true, true)
    >>> choose_repair(X, estimate_label_errors(X, given)).chosen
    'nothing'
    """
    from tilth.numerics.cross_fitting.fold_models import as_features, default_classifier

    _check(actions, min_gain)
    features = as_features(X)
    if features.shape[0] != len(estimate.labels):
        raise AlignmentError(
            "X and the estimate must describe the same rows",
            found=f"{features.shape[0]} rows and {len(estimate.labels)} labels",
        )
    chosen_model = default_classifier(random_state, sparse=hasattr(features, "tocsr")) if model is None else model
    plans, by_class = _plans(estimate, actions)
    options = {"n_folds": n_folds, "groups": groups, "random_state": random_state}
    base = _credit(chosen_model, features, estimate, estimate.labels, None, options)
    gains: dict[str, tuple[float, float]] = {}
    notes: list[str] = []
    for name, (labels, weight) in plans.items():
        try:
            credit = _credit(chosen_model, features, estimate, labels, weight, options)
        except ParameterError as error:
            if "sample_weight" not in str(error):
                raise
            notes.append(f"{name} was not tried: the model takes no sample_weight")
            continue
        difference = credit - base
        gains[name] = (float(difference.mean()), float(difference.std() / np.sqrt(len(difference))))
    least = max(min_gain, _UNPROVEN_GAIN * unproven_share(estimate.probs, estimate.labels))
    winner = _winner(gains, least)
    return _repair(estimate, winner, plans, gains, by_class, tuple(notes))


def _check(actions: Sequence[str], min_gain: float) -> None:
    unknown = [a for a in actions if a not in ACTIONS]
    if unknown:
        raise ParameterError("unknown action", found=repr(unknown[0]), fix=f"use some of {', '.join(ACTIONS)}")
    if not 0 <= min_gain <= 1:
        raise ParameterError("min_gain must be between 0 and 1", found=repr(min_gain))


_Plan = tuple[NDArray[np.int64], "NDArray[np.float64] | None"]


def _plans(estimate: LabelErrorEstimate, actions: Sequence[str]) -> tuple[dict[str, _Plan], dict[int, bool]]:
    """New labels and weights under every fix, and which given classes are touched."""
    n = len(estimate.labels)
    each = np.arange(n)
    lead = estimate.posterior[each, estimate.suggested] - estimate.posterior[each, estimate.labels]
    differs = estimate.suggested != estimate.labels
    touched = {
        int(c): bool(differs[estimate.labels == c].any() and lead[(estimate.labels == c) & differs].mean() > _CERTAIN)
        for c in np.unique(estimate.labels)
    }
    change = differs & np.array([touched[int(c)] for c in estimate.labels])
    plans: dict[str, _Plan] = {}
    if "relabel" in actions:
        plans["relabel"] = (np.where(change, estimate.suggested, estimate.labels), None)
    if "drop" in actions:
        plans["drop"] = (estimate.labels, np.where(change, 0.0, 1.0))
    if "downweight" in actions:
        plans["downweight"] = (estimate.labels, np.clip(1.0 - estimate.p_error, 0.001, 1.0))
    return plans, touched


def _credit(
    model: Any,
    X: Any,
    estimate: LabelErrorEstimate,
    labels: NDArray[np.int64],
    weight: NDArray[np.float64] | None,
    options: dict[str, Any],
) -> NDArray[np.float64]:
    """Posterior probability of the class predicted for each row by a model that was trained without it."""
    from tilth.numerics.cross_fitting.fold_models import FoldModel, model_maker
    from tilth.numerics.cross_fitting.folds import assign_folds

    make = model_maker(model, options["random_state"])
    folds = assign_folds(
        estimate.labels, n_folds=options["n_folds"], groups=options["groups"], random_state=options["random_state"] + 1
    )
    credit = np.zeros(len(labels), dtype=np.float64)
    n_folds = int(folds.max()) + 1
    for fold in range(n_folds):
        held, train = np.flatnonzero(folds == fold), folds != fold
        part = None
        if weight is not None:
            train = train & (weight > 0)
            graded = weight[train]
            part = None if bool((graded == 1).all()) else graded
        rows = np.flatnonzero(train)
        if not len(rows):
            continue
        fitted = FoldModel.fit(f"fold {fold + 1} of {n_folds}", make(fold), X[rows], labels[rows], part)
        best = fitted.predict(X[held], estimate.posterior.shape[1]).argmax(axis=1)
        credit[held] = estimate.posterior[held, best]
    return credit


def _winner(gains: dict[str, tuple[float, float]], min_gain: float) -> str:
    allowed = {name: mean for name, (mean, error) in gains.items() if mean > max(2 * error, min_gain)}
    best = max(allowed.values(), default=0.0)
    near = [name for name in _MILDEST_FIRST if allowed.get(name, -1.0) >= _NEAR * best]
    return near[0] if allowed else "nothing"


def _repair(
    estimate: LabelErrorEstimate,
    winner: str,
    plans: dict[str, _Plan],
    gains: dict[str, tuple[float, float]],
    touched: dict[int, bool],
    notes: tuple[str, ...],
) -> LabelRepair:
    labels, weight = plans.get(winner, (estimate.labels, None))
    weights = np.ones(len(labels)) if weight is None else weight
    action = np.full(len(labels), "keep", dtype="<U10")
    if winner == "relabel":
        action[labels != estimate.labels] = "relabel"
    elif winner == "drop":
        action[weights == 0] = "drop"
    elif winner == "downweight":
        action[weights < 0.99] = "downweight"
    by_class = {c: winner if yes or winner in ("downweight", "nothing") else "nothing" for c, yes in touched.items()}
    if winner == "nothing":
        notes = (*notes, "no fix is clearly better than doing nothing")
    return LabelRepair(winner, action, labels.copy(), weights.copy(), gains, by_class, notes)
