"""``ActiveLearner``: query, teach, score on rows that keep their names."""

from __future__ import annotations

from collections.abc import Hashable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
from sklearn.base import BaseEstimator, ClassifierMixin
from sklearn.utils.validation import check_is_fitted

from tilth.engine.label_pool import Pool, make_strategy, pick_rows
from tilth.errors import DataError, NotApplicable, ParameterError
from tilth.estimators._checks import (
    as_ids,
    check_answers,
    check_limits,
    like_pool,
    members_of,
    pool_features,
    read_costs,
    read_ids,
    stream_row,
    with_row,
)
from tilth.estimators._labels import read_labels, sort_names
from tilth.estimators._memory import Lessons, StopWatch
from tilth.estimators.stream import StreamSelector
from tilth.numerics.cross_fitting.fold_models import FoldModel
from tilth.numerics.querying.curves import expected_gain
from tilth.numerics.querying.scores import uncertainty_scores
from tilth.numerics.querying.stopping import StopCheck
from tilth.numerics.statistics.interval_result import Interval
from tilth.numerics.statistics.intervals import wilson_interval
from tilth.plugin import Run, Strategy
from tilth.records import Findings

__all__ = ["ActiveLearner"]


class ActiveLearner(ClassifierMixin, BaseEstimator):  # type: ignore[misc]
    """A classifier that says which rows to label next, and learns from the labels.

    `fit` takes the whole pool, labelled or not; `query` gives row ids, `teach` takes labels for row ids. Row numbers
    never shift, since no row leaves the pool.

    Parameters
    ----------
    estimator : scikit-learn classifier, optional
        Cloned. A `Committee` brings its own members. Default: standardised logistic regression.
    strategy : str or Strategy
        A name from ``tilth.plugin.Shelf("strategies").names()``, or an instance.
    n_members : int
        Copies on bootstrap samples, for strategies that need a committee.
    learn_weights : bool
        With the strategy ``priority``: learn its weights from which picks taught the model something.
    random_state : int

    Attributes
    ----------
    classes_ : ndarray
        Class names seen or declared, sorted.
    row_ids_ : ndarray
    estimator_ : fitted classifier or None
        Trained on the codes of `classes_`; None before labels of two classes are there.
    picks_ : Findings
        The last query, with reasons.
    strategy_ : Strategy
        With learnt weights, where they are learnt.
    history_ : list of (int, float)
        Labels and score at each call of `score`.

    Examples
    --------
    >>> from sklearn.datasets import load_iris
    >>> X, y = load_iris(return_X_y=True)
    >>> learner = ActiveLearner(strategy="margin").fit(X)
    >>> for _ in range(4):
    ...     asked = learner.query(5)
    ...     learner = learner.teach(asked, y[asked])
    >>> learner.n_labels, learner.score(X, y) > 0.85
    (20, True)
    """

    def __init__(
        self,
        estimator: Any = None,
        strategy: str | Strategy = "priority",
        *,
        n_members: int = 5,
        learn_weights: bool = False,
        random_state: int = 0,
    ) -> None:
        self.estimator = estimator
        self.strategy = strategy
        self.n_members = n_members
        self.learn_weights = learn_weights
        self.random_state = random_state

    def fit(
        self,
        X: Any,
        y: Any = None,
        *,
        row_ids: Sequence[Hashable] | npt.NDArray[Any] | None = None,
        classes: Sequence[Any] = (),
        embeddings: Any = None,
        costs: Any = None,
    ) -> ActiveLearner:
        """Take the pool.

        Parameters
        ----------
        X : (n, ...) array or sparse matrix
            All rows; at least two.
        y : (n,) array_like, optional
            Labels known so far, of one kind: texts, or numbers. None, NaN, "" and -1 (unless it is declared as a class)
            mean unlabelled.
        row_ids : (n,) sequence, optional
            Unique names of the rows; default: 0 to n - 1.
        classes : sequence, optional
            Declared classes: another label is then an error. Default: any label makes its class.
        embeddings : (n, d) array, optional
            What distances are measured in; default: X, where it is a dense table of numbers.
        costs : (n,) array, optional
            What each label costs, above 0.

        Returns
        -------
        self

        Raises
        ------
        DataError
            Fewer than two rows, two equal ids, or a value that is NaN or infinite (unless the model takes it).
        AlignmentError, LabelError, ParameterError
        """
        features = pool_features(X, self.estimator)
        n = features.shape[0]
        ids = list(range(n)) if row_ids is None else read_ids(row_ids, n)
        members = members_of(self.estimator)
        strategy = self._strategy()
        declared = read_ids(classes, what="a class")
        self._declared = bool(declared)
        names, codes = read_labels(y, n, declared)
        self.row_ids_ = np.empty(n, dtype=object)
        self.row_ids_[:] = ids
        self._names = names
        self._pool = Pool(
            features,
            codes,
            tuple(str(name) for name in names),
            np.asarray([str(v) for v in ids], dtype=object),
            self.estimator,
            self.random_state,
            None if embeddings is None else np.asarray(embeddings),
            read_costs(costs, n),
            members,
            self.n_members,
            (codes >= 0).astype(np.int64),
        )
        self._place = {value: row for row, value in enumerate(ids)}
        self.strategy_ = strategy
        self.picks_ = Findings.none()
        self.history_: list[tuple[int, float]] = []
        self._round = 0
        self._tested: tuple[int, int, int] | None = None
        self._lessons = Lessons()
        self._watch = StopWatch(n, self.random_state)
        return self

    def _strategy(self) -> Strategy:
        made = make_strategy(self.strategy)
        if self.learn_weights and not hasattr(made, "parts"):
            raise ParameterError(
                "this strategy has no weights that could be learnt",
                where="learn_weights",
                found=made.name or type(made).__name__,
                fix="leave learn_weights out, or choose the strategy priority",
            )
        return made

    # --- the loop ------------------------------------------------------------------------------

    def query(self, n_instances: int = 1) -> npt.NDArray[Any]:
        """Ids of the rows to label next, the most useful first; reasons are in `picks_`.

        Parameters
        ----------
        n_instances : int
            At most the rows without a label.

        Returns
        -------
        (n_instances,) ndarray of row ids

        Raises
        ------
        ParameterError
            A budget above the pool, or a strategy that needs probabilities with a model that gives none.
        NotApplicable
            Every row has a label.
        """
        check_is_fitted(self, "row_ids_")
        run = Run(self.random_state, f"{self.strategy_.name}/{self._round}")
        self.picks_ = pick_rows(self._pool, self.strategy_, n_instances, run)
        place = {value: row for row, value in enumerate(self._pool.row_ids.tolist())}
        rows = np.asarray([place[v] for v in self.picks_.table.column("row_id").to_pylist()], dtype=np.int64)
        if self.learn_weights:
            self._lessons.ask(self._pool, self.strategy_, rows)
        return as_ids(self.row_ids_[rows])

    def teach(self, row_ids: Any, labels: Any) -> ActiveLearner:
        """Take labels of rows; a row that has a label already gets the new one.

        Parameters
        ----------
        row_ids : (m,) array_like of row ids, or one id
        labels : (m,) array_like of class names, or one

        Returns
        -------
        self

        Raises
        ------
        AlignmentError
            A row outside the pool, or another number of labels than rows; nothing is taken then.
        LabelError
            A missing label, a class that is not declared, texts among numbers, or one row with two labels.
        """
        check_is_fitted(self, "row_ids_")
        ids, values = read_ids(row_ids), read_ids(labels, what="a label")
        rows = check_answers(ids, values, self._place, self._names, self._declared)
        old = self._pool
        before = {name: i for i, name in enumerate(self._names)}
        self._lessons.hear(old, rows, [before.get(value, -1) for value in values])
        names = sort_names([*self._names, *values])
        code = {name: i for i, name in enumerate(names)}
        moved = np.asarray([code[name] for name in self._names], dtype=np.int64)
        codes = np.where(old.labels >= 0, moved[old.labels] if len(moved) else -1, -1)
        codes[rows] = [code[value] for value in values]
        self._names = names
        asked = np.zeros(len(codes), dtype=np.int64) if old.times_asked is None else old.times_asked.copy()
        asked[np.unique(rows)] += 1
        self._pool = old.with_labels(codes, tuple(str(name) for name in names), asked)
        self._round += 1
        if self.learn_weights:
            self.strategy_ = self._lessons.weigh(self._strategy())
        return self

    def offer(self, x: Any, row_id: Hashable, selector: StreamSelector) -> bool:
        """Show a row of a stream: whether its label is wanted; if so it joins the pool under its id and can be taught.

        Parameters
        ----------
        x : (d,) array
            Features of the row.
        row_id : hashable
        selector : StreamSelector
            Holds the budget; a row that is refused with an error costs nothing. Before a model is there, a row counts
            as wholly uncertain.

        Raises
        ------
        DataError
            An id that is in the pool, or features that the pool's model cannot read.
        NotApplicable, ParameterError
        """
        check_is_fitted(self, "row_ids_")
        (row_id,) = read_ids([row_id])
        if row_id in self._place or str(row_id) in set(self._pool.row_ids.tolist()):
            raise DataError("a row of this id is in the pool already", found=repr(row_id), fix="give a new id")
        if not isinstance(self._pool.X, np.ndarray) or self._pool.embeddings is not None:
            raise NotApplicable("a stream needs dense features and no embeddings of their own")
        row, features = stream_row(x, self._pool)
        fitted = self._pool.fitted()
        score = 1.0 if fitted is None else float(uncertainty_scores(self._pool.predict(fitted, row))[0])
        if not selector.ask(score):
            return False
        self._pool = with_row(self._pool, row, features, str(row_id), fitted)
        self._place[row_id] = len(self._place)
        ids = np.empty(len(self._place), dtype=object)
        ids[:-1], ids[-1] = self.row_ids_, row_id
        self.row_ids_ = ids
        return True

    # --- the classifier ------------------------------------------------------------------------

    @property
    def classes_(self) -> npt.NDArray[Any]:
        """Class names, sorted."""
        check_is_fitted(self, "row_ids_")
        return np.asarray(self._names)

    @property
    def n_labels(self) -> int:
        """How many rows have a label."""
        return int((self._pool.labels >= 0).sum())

    @property
    def labels_(self) -> dict[Any, Any]:
        """Label of each labelled row by its id."""
        rows = np.flatnonzero(self._pool.labels >= 0)
        return {self.row_ids_[row]: self._names[self._pool.labels[row]] for row in rows}

    @property
    def estimator_(self) -> Any:
        """The classifier trained on all labels, or None where there are not yet labels of two classes."""
        fitted = self._pool.fitted()
        return None if fitted is None else fitted.model

    def _model(self) -> FoldModel:
        check_is_fitted(self, "row_ids_")
        fitted = self._pool.fitted()
        if fitted is None:
            raise NotApplicable(
                "there is no model yet: it takes labels of two classes",
                found=f"{self.n_labels} label(s)",
                fix="query and teach more rows",
            )
        return fitted

    def predict_proba(self, X: Any) -> npt.NDArray[np.float64]:
        """Probabilities, shape (n, classes); a class without labels has 0."""
        return self._pool.predict(self._model(), like_pool(X, self._pool)).astype(np.float64)

    def predict(self, X: Any) -> npt.NDArray[Any]:
        """Predicted class names, shape (n,)."""
        fitted = self._model()
        features = like_pool(X, self._pool)
        codes = np.asarray(fitted.model.predict(features), dtype=np.int64)
        return np.asarray(self.classes_[fitted.classes[codes] if fitted.encoded else codes])

    def score(self, X: Any, y: Any, sample_weight: Any = None) -> float:
        """Accuracy on rows that are not in the pool; kept in `history_` for `expected_gain`."""
        self._model()
        value = float(super().score(like_pool(X, self._pool, y), y, sample_weight))
        self._tested = None if sample_weight is not None else (self._round, round(value * len(y)), len(y))
        if self.history_ and self.history_[-1][0] == self.n_labels:
            self.history_.pop()
        self.history_.append((self.n_labels, value))
        return value

    # --- when to stop --------------------------------------------------------------------------

    def expected_gain(self, more: int = 200) -> Interval:
        """What `more` labels should buy, by a curve through `history_` (at least four scores)."""
        if len(self.history_) < 4:
            raise ParameterError(
                "an expected gain needs four scores at different numbers of labels",
                found=f"{len(self.history_)}",
                fix="call score(X_test, y_test) after each round of labels",
            )
        counts, scores = zip(*self.history_, strict=True)
        return expected_gain(counts, scores, more, random_state=self.random_state)

    def stopping(self, *, more: int = 200, goal: float | None = None, **limits: float) -> tuple[StopCheck, ...]:
        """What each stopping rule says now; call it after each round, and after `score`.

        Parameters
        ----------
        more : int
            Further labels that the expected gain speaks of.
        goal : float, optional
            Accuracy that is good enough; it counts as reached where the lower end of the interval is.
        **limits
            Of `tilth.numerics.querying.stopping.should_stop`.

        Returns
        -------
        tuple of StopCheck
            Rules that have nothing to go on yet are left out. Predicted change, kappa, accuracy and expected gain take
            any classifier; overall uncertainty needs one with probabilities and is left out without.

        Raises
        ------
        NotApplicable
            No model yet.
        ParameterError
            A limit that no rule has, or that is no number.
        """
        check_limits(limits, more)
        gain = self.expected_gain(more) if len(self.history_) >= 4 else None
        fresh = self._tested is not None and self._tested[0] == self._round
        accuracy = wilson_interval(*self._tested[1:]) if self._tested is not None and fresh else None
        said: dict[str, Any] = {"gain": gain, "accuracy": accuracy, "more": more, "goal": goal, **limits}
        return self._watch.check(self._pool, self._model(), self.classes_, self._round, **said)
