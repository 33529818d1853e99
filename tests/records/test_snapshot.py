from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tilth.errors import AlignmentError, SchemaError
from tilth.records import Column, Evidence, Schema, Snapshot, digest, hash_item_rows, sort_class_names
from tilth.records.hashing import column_digest

TEXT = Column("text", "input", "text")
LABEL = Column("y", "label", "category")


def snapshot(labels: list[str | None], *, ids: list[str] | None = None, root: str = "") -> Snapshot:
    n = len(labels)
    table = pa.table(
        {
            "row_id": pa.array(ids or [f"r{i}" for i in range(n)], pa.string()),
            "item": [f"h{i}" for i in range(n)],
            "position": pa.array(range(n), pa.int64()),
            "text": [f"text {i}" for i in range(n)],
            "y": pa.array(labels, pa.string()),
        }
    )
    return Snapshot(table, Schema((TEXT, LABEL), ("a", "b")), root=root)


def test_equal_data_have_equal_ids_whatever_the_chunks_and_the_place() -> None:
    one = snapshot(["a", "b", None, "a"], root="/somewhere")
    pieces = pa.concat_tables([one.table.slice(0, 1), one.table.slice(1, 3)])
    other = Snapshot(pieces, one.schema, root="/elsewhere")
    assert other.table.column("y").num_chunks == 2
    assert other.id == one.id
    assert len(one.id) == 16


def test_order_in_the_file_does_not_matter_but_position_does() -> None:
    one = snapshot(["a", "b", "b"])
    shuffled = Snapshot(one.table.take([2, 0, 1]), one.schema)
    assert shuffled.id == one.id


@pytest.mark.parametrize("labels", [["b", "b", None], ["a", "b", "a"], ["a", None, None]])
def test_another_label_is_another_id(labels: list[str | None]) -> None:
    assert snapshot(labels).id != snapshot(["a", "b", None]).id


def test_a_null_is_not_an_empty_text() -> None:
    assert column_digest(pa.array(["", "x"])) != column_digest(pa.array([None, "x"], pa.string()))


@given(st.lists(st.one_of(st.none(), st.text()), max_size=8), st.integers(0, 8))
def test_column_digest_sees_values_only(values: list[str | None], cut: int) -> None:
    whole = pa.array(values, pa.string())
    chunked = pa.chunked_array([whole.slice(0, cut), whole.slice(cut)]) if cut <= len(values) else whole
    assert column_digest(chunked) == column_digest(whole)
    assert column_digest(whole.cast(pa.large_string())) == column_digest(whole)
    assert column_digest(whole.dictionary_encode()) == column_digest(whole)


def test_where_one_text_ends_counts() -> None:
    assert column_digest(pa.array(["ab", "c"])) != column_digest(pa.array(["a", "bc"]))


def test_duplicate_ids_name_both_rows() -> None:
    with pytest.raises(SchemaError, match=r"rows 0 and 2: two rows have the same id \(found 'x'\)"):
        snapshot(["a", "a", "b"], ids=["x", "y", "x"])


def test_a_label_outside_the_classes_names_row_and_column() -> None:
    with pytest.raises(SchemaError, match=r"row 'r1', column 'y'.*found 'zebra'"):
        snapshot(["a", "zebra"])


def test_labels_are_indices_with_minus_one_for_gaps() -> None:
    assert snapshot(["b", None, "a"]).labels.tolist() == [1, -1, 0]


def test_unknown_rows_raise() -> None:
    with pytest.raises(AlignmentError, match="no such row"):
        snapshot(["a", "b"]).positions(["r0", "nobody"])


def test_unknown_roles_and_two_labels_raise() -> None:
    with pytest.raises(SchemaError, match="unknown role"):
        Column("x", "target", "text")
    with pytest.raises(SchemaError, match="only one column can be the label"):
        Schema((Column("x", "label", "category"), Column("y", "label", "category")))


def test_schema_survives_a_round_trip() -> None:
    schema = Schema((TEXT, LABEL), ("a", "b"))
    assert Schema.from_dict(schema.to_dict()) == schema


def test_class_names_sort_by_value_where_they_are_numbers() -> None:
    assert sort_class_names(["10", "2", "-1"]) == ("-1", "2", "10")
    assert sort_class_names(["10", "2", "x"]) == ("10", "2", "x")


def test_rows_with_equal_content_hash_alike_and_types_count() -> None:
    assert hash_item_rows([["a", "a"], [1, 1]])[0] == hash_item_rows([["a", "a"], [1, 1]])[1]
    assert hash_item_rows([["1"]]) != hash_item_rows([[1]])
    assert hash_item_rows([["a", "b"]]) != hash_item_rows([["ab", ""]])


def test_what_cannot_be_hashed_raises() -> None:
    with pytest.raises(ValueError, match="cannot be hashed"):
        digest({"model": object()})


def test_evidence_must_fit_the_snapshot() -> None:
    one = snapshot(["a", "b"])
    evidence = Evidence("probs", one.id, one.row_ids, np.full((2, 2), 0.5, np.float32), classes=("a", "b"))
    assert evidence.align(one) is evidence
    with pytest.raises(AlignmentError, match="another snapshot"):
        evidence.align(snapshot(["b", "b"]))
    with pytest.raises(AlignmentError, match="different lengths"):
        Evidence("probs", one.id, one.row_ids, np.zeros((3, 2)))
    with pytest.raises(ValueError, match="in-sample"):
        evidence.require_out_of_sample()
