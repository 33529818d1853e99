"""The honest choice: never below majority vote, and a sentence that says by how much another is better."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.weak_supervision.choice import auto_label_model, check_same_functions, fit_label_model, right_share
from tilth.numerics.weak_supervision.matrix import label_matrix

FILE = Path(__file__).resolve().parents[2] / "benchmarks" / "parts" / "weak_problems.py"


def problems(uneven: bool) -> list[Any]:
    spec = importlib.util.spec_from_file_location("weak_problems", FILE)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["weak_problems"] = module
    spec.loader.exec_module(module)
    return module.imbalanced() if uneven else module.problems()


@pytest.mark.parametrize("seeing", [False, True])
@pytest.mark.parametrize("uneven", [False, True])
def test_never_below_majority_vote(seeing: bool, uneven: bool) -> None:
    """Every kind of problem with 1, 3 and 8 functions; all hundred are measured by `make bench-weak`."""
    worse = []
    for p in [p for p in problems(uneven) if int(p.name.split(", ")[1].split()[0]) in (1, 3, 8)]:
        votes, fresh = label_matrix(p.L, classes=p.k), label_matrix(p.fresh, classes=p.k)
        made = auto_label_model(votes, gold=p.gold() if seeing else None)
        ours, base = (
            right_share(m.predict_proba(fresh), p.fresh_truth).mean()
            for m in (made.model, fit_label_model("majority", votes))
        )
        worse += [(p.name, made.model.method, ours - base)] if ours < base - 1e-9 else []
    assert worse == []


def test_a_method_that_is_better_on_gold_is_taken_and_the_report_says_by_how_much() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=2000)
    accuracy = np.array([0.95, 0.35, 0.4, 0.3, 0.95])
    L = np.where(rng.random((2000, 5)) < accuracy, truth[:, None], 1 - truth[:, None])
    gold = np.where(np.arange(2000) < 150, truth, -1)
    made = auto_label_model(L, gold=gold)
    assert made.choice is not None
    assert made.model.method == made.choice.recommended != "majority"
    assert f"{made.model.method}, better than majority vote by +0." in made.why
    assert "(95 % interval) in cross-validated accuracy on gold (n=150)" in made.why
    base = right_share(fit_label_model("majority", L).predict_proba(L), truth).mean()
    assert right_share(made.model.predict_proba(L), truth).mean() > base + 0.1


def test_majority_is_taken_where_no_method_is_better() -> None:
    rng = np.random.default_rng(1)
    truth = rng.integers(2, size=500)
    L = np.where(rng.random((500, 5)) < 0.9, truth[:, None], 1 - truth[:, None])
    made = auto_label_model(L, gold=np.where(np.arange(500) < 60, truth, -1))
    assert made.model.method == "majority"
    assert "no method is significantly better" in made.why
    assert made.choice is not None
    assert {c.name for c in made.choice.contenders} == {
        "weighted_majority", "dawid_skene_abstain", "matrix_completion", "triplets", "naive_bayes", "dependency_aware",
    }  # fmt: skip


def test_without_gold_one_sided_functions_are_not_believed() -> None:
    rng = np.random.default_rng(2)
    truth = rng.integers(2, size=1000)
    L = np.full((1000, 6), -1)
    for j in range(6):
        fire = rng.random(1000) < np.where(truth == j % 2, 0.4, 0.1)
        L[fire, j] = j % 2
    made = auto_label_model(L)
    assert made.model.method == "majority"
    assert made.why.startswith("majority vote")


def test_the_interval_is_two_sided_at_the_level_that_is_said() -> None:
    from scipy.stats import ttest_rel

    rng = np.random.default_rng(4)
    truth = rng.integers(2, size=1000)
    accuracy = np.array([0.9, 0.6, 0.6, 0.55, 0.85])
    L = np.where(rng.random((1000, 5)) < accuracy, truth[:, None], 1 - truth[:, None])
    made = auto_label_model(L, gold=np.where(np.arange(1000) < 400, truth, -1), class_balance=[0.5, 0.5], level=0.9)
    assert made.choice is not None
    assert "(90 % interval)" in made.why
    one = next(c.difference for c in made.choice.contenders if c.name == "triplets")
    assert one.level == 0.9
    # the scores by hand: with the balance given triplets read no gold, so every fold gives the same model
    base, ours = (
        right_share(fit_label_model(m, L, class_balance=[0.5, 0.5]).predict_proba(L[:400]), truth[:400])
        for m in ("majority", "triplets")
    )
    low, high = ttest_rel(ours, base).confidence_interval(0.9)
    assert (one.low, one.high) == pytest.approx((low, high), abs=2e-3)


def test_gold_of_one_class_judges_no_method() -> None:
    rng = np.random.default_rng(0)
    truth = (rng.random(2000) < 0.3).astype(int)
    L = np.where(rng.random((2000, 6)) < 0.75, truth[:, None], 1 - truth[:, None])
    gold = np.full(2000, -1)
    gold[np.flatnonzero(truth == 0)[:200]] = 0
    made = auto_label_model(L, gold=gold)
    assert made.choice is not None
    assert made.choice.measure == "log-likelihood of held-out votes"
    assert "the 200 true labels all name the class 0" in made.why
    assert any("all name the class" in note for note in made.choice.notes)
    assert (made.model.predict_proba(L) == auto_label_model(L).model.predict_proba(L)).all()


def test_methods_that_take_classes_to_be_even_are_left_out_where_they_are_not() -> None:
    rng = np.random.default_rng(1)
    truth = (rng.random(3000) < 0.1).astype(int)
    L = np.where(rng.random((3000, 8)) < 0.7, truth[:, None], 1 - truth[:, None])
    assert auto_label_model(L).model.method not in ("triplets", "matrix_completion")


def test_gold_that_is_no_class_is_refused_with_its_row() -> None:
    L = [[0, 1], [1, 1], [0, 0]]
    for gold in ([0, np.nan, 1], [0, None, 1], [0, "spam", 1], [0, 0.7, 1], [0, -5, 1], np.array([0, np.nan, 1.0])):
        with pytest.raises(LabelError, match=r"row [12].*gold holds no class"):
            auto_label_model(L, gold=gold)
    with pytest.raises(AlignmentError, match="row 1: gold holds a class that does not exist"):
        auto_label_model(L, gold=[0, 2, -1])
    with pytest.raises(AlignmentError, match="one-dimensional"):
        auto_label_model(L, gold=[[0], [1, 1], [0]])
    assert auto_label_model(L, gold=[0.0, -1.0, 1.0]).model.method == "majority"


@pytest.mark.parametrize("balance", [["a", "b"], [None, 1], [[0.5], [0.1, 0.4]], "ab", 0.5])
def test_a_class_balance_that_is_none(balance: Any) -> None:
    with pytest.raises(ParameterError, match="class balance"):
        auto_label_model([[0, 1], [1, 1]], class_balance=balance)


def test_a_single_vote_gives_majority_and_the_reason() -> None:
    made = auto_label_model([[0, -1], [-1, -1]])
    assert (made.model.method, made.choice) == ("majority", None)
    assert "nothing can be measured" in made.why


def test_equal_seeds_give_equal_choices() -> None:
    rng = np.random.default_rng(3)
    L = rng.integers(-1, 2, (300, 6))
    first, second = auto_label_model(L, random_state=5), auto_label_model(L, random_state=5)
    assert first.why == second.why
    assert (first.model.predict_proba(L) == second.model.predict_proba(L)).all()


def test_bad_input() -> None:
    with pytest.raises(ParameterError, match="n_folds"):
        auto_label_model([[0, 1]], n_folds=1)
    with pytest.raises(AlignmentError, match="gold"):
        auto_label_model([[0, 1]], gold=[0, 1, 1])
    made = fit_label_model("majority", label_matrix([[0, 1]], lf_names=["a", "b"]))
    with pytest.raises(AlignmentError, match="other functions"):
        check_same_functions(made, label_matrix([[0, 1]], lf_names=["b", "a"]))
