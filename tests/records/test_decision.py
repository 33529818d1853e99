from __future__ import annotations

import json

import pyarrow as pa
import pytest
from test_snapshot import snapshot

from tilth.errors import ConflictError, ParameterError, SchemaError
from tilth.records import Decision, apply, diff, effective

BASE = snapshot(["a", "b", None, "a"])


def decide(who: str, action: str, *rows: str, value: str = "", when: str = "2026-01-01") -> Decision:
    return Decision(who, when, action, rows, value)


def test_relabel_drop_and_keep() -> None:
    made = apply(
        BASE,
        [decide("ann", "relabel", "r0", value="b"), decide("ann", "drop", "r3"), decide("ann", "keep", "r1")],
    )
    assert made.row_ids.tolist() == ["r0", "r1", "r2"]
    assert made.labels.tolist() == [1, 1, -1]
    assert made.parents == (BASE.id,)


def test_nothing_decided_is_the_same_snapshot() -> None:
    assert apply(BASE, []) is BASE
    assert apply(BASE, [decide("ann", "keep", "r0"), decide("ann", "vote", "r0", value="b")]) is BASE
    assert apply(BASE, [decide("ann", "relabel", "r0", value="a")]) is BASE


def test_undo_leads_back_to_the_same_id_and_can_be_undone() -> None:
    first = decide("ann", "relabel", "r0", value="b")
    undo = decide("ann", "undo", "r0", value=first.id, when="2026-01-02")
    again = decide("ann", "undo", "r0", value=undo.id, when="2026-01-03")
    assert apply(BASE, [first, undo]).id == BASE.id
    assert apply(BASE, [first, undo, again]).id == apply(BASE, [first]).id
    assert effective([first, undo, again]) == [first]


def test_of_one_author_the_latest_counts() -> None:
    made = apply(BASE, [decide("ann", "relabel", "r0", value="b"), decide("ann", "relabel", "r0", value="a")])
    assert made.id == BASE.id


def test_two_people_who_disagree_raise_and_both_are_named() -> None:
    with pytest.raises(ConflictError, match=r"row 'r0'.*ann decided relabel 'b' and bob decided drop"):
        apply(BASE, [decide("ann", "relabel", "r0", value="b"), decide("bob", "drop", "r0")])


def test_two_people_who_agree_do_not_conflict() -> None:
    made = apply(BASE, [decide("ann", "relabel", "r0", value="b"), decide("bob", "relabel", "r0", value="b")])
    assert made.labels[0] == 1


@pytest.mark.parametrize("person_first", [True, False])
def test_a_person_overrules_a_policy_in_either_order(person_first: bool) -> None:
    both = [decide("ann", "keep", "r0"), decide("policy:label_error", "relabel", "r0", value="b")]
    assert apply(BASE, both if person_first else both[::-1]).id == BASE.id


def test_among_policies_drop_overrules_relabel() -> None:
    made = apply(BASE, [decide("policy:x", "relabel", "r0", value="b"), decide("policy:y", "drop", "r0")])
    assert "r0" not in made.row_ids


def test_merge_keeps_one_row() -> None:
    made = apply(BASE, [decide("ann", "merge", "r0", "r3", value="r0")])
    assert made.row_ids.tolist() == ["r0", "r1", "r2"]


def test_added_rows_count_only_once_accepted() -> None:
    row = {"row_id": "new", "item": "hn", "position": 4, "text": "new text", "y": "b"}
    add = decide("policy:paraphrase", "add", "new", value=json.dumps(row))
    assert apply(BASE, [add]).id == BASE.id
    accepted = apply(BASE, [add, decide("ann", "accept", "new", value=add.id)])
    assert accepted.row_ids.tolist()[-1] == "new"
    assert accepted.labels[-1] == 1


def test_an_undeclared_class_raises() -> None:
    with pytest.raises(SchemaError, match="not declared"):
        apply(BASE, [decide("ann", "relabel", "r0", value="zebra")])


def test_bad_entries_raise() -> None:
    with pytest.raises(ParameterError, match="unknown action"):
        decide("ann", "delete", "r0")
    with pytest.raises(ParameterError, match="no author"):
        decide("", "drop", "r0")


def test_a_round_trip_keeps_the_id_and_an_edit_is_noticed() -> None:
    decision = decide("ann", "relabel", "r0", value="b")
    data = decision.to_dict()
    assert Decision.from_dict(data) == decision
    with pytest.raises(ParameterError, match="does not fit its content"):
        Decision.from_dict({**data, "value": "a"})


def test_diff_lists_every_change() -> None:
    made = apply(BASE, [decide("ann", "relabel", "r0", value="b"), decide("ann", "drop", "r3")])
    found = diff(BASE, made)
    assert [(r.row_id, r.change) for r in found.rows] == [("r0", "changed"), ("r3", "removed")]
    assert found.rows[0].columns == {"y": ("a", "b")}
    assert diff(made, BASE).count("added") == 1
    assert diff(BASE, BASE).rows == ()
    assert isinstance(BASE.table, pa.Table)


def test_a_class_that_someone_declared_can_be_given() -> None:
    declared = decide("ann", "accept", value="class:c")
    assert apply(BASE, [declared]) is BASE
    made = apply(BASE, [declared, decide("ann", "relabel", "r2", value="c")])
    assert made.classes == ("a", "b", "c")
    assert made.labels[2] == 2
    assert made.parents == (BASE.id,)
    undo = decide("ann", "undo", value=declared.id)
    with pytest.raises(SchemaError, match="not declared"):
        apply(BASE, [declared, decide("ann", "relabel", "r2", value="c"), undo])
