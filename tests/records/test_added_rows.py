"""Rows that decisions add: several an entry, standing and falling with their parents, with folders of their own."""

from __future__ import annotations

import json
from typing import Any

from test_snapshot import snapshot

from tilth.records import Decision, added_rows, apply

BASE = snapshot(["a", "b", None, "a"])
COLUMNS = BASE.table.column_names


def row(row_id: str, label: str, *parents: str, **more: Any) -> dict[str, Any]:
    cells = {**BASE.table.slice(0, 1).to_pylist()[0], BASE.schema.label: label}
    return {**cells, "row_id": row_id, "item": f"i{row_id}", "position": 9, "parents": list(parents), **more}


def adds(*rows: dict[str, Any]) -> list[Decision]:
    add = Decision("policy:augment", "t1", "add", tuple(r["row_id"] for r in rows), json.dumps(list(rows)))
    return [add, Decision("policy:augment", "t1", "accept", add.rows, add.id)]


def ids(*decisions: Decision) -> list[str]:
    return apply(BASE, decisions).row_ids.tolist()


def test_one_entry_adds_several_rows_once_accepted() -> None:
    both = adds(row("r0~1", "a", "r0"), row("r1~1", "b", "r1"))
    assert ids(both[0]) == ["r0", "r1", "r2", "r3"]
    assert ids(*both) == ["r0", "r1", "r2", "r3", "r0~1", "r1~1"]
    assert list(added_rows(both)) == ["r0~1", "r1~1"]
    assert list(added_rows(both[:1])) == [] and list(added_rows(both[:1], accepted=False)) == ["r0~1", "r1~1"]


def test_row_falls_with_a_parent() -> None:
    both = adds(row("r0~1", "a", "r0"), row("mix", "a", "r0", "r1"), row("far", "a", "nobody"))
    drop = Decision("ann", "t2", "drop", ("r1",))
    assert ids(*both, drop) == ["r0", "r2", "r3", "r0~1"]


def test_row_takes_the_new_label_of_its_only_parent_and_a_mixed_one_falls() -> None:
    both = adds(row("r0~1", "a", "r0"), row("mix", "a", "r0", "r3"))
    made = apply(BASE, [*both, Decision("ann", "t2", "relabel", ("r0",), "b")])
    assert dict(zip(made.row_ids, made.table.column(BASE.schema.label).to_pylist(), strict=True))["r0~1"] == "b"
    assert "mix" not in made.row_ids


def test_added_row_can_be_dropped_and_relabelled_itself() -> None:
    both = adds(row("r0~1", "a", "r0"), row("r1~1", "b", "r1"))
    made = apply(
        BASE, [*both, Decision("ann", "t2", "drop", ("r0~1",)), Decision("ann", "t2", "relabel", ("r1~1",), "a")]
    )
    assert made.row_ids.tolist()[4:] == ["r1~1"] and made.labels[4] == 0


def test_the_same_row_added_twice_stands_once() -> None:
    assert ids(*adds(row("r0~1", "a", "r0")), *adds(row("r0~1", "a", "r0"), row("n", "a"))).count("r0~1") == 1


def test_folder_of_added_files_follows_the_root_and_is_no_identity() -> None:
    plain = apply(BASE, adds(row("r0~1", "a", "r0")))
    filed = apply(BASE, adds(row("r0~1", "a", "r0", folder="../w/media")))
    assert filed.root.split("\n") == [BASE.root, f"{BASE.root}/../w/media"]
    assert filed.id == plain.id


def test_made_row_is_in_the_group_of_its_parent() -> None:
    from tilth.engine.inputs import group_ids

    made = apply(BASE, adds(row("r0~1", "a", "r0"), row("r0~2", "a", "r0"), row("r1~1", "b", "r1"), row("n", "a")))
    groups = dict(zip(made.row_ids, group_ids(made).tolist(), strict=True))
    assert groups["r0"] == groups["r0~1"] == groups["r0~2"] >= 0 and groups["r1"] == groups["r1~1"] >= 0
    assert groups["r0"] != groups["r1"] and groups["r3"] == groups["n"] == -1
    assert group_ids(BASE).tolist() == [-1] * 4
