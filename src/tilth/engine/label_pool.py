"""The rows to label in active learning: from features, labels and a model to the view that strategies pick from."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, DataError, LabelError, NotApplicable, ParameterError, PartError
from tilth.numerics.cross_fitting.crossfit import cross_fit_probabilities, default_classifier
from tilth.numerics.cross_fitting.fold_models import FoldModel, check_finite
from tilth.plugin import Run, Shelf, Strategy, View
from tilth.records import Evidence, Findings

__all__ = ["Pool", "make_strategy", "pick_rows"]

_BLOCK = 65_536


def make_strategy(strategy: str | Strategy) -> Strategy:
    """A strategy by name, or the one given."""
    if isinstance(strategy, Strategy):
        return strategy
    made: Strategy = Shelf("strategies").make(strategy)
    return made


@dataclass
class Pool:
    """Rows with some labels, and the model whose next labels are sought.

    Parameters
    ----------
    X : (n, ...) array or sparse matrix
        What the model reads.
    labels : (n,) int64
        Class codes, -1 where unlabelled.
    classes : tuple of str
    row_ids : (n,) array of str
    model : object or None
        A scikit-learn classifier, cloned; None for the default one.
    seed : int
    embeddings : (n, d) array, optional
        What distances are measured in; by default X, where it is a dense table.
    costs : (n,) array, optional
        What each label costs.
    members : sequence of classifiers
        A committee of your own; empty makes copies of the model on bootstrap samples of the labels.
    n_members : int
        How many copies.
    times_asked : (n,) int64, optional
        How many labels each row was given so far; a strategy that asks again leaves rows with two or more alone.
    """

    X: Any
    labels: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    row_ids: npt.NDArray[np.object_]
    model: Any = None
    seed: int = 0
    embeddings: npt.NDArray[np.floating[Any]] | None = None
    costs: npt.NDArray[np.float64] | None = None
    members: Sequence[Any] = ()
    n_members: int = 5
    times_asked: npt.NDArray[np.int64] | None = None
    _made: dict[str, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        n = len(self.row_ids)
        given = {"X": self.X.shape[0], "labels": len(self.labels)}
        given |= {"embeddings": len(self.embeddings)} if self.embeddings is not None else {}
        given |= {"costs": len(self.costs)} if self.costs is not None else {}
        given |= {"times_asked": len(self.times_asked)} if self.times_asked is not None else {}
        for name, length in given.items():
            if length != n:
                raise AlignmentError(f"{name} and row ids have different lengths", found=f"{length} and {n}")
        if len(set(self.row_ids.tolist())) != n:
            _first_twice(self.row_ids)
        if self.members and len(self.members) < 2:
            raise ParameterError(
                "a committee of one cannot disagree", found="1 member", fix="give at least two classifiers"
            )
        self.model = default_classifier(self.seed) if self.model is None else self.model
        if not hasattr(self.model, "fit") or not hasattr(self.model, "get_params"):
            raise ParameterError("the model is no scikit-learn classifier", found=type(self.model).__name__)
        check_finite(self.X, self.model)

    @property
    def free(self) -> npt.NDArray[np.int64]:
        """Rows without a label."""
        return np.flatnonzero(self.labels < 0)

    @property
    def gives_probs(self) -> bool:
        """Whether the model gives probabilities, or scores that they are made from."""
        return hasattr(self.model, "predict_proba") or hasattr(self.model, "decision_function")

    def with_labels(
        self,
        labels: npt.NDArray[np.int64],
        classes: tuple[str, ...] | None = None,
        times_asked: npt.NDArray[np.int64] | None = None,
    ) -> Pool:
        """The same pool after more labels."""
        return replace(
            self,
            labels=labels,
            classes=self.classes if classes is None else classes,
            times_asked=self.times_asked if times_asked is None else times_asked,
            _made={},
        )

    def fitted(self) -> FoldModel | None:
        """The model trained on all labels; None where they hold fewer than two classes."""
        if "fitted" not in self._made:
            self._made["fitted"] = self._fit(self.model, np.flatnonzero(self.labels >= 0), "the labelled rows")
        made: FoldModel | None = self._made["fitted"]
        return made

    def _fit(self, model: Any, rows: npt.NDArray[np.int64], name: str) -> FoldModel | None:
        if len(np.unique(self.labels[rows])) < 2:
            return None
        from sklearn.base import clone

        with warnings.catch_warnings():
            # few labels of many classes are how labelling begins
            warnings.filterwarnings("ignore", message="The number of unique classes is greater than 50%")
            return FoldModel.fit(name, clone(model), self.X[rows], self.labels[rows], None)

    def predict(self, fitted: FoldModel, X: Any | None = None) -> npt.NDArray[np.float32]:
        """Probabilities of all rows, or of other ones, in blocks; `ParameterError` where the model gives none."""
        if not self.gives_probs:
            self._no_probs("this")
        return self._probs_of(fitted, self.X if X is None else X)

    def _probs_of(self, fitted: FoldModel, features: Any) -> npt.NDArray[np.float32]:
        out = np.empty((features.shape[0], len(self.classes)), dtype=np.float32)
        for start in range(0, len(out), _BLOCK):
            out[start : start + _BLOCK] = fitted.predict(features[start : start + _BLOCK], len(self.classes))
        return out

    def guess(self, fitted: FoldModel, X: Any | None = None) -> npt.NDArray[np.int64]:
        """Most probable class of all rows, or of other ones: of a model without probabilities, what it predicts."""
        if self.gives_probs:
            return np.asarray(self.predict(fitted, X).argmax(axis=1), dtype=np.int64)
        return _hard(fitted, self.X if X is None else X)

    def _no_probs(self, asker: str) -> None:
        raise ParameterError(
            f"{asker} needs probabilities, and the model gives none",
            found=type(self.model).__name__,
            fix="wrap it in sklearn.calibration.CalibratedClassifierCV, or choose k_center, typiclust or random",
        )

    def evidence(self, kind: str, asker: str = "a strategy") -> Evidence | None:
        """One kind of evidence, made once; None where it cannot be made yet."""
        if kind not in self._made:
            makers: dict[str, Callable[[], npt.NDArray[Any] | None]] = {
                "embeddings": self._embeddings,
                "probs": lambda: self._probs(asker),
                "committee": self._committee,
                "label_probs": self._label_probs,
                "costs": lambda: self.costs,
                "times_asked": lambda: self.times_asked,
            }
            if kind not in makers:
                raise PartError(f"nothing makes {kind!r} for a pool", fix=f"a strategy can want {', '.join(makers)}")
            values = makers[kind]()
            classes = self.classes if kind in ("probs", "label_probs") else ()
            self._made[kind] = None if values is None else Evidence(kind, "pool", self.row_ids, values, classes)
        made: Evidence | None = self._made[kind]
        return made

    def _embeddings(self) -> npt.NDArray[Any] | None:
        if self.embeddings is not None:
            check_finite(self.embeddings, object())
            return self.embeddings
        if not isinstance(self.X, np.ndarray) or self.X.ndim != 2 or self.X.dtype.kind not in "fiub":
            return None
        values = self.X if self.X.dtype.kind == "f" else self.X.astype(np.float32)
        return values if bool(np.isfinite(values.sum())) else None

    def _probs(self, asker: str) -> npt.NDArray[np.float32] | None:
        if not self.gives_probs:
            self._no_probs(asker)
        fitted = self.fitted()
        return None if fitted is None else self.predict(fitted)

    def _committee(self) -> npt.NDArray[np.float32] | None:
        rows = np.flatnonzero(self.labels >= 0)
        if len(np.unique(self.labels[rows])) < 2:
            return None
        made = np.empty((len(self.row_ids), len(self.members) or self.n_members, len(self.classes)), dtype=np.float32)
        for place in range(made.shape[1]):
            fitted = None
            if self.members:
                fitted = self._fit(self.members[place], rows, f"member {place + 1}")
            for attempt in range(0 if fitted else 20):
                rng = np.random.default_rng([self.seed, place, attempt])
                fitted = fitted or self._fit(self.model, rng.choice(rows, len(rows)), f"member {place + 1}")
            if fitted is None:
                return None
            made[:, place] = self._votes(fitted)
        return made

    def _votes(self, fitted: FoldModel) -> npt.NDArray[np.float32]:
        if hasattr(fitted.model, "predict_proba") or hasattr(fitted.model, "decision_function"):
            return self._probs_of(fitted, self.X)
        return np.eye(len(self.classes), dtype=np.float32)[_hard(fitted, self.X)]

    def _label_probs(self) -> npt.NDArray[np.float32] | None:
        rows = np.flatnonzero(self.labels >= 0)
        try:
            found = cross_fit_probabilities(
                self.model, self.X[rows], self.labels[rows], n_classes=len(self.classes), random_state=self.seed
            )
        except LabelError:  # too few labels to hold any out
            return None
        out = np.full((len(self.row_ids), len(self.classes)), np.nan, dtype=np.float32)
        out[rows] = found.probs
        return out

    def view(self, strategy: Strategy) -> View:
        """What a strategy sees: what it needs, and of what it wants all that can be made now."""
        name = strategy.name or type(strategy).__name__
        evidence: dict[str, Evidence] = {}
        for kind in (*strategy.needs, *strategy.wants):
            if kind == "labels":
                continue
            made = self.evidence(kind, f"the strategy {name!r}")
            if made is not None:
                evidence[kind] = made
            elif kind in strategy.needs:
                raise NotApplicable(
                    f"the strategy {name!r} needs {kind}, and these features give none",
                    fix="pass embeddings: one row of finite numbers for each row",
                )
        return View(self.row_ids, self.row_ids, self.labels, self.classes, evidence=evidence)


def _hard(fitted: FoldModel, X: Any) -> npt.NDArray[np.int64]:
    said = np.asarray(fitted.model.predict(X), dtype=np.int64)
    return np.asarray(fitted.classes[said] if fitted.encoded else said, dtype=np.int64)


def _first_twice(row_ids: npt.NDArray[np.object_]) -> None:
    seen: dict[Any, int] = {}
    for row, value in enumerate(row_ids.tolist()):
        if value in seen:
            raise DataError(
                "two rows have the same id",
                where=f"rows {seen[value]} and {row}",
                found=repr(value),
                fix="make the ids unique",
            )
        seen[value] = row


def pick_rows(pool: Pool, strategy: str | Strategy, budget: int, run: Run | None = None) -> Findings:
    """What a strategy picks from a pool, checked against its contract.

    Parameters
    ----------
    pool : Pool
    strategy : str or Strategy
    budget : int
        At most the rows without a label.
    run : Run, optional
        By default one of the pool's seed.

    Returns
    -------
    Findings

    Raises
    ------
    ParameterError
        A budget below 1 or above the pool; a model without probabilities for a strategy that needs them.
    NotApplicable
        Every row has a label, or the strategy needs embeddings and there are none.
    PartError
        The strategy broke its contract.
    """
    made = make_strategy(strategy)
    left = len(pool.free)
    if not left:
        raise NotApplicable("every row has a label: there is nothing left to pick", found=f"{len(pool.labels)} row(s)")
    if isinstance(budget, bool) or not isinstance(budget, (int, np.integer)) or not 0 < budget <= left:
        raise ParameterError(
            "the budget must be a whole number of at least 1 and at most the rows without a label",
            found=f"{budget!r}, {left} row(s) without a label",
            fix=f"ask for {left} or fewer",
        )
    found = made.pick(pool.view(made), int(budget), run or Run(pool.seed, made.name))
    ids = found.table.column("row_id").to_pylist()
    if len(set(ids)) != len(ids) or len(ids) > budget:
        raise PartError(
            "a strategy picked a row twice or more rows than it may", where=made.name, found=f"{len(ids)} of {budget}"
        )
    return replace(found, maker=made.spec())
