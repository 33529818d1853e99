from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_blobs

from tilth.errors import ParameterError
from tilth.workflows.active.review import count, review
from tilth.workflows.active.teach import teach
from tilth.workflows.history import undo
from tilth.workflows.ingest import ingest
from tilth.workflows.project import Dataset


@pytest.fixture(scope="module")
def planted() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Features, labels with 40 planted errors, and which they are."""
    X, truth = make_blobs(400, 6, centers=4, cluster_std=2.0, random_state=0)
    wrong = np.zeros(400, dtype=bool)
    wrong[np.random.default_rng(1).choice(400, 40, replace=False)] = True
    return X, np.where(wrong, (truth + 1) % 4, truth), wrong


@pytest.fixture
def dataset(planted: tuple[np.ndarray, ...], tmp_path: Path) -> Dataset:
    X, y, _ = planted
    columns = {"id": [f"r{i}" for i in range(400)], **{f"x{j}": X[:, j] for j in range(6)}, "label": y}
    return ingest(columns, name="blobs", workspace=tmp_path / ".tilth").dataset


def answer(path: Path, out: Path, wrong: np.ndarray, given: np.ndarray) -> int:
    """Fill the queue in as a perfect reviewer would; returns how many labels were wrong."""
    with path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        place = int(row["row_id"][1:])
        row["label"] = str((given[place] - 1) % 4 if wrong[place] else given[place])
    with out.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    return sum(bool(wrong[int(row["row_id"][1:])]) for row in rows)


def test_the_interval_holds_the_truth_and_verdicts_narrow_it(
    dataset: Dataset, planted: tuple[np.ndarray, ...], tmp_path: Path
) -> None:
    _, given, wrong = planted
    before = count(dataset)
    assert before.total.low <= 40 <= before.total.high
    assert (before.n_verdicts, before.precision, before.calibrated) == (0, None, False)
    queue = review(dataset, tmp_path / "queue.csv", budget=100, by="count")
    found = answer(queue.path, tmp_path / "done.csv", wrong, given)
    teach(tmp_path / "done.csv", dataset, who="ann")
    after = count(dataset)
    assert after.total.low <= 40 <= after.total.high
    assert after.total.high - after.total.low <= 0.7 * (before.total.high - before.total.low)
    assert (after.n_verdicts, after.n_found) == (100, found)
    assert after.calibrated
    assert sum(interval.estimate for interval in after.by_class.values()) == pytest.approx(
        after.total.estimate, rel=0.05
    )
    undo(dataset, everything=True)
    assert count(dataset).n_verdicts == 0


def test_the_surest_errors_come_first_and_judged_rows_do_not_come_again(
    dataset: Dataset, planted: tuple[np.ndarray, ...], tmp_path: Path
) -> None:
    _, given, wrong = planted
    queue = review(dataset, tmp_path / "queue.csv", budget=20)
    assert [row.rank for row in queue.rows] == list(range(1, 21))
    assert answer(queue.path, tmp_path / "done.csv", wrong, given) >= 18
    assert all(row.given != row.suggestion and row.given in row.why for row in queue.rows)
    teach(tmp_path / "done.csv", dataset)
    again = review(dataset, tmp_path / "again.csv", budget=20, by="worth")
    assert not {row.row_id for row in again.rows} & {row.row_id for row in queue.rows}


def test_bad_input(dataset: Dataset, tmp_path: Path) -> None:
    with pytest.raises(ParameterError, match="Use one of score, worth, count"):
        review(dataset, tmp_path / "queue.csv", by="luck")
    with pytest.raises(ParameterError, match="at least one row"):
        review(dataset, tmp_path / "queue.csv", budget=0)
    (tmp_path / "queue.csv").write_text("mine")
    with pytest.raises(ParameterError, match="overwrite"):
        review(dataset, tmp_path / "queue.csv", budget=5)
    assert (tmp_path / "queue.csv").read_text() == "mine"
