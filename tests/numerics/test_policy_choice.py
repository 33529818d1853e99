"""The choice of a policy: grids, rounds, density matching, gains, and that noise is not chosen."""

from __future__ import annotations

import numpy as np
import pytest

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError
from tilth.numerics.augment.policy_choice import choose_policy, class_gains, held_out_gain
from tilth.numerics.augment.search import density_match, halving_rounds, rand_augment_grid


def test_grid_is_sorted_and_checked() -> None:
    assert rand_augment_grid((2, 1), (0.4, 0.2))[0] == (1, 0.2)
    assert len(rand_augment_grid()) == 9
    for n, m in (((0,), (0.1,)), ((1.5,), (0.1,)), ((1,), (1.2,))):
        with pytest.raises(ParameterError):
            rand_augment_grid(n, m)  # type: ignore[arg-type]


def test_rounds_end_with_all_repeats() -> None:
    for n in (1, 2, 7, 50):
        rounds = halving_rounds(n, 9)
        assert rounds[0] == (n, 1) and rounds[-1][1] == 9
        assert [count for count, _ in rounds] == sorted((count for count, _ in rounds), reverse=True)
    assert halving_rounds(0, 3) == ()
    for bad in ({"n_candidates": -1, "n_repeats": 2}, {"n_candidates": 2, "n_repeats": 0}):
        with pytest.raises(ParameterError):
            halving_rounds(**bad)
    with pytest.raises(ParameterError, match="eta"):
        halving_rounds(3, 3, eta=1)


def test_density_match_sees_the_class_whose_label_flips() -> None:
    y = np.repeat([0, 1, -1], 30)
    plain = np.eye(2)[np.where(y == 1, 1, 0)]
    changed = np.eye(2)[np.zeros(90, dtype=int)]
    found = density_match(plain, changed, y)
    assert found.by_class == {0: 0.0, 1: -1.0} and found.kept.estimate == -0.5 and found.kept.high < 0
    assert density_match(plain, plain, y).kept.estimate == 0
    with pytest.raises(AlignmentError):
        density_match(plain, changed[:4], y)
    with pytest.raises(DataError, match="two labelled"):
        density_match(plain[:1], changed[:1], y[:1])


def test_gain_counts_rows_not_repeats() -> None:
    rng = np.random.default_rng(0)
    before = (rng.random((1, 60)) < 0.6).astype(float)
    after = np.maximum(before, (rng.random((1, 60)) < 0.2).astype(float))
    once = held_out_gain(before, after)
    often = held_out_gain(np.repeat(before, 20, axis=0), np.repeat(after, 20, axis=0))
    assert once.n == often.n == 60 and np.isclose(once.high - once.low, often.high - often.low)


def test_gain_interval_covers_zero_where_there_is_nothing() -> None:
    rng = np.random.default_rng(1)
    hits = 0
    for _ in range(400):
        right = rng.random((2, 80)) < 0.7
        found = held_out_gain(right[:1].astype(float), right[1:].astype(float))
        hits += found.low <= 0 <= found.high
    assert hits / 400 > 0.93


def test_few_rows_without_a_change_are_not_certain() -> None:
    found = held_out_gain(np.ones((3, 5)), np.ones((3, 5)))
    assert found.estimate == 0 and found.low < -0.05 < 0.05 < found.high
    assert held_out_gain(np.ones((1, 1)), np.zeros((1, 1))).low == -1


@pytest.mark.parametrize(("level", "most"), [(0.95, 18), (0.8, 45)])
def test_best_of_many_equal_ones_is_chosen_far_less_often_than_the_apparent_winner(level: float, most: int) -> None:
    rng = np.random.default_rng(2)
    chosen = apparent = 0
    for _ in range(200):
        skill = rng.random(60)
        draws = (rng.random((13, 60)) < skill).astype(float)
        some = {f"c{i}": draws[i : i + 1] for i in range(1, 13)}
        found = choose_policy(draws[:1], some, np.arange(60) % 5, level=level)
        chosen += bool(found.chosen)
        apparent += found.apparent.low > 0
    assert chosen <= most and apparent > 1.5 * chosen


def test_a_real_gain_is_chosen_and_its_luck_is_not_counted() -> None:
    rng = np.random.default_rng(3)
    before = (rng.random((4, 150)) < 0.6).astype(float)
    good = np.maximum(before, rng.random((4, 150)) < 0.3)
    luck = {f"c{i}": (rng.random((4, 150)) < 0.6).astype(float) for i in range(6)}
    found = choose_policy(before, {**luck, "good": good}, np.arange(150) % 5)
    assert found.chosen == found.best == "good" and set(found.by_part) == {"good"}
    assert found.gain.estimate == pytest.approx(found.apparent.estimate)


def test_ranking_by_another_score_picks_by_it_and_judges_by_the_first() -> None:
    before, worse, better = np.zeros((1, 40)), np.zeros((1, 40)), np.ones((1, 40))
    rank = {"worse": np.ones((1, 40)), "better": np.zeros((1, 40))}
    found = choose_policy(before, {"worse": worse, "better": better}, np.arange(40) % 4, rank_before=before, rank=rank)
    assert found.best == "worse" and found.chosen == "" and found.gain.estimate == 0


def test_no_candidates_is_none() -> None:
    found = choose_policy(np.ones((2, 10)), {}, np.arange(10) % 2)
    assert (found.best, found.chosen, found.by_part) == ("", "", ())


def test_bad_scores_are_named() -> None:
    with pytest.raises(DataError, match="repeat 0, row 2"):
        held_out_gain([[1, 1, np.nan]], [[1, 1, 1]])
    with pytest.raises(DataError, match="shape"):
        held_out_gain([1, 0], [1, 0])
    with pytest.raises(AlignmentError, match="same rows"):
        held_out_gain(np.ones((1, 3)), np.ones((2, 3)))
    with pytest.raises(AlignmentError, match="one label a row"):
        class_gains([0, 1], np.ones((1, 3)), np.ones((1, 3)))
    with pytest.raises(LabelError):
        class_gains([0.5, 1, 2], np.ones((1, 3)), np.ones((1, 3)))
    with pytest.raises(AlignmentError, match="one part a row"):
        choose_policy(np.ones((1, 3)), {"a": np.ones((1, 3))}, [0])
    with pytest.raises(DataError, match="two parts"):
        choose_policy(np.ones((1, 3)), {"a": np.ones((1, 3))}, [0, 0, 0])
    with pytest.raises(AlignmentError, match="rank by"):
        choose_policy(np.ones((1, 4)), {"a": np.ones((1, 4))}, [0, 1, 0, 1], rank_before=np.ones((1, 4)), rank={})
    with pytest.raises(ParameterError, match="level"):
        held_out_gain(np.ones((1, 3)), np.ones((1, 3)), level=1.0)
