"""Select, label, teach, stop: from files, through keys, and in a pseudo-terminal with an oracle behind the keyboard."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import select as ready
import shlex
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tilth.cli import app
from tilth.errors import (
    AlignmentError,
    ConflictError,
    DataError,
    LabelError,
    NotApplicable,
    ParameterError,
    SchemaError,
    SourceError,
    StoreError,
)
from tilth.workflows.active.label import Labelling, label_queue
from tilth.workflows.active.queue import read_queue
from tilth.workflows.active.select import select
from tilth.workflows.active.teach import teach
from tilth.workflows.history import history, undo
from tilth.workflows.project import head_snapshot, locate, opened

CLASSES = ("ash", "birch", "cedar")


def write_pool(folder: Path, n: int = 60, *, labelled: int = 0, split: bool = False) -> tuple[Path, dict[str, str]]:
    """Three clouds of numbers, no label yet; the truth by id."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 3, n)
    X = rng.normal(size=(n, 4)) + 4 * np.eye(3, 4)[kinds]
    truth = {f"t{i}": CLASSES[k] for i, k in enumerate(kinds)}
    path = folder / "trees.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "a", "b", "c", "d", "kind", *(["split"] if split else [])])
        for i, row in enumerate(X):
            part = ["test" if i % 4 == 0 else "train"] if split else []
            kind = truth[f"t{i}"] if i < labelled else ""
            writer.writerow([f"t{i}", *(f"{v:.4f}" for v in row), kind, *part])
    return path, truth


def overrides() -> object:
    from tilth.records import RoleOverrides

    return RoleOverrides(label="kind", id="id")


def fill(path: Path, answer: Callable[[dict[str, str]], str]) -> None:
    rows = list(csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))))
    for row in rows:
        row["label"] = answer(row)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def run(*arguments: str) -> tuple[int, dict[str, object]]:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    return done.exit_code, json.loads(done.stdout) if done.exit_code == 0 else {"error": done.stderr}


# --- from files --------------------------------------------------------------------------------


def test_loop_from_files_starts_at_zero_labels_and_stops(tmp_path: Path) -> None:
    data, truth = write_pool(tmp_path)
    queue = tmp_path / "queue.csv"
    counts = []
    for turn in range(3):
        named = ["--label", "kind", "--id", "id"] if turn == 0 else []
        code, made = run("select", str(data), "--budget", "8", "-o", str(queue), "--force", *named)
        assert code == 0
        assert len(made["findings"]) == 8  # type: ignore[arg-type]
        fill(queue, lambda row: truth[row["row_id"]])
        code, made = run("teach", str(queue), "--new-classes")
        assert code == 0
        counts.append(made["summary"]["labelled"])  # type: ignore[index]
    assert counts == [8, 16, 24]
    with opened(locate(data)) as store:
        snapshot = head_snapshot(store, locate(data))
        decisions = [d for d in store.decisions("trees.csv") if d.action == "relabel"]
    named_rows = {row: snapshot.classes[c] for row, c in zip(snapshot.row_ids, snapshot.labels, strict=True) if c >= 0}
    assert named_rows == {row: truth[row] for row in named_rows}
    assert snapshot.classes == CLASSES
    assert {d.who for d in decisions} == {"person"}
    assert len({d.because for d in decisions}) == 24
    assert data.read_text(encoding="utf-8").count("ash") == 0
    undo(locate(data))
    with opened(locate(data)) as store:
        assert (head_snapshot(store, locate(data)).labels >= 0).sum() == 16
    assert len(history(locate(data)).batches) > 3


@pytest.mark.parametrize("ending", [".csv", ".jsonl", ".json"])
def test_queue_formats_come_back_as_they_were(tmp_path: Path, ending: str) -> None:
    data, _ = write_pool(tmp_path, labelled=12)
    made = select(data, budget=5, strategy="margin", overrides=overrides())  # type: ignore[arg-type]
    path = made.write(tmp_path / "deep" / f"q{ending}")
    back = read_queue(path)
    assert tuple(row.row_id for row in back.rows) == made.row_ids
    assert [row.rank for row in back.rows] == [1, 2, 3, 4, 5]
    assert back.rows[0].why == made.findings.to_dicts()[0]["why"]
    assert set(back.rows[0].inputs) == {"a", "b", "c", "d"}
    assert Path(back.workspace) == data.parent / ".tilth"
    assert (back.dataset, back.strategy, back.snapshot) == ("trees.csv", "margin", made.snapshot.id)
    with pytest.raises(ParameterError, match="overwrite"):
        made.write(path)


def test_label_studio_export_is_taken(tmp_path: Path) -> None:
    data, truth = write_pool(tmp_path, labelled=20)
    path = select(data, budget=3, overrides=overrides()).write(tmp_path / "tasks.json")  # type: ignore[arg-type]
    tasks = json.loads(path.read_text(encoding="utf-8"))
    for task in tasks[:2]:
        result = {"value": {"choices": [truth[task["data"]["row_id"]]]}, "type": "choices"}
        task["annotations"] = [{"result": [result]}]
    path.write_text(json.dumps(tasks), encoding="utf-8")
    made = teach(path)
    assert (made.taught, made.unanswered) == (2, 1)
    tasks[0]["annotations"].append({"result": [{"value": {"choices": ["other"]}, "from_name": "label"}]})
    path.write_text(json.dumps(tasks), encoding="utf-8")
    with pytest.raises(DataError, match="different labels"):
        teach(path)


def test_only_the_choice_named_label_is_read(tmp_path: Path) -> None:
    data, truth = write_pool(tmp_path, labelled=20)
    path = select(data, budget=1, overrides=overrides()).write(tmp_path / "tasks.json")  # type: ignore[arg-type]
    tasks = json.loads(path.read_text(encoding="utf-8"))
    right = truth[tasks[0]["data"]["row_id"]]
    results = [
        {"from_name": "difficulty", "value": {"choices": ["hard"]}},
        {"from_name": "label", "value": {"choices": [right]}},
    ]
    tasks[0]["annotations"] = [{"result": results}]
    path.write_text(json.dumps(tasks), encoding="utf-8")
    assert [row.label for row in read_queue(path).rows] == [right]


def test_a_second_opinion_names_the_decision_that_stands_and_the_whole_command(tmp_path: Path) -> None:
    data, _ = write_pool(tmp_path, labelled=30)
    select(data, budget=1, overrides=overrides())  # type: ignore[arg-type]
    teach(_queue(tmp_path, "row_id,label\nt40,ash\n"), data, who="ann")
    with opened(locate(data)) as store:
        (stands,) = store.decisions("trees.csv")
    other = _queue(tmp_path, "row_id,label\nt40,birch\n", "bob.csv")
    with pytest.raises(ConflictError) as caught:
        teach(other, data, who="bob")
    command = re.search(r"tilth (undo .*)$", str(caught.value))
    assert command is not None
    words = shlex.split(command[1])
    assert words == ["undo", data.as_posix(), "--id", stands.id]
    assert CliRunner().invoke(app, words).exit_code == 0
    assert teach(other, data, who="bob").taught == 1


def test_rows_somebody_was_unsure_of_wait_until_the_others_are_gone(tmp_path: Path) -> None:
    data, _ = write_pool(tmp_path, labelled=50)
    said = overrides()
    queue = select(data, budget=3, overrides=said).write(tmp_path / "q.csv")  # type: ignore[arg-type]
    doubted = {row.row_id for row in read_queue(queue).rows}
    assert press(queue, "???")[0] == 0
    again = select(data, budget=7, overrides=said)  # type: ignore[arg-type]
    assert len(again.row_ids) == 7
    assert not doubted & set(again.row_ids)
    assert any("3 rows that somebody was unsure of are not asked again yet" in note for note in again.notes)
    rest = select(data, budget=10, overrides=said)  # type: ignore[arg-type]
    assert doubted <= set(rest.row_ids)


def test_priority_shows_its_weights_before_it_needs_them(tmp_path: Path) -> None:
    data, _ = write_pool(tmp_path)
    made = select(data, budget=2, overrides=overrides())  # type: ignore[arg-type]
    assert made.to_dict()["summary"]["weights"] == pytest.approx({"uncertainty": 0.9, "rarity": 0.05, "novelty": 0.05})
    done = CliRunner().invoke(app, ["select", str(data), "--budget", "2", "-o", str(tmp_path / "w.csv")])
    assert "uncertainty 0.9, rarity 0.05, novelty 0.05" in done.stdout
    assert "weights" not in select(data, budget=2, strategy="random").to_dict()["summary"]


def test_a_cost_is_no_input_of_select(tmp_path: Path) -> None:
    """Picks by distance are the same whatever labels cost."""
    data, _ = write_pool(tmp_path)
    rows = list(csv.reader(io.StringIO(data.read_text(encoding="utf-8"))))
    picks = []
    for name, prices in (("one.csv", [1] * 60), ("two.csv", [1 + 50 * (i % 2) for i in range(60)])):
        path = tmp_path / name
        lines = [[*rows[0], "eur"], *([*row, str(price)] for row, price in zip(rows[1:], prices, strict=True))]
        path.write_text("\n".join(",".join(line) for line in lines) + "\n", encoding="utf-8")
        picks.append(select(path, budget=8, strategy="k_center", cost="eur", overrides=overrides()).row_ids)  # type: ignore[arg-type]
    assert picks[0] == picks[1]


def test_a_queue_that_cannot_be_written_is_said_before_the_work(tmp_path: Path) -> None:
    taken = _queue(tmp_path, "mine", "q.csv")
    for out, match in ((taken, "overwrite"), (tmp_path / "q.txt", "no queue format"), (taken / "q.csv", "written")):
        done = CliRunner().invoke(app, ["select", str(tmp_path / "nowhere.csv"), "-o", str(out)])
        assert done.exit_code == 2
        assert match in " ".join(done.stderr.split())
    data, _ = write_pool(tmp_path, labelled=30)
    made = select(data, budget=1, overrides=overrides())  # type: ignore[arg-type]
    with pytest.raises(StoreError, match="written"):
        made.write(taken / "q.csv")


def test_rows_of_the_test_part_are_never_picked(tmp_path: Path) -> None:
    data, _ = write_pool(tmp_path, labelled=12, split=True)
    made = select(data, budget=36, strategy="random", overrides=overrides())  # type: ignore[arg-type]
    assert all(int(row[1:]) % 4 for row in made.row_ids)
    assert any("never in the pool" in note for note in made.notes)
    with pytest.raises(ParameterError, match="36 row"):
        select(data, budget=37, overrides=overrides())  # type: ignore[arg-type]


def test_select_leaves_findings_of_an_audit_alone(tmp_path: Path) -> None:
    data, _ = write_pool(tmp_path, labelled=60)
    code, _ = run("audit", str(data), "--label", "kind", "--id", "id")
    assert code == 0
    with opened(locate(data)) as store:
        before = store.latest_findings("trees.csv")
    with pytest.raises(NotApplicable, match="every row has a label"):
        select(data, budget=1, overrides=overrides())  # type: ignore[arg-type]
    with opened(locate(data)) as store:
        after = store.latest_findings("trees.csv")
    assert before is not None
    assert after is not None
    assert set(before[0]) == set(after[0])


# --- keys ---------------------------------------------------------------------------------------


def press(queue: Path, keys: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, ["label", str(queue)], input=keys)
    return done.exit_code, done.stdout + done.stderr


def test_keys_name_skip_drop_doubt_undo_and_stop(tmp_path: Path) -> None:
    data, _ = write_pool(tmp_path, labelled=30)
    queue = select(data, budget=8, overrides=overrides()).write(tmp_path / "q.csv")  # type: ignore[arg-type]
    rows = [row.row_id for row in read_queue(queue).rows]
    code, said = press(queue, "1.?!<3+elm\n=bi\n%q")
    assert code == 0, said
    assert "means nothing" in said
    with opened(locate(data)) as store:
        snapshot = head_snapshot(store, locate(data))
    got = {row: snapshot.classes[snapshot.labels[snapshot.positions([row])[0]]] for row in (rows[0], *rows[3:6])}
    assert got == {rows[0]: "ash", rows[3]: "cedar", rows[4]: "elm", rows[5]: "birch"}
    assert rows[2] in snapshot.row_ids
    code, said = press(queue, "q")
    assert f"row {rows[1]}" in said, "a skipped row is asked again"
    code, said = press(queue, "2" * 3)
    assert "0 rows unanswered" in said


def test_a_new_class_moves_no_key(tmp_path: Path) -> None:
    data, _ = write_pool(tmp_path, labelled=30)
    queue = select(data, budget=4, overrides=overrides()).write(tmp_path / "q.csv")  # type: ignore[arg-type]
    shown = []

    def talk(session: Labelling) -> None:
        session.declare("alder")
        shown.append(session.keys())

    label_queue(queue, talk=talk)
    assert shown == [{"1": "ash", "2": "birch", "3": "cedar", "4": "alder"}]


@pytest.mark.parametrize(("name", "asks"), [("Ash", True), ("ash ", False), ("cedarr", True), ("oak", False)])
def test_a_class_almost_like_another_is_named_twice(tmp_path: Path, name: str, asks: bool) -> None:
    data, _ = write_pool(tmp_path, labelled=30)
    queue = select(data, budget=4, overrides=overrides()).write(tmp_path / "q.csv")  # type: ignore[arg-type]
    seen = []

    def talk(session: Labelling) -> None:
        try:
            session.declare(name)
        except LabelError as error:
            seen.append(str(error))
            session.declare(name)
        seen.append(tuple(session.new_classes))

    label_queue(queue, talk=talk)
    assert len(seen) == 1 + asks
    assert not asks or "almost like" in seen[0]
    assert seen[-1] == (() if name.strip() == "ash" else (name,))


def test_what_was_answered_stays_when_the_person_leaves_in_anger(tmp_path: Path) -> None:
    data, _ = write_pool(tmp_path, labelled=30)
    queue = select(data, budget=5, overrides=overrides()).write(tmp_path / "q.csv")  # type: ignore[arg-type]

    def talk(session: Labelling) -> None:
        session.give("ash")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        label_queue(queue, talk=talk)
    with opened(locate(data)) as store:
        assert (head_snapshot(store, locate(data)).labels >= 0).sum() == 31
    left = []
    label_queue(queue, talk=lambda session: left.append(session.left))
    assert left == [4]


def test_hostile_text_cannot_drive_the_terminal(tmp_path: Path) -> None:
    path = tmp_path / "texts.csv"
    lines = ["id,text,label", *(f'{i},"words number {i} \x1b[2J [red]{i}",{"x" if i % 2 else "y"}' for i in range(12))]
    lines += [f'{i},"fresh words \x1b]0;owned\x07 {i} of them",' for i in range(12, 20)]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    queue = select(path, budget=2).write(tmp_path / "q.csv")
    code, said = press(queue, "q")
    assert code == 0
    assert "\x1b" not in said
    assert "\x07" not in said


# --- a pseudo-terminal ---------------------------------------------------------------------------


@pytest.mark.skipif(os.name != "posix", reason="a pseudo-terminal needs POSIX")
def test_an_oracle_behind_the_keyboard_runs_the_loop_until_it_may_stop(tmp_path: Path) -> None:
    """Select, label in a pseudo-terminal, and stop when a rule that `select` prints says so."""
    from sklearn.linear_model import LogisticRegression

    data, truth = write_pool(tmp_path, 120)
    values = {row["id"]: row for row in csv.DictReader(io.StringIO(data.read_text(encoding="utf-8")))}
    X = np.array([[float(row[c]) for c in "abcd"] for row in values.values()])
    y = np.array(list(truth.values()))
    queue, known, rounds = tmp_path / "queue.csv", list[str](), 0
    while rounds < 9:
        named = ["--label", "kind", "--id", "id"] if not rounds else []
        code, made = run("select", str(data), "--budget", "12", "-o", str(queue), "--force", *named)
        assert code == 0
        said = made["summary"]["stopping"]  # type: ignore[index]
        if "predicted change" in said["say_stop"]:
            break
        known = converse(["label", str(queue)], truth, known)
        rounds += 1
        with opened(locate(data)) as store:
            snapshot = head_snapshot(store, locate(data))
        assert (snapshot.labels >= 0).sum() == 12 * rounds
    assert 2 <= rounds < 9, said["verdict"]
    have = snapshot.labels >= 0
    assert (LogisticRegression().fit(X[have], y[have]).predict(X[~have]) == y[~have]).mean() > 0.9
    assert snapshot.classes == CLASSES
    named_rows = {row: snapshot.classes[c] for row, c in zip(snapshot.row_ids, snapshot.labels, strict=True) if c >= 0}
    assert named_rows == {row: truth[row] for row in named_rows}


def converse(command: list[str], truth: dict[str, str], known: list[str]) -> list[str]:
    """Run a command in a pseudo-terminal; press the key of the true class whenever a row is shown."""
    import pty

    terminal, end = pty.openpty()
    child = subprocess.Popen(
        [sys.executable, "-c", "from tilth.cli import main; main()", *command],
        stdin=end,
        stdout=end,
        stderr=end,
        env={**os.environ, "COLUMNS": "200"},
    )
    os.close(end)
    seen, answered, deadline = "", 0, time.monotonic() + 120
    known = list(known)
    keys = sorted(known)  # a class declared on the way gets the next key
    while child.poll() is None:
        assert time.monotonic() < deadline, seen[-2000:]
        if ready.select([terminal], [], [], 0.2)[0]:
            with contextlib.suppress(OSError):
                seen += os.read(terminal, 65536).decode("utf-8", "replace")
        shown = re.findall(r"\d+ of \d+  row (\w+)", re.sub(r"\x1b\[[0-9;]*m", "", seen))
        if len(shown) > answered and seen.rstrip("\r\n").endswith("> "):
            kind = truth[shown[-1]]
            if kind in known:
                os.write(terminal, str(keys.index(kind) + 1).encode())
            else:
                os.write(terminal, f"+{kind}\n".encode())
                known.append(kind)
                keys.append(kind)
            answered += 1
    os.close(terminal)
    assert child.returncode == 0, seen[-2000:]
    return known


# --- bad input ------------------------------------------------------------------------------------


def _queue(folder: Path, text: str, name: str = "labels.csv") -> Path:
    path = folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.mark.parametrize(
    ("text", "name", "error", "match"),
    [
        ("row_id,label\nnobody,ash\n", "l.csv", AlignmentError, r"line 2.*'nobody'"),
        ("row_id,label\nt40,ahs\n", "l.csv", LabelError, "Did you mean 'ash'"),
        ("row_id,label\nt40,ash\nt40,birch\n", "l.csv", DataError, "lines 2 and 3"),
        ("row_id,label\nt40,\n", "l.csv", NotApplicable, "no row"),
        ("label\nash\n", "l.csv", DataError, "no row_id"),
        ("row_id,label\nt40,ash,more\n", "l.csv", SourceError, "line 2"),
        ("{\n", "l.jsonl", SourceError, "line 1"),
        ("[1]", "l.json", SourceError, "task 1"),
        ("{}", "l.json", SourceError, "list of tasks"),
        ('[{"data":{"row_id":"t40"},"annotations":7}]', "l.json", SourceError, "task 1: annotations is no list"),
        ('[{"data":{"row_id":"t40"},"annotations":["x"]}]', "l.json", SourceError, "task 1, annotations"),
        ('[{"data":{"row_id":"t40"},"annotations":[{"result":[5]}]}]', "l.json", SourceError, "task 1, result"),
        (
            '[{"data":{"row_id":"t40"},"annotations":[{"result":[{"value":{"choices":"ash"}}]}]}]',
            "l.json",
            SourceError,
            "choices is no list.*'ash'",
        ),
        ('[{"data":{"row_id":"t40"},"annotations":[{"result":[{"value":3}]}]}]', "l.json", SourceError, "value"),
        ("", "l.csv", DataError, "no rows"),
        ("row_id,label\n", "l.csv", DataError, "no rows"),
        ("row_id,lable\nt40,ash\n", "l.csv", SchemaError, "no column 'label'.*'lable'"),
        ("row_id", "l.xlsx", ParameterError, "no queue format"),
    ],
)
def test_bad_label_files_write_nothing(
    tmp_path: Path, text: str, name: str, error: type[Exception], match: str
) -> None:
    data, _ = write_pool(tmp_path, labelled=30)
    select(data, budget=1, overrides=overrides())  # type: ignore[arg-type]
    with pytest.raises(error, match=match):
        teach(_queue(tmp_path, text, name), data)
    with opened(locate(data)) as store:
        assert store.decisions("trees.csv") == []


def test_a_file_without_labels_says_so_before_it_asks_for_its_dataset(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="no column 'label'"):
        teach(_queue(tmp_path, "row_id,lable\na,b\n"))
    with pytest.raises(DataError, match="no rows"):
        teach(_queue(tmp_path, ""))


def test_a_file_that_names_no_dataset_asks_for_it(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="--data"):
        teach(_queue(tmp_path, "row_id,label\na,b\n"))


def test_bad_selections(tmp_path: Path) -> None:
    data, _ = write_pool(tmp_path, labelled=30)
    said = overrides()
    for budget in (0, 31):
        with pytest.raises(ParameterError, match="budget"):
            select(data, budget=budget, overrides=said)  # type: ignore[arg-type]
    with pytest.raises(SchemaError, match="no such column"):
        select(data, budget=1, cost="price")
    with pytest.raises(DataError, match="above 0"):
        select(data, budget=1, strategy="cost_sensitive", cost="a")
    bare = _queue(tmp_path, "text\nhello there\nbye now\nand again\n", "bare.csv")
    with pytest.raises(SchemaError, match="no class label column"):
        select(bare, budget=1)
    with pytest.raises(ParameterError, match="named by a text"):
        select(data, budget=1, strategy=None)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="mapping"):
        select(data, budget=1, params=3)  # type: ignore[arg-type]
    code, made = run("select", str(data), "--budget", "1", "--param", "oops")
    assert code == 2
    assert "name=value" in str(made["error"])
