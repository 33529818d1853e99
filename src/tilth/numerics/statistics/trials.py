"""Repeated paired training: one fixed model on old, new and placebo labels, scored on the same rows.

The arithmetic of a proof. Each trial trains four arms on the same training rows: ``before`` (old labels),
``after`` (new labels), ``placebo`` (old labels with as many random rows changed in the same way) and
``model-centric`` (old labels, bigger model). All are scored on the same test rows.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import LabelError
from tilth.numerics.statistics.intervals import Interval, hierarchical_paired_bootstrap, paired_interval
from tilth.numerics.statistics.threads import one_blas_thread

__all__ = [
    "ARMS",
    "Arms",
    "Compare",
    "GroupEffect",
    "Trial",
    "fit_predict",
    "placebo_labels",
    "row_weights",
    "run_trials",
]

ARMS = ("before", "after", "placebo", "model-centric")


@dataclass(frozen=True)
class Trial:
    """Rows of one repeat.

    Parameters
    ----------
    train, test : (n_train,), (n_test,) int64
        Row positions; they share none.
    after : (n,) int64, optional
        Labels after the change as this repeat may know them, where that differs from the labels that
        `run_trials` is given.
    copies : (c,) int64, optional
        Training rows that the placebo repeats, one for each row that the change adds.
    """

    train: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]
    after: npt.NDArray[np.int64] | None = None
    copies: npt.NDArray[np.int64] = field(default_factory=lambda: np.zeros(0, dtype=np.int64))


@dataclass(frozen=True)
class GroupEffect:
    """Effect of the change on the test rows of one class or slice."""

    n: int
    before: float
    after: float
    interval: Interval


@dataclass(frozen=True)
class Arms:
    """What `run_trials` measured.

    Parameters
    ----------
    scores : dict of arm name to float
        Mean over the trials, in [0, 1].
    effects : dict of arm name to Interval
        Paired difference from ``before``, for the three other arms.
    after_over_placebo : Interval
        Paired difference ``after`` minus ``placebo``.
    by_class : dict of class index to GroupEffect
    by_slice : dict of "column = value" to GroupEffect
    """

    scores: dict[str, float]
    effects: dict[str, Interval]
    after_over_placebo: Interval
    by_class: dict[int, GroupEffect]
    by_slice: dict[str, GroupEffect]


def placebo_labels(
    old: npt.NDArray[np.int64], new: npt.NDArray[np.int64], rng: np.random.Generator
) -> npt.NDArray[np.int64]:
    """Old labels with as many random rows changed in the same way as from old to new.

    Parameters
    ----------
    old, new : (n,) int64
        Class index, -1 where the row is unlabelled or absent.
    rng : numpy.random.Generator

    Returns
    -------
    (n,) int64
        As many rows of `old` relabelled as the change relabels (to another class, drawn in proportion
        to the class counts of `old`), and as many dropped as it drops.

    Examples
    --------
    >>> old, new = np.array([0, 0, 1, 1, 1]), np.array([1, 0, 1, 1, -1])
    >>> made = placebo_labels(old, new, np.random.default_rng(0))
    >>> int((made == -1).sum()), int(((made != old) & (made >= 0)).sum())
    (1, 1)
    """
    made = old.copy()
    have = np.flatnonzero(old >= 0)
    n_relabel = int(((old >= 0) & (new >= 0) & (old != new)).sum())
    n_drop = int(((old >= 0) & (new < 0)).sum())
    chosen = rng.choice(have, min(len(have), n_relabel + n_drop), replace=False)
    made[chosen[:n_drop]] = -1
    counts = np.bincount(old[have], minlength=int(new.max(initial=0)) + 1).astype(np.float64)
    for row in chosen[n_drop:]:
        weights = counts.copy()
        weights[old[row]] = 0
        if weights.sum() > 0:
            made[row] = rng.choice(len(weights), p=weights / weights.sum())
    return made


def fit_predict(
    model: Any, X: npt.NDArray[Any], y: npt.NDArray[np.int64], train: npt.NDArray[np.int64], test: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Predicted class of the test rows by a fresh copy of the model, trained on the labelled training rows."""
    import warnings

    from sklearn.base import clone
    from sklearn.exceptions import ConvergenceWarning

    rows = train[y[train] >= 0]
    present = np.unique(y[rows])
    if not len(present):
        raise LabelError("no training row has a label in this arm", fix="drop fewer rows")
    if len(present) == 1:
        return np.full(len(test), present[0], dtype=np.int64)
    fresh = model() if isinstance(model, type) or not hasattr(model, "fit") else clone(model)
    with warnings.catch_warnings(), one_blas_thread():
        warnings.simplefilter("ignore", ConvergenceWarning)
        fresh.fit(X[rows], y[rows])
    return np.asarray(fresh.predict(X[test]), dtype=np.int64)


def row_weights(truth: npt.NDArray[np.int64], balanced: bool) -> npt.NDArray[np.float64]:
    """Weight of each test row, with mean 1: equal, or so that every class weighs the same."""
    if not balanced:
        return np.ones(len(truth))
    _, inverse, counts = np.unique(truth, return_inverse=True, return_counts=True)
    weights = 1.0 / counts[inverse]
    return np.asarray(weights / weights.mean())


def run_trials(
    X: npt.NDArray[Any],
    old: npt.NDArray[np.int64],
    new: npt.NDArray[np.int64],
    trials: Sequence[Trial],
    *,
    model: Any,
    bigger: Any,
    n_classes: int,
    balanced: bool = False,
    fixed_test: bool = False,
    truth: npt.NDArray[np.int64] | None = None,
    slices: Mapping[str, Sequence[str]] | None = None,
    rng: np.random.Generator | None = None,
    on_fit: Callable[[int], object] | None = None,
) -> Arms:
    """Train the four arms of every trial and compare them.

    Parameters
    ----------
    X : (n, d) array
        Features; the same for all arms.
    old, new : (n,) int64
        Class index before and after; -1 where unlabelled or absent.
    trials : sequence of Trial
        At least 2.
    model, bigger : scikit-learn classifier or zero-argument factory
    n_classes : int
    balanced : bool
        Weigh test rows so that every class counts the same.
    fixed_test : bool
        All trials share one test part: intervals are a hierarchical bootstrap over trials and test
        rows. Otherwise they are Nadeau and Bengio's corrected resampled t.
    truth : (n,) int64, optional
        Labels to score test rows by; default `old`. Never labels that an automatic rule made: a rule's
        labels agree with the rule's own model, so they would grade themselves.
    slices : mapping of column name to n values, optional
    rng : numpy.random.Generator, optional
        Draws the placebo.
    on_fit : callable, optional
        Called with the number of fits to come, then with 0 after each one.

    Returns
    -------
    Arms

    References
    ----------
    Nadeau, C. and Bengio, Y. (2003). Inference for the generalization error. Machine Learning 52.
    """
    rng = rng or np.random.default_rng(0)
    tell = on_fit or (lambda _n: None)
    answers = old if truth is None else truth
    tell(len(trials) * len(ARMS))
    right: dict[str, list[npt.NDArray[np.float64]]] = {arm: [] for arm in ARMS}
    for trial in trials:
        changed = new if trial.after is None else trial.after
        fake = old.copy()
        fake[trial.train] = placebo_labels(old[trial.train], changed[trial.train], rng)
        right_label = answers[trial.test]
        weights = row_weights(right_label, balanced)
        for arm, labels, which in zip(ARMS, (old, changed, fake, old), (model, model, model, bigger), strict=True):
            rows = np.concatenate([trial.train, trial.copies]) if arm == "placebo" else trial.train
            predicted = fit_predict(which, X, labels, rows, trial.test)
            right[arm].append((predicted == right_label) * weights)
            tell(0)
    compare = Compare(trials, fixed_test)
    everything = [np.ones(len(trial.test), dtype=bool) for trial in trials]
    scores = {arm: float(np.mean([r.mean() for r in right[arm]])) for arm in ARMS}
    effects = {arm: compare(right["before"], right[arm], everything) for arm in ARMS[1:]}
    by_class = {}
    for k in range(n_classes):
        found = _group(compare, right, [answers[t.test] == k for t in trials])
        if found is not None:
            by_class[k] = found
    by_slice = {}
    for column, values in (slices or {}).items():
        array = np.asarray(values, dtype=object)
        for value in sorted(set(values)):
            found = _group(compare, right, [array[t.test] == value for t in trials])
            if found is not None:
                by_slice[f"{column} = {value}"] = found
    margin = compare(right["placebo"], right["after"], everything)
    return Arms(scores, effects, margin, by_class, by_slice)


@dataclass(frozen=True)
class Compare:
    """Paired interval of two arms on some of the test rows of each trial."""

    trials: Sequence[Trial]
    fixed_test: bool

    def __call__(
        self,
        a: Sequence[npt.NDArray[np.float64]],
        b: Sequence[npt.NDArray[np.float64]],
        masks: Sequence[npt.NDArray[np.bool_]],
    ) -> Interval:
        kept = [i for i, mask in enumerate(masks) if mask.any()]
        if self.fixed_test:
            return hierarchical_paired_bootstrap(
                np.stack([a[i][masks[i]] for i in kept]), np.stack([b[i][masks[i]] for i in kept])
            )
        return paired_interval(
            np.asarray([a[i][masks[i]].mean() for i in kept]),
            np.asarray([b[i][masks[i]].mean() for i in kept]),
            n_train=int(np.mean([len(self.trials[i].train) for i in kept])),
            n_test=max(1, int(np.mean([masks[i].sum() for i in kept]))),
        )


def _group(
    compare: Compare, right: Mapping[str, Sequence[npt.NDArray[np.float64]]], masks: Sequence[npt.NDArray[np.bool_]]
) -> GroupEffect | None:
    kept = [i for i, mask in enumerate(masks) if mask.any()]
    if len(kept) < 2:
        return None
    mean = {arm: float(np.mean([(right[arm][i][masks[i]] > 0).mean() for i in kept])) for arm in ("before", "after")}
    plain = {arm: [(r > 0).astype(np.float64) for r in right[arm]] for arm in ("before", "after")}
    n = int(np.mean([masks[i].sum() for i in kept]))
    return GroupEffect(n, mean["before"], mean["after"], compare(plain["before"], plain["after"], masks))
