from __future__ import annotations

import pickle
import subprocess
import sys
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_matrix
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_val_score, train_test_split
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import LinearSVC
from sklearn.utils.estimator_checks import check_estimator, estimator_checks_generator

from tilth.errors import AlignmentError, LabelError, ParameterError, PartError
from tilth.estimators.clean_classifier import CleanClassifier, _keep_classes
from tilth.numerics.label_errors.repair import LabelRepair
from tilth.numerics.statistics.noise import inject_label_noise

#: As for scikit-learn's own cross-validating estimators: a row that is repeated lies in several folds and is judged
#: once for each copy, a row of weight 2 is judged once.
WEIGHTS = "repeating a row changes the folds in which labels are judged; a weight does not"
EXPECTED = {
    "check_sample_weight_equivalence_on_dense_data": WEIGHTS,
    "check_sample_weight_equivalence_on_sparse_data": WEIGHTS,
}


def blobs(rate: float = 0.3, n: int = 180) -> tuple[Any, Any, Any, Any]:
    rng = np.random.default_rng(1)
    true = np.arange(n) % 3
    X = np.random.default_rng(0).normal(size=(3, 6))[true] * 3 + rng.normal(size=(n, 6))
    given, wrong = inject_label_noise(true, rate, random_state=0)
    names = np.array(["ant", "bee", "cow"])
    return X, names[true], names[given], wrong


@pytest.mark.filterwarnings("ignore")
def test_keeps_the_conventions_of_scikit_learn() -> None:
    classifier = CleanClassifier(n_folds=2, rounds=1, repair="drop")
    results = check_estimator(classifier, expected_failed_checks=EXPECTED, on_skip=None)
    assert len(results) > 40


@pytest.mark.filterwarnings("ignore")
def test_keeps_the_conventions_around_a_model_without_probabilities() -> None:
    classifier = CleanClassifier(LinearSVC(), n_folds=2, rounds=1)
    seen = 0
    for estimator, check in estimator_checks_generator(classifier):
        name = check.func.__name__
        if name.startswith(
            ("check_classifier", "check_decision", "check_supervised", "check_fit2d", "check_estimators_pickle")
        ):
            check(estimator)
            seen += 1
    assert seen > 10


def test_noisy_digits_are_learnt_better_than_without() -> None:
    X, y = load_digits(return_X_y=True)
    X, y = X[:1000], y[:1000]
    X, test_X, y, test_y = train_test_split(X, y, test_size=0.4, stratify=y, random_state=0)
    given, wrong = inject_label_noise(y, 0.3, random_state=0)
    plain = make_pipeline(StandardScaler(), LogisticRegression(C=1.0, max_iter=200))
    before = clone(plain).fit(X, given).score(test_X, test_y)
    clean = CleanClassifier(plain, rounds=2).fit(X, given)
    assert clean.repair_.chosen != "nothing"
    assert clean.score(test_X, test_y) > before + 0.05
    assert wrong[clean.label_issues_].mean() > 0.95
    assert clean.label_issues_[wrong].mean() > 0.9


def test_a_robust_model_is_left_alone() -> None:
    X, _, given, wrong = blobs(0.1)
    robust = KNeighborsClassifier(25)
    clean = CleanClassifier(robust).fit(X, given)
    assert clean.repair_.chosen == "nothing"
    assert (clean.repair_.action == "keep").all()
    assert wrong[clean.label_issues_].all()
    assert np.array_equal(clean.predict(X), robust.fit(X, given).predict(X))


def test_the_repair_may_be_limited() -> None:
    X, true, given, _ = blobs()
    model = KNeighborsClassifier(1)
    assert CleanClassifier(model, repair="nothing").fit(X, given).repair_.gains == {}
    dropped = CleanClassifier(model, repair="drop").fit(X, given)
    assert set(dropped.repair_.gains) == {"drop"}
    assert dropped.estimator_.n_samples_fit_ == (dropped.repair_.action != "drop").sum() < len(X)
    both = CleanClassifier(model, repair=("relabel", "nothing")).fit(X, given)
    assert both.repair_.chosen == "relabel"
    assert (both.predict(X) == true).mean() > 0.95
    with pytest.raises(ParameterError, match="unknown repair"):
        CleanClassifier(repair="delete").fit(X, given)


def test_string_labels_and_columns_agree() -> None:
    X, _, given, _ = blobs()
    clean = CleanClassifier(LogisticRegression()).fit(X, given)
    assert clean.classes_.tolist() == ["ant", "bee", "cow"]
    probs = clean.predict_proba(X)
    assert probs.shape == clean.decision_function(X).shape == (180, 3)
    assert np.array_equal(clean.classes_[probs.argmax(axis=1)], clean.predict(X))
    again = pickle.loads(pickle.dumps(clean))
    assert np.array_equal(again.predict_proba(X), probs)


def test_offers_only_what_the_estimator_has() -> None:
    X, _, given, _ = blobs()
    svc = CleanClassifier(LinearSVC())
    assert not hasattr(svc, "predict_proba")
    assert hasattr(svc.fit(X, given), "decision_function")
    assert not hasattr(CleanClassifier(KNeighborsClassifier()), "decision_function")
    with pytest.raises(NotFittedError):
        CleanClassifier().predict_proba(X)


def test_weights() -> None:
    X, _, given, _ = blobs()
    weight = np.ones(len(X))
    weight[given == "cow"] = 0.0
    clean = CleanClassifier(LogisticRegression()).fit(X, given, sample_weight=weight)
    assert clean.classes_.tolist() == ["ant", "bee"]
    assert np.array_equal(clean.rows_, np.flatnonzero(weight))
    assert len(clean.estimate_.labels) == len(clean.rows_)
    assert not clean.label_issues_[weight == 0].any()
    heavy = np.where(given == "ant", 50.0, 1.0)
    even = CleanClassifier(LogisticRegression(C=0.01)).fit(X, given)
    tilted = CleanClassifier(LogisticRegression(C=0.01)).fit(X, given, sample_weight=heavy)
    assert tilted.predict_proba(X)[:, 0].mean() > even.predict_proba(X)[:, 0].mean() + 0.05
    with pytest.raises(ParameterError, match="sample_weight"):
        CleanClassifier(KNeighborsClassifier()).fit(X, given, sample_weight=heavy)


def test_class_weights_by_name() -> None:
    X, _, given, _ = blobs()
    weighted = LogisticRegression(C=0.01, class_weight={"ant": 50.0, "bee": 1.0, "cow": 1.0})
    clean = CleanClassifier(weighted).fit(X, given)
    plain = CleanClassifier(LogisticRegression(C=0.01)).fit(X, given)
    assert clean.predict_proba(X)[:, 0].mean() > plain.predict_proba(X)[:, 0].mean() + 0.05
    assert weighted.class_weight == {"ant": 50.0, "bee": 1.0, "cow": 1.0}


def test_groups_stay_together() -> None:
    X, _, given, _ = blobs(n=90)
    groups = np.arange(90) // 6
    clean = CleanClassifier().fit(X, given, groups=groups)
    assert all(len(set(clean.estimate_.folds[groups == g])) == 1 for g in range(15))
    with pytest.raises(AlignmentError, match="groups"):
        CleanClassifier().fit(X, given, groups=groups[:5])


def test_seeds() -> None:
    X, _, given, _ = blobs(n=90)
    forest = RandomForestClassifier(5)
    first, second = (CleanClassifier(forest, rounds=1, random_state=3).fit(X, given).predict_proba(X) for _ in range(2))
    assert np.array_equal(first, second)
    drawn = CleanClassifier(forest, rounds=1, random_state=np.random.RandomState(0)).fit(X, given)
    assert not np.array_equal(drawn.predict_proba(X), first)
    assert CleanClassifier(rounds=1, random_state=None).fit(X, given).n_features_in_ == 6


def test_sparse_rows_and_cross_validation() -> None:
    X, true, given, _ = blobs(0.1)
    sparse = csr_matrix(np.where(X > 0, X, 0.0))
    assert (CleanClassifier().fit(sparse, given).predict(sparse) == true).mean() > 0.9
    assert cross_val_score(CleanClassifier(rounds=1), X, given, cv=2).mean() > 0.7


def test_bad_input() -> None:
    X, _, given, _ = blobs(n=60)
    with pytest.raises(LabelError, match="one class"):
        CleanClassifier().fit(X, np.repeat("ant", 60))
    with pytest.raises(ValueError, match="non-zero"):
        CleanClassifier().fit(X, given, sample_weight=np.zeros(60))
    with pytest.raises(ValueError, match=r"[Nn]egative"):
        CleanClassifier().fit(X, given, sample_weight=-np.ones(60))
    with pytest.raises(ParameterError, match="n_folds"):
        CleanClassifier(n_folds=1).fit(X, given)
    with pytest.raises(PartError, match="fold"):
        CleanClassifier(LogisticRegression(C=-1.0)).fit(X, given)


def test_no_class_is_repaired_away() -> None:
    given = np.array([0, 0, 1, 1])
    repair = LabelRepair(
        "relabel",
        np.array(["keep", "keep", "relabel", "relabel"]),
        np.zeros(4, dtype=np.int64),
        np.ones(4),
        {},
        {0: "relabel", 1: "relabel"},
        (),
    )
    kept = _keep_classes(repair, given, 2)
    assert kept.labels.tolist() == [0, 0, 1, 1]
    assert kept.action.tolist() == ["keep"] * 4
    assert kept.by_class == {0: "relabel", 1: "nothing"}
    assert "left as it is" in kept.notes[0]
    assert _keep_classes(kept, given, 2) is kept


def test_the_name_costs_nothing_until_it_is_used() -> None:
    code = "import sys, tilth; print('CleanClassifier' in dir(tilth), 'sklearn' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["True", "False"]
