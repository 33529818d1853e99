"""The stopping rules as `tilth select`, `label` and `teach` print them, judged without leaks."""

from __future__ import annotations

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from tilth.cli import app
from tilth.engine.label_pool import Pool
from tilth.engine.stop_rules import History, Judges, stop_checks
from tilth.errors import ConflictError, ParameterError
from tilth.records import Decision, RoleOverrides
from tilth.workflows.active.label import Labelling, label_queue
from tilth.workflows.active.queue import read_queue
from tilth.workflows.active.select import select
from tilth.workflows.active.stopping import StopOptions
from tilth.workflows.active.teach import teach
from tilth.workflows.project import head_snapshot, locate, opened, record_decisions

CLASSES = ("ash", "birch", "cedar")
RULES = {"predicted change", "kappa", "overall uncertainty", "accuracy", "expected gain"}
ROLES = RoleOverrides(label="kind", id="id")


def write_pool(folder: Path, n: int = 240, *, split: bool = False, labelled: int = 0) -> tuple[Path, dict[str, str]]:
    """Three clouds that touch; with `split`, every third row is a labelled test row."""
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 3, n)
    X = rng.normal(size=(n, 4)) + 2.5 * np.eye(3, 4)[kinds]
    truth = {f"t{i}": CLASSES[k] for i, k in enumerate(kinds)}
    path = folder / "trees.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "a", "b", "c", "d", "kind", *(["split"] if split else [])])
        for i, row in enumerate(X):
            held = split and i % 3 == 0
            known = held or i < labelled
            part = ["test" if held else "train"] if split else []
            writer.writerow([f"t{i}", *(f"{v:.4f}" for v in row), truth[f"t{i}"] if known else "", *part])
    return path, truth


def answer(queue: Path, truth: dict[str, str]) -> None:
    with queue.open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["label"] = truth[row["row_id"]]
    with queue.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def run(*arguments: str) -> dict[str, dict[str, object]]:
    done = CliRunner().invoke(app, [*arguments, "--json"])
    assert done.exit_code == 0, done.stderr
    found: dict[str, dict[str, object]] = json.loads(done.stdout)["summary"]
    return found


def rounds(data: Path, truth: dict[str, str], turns: int, *, strategy: str = "priority") -> list[dict[str, object]]:
    queue = data.parent / "queue.csv"
    said = []
    for _ in range(turns):
        command = ["--budget", "14", "--strategy", strategy, "-o", str(queue), "--force", "--label", "kind"]
        run("select", str(data), *command, "--id", "id", "--no-stopping")
        answer(queue, truth)
        said.append(run("teach", str(queue), "--new-classes", "--goal", "0.6", "--more", "100")["stopping"])
    return said


def test_all_five_rules_speak_once_there_is_a_test_part_and_two_rounds(tmp_path: Path) -> None:
    data, truth = write_pool(tmp_path, split=True)
    said = rounds(data, truth, 5)
    last = {rule["rule"]: rule for rule in said[-1]["rules"]}  # type: ignore[attr-defined]
    assert set(last) == RULES
    assert said[-1]["silent"] == {}
    assert said[-1]["judged_on"] == "80 rows of the test part"
    gain = last["expected gain"]
    assert "another 100 labels should buy" in gain["why"]
    assert 0 <= gain["interval"][0] <= gain["value"] <= gain["interval"][1]
    accuracy = last["accuracy"]
    assert accuracy["limit"] == 0.6
    assert accuracy["stop"] == (accuracy["interval"][0] >= 0.6)
    assert accuracy["stop"]
    assert "accuracy" in said[-1]["say_stop"]  # type: ignore[operator]
    again = run("select", str(data), "--budget", "5", "--goal", "0.6", "--more", "100")["stopping"]
    assert again == said[-1], "select says the same of the same labels"


def test_the_accuracy_is_that_of_a_model_on_the_test_part(tmp_path: Path) -> None:
    """Against the model trained by hand on the very labels that were given."""
    from tilth.engine import Resolver
    from tilth.numerics.cross_fitting.crossfit import default_classifier
    from tilth.workflows.project import RunOptions

    data, truth = write_pool(tmp_path, split=True)
    said = rounds(data, truth, 3)[-1]
    with opened(locate(data)) as store:
        snapshot = head_snapshot(store, locate(data))
        X = Resolver(snapshot, RunOptions().run("by hand", store)).get("embeddings").values
    test = np.arange(len(snapshot)) % 3 == 0
    have = (snapshot.labels >= 0) & ~test
    model = default_classifier(0).fit(X[have], snapshot.labels[have])
    by_hand = float((model.predict(X[test]) == snapshot.labels[test]).mean())
    rules = {rule["rule"]: rule for rule in said["rules"]}  # type: ignore[attr-defined]
    assert rules["accuracy"]["value"] == pytest.approx(by_hand)


def test_rows_drawn_at_random_judge_where_there_is_no_test_part(tmp_path: Path) -> None:
    data, truth = write_pool(tmp_path)
    first = rounds(data, truth, 2)[-1]
    assert set(first["silent"]) == {"accuracy", "expected gain"}  # type: ignore[call-overload]
    assert "drawn by --strategy random" in first["silent"]["accuracy"]  # type: ignore[index]
    said = rounds(data, truth, 3, strategy="random")[-1]
    assert said["judged_on"] == "42 rows drawn at random, cross-fitted"
    assert {rule["rule"] for rule in said["rules"]} == RULES  # type: ignore[attr-defined]


def test_before_a_model_every_rule_says_why_it_is_silent(tmp_path: Path) -> None:
    data, _ = write_pool(tmp_path)
    made = select(data, budget=4, overrides=ROLES)
    assert made.stopping is not None
    assert made.stopping.checks == ()
    assert set(made.stopping.silent) == RULES
    assert "two classes" in made.stopping.verdict
    assert "stopping" not in select(data, budget=4, stop=StopOptions(ask=False)).to_dict()["summary"]


def test_the_table_in_the_terminal(tmp_path: Path) -> None:
    data, truth = write_pool(tmp_path, split=True)
    rounds(data, truth, 4)
    done = CliRunner().invoke(app, ["select", str(data), "--budget", "3", "-o", str(tmp_path / "q.csv")])
    assert done.exit_code == 0, done.stderr
    assert "rules say stop" in done.stdout
    assert "another 200 labels should buy" in " ".join(done.stdout.split())
    assert "no goal is set" in " ".join(done.stdout.split())
    assert "accuracy measured on 80 rows of the test part" in " ".join(done.stderr.split())
    quiet = CliRunner().invoke(app, ["label", str(tmp_path / "q.csv"), "--no-stopping"], input="q")
    assert "rules say stop" not in quiet.stdout


def test_labels_stay_where_the_rules_fail(tmp_path: Path) -> None:
    data, truth = write_pool(tmp_path, labelled=30)
    queue = select(data, budget=3, overrides=ROLES).write(tmp_path / "q.csv")
    answer(queue, truth)
    made = teach(queue, model=object())
    assert made.taught == 3
    assert made.stopping is not None
    assert made.stopping.checks == ()
    assert "no scikit-learn classifier" in made.stopping.silent["all"]


def test_judges_are_never_in_the_training_labels_nor_their_group() -> None:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(60, 3))
    y = np.tile([0, 1], 30)
    ids = np.asarray([str(i) for i in range(60)], dtype=object)
    pool = Pool(X, y, ("a", "b"), ids)
    group = np.repeat(np.arange(30), 2)
    judges = Judges(np.arange(0, 60, 2), y[::2], np.zeros(30, dtype=np.int64), group, "all of them")
    assert judges.correct(pool, y) is None, "every labelled row is a judge or its like: nothing is left to train on"
    loose = Judges(np.arange(0, 60, 4), y[::4], np.zeros(15, dtype=np.int64), np.full(60, -1), "some")
    assert loose.correct(pool, y) is not None


def test_rules_of_a_pool_see_the_rounds_apart() -> None:
    rng = np.random.default_rng(0)
    y = rng.integers(0, 2, 400)
    X = rng.normal(size=(400, 3)) + 3 * y[:, None]
    ids = np.asarray([str(i) for i in range(400)], dtype=object)
    order = np.arange(400)
    labels = np.where(order < 60, y, -1)
    history = History(np.full(400, -1), np.where(order < 60, 1 + order // 20, 0), order)
    checks, silent = stop_checks(Pool(X, labels, ("a", "b"), ids), history, None)
    assert {check.rule for check in checks} == {"predicted change", "kappa", "overall uncertainty"}
    assert set(silent) == {"accuracy", "expected gain"}
    one = History(np.full(400, -1), np.where(order < 60, 1, 0), order)
    checks, silent = stop_checks(Pool(X, labels, ("a", "b"), ids), one, None)
    assert {check.rule for check in checks} == {"overall uncertainty"}
    assert silent["kappa"] == "needs two rounds of labels"


def settling_pool() -> tuple[Pool, History, np.ndarray]:
    """Two rounds of labels; the last one brings the third class."""
    rng = np.random.default_rng(0)
    y = np.tile([0, 1, 2], 80)
    X = rng.normal(size=(240, 2)) + 6 * np.eye(3, 2)[y]
    ids = np.asarray([str(i) for i in range(240)], dtype=object)
    order = np.arange(240)
    labels = np.where((order < 20) & (y < 2), y, -1)
    labels[(order >= 20) & (order < 30)] = y[20:30]
    turn = np.where(labels < 0, 0, np.where(order < 20, 1, 2))
    return Pool(X, labels, ("a", "b", "c"), ids), History(np.full(240, -1), turn, order), y


def test_the_change_is_that_of_rows_that_wait_for_a_label() -> None:
    pool, history, y = settling_pool()
    first = pool.with_labels(np.where(history.turn == 1, pool.labels, -1)).fitted()
    now = pool.fitted()
    assert first is not None
    assert now is not None
    moved = pool.guess(first) != pool.guess(now)
    free, apart = pool.labels < 0, (y == 2) & (pool.labels < 0)
    said = {c.rule: c.value for c in stop_checks(pool, history, None)[0]}
    assert said["predicted change"] == pytest.approx(moved[free].mean())
    assert moved[free].mean() != moved.mean()
    left = {c.rule: c.value for c in stop_checks(pool, history, None, apart=apart)[0]}
    assert left["predicted change"] == pytest.approx(moved[free & ~apart].mean())
    assert left["predicted change"] < said["predicted change"] / 2
    rows = np.flatnonzero(apart)
    judges = Judges(rows, y[rows], np.zeros(len(rows), dtype=np.int64), np.full(240, -1), "the test part")
    judged = {c.rule: c.value for c in stop_checks(pool, history, judges)[0]}
    assert judged["predicted change"] == left["predicted change"]


def test_a_model_without_probabilities_still_settles() -> None:
    from sklearn.linear_model import LogisticRegression

    class Hard(LogisticRegression):  # type: ignore[misc]
        predict_proba = property()  # type: ignore[assignment]
        decision_function = property()  # type: ignore[assignment]

        def predict(self, X: np.ndarray) -> np.ndarray:
            return np.asarray(self.classes_[(X @ self.coef_.T + self.intercept_).argmax(axis=1)])

    pool, history, y = settling_pool()
    hard = Pool(pool.X, pool.labels, pool.classes, pool.row_ids, Hard())
    rows = np.flatnonzero(pool.labels < 0)[:60]
    judges = Judges(rows, y[rows], np.zeros(60, dtype=np.int64), np.full(240, -1), "some")
    checks, silent = stop_checks(hard, history, judges)
    assert {check.rule for check in checks} >= {"predicted change", "kappa", "accuracy"}
    assert silent["overall uncertainty"] == "needs probabilities, which Hard does not give"


@pytest.mark.parametrize("options", [{"more": 0}, {"goal": 0.0}, {"goal": 1.5}])
def test_options_out_of_range(options: dict[str, float]) -> None:
    with pytest.raises(ParameterError, match="at least one"):
        StopOptions(**options)  # type: ignore[arg-type]


# --- what is written is what can be applied -------------------------------------------------------


def other_person(data: Path, row: str, label: str) -> None:
    dataset = locate(data)
    with opened(dataset) as store, store.write_lock():
        head = head_snapshot(store, dataset)
        said = Decision("somebody else", store.now(), "relabel", (row,), label, "label", head.id, dataset.name)
        record_decisions(store, dataset, [said])


def test_two_people_who_disagree_are_told_before_anything_is_written(tmp_path: Path) -> None:
    data, truth = write_pool(tmp_path, labelled=30)
    queue = select(data, budget=4, overrides=ROLES).write(tmp_path / "q.csv")
    row = read_queue(queue).rows[1].row_id
    wrong = CLASSES[(CLASSES.index(truth[row]) + 1) % 3]
    other_person(data, row, wrong)
    answer(queue, truth)
    with pytest.raises(ConflictError, match="somebody else"):
        teach(queue)
    with opened(locate(data)) as store:
        assert len(store.decisions("trees.csv")) == 1
        assert (head_snapshot(store, locate(data)).labels >= 0).sum() == 31

    def talk(session: Labelling) -> None:
        for _ in range(session.total):
            assert session.current is not None
            name = truth[session.current.row_id]
            if session.current.row_id == row:
                with pytest.raises(ConflictError, match="somebody else"):
                    session.give(name)
                assert session.current.row_id == row, "the row is still to be answered"
                session.act("skip")
            else:
                session.give(name)

    made = label_queue(queue, talk=talk)
    assert made.taught == 3
    assert (made.snapshot.labels >= 0).sum() == 34
