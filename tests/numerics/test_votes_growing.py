"""Votes that grow by a few are what adding them at once gives, and stay unmerged until somebody reads the columns."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tilth.errors import AlignmentError, LabelError
from tilth.numerics.consensus.expectation_maximisation import dawid_skene, dawid_skene_update
from tilth.numerics.consensus.votes import Votes, add_votes, as_votes
from tilth.numerics.consensus.votes_growing import grow_votes, voted_items, votes_of_items


def some(rng: np.random.Generator, n: int) -> tuple[list[int], list[int], list[int]]:
    return rng.integers(40, size=n).tolist(), rng.integers(9, size=n).tolist(), rng.integers(3, size=n).tolist()


def base_votes(rng: np.random.Generator) -> Votes:
    items, raters, labels = some(rng, 100)
    return as_votes(items, raters, labels, classes=[0, 1, 2])


@pytest.mark.parametrize("seed", range(6))
def test_growing_step_by_step_is_adding(seed: int) -> None:
    rng = np.random.default_rng(seed)
    eager = lazy = base_votes(rng)
    for _ in range(4):
        columns = some(rng, 15)
        eager, lazy = add_votes(eager, *columns), grow_votes(lazy, *columns)
        items = np.unique(rng.integers(eager.n_items, size=10))
        assert "items" not in lazy.__dict__
        for name in ("n_items", "n_raters", "n_classes", "classes", "notes"):
            assert getattr(lazy, name) == getattr(eager, name), name
        mine, want = votes_of_items(lazy, items), votes_of_items(eager, items)
        left = sorted(zip(mine.local.tolist(), mine.raters.tolist(), mine.values.tolist(), strict=True))
        assert left == sorted(zip(want.local.tolist(), want.raters.tolist(), want.values.tolist(), strict=True))
        assert voted_items(lazy) == voted_items(eager) == np.count_nonzero(eager.votes_per_item)
        assert "items" not in lazy.__dict__
    np.testing.assert_array_equal(lazy.matrix(), eager.matrix())
    assert lazy.n_votes == eager.n_votes and "items" in lazy.__dict__
    np.testing.assert_array_equal(lazy.item_names, eager.item_names)


def test_reading_merges_once_and_records_can_be_copied() -> None:
    grown = grow_votes(base_votes(np.random.default_rng(0)), [0, 99], [0, "new"], [1, 2])
    assert replace(grown, notes=()).n_votes == grown.n_votes
    again = grow_votes(grown, [99], ["new"], [0])
    assert again.matrix()[-1, -1] == 0
    with pytest.raises(AttributeError):
        _ = grown.nothing


def test_bad_additions_are_named() -> None:
    with pytest.raises(LabelError, match="declared classes"):
        grow_votes(base_votes(np.random.default_rng(0)), [0], [0], [7])
    with pytest.raises(AlignmentError, match="same length"):
        grow_votes(base_votes(np.random.default_rng(0)), [0, 1], [0], [1])


def test_many_small_updates_end_where_a_fit_starts_from() -> None:
    rng = np.random.default_rng(2)
    truth = rng.integers(2, size=400)
    votes = as_votes(np.where(rng.random((400, 6)) < 0.8, truth[:, None], 1 - truth[:, None]), classes=[0, 1])
    keep = rng.random(votes.n_votes) < 0.9
    part = replace(votes, items=votes.items[keep], raters=votes.raters[keep], values=votes.values[keep])
    fitted = dawid_skene(part)
    rest = np.flatnonzero(~keep)
    for chunk in np.array_split(rest, 5):
        part, fitted = dawid_skene_update(part, fitted, votes.items[chunk], votes.raters[chunk], votes.values[chunk])
    assert part.n_votes == votes.n_votes
    full = dawid_skene(votes)
    assert (fitted.labels == full.labels).mean() > 0.99
    assert np.abs(fitted.beliefs - full.beliefs).mean() < 0.01
