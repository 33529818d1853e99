"""The classic experiment: with noisy labels, does a better model help more, or better data?"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.cross_fitting.crossfit import cross_fit_probabilities
from tilth.numerics.cross_fitting.fold_models import (
    FoldModel,
    as_features,
    check_finite,
    default_classifier,
    model_maker,
)
from tilth.numerics.cross_fitting.folds import as_labels, assign_folds, merge_groups
from tilth.numerics.statistics.intervals import Interval, paired_interval
from tilth.numerics.statistics.metrics import score_predictions

__all__ = ["ModelVsData", "compare_model_vs_data"]

_ARMS = {
    "base": "base model, noisy labels",
    "better_model": "better model, noisy labels",
    "placebo": "base model, random rows changed",
    "repaired": "base model, repaired labels",
    "oracle": "base model, true labels",
}


@dataclass(frozen=True, eq=False)
class ModelVsData:
    """Scores of five arms on the same held-out rows with true labels.

    Attributes
    ----------
    scores : dict of str to ndarray of float64, shape (R,)
        By arm: "base", "better_model", "placebo", "repaired", "oracle".
    differences : dict of str to Interval
        Each other arm minus "base".
    repaired_vs_better_model, repaired_vs_placebo : Interval
        The two comparisons that the experiment is about.
    metric : str
        What is scored.
    noise : float
        Share of training labels that were made wrong, averaged over the splits.
    changed : float
        Share of training rows that the repair changed or dropped.
    precision, recall : float
        Share of changed rows that were truly wrong, and of wrong rows that were changed; NaN if none.
    n_train, n_test : int
        Rows per split, rounded mean.
    """

    scores: dict[str, NDArray[np.float64]]
    differences: dict[str, Interval]
    repaired_vs_better_model: Interval
    repaired_vs_placebo: Interval
    metric: str
    noise: float
    changed: float
    precision: float
    recall: float
    n_train: int
    n_test: int

    def __str__(self) -> str:
        repeats = len(self.scores["base"])
        lines = [
            f"{self.metric}, mean of {repeats} splits ({self.n_train} training and {self.n_test} test rows), "
            f"{self.noise:.1%} of training labels wrong",
            f"{'arm':<34}{'score':>7}  {'change':>8}  95 % interval",
        ]
        for arm, title in _ARMS.items():
            line = f"{title:<34}{self.scores[arm].mean():>7.3f}"
            if arm in self.differences:
                d = self.differences[arm]
                line += f"  {d.estimate:>+8.3f}  [{d.low:+.3f}, {d.high:+.3f}] {d.verdict}"
            lines.append(line)
        d = self.repaired_vs_better_model
        word = {"helped": "better data won", "hurt": "the better model won"}.get(d.verdict, d.verdict)
        lines.append(f"repaired data minus better model: {d.estimate:+.3f} [{d.low:+.3f}, {d.high:+.3f}] {word}")
        lines.append(
            f"the repair changed {self.changed:.1%} of rows: {self.precision:.0%} of them were wrong, "
            f"{self.recall:.0%} of the wrong ones were found"
        )
        return "\n".join(lines)


def compare_model_vs_data(
    X: Any,
    y: ArrayLike,
    model: Any = None,
    *,
    noise: float = 0.1,
    better_model: Any = None,
    repair: Literal["relabel", "drop"] = "relabel",
    metric: str = "accuracy",
    n_repeats: int = 5,
    test_size: float = 0.25,
    groups: ArrayLike | None = None,
    random_state: int = 0,
) -> ModelVsData:
    """Spoil training labels, then compare a better model with better data, a placebo and the truth.

    In each split the data are divided first; then labels of the *training* rows alone are made wrong, and
    the repair sees only those. Test labels are never touched, and equal rows of `X` are never on both
    sides. The repair is automatic: cross-fitted probabilities of the base model, confident learning, and each
    flagged label replaced by the most probable class (or the row dropped). The placebo treats as many
    rows drawn at random in the same way, giving each its most probable *other* class.

    Parameters
    ----------
    X : ndarray or scipy sparse matrix, shape (n, d)
        Features.
    y : array_like of int, shape (n,)
        True classes, taken as clean.
    model : object, callable or None
        Base model; None for the house's logistic regression.
    noise : float
        Share of training labels made wrong, in [0, 1).
    better_model : object, callable or None
        None for a random forest of 300 trees.
    repair : {"relabel", "drop"}
        What is done to flagged rows.
    metric : {"accuracy", "balanced_accuracy", "macro_f1"}
        What is scored.
    n_repeats : int
        Number of splits, at least 2.
    test_size : float
        Share of rows held out, in (0, 1); approximated by a fraction with a denominator of at most 20.
    groups : array_like of int, shape (n,), optional
        Rows that stay on one side; -1 marks a row that stands alone.
    random_state : int
        Seed of splits, noise, models and placebo.

    Returns
    -------
    ModelVsData
        ``print`` it for a table. Intervals are Nadeau and Bengio's corrected t intervals at 95 %.

    Raises
    ------
    ParameterError
        If an argument is outside its range.
    AlignmentError
        If X and y differ in length.
    LabelError
        If a label is missing or the labels cannot be learnt.
    PartError
        If a model fails.

    References
    ----------
    Ng, A. (2021). A Chat with Andrew on MLOps: From Model-centric to Data-centric AI. DeepLearning.AI.
    Northcutt, C. G., Jiang, L. & Chuang, I. L. (2021). Confident Learning: Estimating Uncertainty in Dataset
    Labels. Journal of Artificial Intelligence Research 70, 1373-1411.

    Examples
    --------
    >>> rng = np.random.default_rng(0)
    >>> y = rng.integers(0, 2, 120)
    >>> X = rng.normal(size=(120, 2)) + 3 * y[:, None]
    >>> found = compare_model_vs_data(X, y, better_model=default_classifier(), noise=0.2, n_repeats=2)
    >>> sorted(found.scores)
    ['base', 'better_model', 'oracle', 'placebo', 'repaired']
    """
    from scipy.sparse import issparse

    features, codes = as_features(X), as_labels(y)
    _check(features, codes, noise, repair, n_repeats, test_size)
    base = default_classifier(random_state, sparse=issparse(features)) if model is None else model
    better = _forest(random_state) if better_model is None else better_model
    for candidate in (base, better):
        check_finite(features, model_maker(candidate, random_state)(0))
    same = _equal_rows(features)
    together = merge_groups(same) if groups is None else merge_groups(same, groups)
    trials = []
    for r in range(n_repeats):
        seed = int(np.random.default_rng([random_state, r]).integers(2**31 - 1))
        test = _held_out(codes, together, test_size, seed)
        trials.append(_trial(features, codes, test, together, base, better, noise, repair, metric, seed))
    return _summarise(trials, metric)


def _check(X: Any, y: NDArray[np.int64], noise: float, repair: str, n_repeats: int, test_size: float) -> None:
    if X.shape[0] != len(y):
        raise AlignmentError("X and y must have the same number of rows", found=f"{X.shape[0]} and {len(y)}")
    if (y < 0).any():
        raise LabelError("the experiment needs a true label for every row", where=f"row {int(np.argmax(y < 0))}")
    if not 0 <= noise < 1:
        raise ParameterError("noise must be at least 0 and below 1", found=str(noise))
    if repair not in ("relabel", "drop"):
        raise ParameterError('repair must be "relabel" or "drop"', found=repr(repair))
    if n_repeats < 2:
        raise ParameterError("n_repeats must be at least 2, or there is no interval", found=str(n_repeats))
    if not 0.05 <= test_size <= 0.95:
        raise ParameterError("test_size must be between 0.05 and 0.95", found=str(test_size))


def _forest(random_state: int) -> Any:
    from sklearn.ensemble import RandomForestClassifier

    return RandomForestClassifier(300, random_state=random_state)


def _equal_rows(X: Any) -> NDArray[np.int64]:
    """A group id for rows that are equal byte for byte."""
    from scipy.sparse import issparse

    if issparse(X):
        ends = zip(X.indptr[:-1], X.indptr[1:], strict=True)
        keys: list[Any] = [(X.indices[a:b].tobytes(), X.data[a:b].tobytes()) for a, b in ends]
    elif X.dtype.kind == "O":
        keys = [str(row.tolist()) for row in X]
    else:
        keys = [row.tobytes() for row in np.ascontiguousarray(X)]
    seen: dict[Any, int] = {}
    return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.int64)


def _held_out(y: NDArray[np.int64], groups: NDArray[np.int64], test_size: float, seed: int) -> NDArray[np.bool_]:
    share = Fraction(test_size).limit_denominator(20)
    folds = assign_folds(y, n_folds=share.denominator, groups=groups, random_state=seed)
    order = np.random.default_rng([seed, 1]).permutation(int(folds.max()) + 1)
    take = min(max(1, round(test_size * len(order))), len(order) - 1)
    return np.isin(folds, order[:take])


def _trial(
    X: Any,
    y: NDArray[np.int64],
    test: NDArray[np.bool_],
    groups: NDArray[np.int64],
    base: Any,
    better: Any,
    noise: float,
    repair: str,
    metric: str,
    seed: int,
) -> dict[str, float]:
    from tilth.numerics.statistics.noise import inject_label_noise

    k, truth = int(y.max()) + 1, y[~test]
    X_train, X_test = X[np.flatnonzero(~test)], X[np.flatnonzero(test)]
    noisy = truth if noise == 0 else np.asarray(inject_label_noise(truth, noise, random_state=seed)[0])

    def fit_and_score(model: Any, rows: NDArray[np.intp], labels: NDArray[np.int64]) -> float:
        made = model_maker(model, seed)(0)
        fitted = FoldModel.fit("an arm of the experiment", made, X_train[rows], labels[rows], None)
        return score_predictions(y[test], fitted.predict(X_test, k).argmax(axis=1), metric)

    every = np.arange(len(truth))
    probs = cross_fit_probabilities(base, X_train, noisy, n_classes=k, groups=groups[~test], random_state=seed).probs
    flagged = _flag(noisy, probs, repair)
    luck = np.random.default_rng([seed, 2]).choice(len(truth), size=int(flagged.sum()), replace=False)
    chance = np.isin(every, luck)
    wrong = noisy != truth
    hits = int((flagged & wrong).sum())
    return {
        "base": fit_and_score(base, every, noisy),
        "better_model": fit_and_score(better, every, noisy),
        "placebo": fit_and_score(base, *_treated(noisy, probs, chance, repair)),
        "repaired": fit_and_score(base, *_treated(noisy, probs, flagged, repair)),
        "oracle": fit_and_score(base, every, truth),
        "noise": float(wrong.mean()),
        "changed": float(flagged.mean()),
        "precision": hits / flagged.sum() if flagged.any() else float("nan"),
        "recall": hits / wrong.sum() if wrong.any() else float("nan"),
        "n_train": float(len(truth)),
        "n_test": float(test.sum()),
    }


def _flag(labels: NDArray[np.int64], probs: NDArray[np.float32], repair: str) -> NDArray[np.bool_]:
    from tilth.numerics.confident.issues import find_label_issues

    flagged = np.asarray(find_label_issues(labels, probs), dtype=np.bool_)
    return flagged & (probs.argmax(axis=1) != labels) if repair == "relabel" else flagged


def _treated(
    labels: NDArray[np.int64], probs: NDArray[np.float32], chosen: NDArray[np.bool_], repair: str
) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    """Rows and labels after the chosen rows were dropped or given their most probable other class."""
    if repair == "drop":
        return np.flatnonzero(~chosen), labels
    others = probs.copy()
    others[np.arange(len(labels)), labels] = -1.0
    return np.arange(len(labels)), np.where(chosen, others.argmax(axis=1), labels)


def _summarise(trials: list[dict[str, float]], metric: str) -> ModelVsData:
    columns = {name: np.array([trial[name] for trial in trials]) for name in trials[0]}
    scores = {arm: columns[arm] for arm in _ARMS}
    n_train, n_test = round(columns["n_train"].mean()), round(columns["n_test"].mean())

    def minus(after: str, before: str) -> Interval:
        return paired_interval(scores[before], scores[after], n_train=n_train, n_test=n_test)

    return ModelVsData(
        scores=scores,
        differences={arm: minus(arm, "base") for arm in _ARMS if arm != "base"},
        repaired_vs_better_model=minus("repaired", "better_model"),
        repaired_vs_placebo=minus("repaired", "placebo"),
        metric=metric,
        noise=_mean(columns["noise"]),
        changed=_mean(columns["changed"]),
        precision=_mean(columns["precision"]),
        recall=_mean(columns["recall"]),
        n_train=n_train,
        n_test=n_test,
    )


def _mean(values: NDArray[np.float64]) -> float:
    known = values[~np.isnan(values)]
    return float(known.mean()) if known.size else float("nan")
