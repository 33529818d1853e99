"""The class balance from votes alone, and label models where one class is much commoner than the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tilth.numerics.weak_supervision.balance import believed_precisions, estimate_balance, names_every_class
from tilth.numerics.weak_supervision.choice import auto_label_model, fit_label_model, right_share

BAYES = ("naive_bayes", "dawid_skene_abstain", "dependency_aware")
CASES: list[tuple[list[float], int, float, float, float]] = [
    # class balance, functions, lowest and highest accuracy, coverage
    ([0.8, 0.2], 5, 0.75, 0.75, 0.5),
    ([0.9, 0.1], 10, 0.75, 0.75, 0.5),
    ([0.1, 0.9], 30, 0.7, 0.7, 0.5),
    ([0.95, 0.05], 10, 0.8, 0.8, 0.5),
    ([0.8, 0.2], 8, 0.6, 0.9, 0.4),
    ([0.8, 0.1, 0.05, 0.05], 10, 0.5, 0.85, 0.4),
    ([0.05, 0.9, 0.05], 20, 0.5, 0.85, 0.4),
]


def uneven(balance: list[float], m: int, low: float, high: float, coverage: float, seed: int = 3) -> tuple[Any, Any]:
    """Votes of independent functions that name every class, and the truth."""
    rng = np.random.default_rng(seed)
    n, k = 4000, len(balance)
    truth = rng.choice(k, n, p=balance)
    accuracy = rng.uniform(low, high, m)
    wrong = (truth[:, None] + rng.integers(1, k, (n, m))) % k
    said = np.where(rng.random((n, m)) < accuracy, truth[:, None], wrong)
    return np.where(rng.random((n, m)) < coverage, said, -1), truth


def best(L: Any, truth: Any, k: int) -> float:
    """Accuracy of the rule that knows the balance and every function's confusion matrix."""
    scores = np.tile(np.log(np.bincount(truth, minlength=k) / truth.size), (truth.size, 1))
    for column in L.T:
        fired = column >= 0
        seen = np.full((k, k), 0.5)
        np.add.at(seen, (column[fired], truth[fired]), 1)
        scores[fired] += np.log(seen / seen.sum(axis=0))[column[fired]]
    return float(right_share(scores, truth).mean())


@pytest.mark.parametrize("case", CASES)
def test_the_balance_is_found_without_a_label(case: Any) -> None:
    L, truth = uneven(*case)
    real = np.bincount(truth, minlength=len(case[0])) / truth.size
    assert np.abs(estimate_balance(L) - real).max() < 0.04


@pytest.mark.parametrize("given", [False, True])
@pytest.mark.parametrize("name", BAYES)
@pytest.mark.parametrize("case", CASES)
def test_near_the_best_possible_on_uneven_classes(case: Any, name: str, given: bool) -> None:
    L, truth = uneven(*case)
    made = fit_label_model(name, L, class_balance=case[0] if given else None)
    found = right_share(made.predict_proba(L), truth).mean()
    assert found > best(L, truth, len(case[0])) - 0.015
    assert found > right_share(fit_label_model("majority", L).predict_proba(L), truth).mean()


@pytest.mark.parametrize("name", ["matrix_completion", "triplets"])
@pytest.mark.parametrize("case", CASES)
def test_moment_methods_with_the_balance_given(case: Any, name: str) -> None:
    L, truth = uneven(*case)
    found = right_share(fit_label_model(name, L, class_balance=case[0]).predict_proba(L), truth).mean()
    assert found > best(L, truth, len(case[0])) - 0.02


@pytest.mark.parametrize("seeing", [False, True])
@pytest.mark.parametrize("case", CASES)
def test_auto_on_uneven_classes_is_not_below_majority_vote(case: Any, seeing: bool) -> None:
    L, truth = uneven(*case)
    gold = np.where(np.arange(truth.size) < 100, truth, -1) if seeing else None
    made = auto_label_model(L, gold=gold)
    base = right_share(fit_label_model("majority", L).predict_proba(L), truth).mean()
    assert right_share(made.model.predict_proba(L), truth).mean() >= base


@pytest.mark.parametrize("name", BAYES)
def test_a_given_balance_does_not_break_functions_that_name_one_class(name: str) -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random(3000) < 0.2).astype(int)
    L = np.full((3000, 8), -1)
    for j in range(8):
        fire = rng.random(3000) < np.where(truth == j % 2, 0.3, 0.08)
        L[fire, j] = j % 2
    base = right_share(fit_label_model("majority", L).predict_proba(L), truth).mean()
    made = fit_label_model(name, L, class_balance=[0.8, 0.2])
    assert right_share(made.predict_proba(L), truth).mean() > base
    assert right_share(fit_label_model(name, L).predict_proba(L), truth).mean() > base - 0.05


def test_functions_that_name_one_class_say_nothing_of_the_balance() -> None:
    L = np.full((1000, 4), -1)
    L[:800, :3] = 1
    L[800:, 3] = 0
    assert names_every_class(np.array([[0.0, 9.0], [4.0, 5.0], [0.0, 0.0]])).tolist() == [False, True, False]
    assert 0.3 <= estimate_balance(L)[0] < 0.5


def test_gold_adds_to_the_estimated_balance() -> None:
    L, truth = uneven([0.8, 0.2], 5, 0.75, 0.75, 0.5)
    gold = np.full(truth.size, -1)
    gold[np.flatnonzero(truth == 1)[:90]] = 1
    assert fit_label_model("naive_bayes", L, gold=gold).prior[1] > 0.9


def test_what_is_believed_before_anything_is_seen() -> None:
    made = believed_precisions(np.array([[50.0, 50.0], [0.0, 9.0]]), np.array([0.9, 0.1]), 0.7)
    assert made[0, 1, 1] == pytest.approx(0.07 / (0.07 + 0.27))
    assert made[1, 1, 1] == pytest.approx(0.7)
    assert made[1, 0, 0] == pytest.approx(0.63 / 0.66)
    assert np.allclose(made.sum(axis=2), 1)
