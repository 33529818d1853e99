"""Snapshots in a workspace: round trips, small writes, history, look-up."""

from __future__ import annotations

import datetime as dt
import json
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tilth.errors import BusyError, ParameterError, StoreError
from tilth.records import Column, Decision, Schema, Snapshot, apply
from tilth.store import Workspace

TYPES: dict[str, tuple[pa.DataType, st.SearchStrategy[Any]]] = {
    "string": (pa.string(), st.text(st.characters(codec="utf-8"), max_size=4)),
    "large_string": (pa.large_string(), st.text(st.characters(codec="utf-8"), max_size=4)),
    "bool": (pa.bool_(), st.booleans()),
    "int8": (pa.int8(), st.integers(-128, 127)),
    "uint64": (pa.uint64(), st.integers(0, 2**64 - 1)),
    "float16": (pa.float16(), st.floats(width=16).map(np.float16)),
    "float32": (pa.float32(), st.floats(width=32)),
    "float64": (pa.float64(), st.floats()),
    "binary": (pa.binary(), st.binary(max_size=4)),
    "fixed": (pa.binary(2), st.binary(min_size=2, max_size=2)),
    "timestamp": (pa.timestamp("us"), st.datetimes()),
    "zoned": (pa.timestamp("ms", "Europe/Berlin"), st.integers(0, 2**40)),
    "date": (pa.date32(), st.dates(dt.date(1900, 1, 1))),
    "time": (pa.time64("us"), st.times()),
    "null": (pa.null(), st.none()),
    "dictionary": (pa.dictionary(pa.int16(), pa.string(), ordered=True), st.sampled_from(["a", "b"])),
    "list": (pa.list_(pa.string()), st.lists(st.sampled_from(["a", None, ""]), max_size=3)),
    "floats": (pa.list_(pa.float32()), st.lists(st.floats(width=32), max_size=3)),
    "fixed_list": (pa.list_(pa.int32(), 2), st.lists(st.integers(0, 9), min_size=2, max_size=2)),
    "struct": (
        pa.struct([("x", pa.int32()), ("y", pa.string())]),
        st.fixed_dictionaries({"x": st.integers(0, 9), "y": st.sampled_from(["", None])}),
    ),
}


@pytest.fixture
def space(tmp_path: Path) -> Any:
    with Workspace.open(tmp_path / ".tilth") as opened:
        yield opened


def make(n: int = 6, **columns: pa.Array) -> Snapshot:
    columns = columns or {
        "text": pa.array([f"text {i}" for i in range(n)], pa.string()),
        "y": pa.array([("neg", "pos", None)[i % 3] for i in range(n)], pa.string()),
    }
    table = pa.table(
        {
            "row_id": pa.array([f"r'{i}" for i in range(n)], pa.string()),
            "item": pa.array([f"h{i}" for i in range(n)], pa.string()),
            "position": pa.array(range(n), pa.int64()),
            **columns,
        }
    )
    listed = tuple(
        Column(name, "label" if name == "y" else "input", "category" if name == "y" else "text") for name in columns
    )
    return Snapshot(table, Schema(listed, ("neg", "pos") if "y" in columns else ()))


def files(folder: Path) -> int:
    return sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())


def same(a: Snapshot, b: Snapshot) -> bool:
    return a.id == b.id and a.table.schema.equals(b.table.schema, check_metadata=True) and len(a) == len(b)


@st.composite
def tables(draw: st.DrawFn) -> Snapshot:
    n = draw(st.integers(0, 5))
    names = draw(st.lists(st.sampled_from(["a.b", "é", "A", "a", "column1", "select", " ", "_rowid"]), unique=True))
    columns = {}
    for name in names:
        kind, cells = TYPES[draw(st.sampled_from(sorted(TYPES)))]
        values = draw(st.lists(st.none() | cells, min_size=n, max_size=n))
        if pa.types.is_dictionary(kind):
            made = pa.DictionaryArray.from_arrays(
                pa.array([None if v is None else "ab".index(v) for v in values], kind.index_type),
                pa.array(["a", "b"]),
                ordered=True,
            )
        else:
            made = pa.array(values, kind)
        columns[name] = made
    return make(n, **columns) if columns else make(n)


@pytest.fixture(scope="module")
def shared_space(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Workspace.open(tmp_path_factory.mktemp("types")) as opened:
        yield opened


@settings(max_examples=60, deadline=None, suppress_health_check=list(HealthCheck))
@given(tables(), st.data())
def test_any_type_comes_back_exactly_and_so_does_a_patched_child(
    shared_space: Workspace, snapshot: Snapshot, data: st.DataObject
) -> None:
    shared_space.save_snapshot("d", snapshot)
    shared_space._recent.clear()
    assert same(shared_space.load_snapshot(snapshot.id), snapshot)
    n = len(snapshot)
    if n < 2:
        return
    kept = data.draw(st.lists(st.integers(0, n - 1), min_size=1, unique=True).map(sorted))
    source = data.draw(st.lists(st.integers(0, n - 1), min_size=n, max_size=n))
    table = snapshot.table
    place = data.draw(st.integers(3, table.num_columns - 1))
    moved = table.column(place).take(pa.array(source))
    child = replace(
        snapshot,
        table=table.set_column(place, table.schema.field(place), moved).take(pa.array(kept)),
        parents=(snapshot.id,),
    )
    shared_space.save_snapshot("d", child)
    shared_space._recent.clear()
    assert same(shared_space.load_snapshot(child.id), child)
    assert same(shared_space.load_snapshot(snapshot.id), snapshot)


@pytest.mark.parametrize("name", sorted(TYPES))
def test_every_type_alone_with_nulls_and_all_null(space: Workspace, name: str) -> None:
    kind = TYPES[name][0]
    snapshot = make(4, x=pa.nulls(4, kind))
    space.save_snapshot("d", snapshot)
    assert same(space.load_snapshot(snapshot.id), snapshot)


def test_lineage_roots_and_metadata_come_back(space: Workspace) -> None:
    snapshot = replace(make(), root="/data", parents=("x",), recipe={"verb": "ingest", "n": 1})
    snapshot = replace(snapshot, table=snapshot.table.replace_schema_metadata({"who": "me"}))
    space.save_snapshot("d", snapshot)
    back = space.load_snapshot(snapshot.id)
    assert (back.root, back.parents, back.recipe) == ("/data", ("x",), {"verb": "ingest", "n": 1})
    assert back.table.schema.metadata == {b"who": b"me"}


def test_an_unsorted_table_comes_back_sorted_by_position(space: Workspace) -> None:
    snapshot = make().take([3, 1, 0, 2, 5, 4])
    space.save_snapshot("d", snapshot)
    assert space.load_snapshot(snapshot.id).row_ids.tolist() == [f"r'{i}" for i in range(6)]


def test_equal_id_writes_no_rows_again(space: Workspace) -> None:
    snapshot = make()
    space.save_snapshot("d", snapshot)
    before = files(space.path / "rows")
    space.save_snapshot("d", snapshot)
    space.save_snapshot("d", replace(snapshot, parents=("other",)))
    space.save_snapshot("e", snapshot)
    assert files(space.path / "rows") == before
    assert [r.parents for r in space.history("d")] == [(), ("other",)]
    assert space.datasets() == ["d", "e"]


def test_media_that_moved_replace_their_paths(space: Workspace) -> None:
    table = make(3, img=pa.array(["a.png", "b.png", "c.png"])).table
    schema = Schema((Column("img", "input", "image"),))
    old = Snapshot(table, schema, root="/old")
    new = Snapshot(table.set_column(3, "img", pa.array(["x/a.png", "b.png", "c.png"])), schema, root="/new")
    assert old.id == new.id
    space.save_snapshot("d", old)
    space.save_snapshot("d", new)
    back = space.load_snapshot(old.id)
    assert back.root == "/new" and back.table.column("img").to_pylist() == ["x/a.png", "b.png", "c.png"]
    space.clean()
    assert space.load_snapshot(old.id).table.column("img").to_pylist()[0] == "x/a.png"


def test_relabels_drops_and_added_rows_of_a_child(space: Workspace) -> None:
    base = make(40)
    space.save_snapshot("d", base)
    row = json.dumps({"row_id": "new", "item": "h", "position": 40, "text": "t", "y": "pos"})
    add = Decision("ann", "t1", "add", (), row, dataset="d")
    decisions = [
        Decision("ann", "t0", "relabel", ("r'3", "r'4"), "pos", dataset="d"),
        Decision("ann", "t0", "drop", ("r'7",), dataset="d"),
        add,
        Decision("ann", "t2", "accept", (), add.id, dataset="d"),
    ]
    child = apply(base, decisions)
    space.save_snapshot("d", child)
    grandchild = apply(child, [Decision("ann", "t3", "relabel", ("r'9",), "neg", dataset="d")])
    space.save_snapshot("d", grandchild)
    sibling = apply(base, decisions[1:2])
    space.save_snapshot("d", sibling)
    space._recent.clear()
    for snapshot in (base, child, grandchild, sibling):
        assert space.load_snapshot(snapshot.id).table.equals(snapshot.table)
    assert space.clean() >= 0
    for snapshot in (base, child, grandchild, sibling):
        assert space.load_snapshot(snapshot.id).table.equals(snapshot.table)


def test_other_columns_are_a_new_whole_write(space: Workspace) -> None:
    first, second = make(), replace(make(6, x=pa.array(range(6))), parents=(make().id,))
    space.save_snapshot("d", first)
    space.save_snapshot("d", second)
    assert same(space.load_snapshot(first.id), first) and same(space.load_snapshot(second.id), second)


def test_a_thousand_relabels_of_200_000_rows_write_under_5_percent(space: Workspace) -> None:
    rng = np.random.default_rng(0)
    n = 200_000
    text = pa.array(np.char.add("a sentence of some length ", rng.integers(0, 10**9, n).astype(str)))
    base = make(n, text=text, y=pa.array(np.asarray(["neg", "pos"], dtype=object)[rng.integers(0, 2, n)]))
    space.save_snapshot("d", base)
    full = files(space.path / "rows")
    rows = rng.choice(n, 1000, replace=False)
    swap = {0: "pos", 1: "neg"}
    child = apply(base, [Decision("ann", "t", "relabel", (f"r'{r}",), swap[int(base.labels[r])]) for r in rows])
    space.save_snapshot("d", child)
    assert 0 < files(space.path / "rows") - full < 0.05 * full
    assert space.load_snapshot(child.id).id == child.id


def test_prefixes_and_unknown_ids(space: Workspace) -> None:
    with pytest.raises(StoreError, match="ingest first"):
        space.load_snapshot("abc")
    snapshots = [make(n) for n in range(1, 20)]
    for snapshot in snapshots:
        space.save_snapshot("d", snapshot)
    wanted = snapshots[4].id
    assert space.load_snapshot(wanted[:10]).id == wanted
    typo = wanted[:-1] + ("0" if wanted[-1] != "0" else "1")
    with pytest.raises(StoreError, match=wanted):
        space.load_snapshot(typo)
    with pytest.raises(StoreError, match="no such snapshot"):
        space.load_snapshot("%")
    with pytest.raises(StoreError, match="no such snapshot"):
        space.load_snapshot("")
    firsts = [s.id[0] for s in snapshots]
    twice = next(c for c in firsts if firsts.count(c) > 1)
    with pytest.raises(StoreError, match="several"):
        space.load_snapshot(twice)


def test_base_and_head_move_by_compare_and_set(space: Workspace) -> None:
    one, two = make(1), make(2)
    assert space.head("d") is None and space.base("d") is None
    with pytest.raises(StoreError, match="no such snapshot"):
        space.set_base("d", one.id)
    for snapshot in (one, two):
        space.save_snapshot("d", snapshot)
    space.set_base("d", one.id)
    space.set_head("d", one.id, expected=None)
    with pytest.raises(BusyError, match="Run the same command again"):
        space.set_head("d", two.id, expected=None)
    with pytest.raises(BusyError):
        space.set_head("d", two.id, expected=two.id)
    space.set_head("d", two.id, expected=one.id)
    assert (space.base("d"), space.head("d")) == (one.id, two.id)
    assert [(r.rows, r.is_base, r.is_head) for r in space.history("d")] == [(1, True, False), (2, False, True)]


def test_sources_are_remembered(space: Workspace) -> None:
    assert space.source_of("d") is None
    space.remember_source("d", "x.csv", "/r", {"label": "y", "drop": ["a"]})
    found = space.source_of("d")
    assert found is not None and (found.uri, found.overrides) == ("x.csv", {"label": "y", "drop": ["a"]})


@pytest.mark.parametrize("name", ["a", "A", "../../etc", "é ü", "a/b", ".", "x" * 255])
def test_any_name_of_a_dataset_stays_inside_the_workspace(space: Workspace, name: str) -> None:
    space.save_snapshot("a", make(2))
    space.save_snapshot(name, make(3))
    assert space.load_snapshot(make(3).id).id == make(3).id
    assert {p.parent for p in space.path.glob("rows/*.lance")} == {space.path / "rows"}
    assert not (space.path.parent / "etc.lance").exists()


def test_a_dataset_needs_a_name(space: Workspace) -> None:
    with pytest.raises(ParameterError, match="name"):
        space.save_snapshot(" ", make())


def test_changed_rows_are_noticed(space: Workspace) -> None:
    import sqlite3

    one, two = make(3), make(4)
    space.save_snapshot("d", one)
    space.save_snapshot("d", two)
    with sqlite3.connect(space.path / "ledger.db") as db:
        db.execute("update snapshots set version = 1")
    db.close()
    assert space.load_snapshot(one.id).id == one.id
    with pytest.raises(StoreError, match="corrupt"):
        space.load_snapshot(two.id)


def test_rows_can_live_at_a_url(tmp_path: Path) -> None:
    url = f"file://{tmp_path}/elsewhere"
    with Workspace.open(tmp_path / "w", storage=url) as space:
        base = make(20)
        space.save_snapshot("d", base)
    with Workspace.open(tmp_path / "w") as space:
        child = apply(base, [Decision("ann", "t", "relabel", ("r'0",), "pos")])
        space.save_snapshot("d", child)
        assert space.load_snapshot(child.id).id == child.id
        assert space.clean() >= 0
        assert space.load_snapshot(base.id).id == base.id
    assert (tmp_path / "elsewhere" / "rows").is_dir() and not (tmp_path / "w" / "rows").exists()
    with pytest.raises(StoreError, match="elsewhere"):
        Workspace.open(tmp_path / "w", storage="s3://other/place")
    with pytest.raises(StoreError, match="local folder"):
        Workspace.open("s3://bucket/x")


def test_what_loads_when(tmp_path: Path) -> None:
    script = """
import sys
from tilth.store import Workspace
assert not {"lance", "sqlalchemy"} & set(sys.modules), "import"
with Workspace.open(sys.argv[1]) as space:
    from tilth.records import Decision
    space.append([Decision("ann", space.now(), "keep", ("a",), dataset="d")])
    space.head("d"), space.history("d"), space.decisions("d"), space.latest_findings("d")
    space.item_cache("k").get(["a"])
assert "lance" not in sys.modules, "ledger"
"""
    done = subprocess.run([sys.executable, "-c", script, str(tmp_path)], capture_output=True, text=True)
    assert (done.returncode, done.stderr) == (0, "")
