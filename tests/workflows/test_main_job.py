"""The main job from one end to the other: ingest, audit, fix, prove, log, diff, undo, export."""

from __future__ import annotations

import csv
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tilth
from made_data import images, png, sounds, table, texts, write_csv
from tilth.engine import Event
from tilth.errors import AlignmentError, ConflictError, LeakError, NotApplicable, ParameterError, ProbabilityError
from tilth.records import Decision, effective
from tilth.workflows.export import export_patch, import_patch
from tilth.workflows.fix import Fixed, Plan, Policy
from tilth.workflows.project import opened, record_decisions

OPTIONS = tilth.RunOptions(jobs=1)
RELABEL = (Policy("label_error", "relabel"), Policy("near_duplicate", "drop", 0.9), Policy("unreadable", "drop"))


def fixed(target: Any, **more: Any) -> Fixed:
    made = tilth.fix(target, yes=True, options=OPTIONS, **{"policies": RELABEL, **more})
    assert isinstance(made, Fixed)
    return made


def bytes_below(folder: Path) -> dict[str, bytes]:
    """Every file of the user's below a folder; the workspace left out."""
    files = (p for p in folder.rglob("*") if p.is_file() and ".tilth" not in p.parts)
    return {p.relative_to(folder).as_posix(): p.read_bytes() for p in files}


def flagged(found: tilth.Audit, issue: str) -> set[str]:
    return set(found.findings[issue].flagged().table.column("row_id").to_pylist())


def labels_of(snapshot: tilth.Snapshot) -> dict[str, str | None]:
    column = snapshot.table.column(snapshot.schema.label).to_pylist()
    return dict(zip(snapshot.row_ids.tolist(), column, strict=True))


def decide(dataset: tilth.Dataset, decisions: list[Decision]) -> tilth.Snapshot:
    """Write decisions as a person would, through the ledger, and apply them."""
    with opened(dataset) as store, store.write_lock():
        return record_decisions(store, dataset, decisions)[1]


def person(dataset: tilth.Dataset, row: str, value: str, *, action: str = "relabel", who: str = "ann") -> Decision:
    return Decision(who, "2026-01-01T00:00:00+00:00", action, (row,), value, dataset=dataset.name)


# --- the whole job, on each medium ------------------------------------------------------------------


def make_table(folder: Path) -> tuple[Path, str]:
    return write_csv(folder / "table.csv", table(wrong=12)[0]), ".csv"


def make_texts(folder: Path) -> tuple[Path, str]:
    return write_csv(folder / "texts.csv", texts(150, wrong=12)[0]), ".csv"


def make_images(folder: Path) -> tuple[Path, str]:
    return images(folder / "pictures", 60, wrong=6)[0], ""


def make_sounds(folder: Path) -> tuple[Path, str]:
    return sounds(folder / "noises", 45, wrong=4)[0], ""


@pytest.mark.parametrize("make", [make_table, make_texts, make_images, make_sounds])
def test_the_whole_job_and_back(make: Callable[[Path], tuple[Path, str]], tmp_path: Path) -> None:
    target, ending = make(tmp_path)
    before = bytes_below(tmp_path)

    read = tilth.ingest(target, options=OPTIONS)
    start = read.snapshot.id
    assert start == read.base.id
    found = tilth.audit(target, options=OPTIONS)
    assert found.snapshot.id == start and not found.failed
    assert {o.outcome for o in found.outcomes} <= {"ran", "not applicable"}
    assert found.findings["label_error"].n_flagged

    plan = tilth.fix(target, policies=RELABEL, options=OPTIONS)
    assert isinstance(plan, Plan) and plan.decisions
    log = tilth.history(found.dataset)
    assert (log.head, log.base, log.batches) == (start, start, ())

    done = fixed(target)
    # two plans differ only in the time they were made at
    assert [replace(d, when="") for d in done.plan.decisions] == [replace(d, when="") for d in plan.decisions]
    assert done.snapshot.id != start and done.snapshot.parents == (start,)
    changes, old, new = tilth.compare(found.dataset)
    assert (old.id, new.id) == (start, done.snapshot.id)
    assert len(changes.rows) == len({d.rows[0] for d in plan.decisions})
    for decision in plan.decisions:
        if decision.action == "relabel":
            assert labels_of(new)[decision.rows[0]] == decision.value != labels_of(old)[decision.rows[0]]
    log = tilth.history(found.dataset)
    assert [s.id for s in log.snapshots if s.is_head] == [done.snapshot.id]
    assert sum(batch.standing for batch in log.batches) == len(plan.decisions)

    proof = tilth.prove(target, repeats=2, options=OPTIONS)
    assert (proof.before, proof.after, proof.n_changed) == (start, done.snapshot.id, len(changes.rows))
    assert proof.verdict in ("helped", "hurt", "cannot tell")

    out = tmp_path / f"out{ending}"
    tilth.export(found.dataset, out)
    undone = tilth.undo(found.dataset)
    while undone.snapshot.id != start:
        undone = tilth.undo(found.dataset)
    assert tilth.history(found.dataset).head == start
    assert sum(batch.standing for batch in tilth.history(found.dataset).batches if batch.action != "undo") == 0
    with pytest.raises(ParameterError, match="nothing to take back"):
        tilth.undo(found.dataset)

    after = {name: data for name, data in bytes_below(tmp_path).items() if not name.startswith("out")}
    assert after == before
    again = tilth.ingest(out, workspace=tmp_path / "elsewhere", options=OPTIONS)
    back = again.snapshot
    assert len(back) == len(new) and back.classes == new.classes
    if ending:  # the very same rows and schema: the very same id
        assert back.id == new.id
    else:  # files moved to the folders of their new labels: same contents, same labels
        pairs = [sorted(zip(s.items.tolist(), labels_of(s).values(), strict=True)) for s in (back, new)]
        assert pairs[0] == pairs[1]


@pytest.mark.parametrize("ending", [".csv", ".tsv", ".parquet", ".jsonl", ".arrow"])
def test_rows_go_round_in_every_format(ending: str, tmp_path: Path) -> None:
    rows = [
        {"text": 'a "quoted", cell', "n": 1, "x": 0.1, "label": "yes"},
        {"text": "two\nlines", "n": -2, "x": None, "label": "no"},
        {"text": "accents é ü 漢字 \U0001f600", "n": 2**53 + 1, "x": 1e-300, "label": None},
        {"text": " spaces kept ", "n": None, "x": 5.5, "label": "no"},
    ] * 3
    for i, row in enumerate(rows := [dict(row) for row in rows]):
        row["text"] += f" {i}"
    frame = pa.Table.from_pylist(rows)
    first = tilth.ingest(frame, name="rows", workspace=tmp_path / "w", options=OPTIONS)
    tilth.export(first.dataset, tmp_path / f"out{ending}")
    second = tilth.ingest(tmp_path / f"out{ending}", workspace=tmp_path / "w", options=OPTIONS)
    kept = [name for name in first.snapshot.table.column_names if name not in ("position", "item", "row_id")]
    assert second.snapshot.table.select(kept).to_pylist() == first.snapshot.table.select(kept).to_pylist()
    assert second.snapshot.id == first.snapshot.id


# --- fix ---------------------------------------------------------------------------------------------


def split_table(path: Path, n: int = 160, wrong: int = 24) -> tuple[Path, set[int]]:
    """A table with a split column and wrong labels in both parts."""
    rows, bad = table(n, wrong=wrong, seed=3)
    for i, row in enumerate(rows):
        row["id"] = f"row{i}"
        row["split"] = "test" if i % 4 == 0 else "train"
    return write_csv(path, rows), set(bad)


def test_test_rows_are_left_alone_unless_asked_for(tmp_path: Path) -> None:
    path, bad = split_table(tmp_path / "d.csv")
    plan = tilth.fix(path, options=OPTIONS, policies=[Policy("label_error", "relabel")])
    assert isinstance(plan, Plan)
    touched = {int(row.removeprefix("row")) for d in plan.decisions for row in d.rows}
    assert touched and not any(i % 4 == 0 for i in touched)
    found = tilth.audit(path, options=OPTIONS)
    test_flags = {row for row in flagged(found, "label_error") if int(row.removeprefix("row")) % 4 == 0}
    assert plan.spared == len(test_flags) > 0
    wide = tilth.fix(path, options=OPTIONS, policies=[Policy("label_error", "relabel")], include_test=True)
    assert isinstance(wide, Plan) and wide.spared == 0
    assert {row for d in wide.decisions for row in d.rows} == {f"row{i}" for i in touched} | test_flags
    assert len(touched & bad) >= 0.8 * len({i for i in bad if i % 4})


def test_policies_and_floors_are_obeyed(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", table(wrong=12)[0])
    found = tilth.audit(path, options=OPTIONS)
    scores = {r["row_id"]: r["score"] for r in found.findings["label_error"].flagged().to_dicts()}
    floor = float(np.median(list(scores.values())))
    plan = tilth.fix(found.dataset, options=OPTIONS, policies=[Policy("label_error", "drop", floor)])
    assert isinstance(plan, Plan)
    assert {d.rows[0] for d in plan.decisions} == {row for row, score in scores.items() if score >= floor}
    assert {d.action for d in plan.decisions} == {"drop"}
    kept = fixed(found.dataset, policies=[Policy("label_error", "keep")])
    assert kept.snapshot.id == found.snapshot.id, "keeping rows changes nothing"
    assert len(tilth.history(found.dataset).batches) == 1


def test_a_row_that_one_policy_drops_is_not_relabelled_by_another(tmp_path: Path) -> None:
    rows, _ = table(wrong=12)
    path = write_csv(tmp_path / "d.csv", rows)
    made = fixed(path, policies=[Policy("label_error", "relabel"), Policy("label_error", "drop", 0.5)])
    rows_of = {d.rows[0]: d.action for d in made.plan.decisions}
    assert len(rows_of) == len(made.plan.decisions)
    assert set(rows_of.values()) == {"drop", "relabel"} or set(rows_of.values()) == {"drop"}


def test_fixing_twice_is_fixing_the_repaired_rows(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", table(wrong=12)[0])
    first = fixed(path)
    second = tilth.fix(path, policies=RELABEL, options=OPTIONS)
    assert isinstance(second, Plan)
    assert second.snapshot.id == first.snapshot.id, "the second plan looks at the repaired snapshot"
    assert len(second.decisions) < len(first.plan.decisions) / 3


# --- the file changes, roles are remembered ------------------------------------------------------------


def test_decisions_stay_with_their_rows_when_the_file_changes(tmp_path: Path) -> None:
    rows, _bad = table(wrong=12)
    path = write_csv(tmp_path / "d.csv", rows)
    made = fixed(path)
    relabelled = {d.rows[0]: d.value for d in made.plan.decisions if d.action == "relabel"}
    removed = set(list(relabelled)[:2])
    position = dict(
        zip(made.plan.snapshot.row_ids, made.plan.snapshot.table.column("position").to_pylist(), strict=True)
    )
    gone = {position[row] for row in removed}
    newer = [row for i, row in enumerate(rows) if i not in gone][::-1]
    newer.insert(5, {**rows[0], "a": 9.75, "colour": "red"})
    write_csv(path, newer)
    read = tilth.ingest(path, options=OPTIONS)
    assert any("have changed (snapshot" in note for note in read.notes)
    labels = labels_of(read.snapshot)
    assert len(labels) == len(newer)
    for row, value in relabelled.items():
        assert (row not in labels) if row in removed else labels[row] == value
    untouched = labels_of(made.plan.snapshot)
    assert all(labels[row] == untouched[row] for row in labels if row in untouched and row not in relabelled)
    write_csv(path, rows)
    assert tilth.ingest(path, options=OPTIONS).snapshot.id == made.snapshot.id, "the old file brings the old rows back"


def test_roles_are_remembered_and_can_be_said_anew(tmp_path: Path) -> None:
    rows, _ = table(60)
    for i, row in enumerate(rows):
        row["kind"] = "pq"[i % 2]
        row["key9"] = f"id-{i}"
        row["junk"] = i
    path = write_csv(tmp_path / "d.csv", rows)
    said = tilth.RoleOverrides(label="kind", id="key9", drop=("junk", "label"))
    first = tilth.ingest(path, overrides=said, options=OPTIONS)
    assert first.snapshot.schema.label == "kind" and first.snapshot.classes == ("p", "q")
    assert first.snapshot.row_ids[3] == "id-3"
    again = tilth.ingest(path, options=OPTIONS)
    assert again.snapshot.id == first.snapshot.id
    assert tilth.audit(path, options=OPTIONS).snapshot.id == first.snapshot.id
    anew = tilth.ingest(path, overrides=tilth.RoleOverrides(label="label"), options=OPTIONS)
    assert anew.snapshot.schema.label == "label" and anew.snapshot.id != first.snapshot.id


def test_equal_rows_have_equal_ids_whatever_the_format_and_place(tmp_path: Path) -> None:
    rows, _ = table(60)
    one = tilth.ingest(write_csv(tmp_path / "a.csv", rows), options=OPTIONS)
    (tmp_path / "deep" / "down").mkdir(parents=True)
    pq.write_table(pa.Table.from_pylist(rows), tmp_path / "deep" / "down" / "b.parquet")
    two = tilth.ingest(tmp_path / "deep" / "down" / "b.parquet", options=OPTIONS)
    assert one.snapshot.id == two.snapshot.id


# --- cache and determinism -----------------------------------------------------------------------------


def steps(seen: list[Event]) -> list[str]:
    return [event.path for event in seen if event.kind == "start"]


def same(one: tilth.Audit, two: tilth.Audit) -> None:
    assert one.snapshot.id == two.snapshot.id
    assert one.quality == two.quality and one.actions == two.actions
    assert set(one.findings) == set(two.findings)
    for name, findings in one.findings.items():
        assert findings.to_dicts() == two.findings[name].to_dicts(), name


def test_a_second_audit_looks_everything_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tilth.plugin import Shelf

    calls: list[int] = []
    part = Shelf("embedders").get("table_features")
    embed = part.embed

    def counted(self: Any, items: Any, run: Any) -> Any:
        calls.append(len(items))
        return embed(self, items, run)

    monkeypatch.setattr(part, "embed", counted)
    path = write_csv(tmp_path / "d.csv", table(wrong=12)[0])
    seen: list[Event] = []
    listening = tilth.RunOptions(jobs=1, listener=seen.append)
    first = tilth.audit(path, options=listening)
    made = [name for name in steps(seen) if name.endswith(("embeddings", "neighbors", "probs"))]
    assert len(made) == 3 and calls == [120]
    seen.clear()
    second = tilth.audit(path, options=listening)
    assert not [name for name in steps(seen) if name.endswith(("embeddings", "neighbors", "probs"))]
    assert calls == [120]
    same(first, second)


def test_new_labels_need_no_new_embeddings_and_new_files_only_their_own(tmp_path: Path) -> None:
    folder, _ = images(tmp_path / "pictures", 45, wrong=4)
    fixed(folder)
    seen: list[Event] = []
    listening = tilth.RunOptions(jobs=1, listener=seen.append)
    tilth.audit(folder, options=listening)
    assert not [name for name in steps(seen) if name.endswith(("embeddings", "neighbors"))]
    (folder / "slope" / "new.png").write_bytes(png(2, np.random.default_rng(99)))
    seen.clear()
    tilth.audit(folder, options=listening)
    mapped = {e.path: (e.done, e.total) for e in seen if e.kind == "advance" and "image_features" in e.path and e.total}
    first = next(e for e in seen if e.kind == "advance" and "image_features" in e.path and e.done)
    assert mapped and all(total == (46, 46) for total in mapped.values())
    assert first.done == 45, "all but the new file come from the cache"


def test_findings_do_not_depend_on_the_number_of_jobs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tilth.engine.runs.POOL_FROM", 2)
    folder, _ = images(tmp_path / "pictures", 45, wrong=4)
    one = tilth.audit(folder, workspace=tmp_path / "w1", options=tilth.RunOptions(jobs=1))
    two = tilth.audit(folder, workspace=tmp_path / "w2", options=tilth.RunOptions(jobs=2))
    same(one, two)


def test_the_order_of_checks_and_the_workspace_do_not_matter(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", table(wrong=12)[0])
    names = ["outlier", "label_error"]
    one = tilth.audit(path, workspace=tmp_path / "w1", issues=names, options=OPTIONS)
    two = tilth.audit(path, workspace=tmp_path / "w2", issues=names[::-1], options=OPTIONS)
    for name in names:
        assert one.findings[name].to_dicts() == two.findings[name].to_dicts()


# --- probabilities and models of one's own -------------------------------------------------------------


@pytest.fixture
def blobs() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Overlapping classes, and labels of which 15% are wrong."""
    from sklearn.datasets import make_blobs

    X, y = make_blobs(300, centers=3, n_features=5, cluster_std=3.0, random_state=0)
    noisy, _ = tilth.inject_label_noise(y, 0.15, random_state=0)
    return X, y, noisy


def probs_table(probs: np.ndarray, order: list[int]) -> pa.Table:
    return pa.table({str(k): probs[:, k] for k in order})


def test_probabilities_with_shuffled_columns_are_taken_by_name(blobs: Any, tmp_path: Path) -> None:
    from sklearn.ensemble import RandomForestClassifier
    from sklearn.model_selection import cross_val_predict

    X, _, noisy = blobs
    model = RandomForestClassifier(100, random_state=0)
    probs = cross_val_predict(model, X, noisy, method="predict_proba")
    options = {"options": OPTIONS, "issues": ["label_error"], "name": "blobs"}
    straight = tilth.audit((X, noisy), workspace=tmp_path / "1", probs=probs_table(probs, [0, 1, 2]), **options)
    path = tmp_path / "probs.csv"
    table_ = probs_table(probs, [2, 0, 1])
    with path.open("w", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(table_.column_names)
        writer.writerows(zip(*(c.to_pylist() for c in table_.columns), strict=True))
    shuffled = tilth.audit((X, noisy), workspace=tmp_path / "2", probs=path, **options)
    assert straight.findings["label_error"].n_flagged
    assert flagged(straight, "label_error") == flagged(shuffled, "label_error")
    default = tilth.audit((X, noisy), workspace=tmp_path / "3", **options)
    mine = {r["row_id"]: r["score"] for r in straight.findings["label_error"].to_dicts()}
    theirs = {r["row_id"]: r["score"] for r in default.findings["label_error"].to_dicts()}
    assert mine != theirs, "the brought probabilities are the ones that were used"


def test_probabilities_are_aligned_by_row_id(blobs: Any, tmp_path: Path) -> None:
    from sklearn.model_selection import cross_val_predict
    from sklearn.naive_bayes import GaussianNB

    X, _, noisy = blobs
    probs = cross_val_predict(GaussianNB(), X, noisy, method="predict_proba")
    read = tilth.ingest((X, noisy), name="blobs", workspace=tmp_path / "w", options=OPTIONS)
    ids = pa.array(read.snapshot.row_ids.tolist())
    whole = probs_table(probs, [0, 1, 2]).append_column("row_id", ids)
    mixed = whole.take(pa.array(np.random.default_rng(0).permutation(len(ids))))
    one = tilth.audit(read.dataset, probs=whole, issues=["label_error"], options=OPTIONS)
    two = tilth.audit(read.dataset, probs=mixed, issues=["label_error"], options=OPTIONS)
    same(one, two)
    with pytest.raises(AlignmentError, match="twice"):
        tilth.audit(read.dataset, probs=pa.concat_tables([whole, whole.slice(0, 1)]), options=OPTIONS)


def test_probabilities_of_a_model_that_saw_the_labels_are_refused(blobs: Any, tmp_path: Path) -> None:
    from sklearn.ensemble import RandomForestClassifier

    X, _, noisy = blobs
    probs = RandomForestClassifier(100, random_state=0).fit(X, noisy).predict_proba(X)
    with pytest.raises(ProbabilityError, match="in-sample") as caught:
        tilth.audit(
            (X, noisy), name="d", workspace=tmp_path / "w", probs=probs_table(probs, [0, 1, 2]), options=OPTIONS
        )
    assert "cross_val_predict" in caught.value.fix


def test_any_classifier_can_be_the_model(tmp_path: Path) -> None:
    from sklearn.neighbors import KNeighborsClassifier

    path = write_csv(tmp_path / "d.csv", table(wrong=12)[0])
    mine = tilth.audit(path, model=KNeighborsClassifier(9), issues=["label_error"], options=OPTIONS)
    default = tilth.audit(path, issues=["label_error"], options=OPTIONS)
    scores = [[r["score"] for r in f.findings["label_error"].to_dicts()] for f in (mine, default)]
    assert scores[0] != scores[1], "another model is another entry of the cache"
    fixed(path)
    proof = tilth.prove(path, model=KNeighborsClassifier(9), repeats=2, options=OPTIONS)
    assert proof.model == "KNeighborsClassifier(n_neighbors=9)"


# --- prove ---------------------------------------------------------------------------------------------


def confused(path: Path, *, seed: int = 0, n: int = 400) -> tuple[Path, dict[str, str]]:
    """Training rows of one class mostly called another; the test part is clean. And the true labels."""
    rng = np.random.default_rng(seed)
    rows, truth = [], {}
    for i in range(n):
        k = i % 3
        point = np.asarray([[0, 0], [2.5, 0], [0, 2.5]])[k] + rng.normal(0, 0.9, 2)
        test = i % 4 == 3
        label = f"k{(k + 1) % 3}" if not test and k == 0 and rng.random() < 0.6 else f"k{k}"
        rows.append(
            {"id": f"r{i}", "x": point[0], "y1": point[1], "split": "test" if test else "train", "label": label}
        )
        truth[f"r{i}"] = f"k{k}"
    return write_csv(path, rows), truth


def test_a_real_repair_is_proven_to_help_and_to_beat_the_placebo(tmp_path: Path) -> None:
    path, truth = confused(tmp_path / "d.csv")
    read = tilth.ingest(path, options=OPTIONS)
    wrong = [row for row, label in labels_of(read.snapshot).items() if label != truth[row]]
    decide(read.dataset, [person(read.dataset, row, truth[row]) for row in wrong])
    proof = tilth.prove(read.dataset, repeats=6, options=OPTIONS)
    assert proof.verdict == "helped", proof.why
    arms = {arm.name: arm for arm in proof.arms}
    assert set(arms) == {"before", "after", "placebo", "model-centric"}
    assert arms["after"].score > arms["before"].score + 0.1
    assert arms["after"].against_before.low > 0
    assert arms["placebo"].score < arms["after"].score
    assert proof.n_changed == len(wrong)
    assert {c.name for c in proof.classes} == {"k0", "k1", "k2"}
    again = tilth.prove(read.dataset, repeats=6, options=OPTIONS)
    assert again == proof, "the same answer twice"
    with opened(read.dataset) as store:
        assert store.proofs(read.dataset.name)


@pytest.mark.parametrize("with_test_part", [True, False])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_a_random_change_is_not_called_an_improvement(seed: int, with_test_part: bool, tmp_path: Path) -> None:
    path, truth = confused(tmp_path / "d.csv", seed=seed, n=240)
    said = tilth.RoleOverrides() if with_test_part else tilth.RoleOverrides(drop=("split",))
    read = tilth.ingest(path, overrides=said, options=OPTIONS)
    rng = np.random.default_rng(seed)
    rows = [row for row in truth if int(row[1:]) % 4 != 3]
    rows = rng.choice(rows, 30, replace=False).tolist()
    labels = labels_of(read.snapshot)
    changes = [
        person(read.dataset, row, str(rng.choice([c for c in ("k0", "k1", "k2") if c != labels[row]]))) for row in rows
    ]
    decide(read.dataset, changes)
    proof = tilth.prove(read.dataset, repeats=4, options=OPTIONS)
    assert proof.verdict != "helped", proof.why


def test_a_harmful_change_hurts(tmp_path: Path) -> None:
    path, truth = confused(tmp_path / "d.csv")
    read = tilth.ingest(path, options=OPTIONS)
    rows = [row for row in truth if truth[row] == "k2" and int(row[1:]) % 4 != 3]
    decide(read.dataset, [person(read.dataset, row, "k1") for row in rows])
    assert tilth.prove(read.dataset, repeats=4, options=OPTIONS).verdict == "hurt"


def test_a_copy_of_a_test_row_in_the_training_part_is_a_leak(tmp_path: Path) -> None:
    path, _ = split_table(tmp_path / "d.csv")
    with path.open() as file:
        rows = list(csv.DictReader(file))
    test = next(row for row in rows if row["split"] == "test")
    rows.append({**test, "id": "copy", "split": "train"})
    write_csv(path, rows)
    fixed(path, policies=[Policy("label_error", "relabel")])
    with pytest.raises(LeakError) as caught:
        tilth.prove(path, repeats=2, options=OPTIONS)
    assert repr(test["id"]) in caught.value.where and "'copy'" in caught.value.where
    found = tilth.audit(path, options=OPTIONS)
    assert found.findings["near_duplicate"].summary["straddling_splits"] == 1
    made = fixed(path, policies=[Policy("near_duplicate", "drop")])
    assert [d.rows for d in made.plan.decisions] == [("copy",)], "the training copy goes, the test row stays"
    assert tilth.prove(path, repeats=2, options=OPTIONS).n_changed


def test_nothing_to_prove_is_said(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", table(60)[0])
    with pytest.raises(NotApplicable, match="same snapshot"):
        tilth.prove(path, options=OPTIONS)
    fixed(path, policies=[Policy("label_error", "drop")])
    for bad in ({"repeats": 1}, {"metric": "f1"}, {"slices": ["nowhere"]}):
        dataset = tilth.ingest(path, options=OPTIONS).dataset
        decide(dataset, [person(dataset, str(tilth.compare(dataset)[1].row_ids[0]), "", action="drop")])
        with pytest.raises(tilth.TilthError):
            tilth.prove(path, options=OPTIONS, **{"repeats": 2, **bad})


def test_slices_are_reported(tmp_path: Path) -> None:
    rows, _ = table(wrong=12)
    path = write_csv(tmp_path / "d.csv", rows)
    fixed(path)
    proof = tilth.prove(path, repeats=2, slices=["colour"], options=OPTIONS)
    assert {s.name.rpartition("=")[2].strip() for s in proof.slices} == {"red", "green", "blue"}


# --- odd data ------------------------------------------------------------------------------------------


def test_two_datasets_share_a_workspace(tmp_path: Path) -> None:
    one = write_csv(tmp_path / "one.csv", table(wrong=12)[0])
    two = write_csv(tmp_path / "two.csv", table(wrong=12, seed=5)[0])
    first, second = fixed(one), fixed(two)
    assert first.plan.dataset.workspace == second.plan.dataset.workspace
    assert tilth.history(first.plan.dataset).head == first.snapshot.id
    before = tilth.undo(second.plan.dataset).snapshot.id
    assert before == second.plan.snapshot.id
    assert tilth.history(first.plan.dataset).head == first.snapshot.id, "the other dataset is as it was"
    with opened(first.plan.dataset) as store:
        assert store.datasets() == ["one.csv", "two.csv"]
        assert effective(store.decisions("one.csv")) and not effective(store.decisions("two.csv"))


def test_equal_rows_under_two_names_keep_their_own_decisions(tmp_path: Path) -> None:
    rows, _ = table(wrong=12)
    one, two = write_csv(tmp_path / "one.csv", rows), write_csv(tmp_path / "two.csv", rows)
    made = fixed(one)
    other = tilth.ingest(two, options=OPTIONS)
    assert other.snapshot.id == made.plan.snapshot.id
    assert tilth.history(other.dataset).batches == ()


@pytest.mark.parametrize("missing", [None, "", "  "])
def test_unlabelled_rows_are_welcome_everywhere(missing: str | None, tmp_path: Path) -> None:
    rows, bad = table(wrong=12)
    bare = [i for i in range(len(rows)) if i % 5 == 0 and i not in bad]
    for i in bare:
        rows[i]["label"] = missing
    path = write_csv(tmp_path / "d.csv", rows)
    found = tilth.audit(path, options=OPTIONS)
    assert not found.failed and found.snapshot.classes == ("k0", "k1", "k2")
    assert int((found.snapshot.labels < 0).sum()) == len(bare)
    position = dict(zip(found.snapshot.row_ids.tolist(), range(len(rows)), strict=True))
    assert not {position[row] for row in flagged(found, "label_error")} & set(bare)
    made = fixed(path)
    assert tilth.prove(path, repeats=2, options=OPTIONS).before == found.snapshot.id
    tilth.export(found.dataset, tmp_path / "out.csv")
    with (tmp_path / "out.csv").open() as file:
        out = list(csv.DictReader(file))
    assert sum(row["label"] == "" for row in out) == sum(v is None for v in labels_of(made.snapshot).values()) > 0


def test_data_without_any_label_are_audited_for_the_rest(tmp_path: Path) -> None:
    rows, _ = table(60)
    rows = [{k: v for k, v in row.items() if k in ("a", "b", "c")} for row in rows]
    rows += [dict(rows[7])]
    path = write_csv(tmp_path / "d.csv", rows)
    found = tilth.audit(path, options=OPTIONS)
    assert not found.failed and "label_health" not in found.quality
    outcomes = {o.part: o for o in found.outcomes}
    assert outcomes["label_error"].outcome == "not applicable" and "label" in outcomes["label_error"].reason
    assert found.findings["near_duplicate"].summary["surplus_rows"] == 1
    made = fixed(path)
    assert len(made.snapshot) == 60
    with pytest.raises(NotApplicable, match="class label"):
        tilth.prove(path, repeats=2, options=OPTIONS)


def test_a_numeric_target_is_kept_as_numbers(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = [{"a": x, "b": rng.normal(), "target": 2 * x + 0.5} for x in rng.normal(size=80)]
    rows[3]["target"] = None
    path = write_csv(tmp_path / "d.csv", rows)
    found = tilth.audit(path, options=OPTIONS)
    assert not found.failed and found.snapshot.classes == ()
    assert any("numeric target" in note for note in found.notes)
    assert found.snapshot.table.column("target").to_pylist()[0] == pytest.approx(rows[0]["target"])
    outcomes = {o.part: o.outcome for o in found.outcomes}
    assert outcomes["label_error"] == "not applicable" and outcomes["outlier"] == "ran"
    tilth.export(found.dataset, tmp_path / "out.parquet")
    back = tilth.ingest(tmp_path / "out.parquet", workspace=tmp_path / "w", options=OPTIONS)
    assert back.snapshot.id == found.snapshot.id


def test_groups_and_splits_of_folders_are_read(tmp_path: Path) -> None:
    images(tmp_path / "d" / "train", 24)
    images(tmp_path / "d" / "test", 12, seed=1)
    read = tilth.ingest(tmp_path / "d", options=OPTIONS)
    assert read.snapshot.classes == ("slope", "square", "stripes")
    assert sorted(set(read.snapshot.values("split"))) == ["test", "train"]
    assert "train/slope/img002.png" in set(read.snapshot.row_ids)


# --- decisions of people -------------------------------------------------------------------------------


def test_a_person_overrules_a_policy_and_two_people_conflict(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", table(wrong=12)[0])
    made = fixed(path)
    dataset = made.plan.dataset
    row = made.plan.decisions[0].rows[0]
    given = labels_of(made.plan.snapshot)[row]
    assert given is not None
    after = decide(dataset, [person(dataset, row, given)])
    assert labels_of(after)[row] == given
    other = next(c for c in after.classes if c != given)
    with pytest.raises(ConflictError, match="ann decided") as caught:
        decide(dataset, [person(dataset, row, other, who="bob")])
    assert row in str(caught.value) and "tilth undo --id" in caught.value.fix
    assert tilth.ingest(path, options=OPTIONS).snapshot.id == after.id, "what contradicts is not kept"


def test_one_rule_after_another_never_conflicts_and_the_later_counts(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", table(wrong=12)[0])
    fixed(path, policies=[Policy("label_error", "keep")])
    made = fixed(path, policies=[Policy("label_error", "relabel")])
    row, value = made.plan.decisions[0].rows[0], made.plan.decisions[0].value
    assert labels_of(made.snapshot)[row] == value
    assert tilth.ingest(path, options=OPTIONS).snapshot.id == made.snapshot.id


def test_a_patch_file_carries_decisions_to_another_workspace(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", table(wrong=12)[0])
    made = fixed(path)
    count = export_patch(made.plan.dataset, tmp_path / "patch.jsonl")
    assert count == len(made.plan.decisions)
    other = tilth.ingest(path, workspace=tmp_path / "w2", options=OPTIONS)
    assert other.snapshot.id == made.plan.snapshot.id
    assert import_patch(other.dataset, tmp_path / "patch.jsonl") == count
    assert tilth.history(other.dataset).head == made.snapshot.id
    assert import_patch(other.dataset, tmp_path / "patch.jsonl") == 0, "nothing is taken twice"


def test_undo_takes_back_single_decisions_and_everything(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", table(wrong=12)[0])
    made = fixed(path)
    one = made.plan.decisions[0]
    tilth.undo(made.plan.dataset, ids=[one.id[:8]])
    changes, _old, _new = tilth.compare(made.plan.dataset)
    assert one.rows[0] not in {r.row_id for r in changes.rows}
    assert len(changes.rows) == len(made.plan.decisions) - 1
    with pytest.raises(ParameterError, match="no standing decision"):
        tilth.undo(made.plan.dataset, ids=[one.id])
    back = tilth.undo(made.plan.dataset, everything=True)
    assert back.snapshot.id == made.plan.snapshot.id
