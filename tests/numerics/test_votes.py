"""Reading votes from matrices and columns, and growing them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.consensus.votes import add_votes, as_votes


def test_matrix_with_every_kind_of_gap() -> None:
    votes = as_votes([[0, 1.0, None], [float("nan"), -1, 1], [1, 1, 1]])
    assert votes.n_votes == 6
    assert votes.classes == (0, 1)
    np.testing.assert_array_equal(votes.votes_per_item, [2, 1, 3])
    np.testing.assert_array_equal(votes.matrix(), [[0, 1, np.nan], [np.nan, np.nan, 1], [1, 1, 1]])


@pytest.mark.parametrize(
    "table",
    [
        np.array([[0.0, np.nan], [1.0, 1.0]]),
        np.array([[0, -1], [1, 1]]),
        np.ma.array([[0, 5], [1, 1]], mask=[[0, 1], [0, 0]]),
        [[0, None], [1, 1]],
    ],
)
def test_the_same_votes_however_the_gap_is_written(table: object) -> None:
    votes = as_votes(table)
    assert votes.classes == (0, 1)
    np.testing.assert_array_equal(votes.matrix(), [[0, np.nan], [1, 1]])


def test_minus_one_is_a_label_when_declared_and_for_numbers() -> None:
    assert as_votes([[-1, 1], [1, 1]], classes=[-1, 1]).n_votes == 4
    assert as_votes([[-1, 1], [1, 1]], numeric=True).n_votes == 4
    assert as_votes([[9, 1], [1, 1]], missing=9).n_votes == 3
    assert as_votes([[9, 8], [1, 1]], missing=[8, 9]).n_votes == 2
    assert as_votes([["?", "a"], ["b", ""]], missing="?").n_votes == 2


def test_long_form_equals_wide_form() -> None:
    wide = as_votes([["x", "y"], [None, "y"]], item_names=["a", "b"], rater_names=["p", "q"])
    long = as_votes(["b", "a", "a"], ["q", "q", "p"], ["y", "y", "x"])
    np.testing.assert_array_equal(wide.matrix(), long.matrix())
    assert long.rater_names.tolist() == ["p", "q"]


def test_later_vote_of_a_rater_counts_and_is_noted() -> None:
    votes = as_votes([1, 1, 1, 2], [5, 5, 5, 5], ["a", "b", "c", "a"])
    assert votes.n_votes == 2
    assert [votes.classes[v] for v in votes.values] == ["c", "a"]
    assert votes.notes == ("2 votes were replaced by a later vote of the same rater on the same item",)


def test_mixed_numbers_and_words_are_one_class_when_they_read_the_same() -> None:
    votes = as_votes([[1, "1"], [1.0, "cat"]])
    assert votes.classes == ("1", "cat")
    assert votes.values.tolist() == [0, 0, 0, 1]
    assert "mixed" in votes.notes[0]


def test_numbers_sort_as_numbers_and_words_as_words() -> None:
    assert as_votes([[10, 9], [2, 2.5]]).classes == (2, 2.5, 9, 10)
    assert as_votes([["10", "9"]]).classes == ("10", "9")
    assert as_votes([[True, False]]).classes == (False, True)


def test_unknown_label_names_row_and_rater() -> None:
    with pytest.raises(LabelError, match=r"row 1, rater ann.*'cow'"):
        as_votes([["cat", "dog"], ["cow", "dog"]], classes=["cat", "dog"], rater_names=["ann", "bob"])
    with pytest.raises(LabelError, match=r"row 2, rater ann"):
        as_votes([0, 1, 2], ["bob", "bob", "ann"], ["cat", "dog", "cow"], classes=["cat", "dog"])


def test_items_and_raters_without_votes_are_kept() -> None:
    votes = as_votes(["a"], ["r"], ["x"], item_names=["z", "a"], rater_names=["q", "r"], classes=["w", "x"])
    assert (votes.n_items, votes.n_raters, votes.n_classes) == (2, 2, 2)
    assert votes.items.tolist() == [1]
    assert votes.count_table().tolist() == [[0, 0], [0, 1]]
    assert as_votes(["a", "b"], ["r", "r"], ["x", None]).n_items == 2


def test_numeric_votes() -> None:
    votes = as_votes([["1.5", 2], [None, 3]], numeric=True)
    assert votes.numeric
    assert votes.values.tolist() == [1.5, 2.0, 3.0]
    with pytest.raises(LabelError, match="no classes"):
        votes.count_table()
    with pytest.raises(LabelError, match=r"row 0, rater 1.*'much'"):
        as_votes([[1, "much"]], numeric=True)
    with pytest.raises(LabelError, match="finite"):
        as_votes([[1.0, float("inf")]], numeric=True)


def test_bad_input() -> None:
    with pytest.raises(LabelError, match="no votes"):
        as_votes([[None, -1]])
    with pytest.raises(AlignmentError, match="same length"):
        as_votes([1, 2], [1], ["a", "b"])
    with pytest.raises(ParameterError, match="all three"):
        as_votes([1, 2], [1, 2])
    with pytest.raises(ParameterError, match="matrix"):
        as_votes([1, 2, 3])
    with pytest.raises(AlignmentError, match="rater_names"):
        as_votes([[1, 2]], rater_names=["a"])
    with pytest.raises(LabelError, match="without rater"):
        as_votes([1], [None], ["a"])
    with pytest.raises(LabelError, match=r"unknown item.*'b'"):
        as_votes(["a", "b"], [1, 1], [0, 1], item_names=["a"])
    with pytest.raises(LabelError, match="all different"):
        as_votes([["a", "b"]], classes=["a", "a", "b"])


def test_data_frame_gives_its_names() -> None:
    pd = pytest.importorskip("pandas")
    frame = pd.DataFrame({"ann": ["x", "y"], "bob": [None, "y"]}, index=["i", "j"])
    votes = as_votes(frame)
    assert votes.rater_names.tolist() == ["ann", "bob"]
    assert votes.item_names.tolist() == ["i", "j"]
    assert votes.n_votes == 3


@given(
    st.lists(st.tuples(st.integers(0, 6), st.integers(0, 4), st.integers(0, 2)), min_size=1, max_size=40),
    st.integers(0, 40),
)
def test_adding_votes_equals_reading_all_at_once(rows: list[tuple[int, int, int]], cut: int) -> None:
    cut = min(max(cut, 1), len(rows))
    columns = [list(c) for c in zip(*rows, strict=True)]
    whole = as_votes(*columns, classes=[0, 1, 2])
    part = as_votes(*[c[:cut] for c in columns], classes=[0, 1, 2])
    grown = add_votes(part, *[c[cut:] for c in columns]) if cut < len(rows) else part

    def named(v: object) -> set[tuple[int, int, int]]:
        return {
            (int(v.item_names[i]), int(v.rater_names[r]), int(x))
            for i, r, x in zip(v.items, v.raters, v.values, strict=True)
        }

    assert named(grown) == named(whole)
    key = grown.items * grown.n_raters + grown.raters
    assert np.all(np.diff(key) > 0)


def test_adding_refuses_unknown_labels_and_keeps_positions() -> None:
    votes = as_votes(["b", "a"], ["r", "r"], ["x", "y"])
    with pytest.raises(LabelError, match="declared"):
        add_votes(votes, ["b"], ["s"], ["z"])
    grown = add_votes(votes, ["b", "c"], ["r", "s"], ["y", "y"])
    assert grown.item_names.tolist()[:2] == votes.item_names.tolist()
    assert grown.notes == ("1 vote was replaced by a later vote of the same rater on the same item",)
