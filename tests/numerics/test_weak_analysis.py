"""What rules do: every figure against a plain count, suggestions, slices."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.weak_supervision.analysis import (
    analyze_functions,
    empirical_probs,
    lf_summary,
    most_disputed,
    worth_of_functions,
)
from tilth.numerics.weak_supervision.slices import score_slices
from tilth.numerics.weak_supervision.suggest import suggest_keywords


def half_right(row: Any, truth: int, k: int = 3) -> float:
    counts = [sum(v == c for v in row) for c in range(k)]
    best = [c for c in range(k) if counts[c] == max(counts)]
    return (truth in best) / len(best)


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 10_000))
def test_every_figure_is_a_plain_count(seed: int) -> None:
    rng = np.random.default_rng(seed)
    n, m = int(rng.integers(1, 12)), int(rng.integers(1, 5))
    L = rng.integers(-1, 3, (n, m))
    gold = rng.integers(-1, 3, n)
    from tilth.numerics.weak_supervision.matrix import label_matrix

    votes = label_matrix(L, classes=3)
    for j, found in enumerate(analyze_functions(votes, gold)):
        mine = L[:, j] >= 0
        others = np.delete(L, j, axis=1)
        assert found.coverage == pytest.approx(mine.mean())
        assert found.overlaps == pytest.approx((mine & (others >= 0).any(axis=1)).mean())
        differ = ((others >= 0) & (others != L[:, [j]])).any(axis=1)
        assert found.conflicts == pytest.approx((mine & differ).mean())
        assert found.polarity == tuple(sorted(set(L[mine, j].tolist())))
        assert found.alone == (mine & ~(others >= 0).any(axis=1)).sum()
        judged = mine & (gold >= 0)
        assert (found.correct, found.incorrect) == (
            (L[judged, j] == gold[judged]).sum(), (L[judged, j] != gold[judged]).sum(),
        )  # fmt: skip
        assert np.isnan(found.accuracy) if not judged.any() else found.low <= found.accuracy <= found.high
    known = np.flatnonzero(gold >= 0)
    worth = worth_of_functions(votes, gold)
    for j in range(m):
        if not known.size:
            assert np.isnan(worth[j])
            continue
        gains = [half_right(L[i], gold[i]) - half_right(np.delete(L[i], j), gold[i]) for i in known]
        assert worth[j] == pytest.approx(np.mean(gains))


def test_the_summary_has_snorkels_columns() -> None:
    L = [[0, -1, 1], [0, 1, 1], [-1, -1, 1]]
    found = lf_summary(L, [0, 1, 1], lf_names=["a", "b", "c"], est_weights=[0.5, 0.6, 0.7])
    assert list(found) == [
        "name", "j", "Polarity", "Coverage", "Overlaps", "Conflicts", "Correct", "Incorrect", "Emp. Acc.",
        "Emp. Acc. low", "Emp. Acc. high", "Learned Weight",
    ]  # fmt: skip
    assert found["Correct"] == [1, 1, 2]
    assert list(lf_summary(L)) == ["name", "j", "Polarity", "Coverage", "Overlaps", "Conflicts"]
    with pytest.raises(ParameterError, match="est_weights"):
        lf_summary(L, est_weights=[1.0])


def test_a_function_that_never_fires_has_no_accuracy() -> None:
    found = lf_summary([[0, -1], [1, -1]], [0, 1])
    assert found["Polarity"][1] == []
    assert np.isnan(found["Emp. Acc."][1])


def test_an_empty_table_is_described() -> None:
    found = analyze_functions(np.zeros((0, 2), dtype=int))
    assert [f.coverage for f in found] == [0.0, 0.0]


@pytest.mark.parametrize(
    ("gold", "error"), [([0], AlignmentError), ([0, 9], LabelError), ([0.5, 1], LabelError), ([0, -3], LabelError)]
)
def test_gold_that_does_not_fit(gold: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        analyze_functions([[0, 1], [1, 1]], gold)


def test_empirical_probabilities_sum_to_one() -> None:
    rng = np.random.default_rng(0)
    L, gold = rng.integers(-1, 3, (200, 4)), rng.integers(0, 3, 200)
    found = empirical_probs(L, gold)
    assert found.shape == (4, 4, 3)
    assert np.allclose(found.sum(axis=1), 1)
    assert found[2, 1, 0] == pytest.approx(((L[:, 2] == 0) & (gold == 0)).sum() / (gold == 0).sum())
    with pytest.raises(LabelError):
        empirical_probs(L, None)  # type: ignore[arg-type]


def test_rows_on_which_functions_agree_are_not_disputed() -> None:
    rows, entropy = most_disputed([[0, 0], [0, 1], [-1, -1], [1, -1]])
    assert rows.tolist() == [1]
    assert entropy.tolist() == [1.0]
    with pytest.raises(ParameterError):
        most_disputed([[0, 1]], n=0)


def test_suggestions_are_ranked_by_coverage_and_precision_gained() -> None:
    texts = ["win money now"] * 8 + ["free money"] * 4 + ["nice song"] * 10 + [None, "", "rare song"]
    gold = [1] * 12 + [0] * 10 + [-1] * 3
    found = suggest_keywords(texts, gold, n_classes=2)
    assert [(s.words, s.label) for s in found[:2]] == [("song", 0), ("money", 1)]
    assert found[0].coverage == pytest.approx(11 / 25)
    assert all(s.low > 0.5 for s in found)
    assert [s.score for s in found] == sorted((s.score for s in found), reverse=True)
    covered = [True] * 12 + [False] * 13
    assert suggest_keywords(texts, gold, n_classes=2, covered=covered)[0].adds == pytest.approx(11 / 25)
    assert suggest_keywords(["a", "b"], [0, 1], n_classes=2) == []


def test_a_suggestion_that_says_what_a_rule_says_ranks_low() -> None:
    texts = ["check out mine"] * 20 + ["check this"] + ["win money"] * 7 + ["nice song"] * 28
    gold = [1] * 28 + [0] * 28
    plain = [s.words for s in suggest_keywords(texts, gold, n_classes=2)]
    assert plain.index("check") < plain.index("win")
    covered = np.array(["check out" in text for text in texts])
    found = suggest_keywords(texts, gold, n_classes=2, covered=covered)
    ranked = [s.words for s in found]
    assert ranked.index("win") < ranked.index("check")
    check = found[ranked.index("check")]
    assert check.score == pytest.approx(check.adds * (check.low - 0.5))
    # rules that are wrong on their rows leave something to gain there
    wrong = np.where(covered, 0, -1)[:, None]
    again = {s.words: s.score for s in suggest_keywords(texts, gold, n_classes=2, votes=wrong)}
    assert again["check"] == pytest.approx(check.score + (check.coverage - check.adds) * check.low)
    same = {
        s.words: s.score for s in suggest_keywords(texts, gold, n_classes=2, votes=np.where(covered, 1, -1)[:, None])
    }
    assert same["check"] == pytest.approx(check.score)
    with pytest.raises(AlignmentError, match="votes"):
        suggest_keywords(texts, gold, n_classes=2, votes=[[0]])
    with pytest.raises(AlignmentError, match="covered"):
        suggest_keywords(texts, gold, n_classes=2, covered=[True])


def test_words_that_hold_a_sentence_together_are_not_offered_unless_really_precise() -> None:
    texts = ["go to win"] * 12 + ["song"] * 12
    gold = [1] * 12 + [0] * 12
    found = [s.words for s in suggest_keywords(texts, gold, n_classes=2)]
    assert "to" not in found
    assert found
    many = [s.words for s in suggest_keywords(["to"] * 40 + ["song"] * 40, [1] * 40 + [0] * 40, n_classes=2)]
    assert "to" in many


def test_suggestions_need_labels_of_the_right_length() -> None:
    with pytest.raises(LabelError, match="no row has a true label"):
        suggest_keywords(["a"], [-1], n_classes=2)
    with pytest.raises(AlignmentError):
        suggest_keywords(["a"], [0, 1], n_classes=2)
    with pytest.raises(ParameterError):
        suggest_keywords(["a"], [0], n_classes=2, longest=0)


def test_slices_are_scored_apart_and_the_worst_comes_first() -> None:
    truth = np.array([0, 1] * 50)
    guess = truth.copy()
    guess[:30] = 1 - guess[:30]
    masks = {"first": np.arange(100) < 30, "even": np.arange(100) % 2 == 0, "none": np.zeros(100, dtype=bool)}
    found = score_slices(guess, truth, masks)
    assert [s.name for s in found] == ["all", "first", "even", "none"]
    assert found[0].accuracy is not None
    assert found[0].accuracy.estimate == 0.7
    assert (found[1].worse, found[2].worse) == (True, False)
    assert found[1].gap == -1.0
    assert found[3].accuracy is None
    unknown = score_slices(guess, np.full(100, -1), masks)
    assert unknown[0].accuracy is None
    with pytest.raises(AlignmentError, match="slice 'odd'"):
        score_slices(guess, truth, {"odd": [True]})
    with pytest.raises(AlignmentError):
        score_slices([0], truth, {})
