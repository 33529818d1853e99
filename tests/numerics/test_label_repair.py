from __future__ import annotations

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from tilth.errors import AlignmentError, ParameterError
from tilth.numerics.label_errors.model import estimate_label_errors
from tilth.numerics.label_errors.repair import choose_repair
from tilth.numerics.statistics.noise import inject_label_noise


def problem(rate: float, n: int = 400, spread: float = 1.0) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(1)
    true = np.arange(n) % 4
    X = np.random.default_rng(0).normal(size=(4, 8))[true] * 2.5 + rng.normal(0, spread, (n, 8))
    return X, true, inject_label_noise(true, rate, kind="class_dependent", random_state=0)[0] if rate else true


def test_repairs_where_the_model_suffers() -> None:
    X, _, given = problem(0.4)
    model = KNeighborsClassifier(3)
    estimate = estimate_label_errors(X, given)
    repair = choose_repair(X, estimate, model=model)
    assert repair.chosen in ("relabel", "drop")
    assert any("downweight was not tried" in note for note in repair.notes)
    kept = repair.sample_weight > 0
    test_X, test_y, _ = problem(0.0, n=800)
    before = model.fit(X, given).score(test_X, test_y)
    after = model.fit(X[kept], repair.labels[kept]).score(test_X, test_y)
    assert after > before + 0.1
    assert set(repair.by_class.values()) <= {"relabel", "drop", "nothing"}


def test_does_nothing_on_clean_labels() -> None:
    X, true, _ = problem(0.0)
    repair = choose_repair(X, estimate_label_errors(X, true), model=LogisticRegression())
    assert repair.chosen == "nothing"
    assert np.array_equal(repair.labels, true)
    assert (repair.sample_weight == 1).all()
    assert (repair.action == "keep").all()
    assert any("doing nothing" in note for note in repair.notes)


def test_actions_describe_labels_and_weights() -> None:
    X, _, given = problem(0.3)
    estimate = estimate_label_errors(X, given)
    for action in ("relabel", "drop", "downweight"):
        repair = choose_repair(X, estimate, actions=(action,), min_gain=0.0)
        assert set(repair.gains) == {action}
        assert ((repair.action == "relabel") == (repair.labels != given)).all()
        assert ((repair.action == "drop") == (repair.sample_weight == 0)).all()


def test_bad_input() -> None:
    X, _, given = problem(0.2)
    estimate = estimate_label_errors(X, given, rounds=1)
    with pytest.raises(AlignmentError):
        choose_repair(X[:10], estimate)
    with pytest.raises(ParameterError, match="unknown action"):
        choose_repair(X, estimate, actions=("delete",))
    with pytest.raises(ParameterError, match="min_gain"):
        choose_repair(X, estimate, min_gain=-1)
