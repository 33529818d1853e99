"""The label matrix: what is read, what is refused, and that every form of it says the same."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from scipy.sparse import csr_array

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.consensus.votes import as_votes
from tilth.numerics.weak_supervision.matrix import (
    dense_matrix,
    incidence,
    label_matrix,
    select_rows,
    sparse_matrix,
)

MATRICES = arrays(np.int64, st.tuples(st.integers(0, 6), st.integers(1, 5)), elements=st.integers(-1, 3))


@given(MATRICES)
def test_dense_and_sparse_are_the_same(L: Any) -> None:
    votes = label_matrix(L, classes=4)
    assert (dense_matrix(votes) == L).all()
    assert (dense_matrix(label_matrix(csr_array(L + 1), classes=4)) == L).all()
    assert (sparse_matrix(votes).toarray() == L + 1).all()
    marks = incidence(votes).toarray().reshape(len(L), L.shape[1], 4)
    assert (marks == (L[:, :, None] == np.arange(4))).all()


@given(MATRICES, st.randoms(use_true_random=False))
def test_rows_are_selected_in_the_order_given(L: Any, rng: Any) -> None:
    rows = rng.sample(range(len(L)), rng.randint(0, len(L)))
    assert (dense_matrix(select_rows(label_matrix(L, classes=4), rows)) == L[np.asarray(rows, dtype=int)]).all()


@pytest.mark.parametrize(
    ("L", "said"),
    [
        ([[0.0, 0.7]], "row 0, column 1"),
        ([[0, 1], [float("nan"), 1]], "row 1, column 0"),
        ([[0, -2]], "below -1"),
        (np.array([["spam", "ham"]], dtype=object), "no whole number"),
    ],
)
def test_a_vote_that_is_no_class_is_named_with_its_place(L: Any, said: str) -> None:
    with pytest.raises(LabelError, match=said):
        label_matrix(L)


def test_a_class_that_does_not_exist_is_named_with_row_and_function() -> None:
    with pytest.raises(LabelError, match="row 1, function 'link'"):
        label_matrix([[0, 1], [1, 5]], classes=2, lf_names=["short", "link"])


@pytest.mark.parametrize("L", [[], [1, 0], np.zeros((2, 0)), np.zeros((1, 1, 1))])
def test_what_has_no_columns_is_no_label_matrix(L: Any) -> None:
    with pytest.raises(AlignmentError, match="one row an item and one column a function"):
        label_matrix(L)


def test_names() -> None:
    with pytest.raises(ParameterError, match="the same name"):
        label_matrix([[0, 1]], lf_names=["a", "a"])
    with pytest.raises(AlignmentError, match="another number of function names"):
        label_matrix([[0, 1]], lf_names=["a"])
    with pytest.raises(AlignmentError, match="row names"):
        label_matrix([[0, 1]], row_names=["a", "b"])
    with pytest.raises(ParameterError, match="at least two classes"):
        label_matrix([[0]], classes=1)
    assert label_matrix([[1]], classes=["no", "yes"]).classes == ("no", "yes")


def test_numbers_are_no_classes() -> None:
    votes = as_votes(np.array([[1.0, 2.5]]), numeric=True)
    with pytest.raises(LabelError, match="numeric"):
        dense_matrix(votes)
    with pytest.raises(LabelError, match="numeric"):
        sparse_matrix(votes)
