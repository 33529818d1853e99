"""Rows made from others train only where all their parents train: in proofs, with and without a test part."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from typer.testing import CliRunner

import tilth
from made_data import images, table, texts, write_csv
from tilth.cli import app
from tilth.errors import LeakError, NotApplicable
from tilth.numerics.statistics.trials import Trial, run_trials
from tilth.records import Decision
from tilth.workflows.project import opened
from tilth.workflows.proof.descendants import Family, parents_of

POLICY = "[{random_swap: 0.4}, {aeda: 0.3}]"


def add(row_id: str, *parents: str) -> Decision:
    return Decision("policy:augment", "t", "add", (row_id,), json.dumps([{"row_id": row_id, "parents": list(parents)}]))


def test_parents_go_back_to_the_rows_as_read() -> None:
    found = parents_of([add("a~1", "a"), add("m", "a~1", "b"), add("n", "m", "a")])
    assert found == {"a~1": ("a",), "m": ("a", "b"), "n": ("a", "b")}


def family(groups: list[int] | None = None) -> Family:
    """Rows 0 to 3 as read; 4 made of 0, 5 of 1, 6 of 0 and 1, 7 of a row that is gone."""
    children = np.arange(8) >= 4
    parents = tuple(np.asarray(p) for p in ([0], [1], [0, 1], [-1]))
    return Family(children, parents, np.asarray(groups or [-1] * 8))


def test_children_follow_all_their_parents_into_training() -> None:
    before, after = np.asarray([0, 1, 0, 1, -1, -1, -1, -1]), np.asarray([0, 1, 0, 1, 0, 1, 0, 0])
    (both,) = family().place([Trial(np.asarray([0, 1]), np.asarray([2, 3]))], before, after)
    assert both.train.tolist() == [0, 1, 4, 5, 6] and both.copies.tolist() == [0, 1, 0]
    (one,) = family().place([Trial(np.asarray([0, 2]), np.asarray([1, 3]))], before, after)
    assert one.train.tolist() == [0, 2, 4]
    (none,) = family().place([Trial(np.asarray([2, 3]), np.asarray([0, 1]))], before, after)
    assert none.train.tolist() == [2, 3] and not len(none.copies)


def test_child_that_nearly_repeats_a_scored_row_stays_out() -> None:
    before, after = np.asarray([0, 1, 0, 1, -1, -1, -1, -1]), np.asarray([0, 1, 0, 1, 0, 1, 0, 0])
    groups = [-1, -1, -1, 7, 7, -1, -1, -1]
    (placed,) = family(groups).place([Trial(np.asarray([0, 1]), np.asarray([2, 3]))], before, after)
    assert placed.train.tolist() == [0, 1, 5, 6]


def test_child_follows_what_rules_did_to_its_parent_afresh() -> None:
    before, after = np.asarray([0, 1, 0, 1, -1, -1, -1, -1]), np.asarray([0, 1, 0, 1, 0, 1, 0, 0])
    afresh = np.asarray([1, -1, 0, 1, 0, 1, 0, 0])
    (placed,) = family().place([Trial(np.asarray([0, 1]), np.asarray([2, 3]), afresh)], before, after)
    assert placed.after is not None and placed.after.tolist()[4:7] == [1, -1, -1]
    assert afresh.tolist()[4:7] == [0, 1, 0], "the given labels stay"


def test_child_of_very_many_rows_needs_a_fixed_test_part() -> None:
    made = Family(np.arange(14) >= 12, (np.arange(10), np.asarray([0])), np.full(14, -1))
    labels = np.zeros(14, dtype=np.int64)
    before = np.where(made.children, -1, 0)
    trial = Trial(np.arange(9), np.asarray([10, 11]))
    assert made.crowded and not family().crowded
    (drawn,) = made.place([trial], before, labels)
    (fixed,) = made.place([trial], before, labels, fixed=True)
    assert drawn.train.tolist()[9:] == [13] and fixed.train.tolist()[9:] == [12, 13]
    assert any("none trained" in note for note in made.notes(before, labels, [trial]))
    assert not any("none trained" in note for note in made.notes(before, labels, [fixed]))


def test_rows_from_a_distribution_are_proven_against_a_test_part(tmp_path: Path) -> None:
    rows = [{**row, "split": "test" if i % 3 == 0 else "train"} for i, row in enumerate(table(90)[0])]
    made = tilth.augment(write_csv(tmp_path / "t.csv", rows), policy="[gaussian_copula]", times=1, write=True)
    proof = tilth.prove(made.dataset, augmentation=True, repeats=2)
    assert proof.n_train > 100, "60 training rows and nearly as many made ones, in every repeat"


class Remembers:
    """A classifier that keeps how many rows it was trained on."""

    seen: list[int] = []  # noqa: RUF012 - shared by all copies on purpose

    def fit(self, X: Any, y: Any) -> Remembers:
        self.seen.append(len(X))
        return self

    def predict(self, X: Any) -> Any:
        return np.zeros(len(X), dtype=np.int64)


def test_placebo_repeats_parents_as_many_times_as_rows_were_added() -> None:
    old, new = np.asarray([0, 1, 0, 1, -1, -1]), np.asarray([0, 1, 0, 1, 0, 1])
    trial = Trial(np.asarray([0, 1, 4, 5]), np.asarray([2, 3]), copies=np.asarray([0, 1]))
    Remembers.seen.clear()
    run_trials(np.zeros((6, 1)), old, new, [trial, trial], model=Remembers, bigger=Remembers, n_classes=2)
    assert Remembers.seen[:4] == [2, 4, 4, 2], "before, after, placebo, model-centric"


def split_file(folder: Path, n: int = 90, test: int = 3) -> Path:
    marked = [{**row, "split": "test" if i % test == 0 else "train"} for i, row in enumerate(texts(n)[0])]
    return write_csv(folder / "data.csv", marked)


def test_proof_with_and_without_augmentation_and_a_test_part(tmp_path: Path) -> None:
    path = split_file(tmp_path)
    made = tilth.augment(path, policy=POLICY, times=2, write=True, check=False)
    said = CliRunner().invoke(app, ["prove", str(path), "--augmentation", "--repeats", "3", "--json"])
    assert said.exit_code in (0, 3), said.output
    proof = json.loads(said.stdout)["summary"]
    assert made.after is not None and proof["after"] == made.after.id and proof["before"] == made.before.id
    assert proof["n_changed"] == made.added and proof["n_test"] == 30
    assert abs(proof["n_train"] - 3 * 54) <= 6, "nine tenths of 60 training rows, with two changed copies each"
    assert any("train only where all their parents train" in note for note in proof["notes"])
    assert any("the placebo repeats a parent" in note for note in proof["notes"])


def test_proof_without_a_test_part_holds_out_no_child(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import tilth.workflows.proof.prove as verb

    seen: dict[str, Any] = {}
    whole = verb.run_trials

    def spy(X: Any, old: Any, new: Any, trials: Any, **more: Any) -> Any:
        seen.update(old=old, trials=trials)
        return whole(X, old, new, trials, **more)

    monkeypatch.setattr(verb, "run_trials", spy)
    path = images(tmp_path / "img", 36)[0]
    made = tilth.augment(path, policy="[{rotate: 0.3}, {brightness: 0.3}]", times=2, write=True, check=False)
    tilth.prove(made.dataset, repeats=3)
    n = len(made.before)
    for trial in seen["trials"]:
        assert (trial.test < n).all() and (trial.train >= n).any()
        train = set(trial.train.tolist())
        with opened(made.dataset) as store:
            parents = parents_of(store.decisions(made.dataset.name))
        ids = made.after.row_ids if made.after is not None else []
        index = {row: i for i, row in enumerate(ids)}
        assert all({index[p] for p in parents[ids[child]]} <= train for child in train if child >= n)


def test_child_of_a_row_that_became_a_test_row_is_a_leak(tmp_path: Path) -> None:
    path = split_file(tmp_path)
    made = tilth.augment(path, policy=POLICY, times=1, write=True, check=False)
    assert made.after is not None
    path.write_text(path.read_text().replace(",train", ",test", 1))
    with pytest.raises(LeakError, match="a training row was made from a test row"):
        tilth.prove(path, repeats=2)
    tilth.undo(made.dataset)
    with pytest.raises(LeakError, match="a training row was made from a test row"):
        tilth.prove(path, before=tilth.ingest(path).base.id, after=made.after.id, repeats=2)


def test_generated_row_in_the_test_part_is_a_leak(tmp_path: Path) -> None:
    path = split_file(tmp_path)
    made = tilth.augment(path, policy=POLICY, times=1, check=False)
    with opened(made.dataset) as store, store.write_lock():
        from tilth.workflows.project import record_decisions

        cells = made.before.table.slice(1, 1).to_pylist()[0]
        row = {**cells, "row_id": "x", "item": "x", "position": 999, "split": "test", "parents": [cells["row_id"]]}
        entry = Decision("ann", "t1", "add", ("x",), json.dumps(row), "", made.before.id, made.dataset.name)
        accept = Decision("ann", "t1", "accept", ("x",), entry.id, "", made.before.id, made.dataset.name)
        record_decisions(store, made.dataset, [entry, accept])
    with pytest.raises(LeakError, match="a generated row stands in the test part"):
        tilth.prove(made.dataset, repeats=2)


def test_nothing_augmented_is_nothing_to_prove(tmp_path: Path) -> None:
    path = split_file(tmp_path)
    tilth.ingest(path)
    with pytest.raises(NotApplicable, match="no augmented rows"):
        tilth.prove(path, augmentation=True)


def test_dropping_a_parent_drops_its_children(tmp_path: Path) -> None:
    path = split_file(tmp_path)
    made = tilth.augment(path, policy=POLICY, times=2, write=True, check=False)
    parent = next(
        iter(json.loads(row)["parents"][0] for row in (made.folder / "rows.jsonl").read_text().splitlines()[1:2])
    )
    with opened(made.dataset) as store, store.write_lock():
        from tilth.workflows.project import record_decisions

        drop = Decision("ann", store.now(), "drop", (parent,), "", "", made.before.id, made.dataset.name)
        after = record_decisions(store, made.dataset, [drop])[1]
    assert made.after is not None and len(after) == len(made.after) - 3
