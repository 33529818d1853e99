"""Label models: what they learn on problems with a known answer, and that none of them breaks on the odd ones."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.sparse import random_array

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.weak_supervision.choice import LABEL_MODELS, auto_label_model, fit_label_model, right_share
from tilth.numerics.weak_supervision.dependency import dependency_aware, find_dependence
from tilth.numerics.weak_supervision.matrix import label_matrix
from tilth.numerics.weak_supervision.matrix_completion import matrix_completion
from tilth.numerics.weak_supervision.naive_bayes import dawid_skene_abstain, naive_bayes
from tilth.numerics.weak_supervision.triplets import triplets

NAMES = sorted(LABEL_MODELS)


def problem(
    accuracies: list[float], *, n: int = 3000, k: int = 2, coverage: float = 0.6, seed: int = 0, balance: Any = None
) -> tuple[Any, Any]:
    """Votes of independent functions and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(k, n, p=balance)
    shape = (n, len(accuracies))
    wrong = (truth[:, None] + rng.integers(1, k, shape)) % k
    said = np.where(rng.random(shape) < accuracies, truth[:, None], wrong)
    return np.where(rng.random(shape) < coverage, said, -1), truth


def one_sided(seed: int = 0, n: int = 2000) -> tuple[Any, Any]:
    """Ten functions that only ever name one class each, as keyword rules do."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(2, size=n)
    L = np.full((n, 10), -1)
    for j in range(10):
        mine = int(j < 7)
        fire = rng.random(n) < np.where(truth == mine, rng.uniform(0.1, 0.3), rng.uniform(0.02, 0.06))
        L[fire, j] = mine
    return L, truth


@pytest.mark.parametrize("k", [2, 4])
@pytest.mark.parametrize("fit", [matrix_completion, triplets])
def test_accuracies_are_found_without_a_label(fit: Any, k: int) -> None:
    real = [0.9, 0.8, 0.75, 0.65, 0.85]
    L, truth = problem(real, n=20_000, k=k)
    seen = [float((L[L[:, j] >= 0, j] == truth[L[:, j] >= 0]).mean()) for j in range(5)]
    assert np.abs(fit(L).accuracies - seen).max() < 0.03


def test_matrix_completion_finds_an_adversary() -> None:
    L, truth = problem([0.85, 0.8, 0.8, 0.2, 0.75], n=20_000)
    made = matrix_completion(L)
    assert made.accuracies[3] < 0.3
    base = right_share(fit_label_model("majority", L).predict_proba(L), truth).mean()
    assert right_share(made.predict_proba(L), truth).mean() > base + 0.02


@pytest.mark.parametrize("fit", [naive_bayes, dawid_skene_abstain])
def test_one_sided_functions_do_not_make_expectation_maximisation_collapse(fit: Any) -> None:
    for seed in range(5):
        L, truth = one_sided(seed)
        base = right_share(fit_label_model("majority", L).predict_proba(L), truth).mean()
        assert right_share(fit(L).predict_proba(L), truth).mean() > base - 0.05


def test_gold_says_how_precise_functions_are() -> None:
    L, truth = problem([0.9, 0.3, 0.3], n=2000)
    gold = np.where(np.arange(2000) < 200, truth, -1)
    told, untold = naive_bayes(L, gold=gold), naive_bayes(L)
    assert told.accuracies[0] > told.accuracies[1] + 0.1
    scores = [right_share(m.predict_proba(L), truth).mean() for m in (told, untold)]
    assert scores[0] > scores[1] + 0.1


def test_class_balance_is_estimated_given_or_from_gold() -> None:
    L, truth = problem([0.85] * 8, balance=[0.8, 0.2])
    # held near even shares by the prior belief about precision, but on the right side
    assert 0.6 < naive_bayes(L).prior[0] < 0.85
    assert naive_bayes(L, class_balance=[3, 1]).prior.tolist() == [0.75, 0.25]
    gold = np.where(np.arange(len(truth)) < 500, truth, -1)
    assert abs(matrix_completion(L, gold=gold).prior[0] - 0.8) < 0.05
    for wrong in ([1.0], [0.5, 0.0], [np.nan, 1.0], [0.5, -0.5]):
        with pytest.raises(ParameterError, match="class balance"):
            naive_bayes(L, class_balance=wrong)


@pytest.mark.parametrize("name", NAMES)
def test_one_function_two_functions_and_a_silent_one(name: str) -> None:
    one = fit_label_model(name, [[1], [0], [-1], [1]])
    assert one.predict([[1], [0], [-1]]).tolist() == [1, 0, -1]
    two = fit_label_model(name, [[1, -1], [0, -1], [1, -1], [-1, -1]])
    assert np.isnan(two.accuracies[1])
    assert 0.5 <= two.accuracies[0] <= 1
    # a vote of a function that was silent in the fit changes nothing but is no error
    assert np.isfinite(two.predict_proba([[1, 0], [-1, 1]])).all()


@pytest.mark.parametrize("name", NAMES)
def test_beliefs_are_distributions_and_silence_gets_the_class_balance(name: str) -> None:
    L, _ = problem([0.8, 0.7, 0.6, 0.9], k=3, n=500)
    L[7] = -1
    made = fit_label_model(name, L)
    beliefs = made.predict_proba(L)
    assert beliefs.shape == (500, 3)
    assert np.allclose(beliefs.sum(axis=1), 1)
    assert np.allclose(beliefs[7], made.prior)
    again = fit_label_model(name, L)
    assert (again.predict_proba(L) == beliefs).all()


@pytest.mark.parametrize("name", NAMES)
def test_another_number_of_functions_is_an_error_that_leaves_the_model_as_it_is(name: str) -> None:
    L, _ = problem([0.8, 0.7, 0.6], n=200)
    made = fit_label_model(name, L)
    before = made.predict_proba(L)
    with pytest.raises(AlignmentError, match="fitted on 3 functions"):
        made.predict_proba(L[:, :2])
    with pytest.raises(LabelError, match="class that does not exist"):
        made.predict_proba(np.full((1, 3), 2))
    assert (made.predict_proba(L) == before).all()


@pytest.mark.parametrize("name", [*NAMES, "auto"])
def test_nothing_to_learn_from(name: str) -> None:
    fit = auto_label_model if name == "auto" else lambda L: fit_label_model(name, L)
    with pytest.raises(LabelError, match="no rows"):
        fit(np.zeros((0, 3), dtype=int))
    with pytest.raises(LabelError, match="no labelling function fired"):
        fit(np.full((4, 3), -1))


@pytest.mark.parametrize("name", NAMES)
def test_three_thousand_functions_and_sparse_votes(name: str) -> None:
    rng = np.random.default_rng(0)
    n, m = 600, 3000
    truth = rng.integers(2, size=n)
    votes = random_array((n, m), density=0.01, rng=rng, format="csr")
    rows = np.repeat(np.arange(n), np.diff(votes.indptr))
    votes.data = np.where(rng.random(votes.nnz) < 0.7, truth[rows], 1 - truth[rows]) + 1.0
    made = fit_label_model(name, votes)
    assert np.isfinite(made.accuracies[np.diff(votes.tocsc().indptr) > 0]).all()
    # 600 rows cannot tell the moments of 3,000 functions; the others do not need them
    assert right_share(made.predict_proba(votes), truth).mean() > (0.7 if name == "matrix_completion" else 0.9)


def test_ties_and_their_breaking() -> None:
    made = fit_label_model("majority", [[0, 1], [1, 1], [0, 0]], class_balance=[0.3, 0.7])
    L = [[0, 1], [-1, -1], [0, 0]]
    assert made.predict(L).tolist() == [-1, -1, 0]
    assert made.predict(L, tie_break="prior").tolist() == [1, 1, 0]
    drawn = made.predict([[0, 1]] * 50, tie_break="random", random_state=3)
    assert set(drawn.tolist()) == {0, 1}
    assert (drawn == made.predict([[0, 1]] * 50, tie_break="random", random_state=3)).all()
    with pytest.raises(ParameterError, match="tie_break"):
        made.predict(L, tie_break="coin")


def test_matrix_completion_grows_by_partial_fits() -> None:
    L, _ = problem([0.9, 0.8, 0.7, 0.6], n=900)
    whole = matrix_completion(L)
    grown = None
    for part in np.split(L, 3):
        grown = matrix_completion(part, previous=grown)
    assert grown is not None
    assert grown.n_rows == 900
    assert np.allclose(grown.accuracies, whole.accuracies, atol=1e-6)
    with pytest.raises(AlignmentError, match="other functions or classes"):
        matrix_completion(L[:, :3], previous=whole)


@pytest.mark.parametrize(
    "call",
    [
        lambda L: matrix_completion(L, prec_init=1.0),
        lambda L: matrix_completion(L, l2=-1),
        lambda L: triplets(L, precision=0.5),
        lambda L: triplets(L, min_overlap=0),
        lambda L: naive_bayes(L, precision=0.4),
        lambda L: naive_bayes(L, strength=float("nan")),
        lambda L: naive_bayes(L, weights=[2.0, 1.0]),
        lambda L: find_dependence(L, min_strength=0),
        lambda L: fit_label_model("nothing", L),
    ],
)
def test_parameters_outside_their_range(call: Any) -> None:
    with pytest.raises(ParameterError):
        call(np.array([[0, 1], [1, 1]]))


def test_gold_of_another_length_or_class() -> None:
    for gold in ([0], [0, 5]):
        with pytest.raises(AlignmentError, match="gold"):
            fit_label_model("naive_bayes", [[0, 1], [1, 1]], gold=gold)


def test_copies_share_one_voice() -> None:
    L, truth = problem([0.75, 0.75, 0.75, 0.6], n=4000, coverage=0.9)
    copied = np.column_stack([L, *[L[:, 3]] * 5])
    found = find_dependence(copied)
    assert set(found.first.tolist()) | set(found.second.tolist()) == {3, 4, 5, 6, 7, 8}
    assert found.strength.min() > 0.9
    assert found.weights[:3].min() > 0.9
    assert found.weights[3] < 0.25
    fair = right_share(dependency_aware(copied).predict_proba(copied), truth).mean()
    assert fair > right_share(fit_label_model("majority", copied).predict_proba(copied), truth).mean() + 0.03


def test_a_model_names_its_functions() -> None:
    votes = label_matrix([[0, 1], [1, 1]], lf_names=["short", "link"], classes=["ham", "spam"])
    made = fit_label_model("triplets", votes)
    assert (made.lf_names, made.classes, made.n_rows) == (("short", "link"), ("ham", "spam"), 2)
    assert made.consensus(votes).labels.tolist() in ([0, 1], [1, 1])
