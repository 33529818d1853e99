from __future__ import annotations

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.datasets import load_iris
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression, Perceptron
from sklearn.naive_bayes import GaussianNB
from sklearn.neighbors import NearestCentroid
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier

from tilth import ActiveLearner, Committee, StreamSelector
from tilth.errors import AlignmentError, DataError, LabelError, NotApplicable, ParameterError

X, y = load_iris(return_X_y=True)
NAMES = np.array(["setosa", "versicolor", "virginica"])[y]


@pytest.mark.parametrize(
    "estimator",
    [
        None,
        GaussianNB(),
        RandomForestClassifier(20, random_state=0),
        make_pipeline(StandardScaler(), SVC()),
        make_pipeline(StandardScaler(), Perceptron()),
    ],
    ids=lambda e: type(e).__name__,
)
def test_query_and_teach_learn_the_task(estimator: object) -> None:
    learner = ActiveLearner(estimator, "typiclust").fit(X)
    for _ in range(6):
        asked = learner.query(5)
        learner.teach(asked, NAMES[asked])
    assert learner.n_labels == 30
    assert learner.score(X, NAMES) > 0.8
    assert learner.classes_.tolist() == ["setosa", "versicolor", "virginica"]
    assert learner.predict_proba(X).sum(axis=1) == pytest.approx(1)


def test_ids_never_slip() -> None:
    ids = [f"flower-{i}" for i in range(150)]
    learner = ActiveLearner(strategy="random").fit(X, row_ids=ids)
    for _ in range(10):
        asked = learner.query(7)
        learner.teach(asked, [NAMES[ids.index(row)] for row in asked])
    assert learner.labels_ == {row: NAMES[ids.index(row)] for row in learner.labels_}
    assert len(learner.labels_) == 70
    assert learner.picks_.table.column("row_id").to_pylist() == asked.tolist()


def test_sklearn_conventions() -> None:
    learner = ActiveLearner(GaussianNB(), "k_center", random_state=3)
    copy = clone(learner)
    assert copy.get_params()["strategy"] == "k_center"
    assert copy.get_params()["estimator__var_smoothing"] == 1e-9
    fitted = copy.fit(X, NAMES)
    assert fitted is copy
    assert (fitted.predict(X) == GaussianNB().fit(X, NAMES).predict(X)).all()
    with pytest.raises(Exception, match="not fitted"):
        learner.predict(X)


def test_gaps_in_labels_as_people_write_them() -> None:
    for gaps in (np.where(np.arange(150) % 2, y, -1), [None if i % 2 == 0 else int(v) for i, v in enumerate(y)]):
        assert ActiveLearner(GaussianNB()).fit(X, gaps).n_labels == 75
    floats = np.where(np.arange(150) % 2, y, np.nan)
    assert ActiveLearner(GaussianNB()).fit(X, floats).classes_.tolist() == [0.0, 1.0, 2.0]


def test_a_class_that_comes_late_and_a_corrected_label() -> None:
    learner = ActiveLearner(GaussianNB(), "margin").fit(X)
    learner.teach([60, 120, 61], ["versicolor", "virginica", "versicolor"])
    assert learner.classes_.tolist() == ["versicolor", "virginica"]
    learner.teach(0, "a new one")
    assert learner.classes_.tolist() == ["a new one", "versicolor", "virginica"]
    assert learner.labels_[60] == "versicolor"
    learner.teach([60], ["virginica"])
    assert learner.labels_[60] == "virginica"
    assert learner.n_labels == 4


def test_committee_disagrees_and_is_asked() -> None:
    committee = Committee([GaussianNB(), DecisionTreeClassifier(random_state=0), NearestCentroid()])
    learner = ActiveLearner(committee, "query_by_committee").fit(X, np.where(np.arange(150) % 10 == 0, NAMES, None))
    asked = learner.query(3)
    assert "3 members vote" in learner.picks_.to_dicts()[0]["why"]
    learner.teach(asked, NAMES[asked])
    assert learner.score(X, NAMES) > 0.85
    members = Committee([GaussianNB(), LogisticRegression(max_iter=500)]).fit(X, NAMES)
    assert members.vote(X).shape == (150, 2)


def test_weights_are_learnt_from_what_taught() -> None:
    from tilth.plugin import Shelf

    strategy = Shelf("strategies").make("priority", start=10, rarity=0.4, novelty=0.4, uncertainty=0.2)
    learner = ActiveLearner(GaussianNB(), strategy, learn_weights=True).fit(X)
    for _ in range(8):
        asked = learner.query(5)
        learner.teach(asked, NAMES[asked])
    learnt = learner.strategy_
    weights = np.array([learnt.uncertainty, learnt.rarity, learnt.novelty])  # type: ignore[attr-defined]
    assert weights.sum() == pytest.approx(1)
    assert not np.allclose(weights, [0.2, 0.4, 0.4])


def test_stopping_rules_speak_after_rounds() -> None:
    learner = ActiveLearner(GaussianNB(), "margin").fit(X[::2])
    learner.teach([0, 30, 60], NAMES[::2][[0, 30, 60]])
    for _ in range(6):
        asked = learner.query(4)
        learner.teach(asked, NAMES[::2][asked])
        learner.score(X[1::2], NAMES[1::2])
        rules = {check.rule: check for check in learner.stopping(more=20, goal=0.5)}
    assert set(rules) == {"predicted change", "kappa", "overall uncertainty", "accuracy", "expected gain"}
    assert rules["kappa"].value > 0.8
    assert rules["accuracy"].value == pytest.approx(learner.history_[-1][1])
    assert rules["accuracy"].stop
    assert "another 20 labels should buy" in rules["expected gain"].why
    learner.teach(learner.query(1), ["setosa"])
    assert "accuracy" not in {check.rule for check in learner.stopping()}, "the score was that of an older model"
    gain = learner.expected_gain(20)
    assert 0 <= gain.low <= gain.high < 0.5


def test_a_stream_keeps_to_its_budget_and_teaches() -> None:
    order = np.random.default_rng(0).permutation(150)
    start = order[:10]
    learner = ActiveLearner(GaussianNB(), "margin").fit(X[start], NAMES[start])
    selector = StreamSelector(budget=0.2)
    for row in order[10:]:
        if learner.offer(X[row], f"s{row}", selector):
            learner.teach([f"s{row}"], [NAMES[row]])
    assert selector.asked <= 0.2 * selector.seen + 1
    assert learner.n_labels == 10 + selector.asked
    assert selector.asked > 10
    assert learner.score(X, NAMES) > 0.85
    with pytest.raises(DataError, match="in the pool already"):
        learner.offer(X[0], next(iter(learner.labels_)), selector)


def test_the_last_row_left_is_picked_with_its_reason() -> None:
    labels = np.where(np.arange(150) == 7, None, NAMES)
    learner = ActiveLearner(GaussianNB(), "margin").fit(X, labels)
    assert learner.query(1).tolist() == [7]
    assert learner.picks_.to_dicts()[0]["why"]


def _learner(**fit: object) -> ActiveLearner:
    return ActiveLearner(GaussianNB(), "margin").fit(X, **fit)


def _taught() -> ActiveLearner:
    return _learner().teach([0, 60, 120], NAMES[[0, 60, 120]])


@pytest.mark.parametrize(
    ("call", "error", "match"),
    [
        (lambda: _learner().query(151), ParameterError, "150 row"),
        (lambda: ActiveLearner(GaussianNB()).fit(np.where(X > 7, np.nan, X)), DataError, "row .*, column"),
        (lambda: _learner(row_ids=[0, 0, *range(2, 150)]), DataError, "rows 0 and 1"),
        (lambda: _learner(row_ids=["1", 1, *range(2, 150)]), DataError, "same id"),
        (lambda: _learner(row_ids=[1]), AlignmentError, "different lengths"),
        (lambda: _learner().teach([999], ["setosa"]), AlignmentError, "outside the pool.*999"),
        (lambda: _learner().teach([1, 2], ["setosa"]), AlignmentError, "different lengths"),
        (lambda: _learner().teach([1, 1], ["setosa", "virginica"]), LabelError, "two labels"),
        (lambda: _learner().teach([1], [None]), LabelError, "without a label"),
        (lambda: _learner(classes=["setosa"]).teach([1], ["rose"]), LabelError, "declared.*rose"),
        (lambda: _learner(y=["setosa"] * 150, classes=["rose"]), LabelError, "row 0"),
        (lambda: _learner(y=["setosa"]), AlignmentError, "different numbers of rows"),
        (lambda: ActiveLearner(GaussianNB()).fit(X[:1]), DataError, "at least two rows"),
        (lambda: ActiveLearner(GaussianNB()).fit(X[:, 0]), DataError, "table of features"),
        (lambda: Committee([GaussianNB()]).fit(X, y), ParameterError, "committee of one"),
        (lambda: ActiveLearner(Committee([GaussianNB()])).fit(X), ParameterError, "committee of one"),
        (lambda: _learner().predict(X), NotApplicable, "two classes"),
        (lambda: _learner(y=NAMES).query(1), NotApplicable, "every row has a label"),
        (lambda: _learner().expected_gain(), ParameterError, "four scores"),
        (lambda: _learner(row_ids=[[i] for i in range(150)]), DataError, "row id must be one value"),
        (lambda: _learner().teach([[1]], "a"), DataError, "row id must be one value"),
        (lambda: _learner().teach([1], [["a"]]), DataError, "label must be one value"),
        (lambda: _learner(y=[["a"]] * 150), AlignmentError, "numbers of rows"),
        (lambda: _learner(costs=["q"] * 150), DataError, "must be a number"),
        (lambda: _learner(costs=[1.0, -1.0] * 75), DataError, "costs, row 1: .*above 0"),
        (lambda: _learner(costs=[1.0]), AlignmentError, "costs have different lengths"),
        (lambda: _learner().offer(["x"] * 4, "new", StreamSelector()), DataError, "numbers"),
        (lambda: _learner().offer(X[0, :2], "new", StreamSelector()), DataError, "other features"),
        (lambda: _learner().offer(X[0], ["new"], StreamSelector()), DataError, "one value"),
        (lambda: _taught().score(X[:, :2], NAMES), DataError, "other features than the pool"),
        (lambda: _taught().score(np.full_like(X, np.nan), NAMES), DataError, "row 0, column 0"),
        (lambda: _taught().score(X, NAMES[:3]), AlignmentError, "numbers of rows"),
        (lambda: _taught().predict_proba(X[0]), DataError, "other features"),
        (lambda: _taught().stopping(foo=2), ParameterError, "foo"),
        (lambda: _taught().stopping(max_change="x"), ParameterError, "max_change"),
        (lambda: _taught().stopping(more=0), ParameterError, "at least one"),
        (lambda: Committee([GaussianNB(), 3]).fit(X, y), ParameterError, "member 2"),
        (lambda: Committee([]).fit(X, y), ParameterError, "committee of one"),
        (lambda: ActiveLearner(Committee([])).fit(X), ParameterError, "committee of one"),
        (lambda: ActiveLearner().fit([["a", "b"], ["c", "d"]]), DataError, "must be numbers"),
        (lambda: ActiveLearner(strategy="margin", learn_weights=True).fit(X), ParameterError, "learn_weights"),
        (lambda: _taught().teach([20], [3]), LabelError, "mixed"),
        (lambda: _learner(y=["a", 3] * 75), LabelError, "mixed"),
        (lambda: _learner(y=y).teach([20], [-1]), LabelError, "without a label.*-1"),
        (lambda: StreamSelector(budget=0), ParameterError, "budget"),
        (lambda: StreamSelector().ask(float("nan")), ParameterError, "finite"),
    ],
)
def test_bad_input_is_named(call, error, match) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(error, match=match):
        call()


def test_a_model_without_probabilities_is_refused_only_where_they_are_needed() -> None:
    class Votes(NearestCentroid):  # type: ignore[misc]
        predict_proba = property()  # type: ignore[assignment]
        decision_function = property()  # type: ignore[assignment]

    learner = ActiveLearner(Votes(), "margin").fit(X, np.where(np.arange(150) % 10 == 0, NAMES, None))
    with pytest.raises(ParameterError, match=r"'margin' needs probabilities.*Votes"):
        learner.query(2)
    hard = ActiveLearner(Votes(), "k_center").fit(X)
    assert len(hard.query(2)) == 2
    for row in (0, 60, 120):
        hard.teach([row, row + 1], NAMES[[row, row + 1]])
        if row:
            rules = {check.rule: check.value for check in hard.stopping()}
    assert set(rules) == {"predicted change", "kappa"}
    assert rules["predicted change"] > 0.1, "the third class came last"
    with pytest.raises(ParameterError, match="needs probabilities"):
        hard.predict_proba(X)


def test_the_change_is_that_of_unlabelled_rows() -> None:
    learner = ActiveLearner(GaussianNB(), "random").fit(X)
    before, compared = None, 0
    for _ in range(5):
        asked = learner.query(25)
        learner.teach(asked, NAMES[asked])
        said = {check.rule: check.value for check in learner.stopping()}
        now = learner.predict(X)
        if before is not None:
            free = ~np.isin(np.arange(150), list(learner.labels_))
            assert said["predicted change"] == pytest.approx((now != before)[free].mean())
            compared += (now != before)[free].mean() != (now != before).mean()
        before = now
    assert compared


def test_a_row_of_a_stream_keeps_its_values_and_a_refused_one_costs_nothing() -> None:
    whole = np.random.default_rng(0).integers(0, 3, (50, 4))
    selector = StreamSelector(budget=1.0)
    learner = ActiveLearner().fit(whole, [0, 1] * 25)
    assert learner.offer([0.9, 0.1, 0.5, 2.0], "s", selector)
    assert learner._pool.X[-1].tolist() == [0.9, 0.1, 0.5, 2.0]
    assert learner._pool.X[:-1].tolist() == whole.tolist()
    cold = ActiveLearner().fit(X)
    with pytest.raises(DataError, match="column 1"):
        cold.offer([1.0, np.nan, 1.0, 1.0], "s", selector)
    assert (selector.seen, selector.asked) == (1, 1)


def test_minus_one_is_a_class_where_it_is_declared() -> None:
    signs = np.where(y == 0, -1, 1)
    learner = ActiveLearner(GaussianNB()).fit(X, signs, classes=[-1, 1])
    assert learner.n_labels == 150
    assert learner.teach([0], [-1]).labels_[0] == -1


def test_a_confirmed_label_is_not_asked_for_again() -> None:
    doubtful = np.where(np.arange(150) % 3 == 0, NAMES, "")
    doubtful[[3, 6]] = "virginica"
    learner = ActiveLearner(GaussianNB(), "noise_aware").fit(X, doubtful)
    asked = learner.query(10)
    assert {3, 6} <= set(asked.tolist())
    learner.teach([3, 6], ["virginica", "virginica"])
    assert not {3, 6} & set(learner.query(10).tolist())
