"""Killed and stopped commands: whatever the moment, the same command then succeeds and says the same."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from made_data import images, table, write_csv

TILTH = [sys.executable, "-c", "from tilth.cli import main; main()"]
ENVIRONMENT = {**os.environ, "OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1"}


def start(*arguments: str) -> subprocess.Popen[bytes]:
    """A command in a session of its own, so that its workers die with it."""
    return subprocess.Popen(
        [*TILTH, *arguments],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        env=ENVIRONMENT,
        start_new_session=True,
    )


def run(*arguments: str) -> dict[str, Any]:
    """A command with --json that must succeed; what it said."""
    process = start(*arguments, "--json")
    out, err = process.communicate()
    assert process.returncode == 0, err.decode()
    said: dict[str, Any] = json.loads(out)
    return said


def interrupted(wait: float, sign: int, *arguments: str) -> int:
    """Send a signal `wait` seconds after the start; the exit code, negative for a kill."""
    process = start(*arguments)
    try:
        process.wait(wait)
    except subprocess.TimeoutExpired:
        if sign == signal.SIGKILL:
            os.killpg(process.pid, sign)
        else:
            process.send_signal(sign)
    process.communicate()
    return process.returncode


def essence(said: dict[str, Any]) -> Any:
    """What must be the same in every run: not seconds, not the place of the report, not the time of a decision."""
    summary = {
        k: v for k, v in said.get("summary", {}).items() if k not in ("report", "notes", "workspace", "decisions")
    }
    decided = [
        {k: v for k, v in d.items() if k not in ("id", "when")} for d in said.get("summary", {}).get("decisions", [])
    ]
    outcomes = [(o["part"], o["outcome"]) for o in said.get("outcomes", [])]
    return said["verb"], said["snapshot"], outcomes, said.get("findings"), summary, decided


def moments(undisturbed: float, count: int) -> list[float]:
    """Moments spread over the time that a command takes."""
    return [undisturbed * (i + 0.5) / count for i in range(count)]


def timed(work: Callable[[], Any]) -> tuple[Any, float]:
    begun = time.monotonic()
    return work(), time.monotonic() - begun


@pytest.fixture(scope="module")
def audited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A CSV file with an audit in the workspace beside it."""
    path = write_csv(tmp_path_factory.mktemp("audited") / "d.csv", table(90, wrong=9)[0])
    run("audit", str(path))
    return path


@pytest.fixture
def csv_file(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "d.csv", table(90, wrong=9)[0])


def test_kill_while_ingesting(csv_file: Path, tmp_path: Path) -> None:
    wanted, took = timed(lambda: run("ingest", str(csv_file), "--workspace", str(tmp_path / "calm")))
    killed = 0
    for i, moment in enumerate(moments(took, 4)):
        place = str(tmp_path / f"w{i % 2}")
        killed += interrupted(moment, signal.SIGKILL, "ingest", str(csv_file), "--workspace", place) < 0
        assert essence(run("ingest", str(csv_file), "--workspace", place)) == essence(wanted)
    assert killed, "some moment lay within the run"


def killed_at(method: str, call: int, *arguments: str) -> int:
    """Kill -9 a command as it is about to call a method of the workspace for the n-th time; its exit code."""
    script = (
        "import os, signal\n"
        "from tilth.store import Workspace\n"
        f"own, calls = Workspace.{method}, []\n"
        "def killing(self, *args, **kwargs):\n"
        "    calls.append(1)\n"
        f"    if len(calls) == {call}:\n"
        "        os.kill(os.getpid(), signal.SIGKILL)\n"
        "    return own(self, *args, **kwargs)\n"
        f"Workspace.{method} = killing\n"
        "from tilth.cli import main\n"
        "main()\n"
    )
    return subprocess.run([sys.executable, "-c", script, *arguments], capture_output=True, env=ENVIRONMENT).returncode


def test_an_audit_killed_between_two_pieces_of_evidence_goes_on(csv_file: Path, tmp_path: Path) -> None:
    audit = ("audit", str(csv_file), "--workspace")
    assert killed_at("put_evidence", 3, *audit, str(tmp_path / "w")) == -signal.SIGKILL
    wanted = run(*audit, str(tmp_path / "calm"))
    assert essence(run(*audit, str(tmp_path / "w"))) == essence(wanted)


@pytest.mark.parametrize("method", ["append", "set_head"])
def test_a_fix_killed_before_any_of_its_writes_is_whole_or_absent(method: str, audited: Path, tmp_path: Path) -> None:
    place = tmp_path / "w"
    shutil.copytree(audited.parent, place)
    file = str(place / audited.name)
    before = run("log", file)["snapshot"]
    fix = ("fix", file, "--yes", "--policy", "label_error=relabel")
    assert killed_at(method, 1, *fix) == -signal.SIGKILL
    log = run("log", file)
    assert log["snapshot"] == before
    assert bool(log["summary"]["decisions"]) == (method != "append"), "the ledger is written first, in one piece"
    if method == "append":
        repaired = run(*fix)
        assert repaired["summary"]["before"] == before != repaired["snapshot"]
    else:
        assert run("ingest", file)["snapshot"] != before, "the next verb applies what was decided"


def test_ctrl_c_stops_an_audit_with_130_and_the_next_one_ends(csv_file: Path, tmp_path: Path) -> None:
    place = tmp_path / "w"
    process = start("audit", str(csv_file), "--workspace", str(place))
    while not place.exists() and process.poll() is None:
        time.sleep(0.005)
    process.send_signal(signal.SIGINT)
    out, err = process.communicate()
    assert process.returncode == 130, err.decode()
    assert out == b"" and b"the same command goes on" in err and b"Traceback" not in err
    assert run("audit", str(csv_file), "--workspace", str(place))["verb"] == "audit"


@pytest.mark.slow
def test_kill_while_auditing(csv_file: Path, tmp_path: Path) -> None:
    audit = ("audit", str(csv_file), "--workspace")
    wanted, took = timed(lambda: run(*audit, str(tmp_path / "calm")))
    killed = sum(interrupted(moment, signal.SIGKILL, *audit, str(tmp_path / "w")) < 0 for moment in moments(took, 5))
    assert killed
    assert essence(run(*audit, str(tmp_path / "w"))) == essence(wanted)
    log = run("log", str(csv_file), "--workspace", str(tmp_path / "w"))
    assert len(log["summary"]["snapshots"]) >= 1 and log["snapshot"] == wanted["snapshot"]


@pytest.mark.slow
def test_kill_while_fixing(csv_file: Path, tmp_path: Path) -> None:
    fix = ("fix", str(csv_file), "--yes", "--policy", "label_error=relabel", "--workspace")
    run("audit", str(csv_file), "--workspace", str(tmp_path / "calm"))
    wanted, took = timed(lambda: run(*fix, str(tmp_path / "calm")))
    before = wanted["summary"]["before"]
    for i, moment in enumerate(moments(took, 5)):
        place = str(tmp_path / f"w{i}")
        run("audit", str(csv_file), "--workspace", place)
        code = interrupted(moment, signal.SIGKILL, *fix, place)
        log = run("log", str(csv_file), "--workspace", place)
        standing = log["summary"]["decisions"]
        assert log["snapshot"] in (before, wanted["snapshot"]), "either the old rows or the repaired ones"
        if not standing:
            assert code < 0 and log["snapshot"] == before
            assert essence(run(*fix, place)) == essence(wanted)
            continue
        # the ledger is written in one piece; what the kill kept from being applied, the next verb applies
        assert len(standing) == len(wanted["summary"]["decisions"])
        assert run("ingest", str(csv_file), "--workspace", place)["snapshot"] == wanted["snapshot"]


def test_a_stop_exits_130_and_the_next_run_goes_on_from_the_cache(tmp_path: Path) -> None:
    folder, _ = images(tmp_path / "pictures", 60, wrong=5)
    wanted = run("audit", str(folder), "--workspace", str(tmp_path / "calm"), "--jobs", "1")
    place = tmp_path / "w"
    script = (
        "import os, signal, sys\n"
        "from tilth.workflows import audit as module\n"
        "from tilth.engine import Resolver\n"
        "get = Resolver.get\n"
        "def stopping(self, kind):\n"
        "    made = get(self, kind)\n"
        "    if kind == 'embeddings':\n"
        "        os.kill(os.getpid(), signal.SIGINT)\n"
        "    return made\n"
        "Resolver.get = stopping\n"
        "from tilth.cli import main\n"
        "main()\n"
    )
    stopped = subprocess.run(
        [sys.executable, "-c", script, "audit", str(folder), "--workspace", str(place), "--jobs", "1"],
        capture_output=True,
        text=True,
        env=ENVIRONMENT,
    )
    assert stopped.returncode == 130, stopped.stderr
    assert stopped.stdout == "" and "the same command goes on" in stopped.stderr and "Traceback" not in stopped.stderr
    assert list((place / "items").iterdir()), "the embedded images are kept"
    assert essence(run("audit", str(folder), "--workspace", str(place), "--jobs", "1")) == essence(wanted)


@pytest.mark.slow
@pytest.mark.parametrize("verb", ["ingest", "audit"])
def test_ctrl_c_at_some_moment_leaves_no_traceback(verb: str, csv_file: Path, tmp_path: Path) -> None:
    _, took = timed(lambda: run(verb, str(csv_file), "--workspace", str(tmp_path / "calm")))
    for moment in moments(took, 3):
        process = start(verb, str(csv_file), "--workspace", str(tmp_path / "w"))
        try:
            process.wait(max(moment, 0.5 * took))  # before that, Python itself may still be starting
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGINT)
        _, err = process.communicate()
        # a stop that comes while Python itself ends, when all is done, is the interpreter's own, and so is what it
        # prints where the stop falls into its collection of garbage
        assert process.returncode in (0, 130, -signal.SIGINT), err.decode()
        assert b"Traceback" not in err or b"Exception ignored in" in err, err.decode()
    run(verb, str(csv_file), "--workspace", str(tmp_path / "w"))


@pytest.mark.slow
def test_two_processes_at_once_on_one_workspace(tmp_path: Path) -> None:
    one = write_csv(tmp_path / "one.csv", table(90, wrong=9)[0])
    two = write_csv(tmp_path / "two.csv", table(90, wrong=9, seed=4)[0])
    wanted = [run("audit", str(path), "--workspace", str(tmp_path / "calm")) for path in (one, one, two)]
    place = str(tmp_path / "w")
    running = [start("audit", str(path), "--workspace", place, "--json") for path in (one, one, two)]
    answers = [process.communicate() for process in running]
    for process, (out, err), right in zip(running, answers, wanted, strict=True):
        assert process.returncode == 0, err.decode()
        assert essence(json.loads(out)) == essence(right)
    log = run("log", str(one), "--workspace", place)
    assert log["snapshot"] == wanted[0]["snapshot"]


@pytest.mark.slow
def test_two_fixes_at_once_are_one_fix_or_two_in_a_row(csv_file: Path, tmp_path: Path) -> None:
    place = str(tmp_path / "w")
    fix = ("fix", str(csv_file), "--yes", "--policy", "label_error=relabel", "--workspace", place, "--json")
    run("audit", str(csv_file), "--workspace", place)
    calm = run(*fix[:-1])
    run("undo", str(csv_file), "--all", "--workspace", place)
    running = [start(*fix) for _ in range(2)]
    answers = [(process.communicate(), process.returncode) for process in running]
    assert [code for _, code in answers] == [0, 0], [err.decode() for (_, err), _ in answers]
    log = run("log", str(csv_file), "--workspace", place)
    said = {json.loads(out)["snapshot"] for (out, _), _ in answers}
    assert log["snapshot"] in said
    undone = run("undo", str(csv_file), "--all", "--workspace", place)
    assert undone["snapshot"] == calm["summary"]["before"]
