"""The verb augment: plan, rows in the ledger, the same with any number of workers, after a kill, from the shell."""

from __future__ import annotations

import hashlib
import json
import os
import shlex
import signal
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

import tilth
from made_data import images, sounds, table, texts, write_csv
from tilth.cli import app
from tilth.errors import LeakError, NotApplicable, ParameterError, PartError, SourceError
from tilth.numerics.augment.shift import Shift
from tilth.records import added_rows
from tilth.workflows.augment.guard import FeatureShift
from tilth.workflows.augment.page import advise_augmentation, augmentation_dict, report_augmentation, shown_distance
from tilth.workflows.augment.verb import Augmentation, augment
from tilth.workflows.project import RunOptions, opened
from tilth.workflows.proof.descendants import parents_of

POLICIES = {
    "image": "[{rand_augment: {n: 2, m: 0.4}}, {image_gaussian_noise: 0.3}]",
    "text": "[{random_swap: 0.3}, {random_deletion: {p: 0.5, magnitude: 0.3}}]",
    "audio": "[{audio_noise: 0.4}, {audio_shift: {p: 0.5, magnitude: 0.3}}]",
    "table": "[{quantile_jitter: 0.4}, {swap_noise: {p: 0.5, magnitude: 0.3}}]",
}


def data(medium: str, folder: Path, n: int = 45) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if medium == "image":
        return images(folder / "image", n)[0]
    if medium == "audio":
        return sounds(folder / "audio", n)[0]
    rows = texts(n)[0] if medium == "text" else table(n)[0]
    return write_csv(folder / f"{medium}.csv", rows)


def contents(path: Path) -> dict[Path, bytes]:
    return {p: p.read_bytes() for p in (path.rglob("*") if path.is_dir() else [path]) if p.is_file()}


def marks(made: Augmentation) -> dict[str, str]:
    """Hashes of everything that was written: media files, the list of rows, the snapshot."""
    found = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest()
        for path in sorted(made.folder.iterdir())
        if path.suffix in (".png", ".wav", ".jsonl", ".yaml")
    }
    return {**found, "snapshot": made.after.id if made.after else ""}


@pytest.mark.parametrize("medium", ["image", "text", "audio", "table"])
def test_rows_enter_the_ledger_and_leave_it_again(medium: str, tmp_path: Path) -> None:
    path = data(medium, tmp_path, 30)
    original = contents(path)
    made = augment(path, policy=POLICIES[medium], times=2, write=True, check=False)
    assert made.after is not None and made.written and made.medium == medium
    assert made.added + made.unchanged == 60 and made.added > 50
    assert len(made.after) == 30 + made.added
    assert sum(after for _, after in made.counts.values()) == len(made.after)
    with opened(made.dataset) as store:
        decisions = store.decisions(made.dataset.name)
    assert {d.who for d in decisions} == {"policy:augment"} and {d.action for d in decisions} == {"add", "accept"}
    rows = added_rows(decisions)
    assert all(set(row["parents"]) <= set(made.before.row_ids) and json.loads(row["recipe"]) for row in rows.values())
    exported = tmp_path / ("out" if medium in ("image", "audio") else "out.csv")
    assert tilth.export(made.dataset, exported).rows == len(made.after)
    log = tilth.history(made.dataset)
    assert [batch.action for batch in log.batches] == ["add", "accept"]
    assert log.snapshots[-1].recipe == {
        "verb": "apply",
        "decisions": 2,
        "relabelled": 0,
        "dropped": 0,
        "added": made.added,
    }
    undone = tilth.undo(made.dataset)
    assert undone.snapshot.id == made.before.id
    assert contents(path) == original
    again = augment(path, policy=POLICIES[medium], times=2, write=True, check=False)
    assert again.after is not None and again.after.id == made.after.id


@pytest.mark.parametrize("medium", ["image", "text", "audio", "table"])
def test_same_bytes_with_1_2_and_4_workers(medium: str, tmp_path: Path) -> None:
    found = []
    for jobs in (1, 2, 4):
        path = data(medium, tmp_path / str(jobs), 24)
        options = RunOptions(seed=3, jobs=jobs)
        made = augment(path, policy=POLICIES[medium], times=2, write=True, check=False, options=options)
        found.append(marks(made))
    assert found[0] == found[1] == found[2]
    assert len(found[0]) > (40 if medium in ("image", "audio") else 2)


KILLED = """
import os, signal, sys
from tilth.workflows.augment.verb import augment
from tilth.workflows.project import RunOptions

def listen(event):
    if event.path.endswith("augmenting") and event.done >= 100:
        os.kill(os.getpid(), signal.SIGKILL)

augment(sys.argv[1], policy=sys.argv[2], times=3, write=True, check=False, options=RunOptions(listener=listen))
"""


@pytest.mark.parametrize("medium", ["image", "text", "audio", "table"])
def test_same_bytes_after_a_kill_and_from_the_shell(medium: str, tmp_path: Path) -> None:
    whole = augment(data(medium, tmp_path / "a"), policy=POLICIES[medium], times=3, write=True, check=False)
    path = data(medium, tmp_path / "b")
    code = [sys.executable, "-c", KILLED, str(path), POLICIES[medium]]
    assert subprocess.run(code, capture_output=True, check=False).returncode == -signal.SIGKILL
    said = CliRunner().invoke(
        app, ["augment", str(path), "--policy", POLICIES[medium], "--times", "3", "--write", "--no-check", "--json",
              "--jobs", "1"],
    )  # fmt: skip
    assert said.exit_code == 0, said.output
    summary = json.loads(said.stdout)["summary"]
    assert any("from a run that was stopped" in note for note in summary["notes"])
    folder = Path(summary["folder"])
    assert folder.name.rpartition("-")[2] == whole.job == summary["job"]
    resumed = {p.name: p.read_bytes() for p in folder.iterdir()}
    assert resumed == {p.name: p.read_bytes() for p in whole.folder.iterdir()}
    assert json.loads(said.stdout)["snapshot"] == (whole.after.id if whole.after else "")


def test_torn_last_line_of_the_manifest_is_made_again(tmp_path: Path) -> None:
    path = data("text", tmp_path)
    plan = augment(path, policy=POLICIES["text"], times=2, check=False)
    whole = augment(path, policy=POLICIES["text"], times=2, write=True, check=False)
    text = (whole.folder / "rows.jsonl").read_bytes()
    tilth.undo(whole.dataset)
    (whole.folder / "rows.jsonl").write_bytes(text[: len(text) // 2])
    again = augment(path, policy=POLICIES["text"], times=2, write=True, check=False)
    assert plan.job == again.job and again.resumed > 0
    assert (again.folder / "rows.jsonl").read_bytes() == text


@pytest.mark.parametrize(
    ("medium", "damage"),
    [("image", "junk"), ("image", "missing"), ("image", "line"), ("text", "line"), ("text", "cell")],
)
def test_damaged_files_of_an_earlier_run_are_made_again(medium: str, damage: str, tmp_path: Path) -> None:
    path, out = data(medium, tmp_path, 12), tmp_path / "out"
    whole = augment(path, policy=POLICIES[medium], times=2, write=True, check=False, out=out)
    before = {p.name: p.read_bytes() for p in out.iterdir()}
    tilth.undo(whole.dataset)
    lines = before["rows.jsonl"].splitlines(keepends=True)
    rows = [json.loads(line) for line in lines]
    at = next(i for i in range(5, len(rows)) if "item" in rows[i])
    column = "path" if "path" in rows[at] else next(c.name for c in whole.before.schema.inputs)
    if damage in ("junk", "missing"):
        file = out / rows[at][column]
        file.write_text("junk") if damage == "junk" else file.unlink()
    else:
        lines[at] = b"junk\n" if damage == "line" else json.dumps({**rows[at], column: "other"}).encode() + b"\n"
        (out / "rows.jsonl").write_bytes(b"".join(lines))
    again = augment(path, policy=POLICIES[medium], times=2, write=True, check=False, out=out)
    assert again.resumed == at - 1, "only what stands before the damage"
    assert {p.name: p.read_bytes() for p in out.iterdir()} == before


def test_plan_writes_nothing_and_says_what_would_come(tmp_path: Path) -> None:
    path = data("text", tmp_path)
    made = augment(path, policy=POLICIES["text"], times=3)
    assert not made.written and not made.folder.exists() and made.added == 135
    assert made.counts["cats"] == (15, 60)
    with opened(made.dataset) as store:
        assert store.decisions(made.dataset.name) == []
    page = report_augmentation(made, tmp_path / "page.html").read_text(encoding="utf-8")
    assert "Up to 135 rows would be added" in page and "How far samples move" in page
    assert {"words", "embedding"} <= {shift.name for shift in made.shifts}
    legend = page[page.index('id="classes"') :]
    assert ">new</text>" in legend and ">as they were</text>" in legend and "flagged" not in legend
    below = FeatureShift("embedding", "vectors", Shift(-0.228, 0.9, 1.0, 1.0))
    shown = report_augmentation(replace(made, shifts=(below,)), tmp_path / "below.html").read_text(encoding="utf-8")
    assert "0.228" not in shown and shown_distance(below) == "0.000"
    json.dumps(augmentation_dict(made), allow_nan=False)


def test_advice_and_shell_name_the_policy_and_the_dataset(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = data("text", tmp_path)
    monkeypatch.chdir(path.parent)
    command = ["augment", path.name, "--policy", "[{random_swap: 0.3}]", "--times", "2", "--seed", "3", "--no-check"]
    command += ["--limit", "cats:random_swap=0.2"]
    said = CliRunner().invoke(app, command)
    assert said.exit_code == 0, said.output
    asked = next(line for line in said.stdout.splitlines() if line.startswith("Do it: tilth "))[len("Do it: tilth ") :]
    assert sorted(shlex.split(asked)) == sorted([*command, "--write"])
    done = CliRunner().invoke(app, shlex.split(asked))
    assert done.exit_code == 0 and f"tilth prove {path.name} --augmentation" in done.stdout
    plan = augment(path.name, policy=[{"random_swap": {"magnitude": 0.3}}], times=2)
    first = advise_augmentation(plan)[-1]
    assert f"tilth prove {path.name} --augmentation" in first
    line = first.partition("tilth ")[2].partition(", then")[0]
    assert CliRunner().invoke(app, shlex.split(line)).exit_code == 0
    assert "--policy" in report_augmentation(plan, tmp_path / "page.html").read_text(encoding="utf-8")


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({"out": 3}, "path of a folder"), ({"options": 3}, "RunOptions"), ({"model": 3}, "scikit-learn classifier"),
        ({"embedder": 3}, "name of an embedder"), ({"write": "yes"}, "True or False"), ({"check": 1}, "True or False"),
        ({"model": dict}, "scikit-learn classifier"), ({"policy": 3}, "list of steps"),
    ],
)  # fmt: skip
def test_arguments_of_another_kind_are_refused(given: dict[str, Any], words: str, tmp_path: Path) -> None:
    path = data("text", tmp_path)
    with pytest.raises(ParameterError, match=words):
        augment(path, **given)
    assert not (tmp_path / ".tilth" / "augmented").exists()


def test_save_policy_takes_whatever_is_a_policy(tmp_path: Path) -> None:
    assert tilth.load_policy(tilth.save_policy(["rotate"], tmp_path / "p.yaml")).operations() == ("rotate",)
    wrong: Any
    for wrong in ((3, tmp_path / "x.yaml"), (["rotate"], 3), (None, tmp_path / "x.yaml")):
        with pytest.raises(ParameterError):
            tilth.save_policy(*wrong)
    assert not (tmp_path / "x.yaml").exists()


def test_folder_of_the_users_choice_and_a_foreign_one(tmp_path: Path) -> None:
    path = data("image", tmp_path, 12)
    made = augment(path, policy="[rotate]", times=1, write=True, check=False, out=tmp_path / "mine")
    assert len(list((tmp_path / "mine").glob("*.png"))) == made.added
    assert made.after is not None and made.after.root.endswith("../mine")
    with pytest.raises(ParameterError, match="rows of another augmentation"):
        augment(path, policy="[shear_x]", times=1, write=True, check=False, out=tmp_path / "mine")
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "x").touch()
    with pytest.raises(ParameterError, match="something else in this folder"):
        augment(path, policy="[shear_x]", times=1, write=True, check=False, out=tmp_path / "full")


def test_the_very_same_rows_are_not_added_twice_but_other_ones_are(tmp_path: Path) -> None:
    path = data("table", tmp_path, 30)
    first = augment(path, policy=POLICIES["table"], times=1, write=True, check=False)
    with pytest.raises(ParameterError, match="in the dataset already"):
        augment(path, policy=POLICIES["table"], times=1, write=True, check=False)
    other = augment(path, policy=POLICIES["table"], times=1, write=True, check=False, options=RunOptions(seed=9))
    assert first.after is not None and other.after is not None
    with opened(first.dataset) as store:
        parents = parents_of(store.decisions(first.dataset.name))
    assert {p for above in parents.values() for p in above} <= set(first.before.row_ids), "made rows are no parents"
    assert len(other.after) == 30 + first.added + other.added


def split_file(folder: Path, n: int = 60) -> Path:
    rows = texts(n)[0]
    return write_csv(
        folder / "split.csv", [{**r, "split": "test" if i % 3 == 0 else "train"} for i, r in enumerate(rows)]
    )


def test_only_the_training_part_is_augmented(tmp_path: Path) -> None:
    made = augment(split_file(tmp_path), policy=POLICIES["text"], times=2, write=True, check=False)
    assert made.after is not None
    kinds = made.after.table.column("split").to_pylist()
    assert kinds.count("test") == 20 and kinds.count("train") == 40 + made.added
    with opened(made.dataset) as store:
        parents = parents_of(store.decisions(made.dataset.name))
    split = dict(zip(made.before.row_ids, made.before.table.column("split").to_pylist(), strict=True))
    assert {split[p] for above in parents.values() for p in above} == {"train"}


@pytest.mark.parametrize("part", ["test", "val"])
def test_test_part_is_refused(part: str, tmp_path: Path) -> None:
    path = split_file(tmp_path)
    with pytest.raises(LeakError, match="is not augmented"):
        augment(path, policy=POLICIES["text"], part=part)
    with pytest.raises(LeakError, match="is not augmented"):
        tilth.stream(path, POLICIES["text"], part=part)
    said = CliRunner().invoke(app, ["augment", str(path), "--part", part])
    assert said.exit_code == 2


@pytest.mark.parametrize(
    ("policy", "error", "words"),
    [
        ("[random_swop]", PartError, "(?i)did you mean random_swap"),
        ("[{random_swap: {magnitude: 1.2}}]", ParameterError, "from 0 to 1"),
        ("[{random_swap: {magnitude: 0.2, sise: 3}}]", PartError, "no parameter 'sise'"),
        ("[rotate]", NotApplicable, "no image to change"),
        ("no/such.yaml", SourceError, "cannot read this policy file"),
        ("[random_swap: {p: 0.5", SourceError, "no YAML"),
        ("{policy: [random_swap], medium: smell}", ParameterError, "no such medium"),
    ],
)
def test_policies_that_cannot_work_are_refused_before_anything_is_done(
    policy: str, error: type[Exception], words: str, tmp_path: Path
) -> None:
    path = data("text", tmp_path)
    with pytest.raises(error, match=words):
        augment(path, policy=policy, write=True)
    assert not (tmp_path / ".tilth" / "augmented").exists()


@pytest.mark.parametrize(
    ("limits", "error", "words"),
    [
        ({"cats": {"random_swop": 0.3}}, PartError, "unknown operation.*(?i:did you mean random_swap)"),
        ({"cat": {"random_swap": 0.3}}, ParameterError, "unknown class.*(?i:did you mean cats)"),
        ({"cats": {"random_swap": 7}}, ParameterError, "a limit is a number from 0 to 1"),
        ({"cats": {"random_swap": "much"}}, ParameterError, "a limit is a number from 0 to 1"),
        ({"cats": "x"}, ParameterError, "operations with magnitudes"),
        ("x", ParameterError, "limits are classes"),
        (3, ParameterError, "limits are classes"),
    ],
)
def test_limits_that_speak_of_nothing_are_refused(
    limits: Any, error: type[Exception], words: str, tmp_path: Path
) -> None:
    path = data("text", tmp_path)
    for call in (
        lambda: augment(path, policy=POLICIES["text"], limits=limits),
        lambda: augment(path, policy={"policy": ["random_swap"], "limits": limits}),
        lambda: tilth.stream(path, POLICIES["text"], limits=limits),
    ):
        with pytest.raises(error, match=words):
            call()


@pytest.mark.parametrize("limit", ["cats:random_swop=0.3", "cat:random_swap=0.3", "cats:random_swap=3", "cats=3"])
def test_limits_from_the_shell_are_checked(limit: str, tmp_path: Path) -> None:
    path = data("text", tmp_path)
    said = CliRunner().invoke(app, ["augment", str(path), "--policy", "[random_swap]", "--limit", limit])
    assert said.exit_code == 2 and "imit" in said.stderr


def test_fields_of_a_step_are_words(tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="words with values"):
        augment(data("text", tmp_path), policy="[random_swap: {1: 2}]")


@pytest.mark.parametrize("times", [0, -1, 1.5, True])
def test_times_is_a_whole_number(times: Any, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="whole number from 1"):
        augment(data("text", tmp_path), policy=POLICIES["text"], times=times)


@pytest.mark.parametrize("seed", [-1, 2**31, 10**20, "a", 1.5, True, None])
def test_seed_is_a_whole_number_that_every_library_takes(seed: Any) -> None:
    with pytest.raises(ParameterError, match="a seed is a whole number"):
        RunOptions(seed=seed)
    assert RunOptions(seed=2**31 - 1).seed == 2**31 - 1


@pytest.mark.parametrize("verb", ["augment", "audit"])
@pytest.mark.parametrize("seed", ["-1", "99999999999999999999"])
def test_seed_from_the_shell_is_checked_for_every_verb(verb: str, seed: str, tmp_path: Path) -> None:
    said = CliRunner().invoke(app, [verb, str(data("text", tmp_path)), "--seed", seed])
    assert said.exit_code == 2 and "a seed is a whole number" in said.stderr


def test_highest_seed_works(tmp_path: Path) -> None:
    made = augment(data("text", tmp_path), policy=POLICIES["text"], times=1, options=RunOptions(seed=2**31 - 1))
    assert made.check.judged


def test_one_class_and_one_row_a_class_are_augmented_with_a_word_about_it(tmp_path: Path) -> None:
    rows = texts(30)[0]
    one = write_csv(tmp_path / "one.csv", [{**row, "label": "cats"} for row in rows])
    made = augment(one, policy=POLICIES["text"], times=1, write=True)
    assert made.added > 20 and any("one class only" in note for note in made.notes)
    assert "fewer than two classes" in made.check.note
    single = write_csv(
        tmp_path / "single.csv", [{**row, "label": "cars" if i else "cats"} for i, row in enumerate(rows)]
    )
    made = augment(single, policy=POLICIES["text"], times=1)
    assert any("one row only of cats" in note for note in made.notes) and made.counts["cats"] == (1, 2)
    each = write_csv(tmp_path / "each.csv", [{"text": f"{t} words here", "label": t} for t in ("cats", "cars", "food")])
    assert augment(each, policy=POLICIES["text"], times=2, write=True).added >= 3


def test_mixed_label_cannot_be_written_but_streamed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tilth.engine.augment import Augmenter

    plain = Augmenter.__call__

    def mixed(self: Any, sample: Any, epoch: int = 0, **more: Any) -> Any:
        return plain(self, sample, epoch, **more).changed(label=None, soft={"cats": 0.5, "cars": 0.5})

    monkeypatch.setattr(Augmenter, "__call__", mixed)
    path = data("text", tmp_path)
    with pytest.raises(ParameterError, match="mixed label cannot be written"):
        augment(path, policy=POLICIES["text"], times=1, write=True, check=False)
    assert next(iter(tilth.stream(path, POLICIES["text"]))).soft == {"cats": 0.5, "cars": 0.5}


def test_operations_that_change_nothing_are_said_and_add_nothing(tmp_path: Path) -> None:
    path = data("text", tmp_path)
    with pytest.raises(ParameterError, match="no sample came out other"):
        augment(path, policy="[{random_swap: {p: 0}}]", write=True, check=False)


def test_files_that_cannot_be_read_are_passed_over_and_counted(tmp_path: Path) -> None:
    path = data("image", tmp_path, 12)
    broken = sorted(path.rglob("*.png"))[3]
    whole = broken.read_bytes()
    broken.write_bytes(b"no image")
    plan = augment(path, policy="[{rotate: 0.9}]", times=2, check=False)
    note = next(note for note in plan.notes if "cannot be read" in note)
    assert plan.added == 22 and note.startswith("1 training row") and broken.name in note
    made = augment(path, policy="[{rotate: 0.9}]", times=2, write=True, check=False)
    assert made.added + made.unchanged == 22 and any(broken.name in note for note in made.notes)
    streamed = tilth.stream(path, "[rotate]")
    assert len(streamed) == len(list(streamed)) == 11 and [Path(row).name for row in streamed.skipped] == [broken.name]
    broken.write_bytes(whole)
    assert len(tilth.stream(path, "[rotate]")) == 12
    for file in path.rglob("*.png"):
        file.write_bytes(b"no image")
    with pytest.raises(NotApplicable, match="not one image"):
        augment(path, policy="[rotate]", write=True)


def test_rows_without_labels_come_with_a_way_out(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "bare.csv", [{**row, "label": ""} for row in texts(12)[0]])
    with pytest.raises(NotApplicable, match=r"Label some rows"):
        augment(path, policy="[random_swap]", overrides=tilth.RoleOverrides(label="label"))


@pytest.mark.skipif(os.name == "nt", reason="signals")
def test_stream_from_the_shell_says_the_same_as_in_python(tmp_path: Path) -> None:
    path = data("image", tmp_path, 12)
    said = CliRunner().invoke(app, ["augment", str(path), "--policy", "[rotate]", "--stream", "--times", "2"])
    assert said.exit_code == 0, said.output
    lines = [json.loads(line) for line in said.stdout.splitlines()]
    assert len(lines) == 24 and {line["epoch"] for line in lines} == {0, 1}
    from tilth.workflows.augment.stream import encoded

    with tilth.stream(path, "[rotate]") as rows:
        import base64

        own = [base64.b64encode(encoded(s)).decode() for epoch in (0, 1) for s in rows.epoch(epoch)]
    assert [line["png_base64"] for line in lines] == own
