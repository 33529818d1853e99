from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn.base import clone

import tilth
from tilth.errors import AlignmentError, LabelError, ParameterError


def problem(n: int = 600) -> tuple[Any, Any]:
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=n)
    said = np.where(rng.random((n, 5)) < [0.9, 0.8, 0.8, 0.7, 0.6], truth[:, None], 1 - truth[:, None])
    return np.where(rng.random((n, 5)) < 0.6, said, -1), truth


def test_fit_predict_and_score() -> None:
    L, truth = problem()
    model = tilth.LabelModel().fit(L, np.where(np.arange(600) < 100, truth, -1))
    assert model.choice_ is not None
    assert model.model_.method in model.why_
    labels, beliefs = model.predict(L, return_probs=True, tie_break_policy="random")
    assert (labels == model.predict(L, tie_break_policy="true-random")).all()
    assert beliefs.shape == (600, 2)
    assert model.score(L, truth) == pytest.approx((labels == truth).mean())
    assert model.score(L, truth) > 0.8
    assert model.get_weights().shape == (5,)
    assert (model.predict([[-1] * 5]) == -1).all()


def test_equal_seeds_give_equal_models_and_it_clones() -> None:
    L, _ = problem()
    model = clone(tilth.LabelModel("naive_bayes", random_state=3))
    assert (model.fit(L).predict_proba(L) == clone(model).fit(L).predict_proba(L)).all()


def test_a_development_set_gives_the_class_balance_only() -> None:
    L, _ = problem()
    model = tilth.LabelModel("matrix_completion").fit(L, Y_dev=[1] * 8 + [0])
    assert model.model_.prior[1] == pytest.approx(9 / 11)
    with pytest.raises(LabelError, match="Y_dev"):
        model.fit(L, Y_dev=[0.5])


def test_true_classes_that_are_none() -> None:
    L, truth = problem()
    for wrong in (np.nan, None, "spam", 0.7, -5):
        gold = [wrong, *truth[1:].tolist()]
        for fit in (tilth.LabelModel().fit, tilth.LabelModel("naive_bayes").fit, tilth.LabelModel("triplets").fit):
            with pytest.raises(LabelError, match="row 0: gold holds no class"):
                fit(L, gold)
        with pytest.raises(LabelError, match="row 0: Y holds no class"):
            tilth.LabelModel("majority").fit(L).score(L, gold)
    with pytest.raises(AlignmentError, match="does not exist"):
        tilth.LabelModel().fit(L, np.where(truth == 1, 2, 0))
    with pytest.raises(ParameterError, match="class balance"):
        tilth.LabelModel("majority").fit(L, class_balance=["a", "b"])


def test_rows_are_added_by_partial_fit() -> None:
    L, _ = problem()
    whole = tilth.LabelModel("matrix_completion").fit(L)
    grown = tilth.LabelModel("matrix_completion").partial_fit(L[:200]).partial_fit(L[200:])
    assert np.allclose(whole.get_weights(), grown.get_weights(), atol=1e-6)
    before = grown.get_weights()
    with pytest.raises(AlignmentError, match="fitted on 5"):
        grown.partial_fit(L[:, :4])
    assert (grown.get_weights() == before).all()
    with pytest.raises(ParameterError, match="matrix completion only"):
        tilth.LabelModel("naive_bayes").partial_fit(L)


def test_another_number_of_functions_leaves_the_model_intact() -> None:
    L, _ = problem()
    model = tilth.LabelModel("majority").fit(L)
    before = model.predict_proba(L)
    with pytest.raises(AlignmentError, match="fitted on 5"):
        model.predict_proba(L[:, :2])
    votes = tilth.label_matrix(L, lf_names=list("abcde"))
    with pytest.raises(AlignmentError, match="other functions"):
        model.predict(votes)
    assert (model.predict_proba(L) == before).all()


@pytest.mark.parametrize(
    "call",
    [
        lambda L: tilth.LabelModel("nothing").fit(L),
        lambda L: tilth.LabelModel(cardinality=1).fit(L),
        lambda L: tilth.LabelModel("majority").fit(L).predict(L, tie_break_policy="coin"),
    ],
)
def test_bad_parameters(call: Any) -> None:
    with pytest.raises(ParameterError):
        call(problem()[0])


def test_bad_votes_and_an_unfitted_model() -> None:
    L, truth = problem()
    with pytest.raises(LabelError, match="not fitted"):
        tilth.LabelModel().predict(L)
    with pytest.raises(LabelError, match="no whole number"):
        tilth.LabelModel().fit([[0.7]])
    with pytest.raises(LabelError, match="class that does not exist"):
        tilth.LabelModel().fit([[2]])
    model = tilth.LabelModel("majority").fit(L)
    with pytest.raises(AlignmentError):
        model.score(L, truth[:5])
    with pytest.raises(LabelError, match="no row has a known class"):
        model.score(L, np.full(len(L), -1))
