"""Label models on the shelf: one answer with the plain functions, any votes, and their limits said."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tilth.errors import AlignmentError, NotApplicable
from tilth.numerics.consensus.expectation_maximisation import dawid_skene
from tilth.numerics.consensus.votes import Votes, as_votes
from tilth.plugin import Run, Shelf
from tilth.workflows.crowd.votes import VoteOptions, read_votes

SHELF = Shelf("label_models")
CLASSES = ("majority", "weighted_majority", "dawid_skene", "one_coin", "glad", "mace", "kos", "crowdlab")


def votes_of(n: int = 200, k: int = 3, seed: int = 0) -> tuple[Votes, np.ndarray]:
    """Sparse votes of ten raters of different skill; every seventh item has none, every fifth a single one."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(k, size=n)
    table = np.where(rng.random((n, 10)) < np.linspace(0.5, 0.95, 10), truth[:, None], rng.integers(k, size=(n, 10)))
    table[rng.random(table.shape) < 0.4] = -1
    table[::7] = -1
    table[1::5, 1:] = -1
    return as_votes(table, classes=list(range(k))), truth


def given_for(name: str, votes: Votes, truth: np.ndarray) -> dict[str, np.ndarray] | None:
    if name != "crowdlab":
        return None
    probs = np.full((votes.n_items, votes.n_classes), 0.2)
    probs[np.arange(votes.n_items), truth] = 1.0
    return {"probs": probs / probs.sum(axis=1, keepdims=True)}


def test_the_shelf_holds_every_method() -> None:
    assert {*CLASSES, "robust_mean"} <= set(SHELF.names())


@pytest.mark.parametrize("name", CLASSES)
def test_sparse_votes_with_items_that_nobody_saw(name: str) -> None:
    votes, truth = votes_of()
    found = SHELF.make(name).fit(votes, 3, Run(path=name), given=given_for(name, votes, truth))
    assert found.beliefs.shape == (200, 3) and np.isfinite(found.beliefs).all()
    np.testing.assert_allclose(found.beliefs.sum(axis=1), 1.0)
    seen = votes.votes_per_item >= 3
    assert (found.labels == truth)[seen].mean() > 0.8
    unseen = votes.votes_per_item == 0
    if name != "crowdlab":  # the classifier has an opinion on every item
        assert (np.ptp(found.beliefs[unseen], axis=0) < 1e-9).all()


@pytest.mark.parametrize("name", CLASSES)
def test_words_as_rater_names_and_few_raters(name: str) -> None:
    votes = as_votes(["a", "a", "b", "b", "c"], ["x", "y", "x", "y", "x"], ["no", "no", "yes", "yes", "no"])
    truth = np.array([0, 1, 0])
    found = SHELF.make(name).fit(votes, 2, Run(path=name), given=given_for(name, votes, truth))
    assert found.labels.tolist()[:2] in ([0, 1], [1, 0]) if name == "kos" else found.labels.tolist()[:2] == [0, 1]


@pytest.mark.parametrize("name", CLASSES)
def test_numbers_and_single_classes_are_not_their_kind(name: str) -> None:
    numbers = as_votes([[1.5, 2.5], [3.0, 3.5]], numeric=True)
    with pytest.raises(NotApplicable, match="numbers"):
        SHELF.make(name).fit(numbers, 0, Run(), given=None)
    same = as_votes([["a", "a"], ["a", "a"]])
    with pytest.raises(NotApplicable, match="same class"):
        SHELF.make(name).fit(same, 1, Run(), given=None)
    votes, _ = votes_of()
    with pytest.raises(AlignmentError, match="classes"):
        SHELF.make(name).fit(votes, 5, Run(), given=None)


def test_numbers_have_their_own_model() -> None:
    votes, _ = votes_of()
    with pytest.raises(NotApplicable, match="classes"):
        SHELF.make("robust_mean").fit(votes, 3, Run())
    found = SHELF.make("robust_mean").fit(as_votes([[1.0, np.nan], [np.nan, np.nan]], numeric=True), 0, Run())
    assert found.values[0] == 1.0 and np.isnan(found.values[1])


def test_the_model_assisted_one_asks_for_probabilities() -> None:
    votes, _ = votes_of()
    with pytest.raises(NotApplicable, match="probabilities"):
        SHELF.make("crowdlab").fit(votes, 3, Run())
    assert SHELF.get("crowdlab").needs == ("probs",)


def test_a_part_gives_what_the_function_gives() -> None:
    votes, _ = votes_of()
    part = SHELF.make("dawid_skene", max_iter=7, smoothing=0.5)
    want: Any = dawid_skene(votes, max_iter=7, smoothing=0.5)
    np.testing.assert_array_equal(part.fit(votes, 3, Run()).beliefs, want.beliefs)
    assert part.key != SHELF.make("dawid_skene").key


@pytest.mark.parametrize(("name", "target"), [("rte", 0.9275), ("face_sentiment", 0.640)])
def test_dawid_skene_on_real_crowds(name: str, target: float, shared_data: Callable[[str], Path]) -> None:
    folder = shared_data(f"crowd/{name}")
    table = read_votes(folder / "labels.csv", VoteOptions(gold=str(folder / "truth.csv")))
    found = SHELF.make("dawid_skene").fit(table.votes, table.votes.n_classes, Run())
    assert (found.labels == table.gold)[table.gold >= 0].mean() >= target
