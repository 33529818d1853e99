"""Killed writers, two writers, full and read-only disks: the previous state stays, and says so."""

from __future__ import annotations

import json
import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from tilth.errors import BusyError, StoreError
from tilth.records import Column, Decision, Evidence, Findings, Schema, Snapshot
from tilth.store import Workspace

WRITER = """
import itertools, sys
import numpy as np, pyarrow as pa
from dataclasses import replace
from tilth.records import Column, Decision, Evidence, Schema, Snapshot, apply
from tilth.store import Workspace
path, verb = sys.argv[1:]
with Workspace.open(path) as space:
    base = space.load_snapshot(space.base("d"))
    import lance
    print("ready", flush=True)
    for i in itertools.count():
        if verb == "save":
            y = pa.array([("neg", "pos")[hash((i, j)) % 2] for j in range(len(base))])
            child = replace(base, table=base.table.set_column(4, "y", y), parents=(base.id,))
            whole = replace(child, parents=()) if i % 2 else child
            space.save_snapshot("d", whole)
            space.set_head("d", whole.id, expected=space.head("d"))
            print(whole.id, flush=True)
        elif verb == "append":
            batch = [Decision("ann", f"{space.now()} {k}", "keep", ("r1",), str(i), dataset="d") for k in range(20)]
            space.append(batch)
            print(i, flush=True)
        elif verb == "evidence":
            values = np.full((len(base), 64), i, np.float32)
            evidence = Evidence("embeddings", base.id, base.row_ids, values, maker={"i": i})
            space.put_evidence(evidence)
            print(evidence.address, flush=True)
        elif verb == "items":
            keys = [f"{i}-{k}" for k in range(500)]
            space.item_cache("m").put(keys, np.full((500, 64), i, np.float32))
            print(i, flush=True)
"""


def make(n: int = 3000) -> Snapshot:
    rng = np.random.default_rng(0)
    table = pa.table(
        {
            "row_id": [f"r{i}" for i in range(n)],
            "item": [f"h{i}" for i in range(n)],
            "position": pa.array(range(n), pa.int64()),
            "text": [str(x) for x in rng.random(n)],
            "y": ["neg", "pos"] * (n // 2),
        }
    )
    return Snapshot(table, Schema((Column("text", "input", "text"), Column("y", "label", "category")), ("neg", "pos")))


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Workspace.open(tmp_path / ".tilth") as space:
        base = make()
        space.save_snapshot("d", base)
        space.set_base("d", base.id)
        space.set_head("d", base.id, expected=None)
    return tmp_path / ".tilth"


def kill_while_writing(path: Path, verb: str, wait: float) -> list[str]:
    """Start a writer, kill it `wait` seconds after it is warm; returns what it acknowledged."""
    with subprocess.Popen(
        [sys.executable, "-c", WRITER, str(path), verb], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as writer:
        assert writer.stdout is not None and writer.stderr is not None
        assert writer.stdout.readline() == "ready\n", writer.stderr.read()
        time.sleep(wait)
        writer.send_signal(signal.SIGKILL)
        said = writer.stdout.read()
        errors = writer.stderr.read()
    assert writer.returncode == -signal.SIGKILL, errors
    whole = said[: said.rfind("\n") + 1]
    return whole.split()


@pytest.mark.parametrize("round_", range(4))
def test_kill_while_saving_snapshots(path: Path, round_: int) -> None:
    said = kill_while_writing(path, "save", random.Random(round_).uniform(0.05, 0.6))
    with Workspace.open(path) as space:
        base = make()
        assert space.load_snapshot(base.id).table.equals(base.table)
        for snapshot_id in said:
            assert space.load_snapshot(snapshot_id).id == snapshot_id
        head = space.head("d")
        assert head is not None and space.load_snapshot(head).id == head
        if said:
            assert head == said[-1] or head in {r.id for r in space.history("d")[-1:]}
        space.clean()
        named = space._catalog.versions()["d.lance"]
        import lance

        assert {v["version"] for v in lance.dataset(space.path / "rows" / "d.lance").versions()} <= named | {
            lance.dataset(space.path / "rows" / "d.lance").version
        }
        for record in space.history("d"):
            assert space.load_snapshot(record.id).id == record.id
        with space.write_lock(timeout=0):
            assert space.clean() == 0


@pytest.mark.parametrize("round_", range(3))
def test_kill_while_appending_decisions_loses_nothing_acknowledged(path: Path, round_: int) -> None:
    said = kill_while_writing(path, "append", random.Random(round_).uniform(0.02, 0.3))
    with Workspace.open(path) as space:
        decisions = space.decisions("d")
        assert len(decisions) % 20 == 0
        values = [int(d.value) for d in decisions]
        assert values == sorted(values)
        assert len(said) <= len(decisions) // 20 <= len(said) + 1


@pytest.mark.parametrize("round_", range(3))
def test_kill_while_putting_evidence(path: Path, round_: int) -> None:
    said = kill_while_writing(path, "evidence", random.Random(round_).uniform(0.05, 0.4))
    with Workspace.open(path) as space:
        space.clean()
        for i, address in enumerate(said):
            found = space.get_evidence(address)
            assert found is not None and (found.values == i).all()
        folders = {p.name for p in (path / "evidence").iterdir()} if (path / "evidence").exists() else set()
        assert folders == space._catalog.evidence_folders()


def test_kill_while_putting_items(path: Path) -> None:
    said = kill_while_writing(path, "items", 0.2)
    with Workspace.open(path) as space:
        space.clean()
        assert not list(path.glob("items/*/.tmp-*"))
        for i in said:
            found, values = space.item_cache("m").get([f"{i}-{k}" for k in range(500)])
            assert found.all() and (values == int(i)).all()


def test_clean_frees_what_no_record_names(path: Path) -> None:
    with Workspace.open(path) as space:
        base = make()
        evidence = Evidence("probs", base.id, base.row_ids, np.ones((len(base), 2)))
        space.put_evidence(evidence)
        space.put_findings("d", {"x": Findings.none()}, [], {})
        assert space.clean() == 0
        for orphan in ("evidence/x.lance/data/a", "rows/y.lance/data/a", "rows/d.lance/data/a.lance"):
            (path / orphan).parent.mkdir(parents=True, exist_ok=True)
            (path / orphan).write_bytes(bytes(1000))
        (path / "findings" / "x.arrow").write_bytes(bytes(1000))
        (path / "findings" / ".tmp-1-x").write_bytes(bytes(1000))
        (path / "items" / "m").mkdir(parents=True)
        (path / "items" / "m" / ".tmp-1").write_bytes(bytes(1000))
        assert space.clean() == 6000
        assert space.clean() == 0
        assert space.load_snapshot(base.id).id == base.id
        assert space.get_evidence(evidence.address) is not None
        assert space.latest_findings("d") is not None


def test_a_version_that_no_record_names_is_removed(path: Path) -> None:
    with Workspace.open(path) as space:
        from tilth.store import lance_io

        uri = str(path / "rows" / "d.lance")
        lance_io.append(uri, lance_io.read(uri, 1).slice(0, 5).set_column(0, "row_id", pa.array(list("abcde"))))
        assert space.clean() > 0
        newest = lance_io.latest(uri)
        assert (space.clean(), space.clean(), lance_io.latest(uri)) == (0, 0, newest)
        assert space.load_snapshot(make().id).table.equals(make().table)
        assert len(lance_io.read(uri, lance_io.latest(uri))) == 3000


HOLDER = """
import sys, time
from tilth.store import Workspace
with Workspace.open(sys.argv[1]) as space, space.write_lock():
    print("held", flush=True)
    time.sleep(60)
"""


@pytest.fixture
def holder(path: Path) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen([sys.executable, "-c", HOLDER, str(path)], stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_a_second_writer_waits_then_names_the_holder(path: Path, holder: subprocess.Popen[str]) -> None:
    with Workspace.open(path) as space:
        with pytest.raises(BusyError, match=f"process {holder.pid} holds the lock"), space.write_lock(timeout=0.1):
            pass
        assert space.load_snapshot(make().id).id == make().id
        space.append([Decision("ann", "t", "keep", ("r1",), dataset="d")])
        holder.kill()
        with space.write_lock(timeout=10):
            pass


def test_the_lock_is_reentrant_and_excludes_threads_and_other_workspaces(path: Path) -> None:
    with Workspace.open(path) as one, Workspace.open(path) as two, one.write_lock(0), one.write_lock(0):
        with pytest.raises(BusyError), two.write_lock(0):
            pass
        failures: list[BaseException] = []

        def other() -> None:
            try:
                with one.write_lock(0):
                    pass
            except BusyError as error:
                failures.append(error)

        thread = threading.Thread(target=other)
        thread.start()
        thread.join()
        assert len(failures) == 1
    with Workspace.open(path) as three, three.write_lock(0):
        pass


def test_a_forked_child_does_not_keep_the_lock(path: Path) -> None:
    script = """
import os, sys, time
from tilth.store import Workspace
space = Workspace.open(sys.argv[1])
with space.write_lock():
    child = os.fork()
    if child == 0:
        os.close(1)
        os.close(2)
        time.sleep(60)
        os._exit(0)
    print(child, flush=True)
    os._exit(0)
"""
    done = subprocess.run([sys.executable, "-c", script, str(path)], capture_output=True, text=True, timeout=50)
    with Workspace.open(path) as space, space.write_lock(timeout=5):
        pass
    os.kill(int(done.stdout), signal.SIGKILL)


TWO = """
import sys
from tilth.errors import BusyError
from tilth.records import Decision, apply
from tilth.store import Workspace
path, who = sys.argv[1:]
with Workspace.open(path) as space:
    for i in range(6):
        space.append([Decision(who, space.now(), "relabel", (f"r{2 * i + (who == 'bob')}",), "pos", dataset="d")])
        while True:
            head = space.head("d")
            made = apply(space.load_snapshot(space.base("d")), space.decisions("d"))
            space.save_snapshot("d", made)
            try:
                space.set_head("d", made.id, expected=head)
                break
            except BusyError:
                print("lost a race", flush=True)
"""


def test_two_processes_write_and_nothing_is_lost(path: Path) -> None:
    command = [sys.executable, "-c", TWO, str(path)]
    pair = [subprocess.Popen([*command, who], stderr=subprocess.PIPE, stdout=subprocess.PIPE) for who in ("ann", "bob")]
    for process in pair:
        _, errors = process.communicate(timeout=120)
        assert process.returncode == 0, errors.decode()
    with Workspace.open(path) as space:
        assert sorted(d.who for d in space.decisions("d")) == ["ann"] * 6 + ["bob"] * 6
        assert (space.load_snapshot(space.head("d") or "").labels[:12] == 1).all()
        for record in space.history("d"):
            assert space.load_snapshot(record.id).id == record.id


def test_many_processes_make_one_workspace(tmp_path: Path) -> None:
    script = "import sys; from tilth.store import Workspace; Workspace.open(sys.argv[1]).close()"
    many = [subprocess.Popen([sys.executable, "-c", script, str(tmp_path / "w")]) for _ in range(4)]
    assert [process.wait(timeout=60) for process in many] == [0, 0, 0, 0]


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    folder = tmp_path / "tiny"
    folder.mkdir()
    mount = shutil.which("mount")
    if (
        mount is None
        or subprocess.run([mount, "-t", "tmpfs", "-o", "size=3m", "none", str(folder)], capture_output=True).returncode
    ):
        pytest.skip("mounting a small disk needs root")
    yield folder
    subprocess.run(["umount", "-l", str(folder)], check=True)


def test_a_full_disk_is_said_and_the_old_state_stays(tiny_disk: Path) -> None:
    with Workspace.open(tiny_disk / "w") as space:
        base = make(100)
        space.save_snapshot("d", base)
        with pytest.raises(StoreError, match="disk is full"):
            values = np.random.default_rng(0).random((3000, 500))
            space.put_evidence(Evidence("probs", "s", make().row_ids, values))
        with pytest.raises(StoreError, match="disk is full"):
            space.item_cache("m").put(make().row_ids.tolist(), values)
        big = [Decision("ann", "t", "keep", tuple(str(i) for i in range(10**6)), dataset="d")]
        with pytest.raises(StoreError, match="disk is full"):
            space.append(big)
        with pytest.raises(StoreError, match="disk is full"):
            space.put_findings("d", {"x": Findings.build("x", ["a"], [1.0], [True], ["w" * 4_000_000])}, [], {})
        assert space.load_snapshot(base.id).id == base.id
        assert space.decisions("d") == [] and space.latest_findings("d") is None
        space.clean()
        space.append([Decision("ann", "t", "keep", ("r1",), dataset="d")])
        assert len(space.decisions("d")) == 1


def test_a_read_only_disk_is_said(tiny_disk: Path) -> None:
    with Workspace.open(tiny_disk / "w") as space:
        space.save_snapshot("d", make(10))
    subprocess.run(["mount", "-o", "remount,ro", str(tiny_disk)], check=True)
    with pytest.raises(StoreError, match="cannot be written"):
        Workspace.open(tiny_disk / "w")
    with pytest.raises(StoreError, match="cannot be written"):
        Workspace.open(tiny_disk / "new")


def test_formats_and_places_that_are_no_workspace(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="ingest first"):
        Workspace.open(tmp_path / "none", create=False)
    assert not (tmp_path / "none").exists()
    Workspace.open(tmp_path / "w").close()
    (tmp_path / "w" / "format").write_text("99\n")
    with pytest.raises(StoreError, match=r"newer version.*99"):
        Workspace.open(tmp_path / "w")
    (tmp_path / "w" / "format").write_text("what")
    with pytest.raises(StoreError, match="no workspace"):
        Workspace.open(tmp_path / "w")
    (tmp_path / "file").write_text("x")
    with pytest.raises(StoreError, match="cannot be read or written"):
        Workspace.open(tmp_path / "file")


def test_a_corrupt_ledger_is_said(path: Path) -> None:
    (path / "ledger.db").write_bytes(b"garbage" * 1000)
    with pytest.raises(StoreError, match="corrupt"):
        Workspace.open(path)


def test_rows_that_went_missing_are_said(path: Path) -> None:
    shutil.rmtree(path / "rows")
    with Workspace.open(path) as space, pytest.raises(StoreError, match="not found"):
        space.load_snapshot(make().id)


def test_a_decision_changed_from_outside_is_said(path: Path) -> None:
    with Workspace.open(path) as space:
        space.append([Decision("ann", "t", "keep", ("r1",), dataset="d")])
        with sqlite3.connect(path / "ledger.db") as db:
            db.execute("update decisions set who = 'bob', rows = ?", [json.dumps(["r1"])])
        db.close()
        with pytest.raises(StoreError, match="changed from outside"):
            space.decisions("d")
