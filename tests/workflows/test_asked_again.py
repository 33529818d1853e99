"""A label that a person confirmed is not asked for once more."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np

from tilth.workflows.active.select import select
from tilth.workflows.active.teach import teach


def test_confirmed_rows_do_not_come_back(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    kinds = rng.integers(0, 2, 80)
    X = rng.normal(size=(80, 3)) + 5 * kinds[:, None]
    wrong = {4, 11, 23}
    path = tmp_path / "trees.csv"
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["id", "a", "b", "c", "kind"])
        for i, row in enumerate(X):
            name = "ash" if (kinds[i] == 1) != (i in wrong) else "birch"
            writer.writerow([f"t{i}", *(f"{v:.4f}" for v in row), name if i < 50 else ""])
    first = select(path, budget=10, strategy="noise_aware")
    again = {f"t{i}" for i in wrong} & set(first.findings.table.column("row_id").to_pylist())
    assert {"t4", "t11"} <= again
    labels = tmp_path / "labels.csv"
    with labels.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["row_id", "label"])
        for name in sorted(again):
            at = int(name[1:])
            writer.writerow([name, "birch" if kinds[at] == 1 else "ash"])  # the wrong label, once more
    teach(labels, path)
    second = select(path, budget=10, strategy="noise_aware")
    assert not again & set(second.findings.table.column("row_id").to_pylist())
