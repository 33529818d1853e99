"""A method is recommended over majority vote where it is better, and not where it is not."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tilth.errors import AlignmentError, NotApplicable, ParameterError
from tilth.numerics.consensus.choice import choose_consensus, choose_numeric, gold_difference
from tilth.numerics.consensus.expectation_maximisation import dawid_skene, one_coin
from tilth.numerics.consensus.held_out import held_out_scores, vote_folds
from tilth.numerics.consensus.majority import majority_vote, weighted_majority
from tilth.numerics.consensus.result import Consensus
from tilth.numerics.consensus.votes import Votes, as_votes

FITS = {"weighted_majority": weighted_majority, "one_coin": one_coin, "dawid_skene": dawid_skene}


def panel(skill: list[float], n: int = 300, k: int = 2, seed: int = 0) -> tuple[Votes, np.ndarray]:
    rng = np.random.default_rng(seed)
    truth = rng.integers(k, size=n)
    shape = (n, len(skill))
    votes = np.where(rng.random(shape) < skill, truth[:, None], (truth[:, None] + rng.integers(1, k, shape)) % k)
    votes[rng.random(shape) < 0.3] = -1
    return as_votes(votes, classes=list(range(k))), truth


MIXED = [0.5, 0.55, 0.6, 0.6, 0.95, 0.95]


def test_recommends_a_better_method_without_gold_and_it_is_better() -> None:
    votes, truth = panel(MIXED)
    found = choose_consensus(votes, FITS)
    assert found.recommended in ("one_coin", "dawid_skene")
    assert found.measure == "log-likelihood of held-out votes" and found.baseline == "majority"
    best = next(c for c in found.contenders if c.name == found.recommended)
    assert best.better and best.difference.low > 0
    assert best.score == pytest.approx(found.baseline_score + best.difference.estimate)
    fitted = (FITS[found.recommended](votes).labels == truth).mean()
    assert fitted > (majority_vote(votes).labels == truth).mean() + 0.03


def test_keeps_majority_where_raters_are_alike() -> None:
    wrong = [choose_consensus(panel([0.7] * 6, 200, 3, seed)[0], FITS).recommended for seed in range(8)]
    assert wrong.count("majority") >= 7


def test_gold_decides_where_there_is_enough() -> None:
    votes, truth = panel(MIXED)
    found = choose_consensus(votes, FITS, gold=truth)
    assert found.measure == "accuracy on gold" and found.n == 300
    assert found.recommended in ("one_coin", "dawid_skene")
    assert found.baseline_score == pytest.approx((majority_vote(votes).labels == truth).mean())
    few = np.where(np.arange(300) < 10, truth, -1)
    said = choose_consensus(votes, FITS, gold=few)
    assert said.measure == "log-likelihood of held-out votes" and "10 items" in said.notes[0]


def test_a_method_that_is_worse_is_not_recommended() -> None:
    votes, truth = panel([0.8, 0.8, 0.8, 0.8])

    def upside_down(given: Votes) -> Consensus:
        made = majority_vote(given)
        return replace(made, beliefs=made.beliefs[:, ::-1].copy(), labels=1 - made.labels)

    found = choose_consensus(votes, {"upside_down": upside_down}, gold=truth)
    assert found.recommended == "majority" and found.contenders[0].difference.high < 0


def test_sharper_beliefs_alone_do_not_win() -> None:
    votes, _ = panel([0.8] * 5)

    def bolder(given: Votes) -> Consensus:
        made = majority_vote(given)
        beliefs = np.clip(made.beliefs, 1e-9, None) ** 2
        return replace(made, beliefs=beliefs / beliefs.sum(axis=1, keepdims=True))

    found = choose_consensus(votes, {"bolder": bolder})
    assert found.recommended == "majority"
    assert abs(found.contenders[0].difference.estimate) < 0.003


def test_intervals_widen_with_the_number_of_methods() -> None:
    votes, _ = panel(MIXED)
    alone = choose_consensus(votes, {"one_coin": one_coin}).contenders[0].difference
    among = choose_consensus(votes, FITS)
    together = next(c for c in among.contenders if c.name == "one_coin").difference
    assert together.high - together.low > alone.high - alone.low


def test_every_vote_of_shared_items_is_held_out_once_and_items_keep_votes() -> None:
    votes = as_votes([[0, 1, None], [0, None, None], [1, 1, 0], [1, 0, 1]])
    folds, used = vote_folds(votes, 5, 0)
    assert used.tolist() == [True, True, False, *[True] * 6]
    for item in (0, 2, 3):
        mine = folds[votes.items == item]
        assert len(set(mine.tolist())) == mine.size
    assert held_out_scores(votes, majority_vote, folds).shape == (8,)


def test_large_tables_are_sampled_and_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tilth.numerics.consensus.held_out.MAX_ITEMS", 100)
    votes, _ = panel(MIXED, n=400)
    seen: list[int] = []

    def counting(given: Votes) -> Consensus:
        seen.append(given.n_votes)
        return one_coin(given)

    found = choose_consensus(votes, {"counting": counting})
    assert max(seen) < 0.4 * votes.n_votes and found.n < 0.4 * votes.n_votes
    assert "drawn at random" in found.notes[0]


def test_bad_input_is_named() -> None:
    votes, truth = panel([0.8, 0.8])
    with pytest.raises(AlignmentError, match="gold"):
        choose_consensus(votes, FITS, gold=truth[:5])
    with pytest.raises(AlignmentError, match="gold"):
        choose_consensus(votes, FITS, gold=truth + 7)
    with pytest.raises(NotApplicable, match="two votes"):
        choose_consensus([[0, None], [None, 1]], FITS)
    with pytest.raises(ParameterError, match="n_folds"):
        choose_consensus(votes, FITS, n_folds=1)
    with pytest.raises(AlignmentError, match="same items"):
        gold_difference([], [])


def test_numbers_keep_the_mean_where_nothing_is_wild() -> None:
    rng = np.random.default_rng(1)
    table = rng.normal(size=(150, 1)) + rng.normal(0, 0.2, (150, 5))
    assert choose_numeric(as_votes(table, numeric=True)).recommended == "mean"
    table[rng.random(table.shape) < 0.1] += 40
    wild = choose_numeric(as_votes(table, numeric=True))
    assert wild.recommended == "robust_mean" and wild.contenders[0].difference.low > 0
    with pytest.raises(NotApplicable):
        choose_numeric(as_votes([[1.5, np.nan], [np.nan, 2.5]], numeric=True))
