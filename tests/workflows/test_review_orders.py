"""``prove --orders``: which order of review would have paid first."""

from __future__ import annotations

import csv
import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_blobs
from typer.testing import CliRunner

import tilth
from made_data import table, write_csv
from tilth.cli import app
from tilth.cli.show_proof import show_proof
from tilth.errors import NotApplicable
from tilth.records import Proof
from tilth.workflows.active.teach import teach
from tilth.workflows.project import Dataset
from tilth.workflows.report.audit_page import report_audit

OPTIONS = tilth.RunOptions(jobs=1)


def reviewed(tmp_path: Path, budget: int, *, wrong: int = 60, split: bool = False) -> Dataset:
    """A dataset with planted errors, of which a perfect reviewer saw the rows most in doubt."""
    X, truth = make_blobs(300, 4, centers=3, cluster_std=2.5, random_state=0)
    bad = np.random.default_rng(1).choice(200 if split else 300, wrong, replace=False)
    given = truth.copy()
    given[bad] = (truth[bad] + 1) % 3
    columns = {"id": [f"r{i}" for i in range(300)], **{f"x{j}": X[:, j] for j in range(4)}, "label": given}
    if split:
        columns["split"] = np.where(np.arange(300) < 200, "train", "test")
    dataset = tilth.ingest(columns, name="blobs", workspace=tmp_path / ".tilth").dataset
    queue = tilth.review(dataset, tmp_path / "queue.csv", budget=budget, options=OPTIONS)
    with queue.path.open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    for row in rows:
        row["label"] = str(truth[int(row["row_id"][1:])])
    with (tmp_path / "done.csv").open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, rows[0])
        writer.writeheader()
        writer.writerows(rows)
    teach(tmp_path / "done.csv", dataset, who="ann")
    return dataset


@pytest.mark.parametrize("split", [False, True])
def test_both_orders_are_compared_on_the_rows_that_people_reviewed(split: bool, tmp_path: Path) -> None:
    dataset = reviewed(tmp_path, 120, split=split)
    proof = tilth.prove(dataset, repeats=3, orders=True, options=OPTIONS)
    counts = [point.reviewed for point in proof.orders]
    assert counts == sorted(counts) and len(counts) == 3 and counts[-1] <= 60
    assert proof.orders[-1].plain > 0 and proof.orders[-1].worth > 0
    for point in proof.orders:
        gap = point.difference
        assert gap.estimate == pytest.approx(point.worth - point.plain, abs=1e-9)
        assert gap.low <= gap.estimate <= gap.high
        assert point.winner == ("worth" if gap.low > 0 else "plain" if gap.high < 0 else "cannot tell")
    assert Proof.from_dict(json.loads(json.dumps(proof.to_dict()))) == proof
    assert tilth.prove(dataset, repeats=3, orders=True, options=OPTIONS).orders == proof.orders


def test_the_terminal_and_the_report_show_the_orders(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    dataset = reviewed(tmp_path, 120)
    found = tilth.audit(dataset, issues=["label_error"], options=OPTIONS)
    bare = tilth.prove(dataset, repeats=2, options=OPTIONS)
    proof = tilth.prove(dataset, repeats=2, orders=True, options=OPTIONS)
    assert not bare.orders and replace(proof, orders=()) == bare
    heading = "Which order of review would have paid first"
    for made, there in ((bare, False), (proof, True)):
        page = report_audit(found, tmp_path / "report.html", proof=made).read_text(encoding="utf-8")
        assert (heading in page) == there
    show_proof(proof, as_json=False)
    said = capsys.readouterr().out
    assert heading in said and "by worth" in said and f"{100 * proof.orders[0].plain:+.2f}" in said


def test_the_shell_takes_the_flag(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", table(60, wrong=6)[0])
    run = CliRunner().invoke
    assert run(app, ["fix", str(path), "--yes", "--policy", "label_error=relabel", "--quiet"]).exit_code == 0
    done = run(app, ["prove", str(path), "--orders", "--repeats", "2", "--quiet"])
    assert done.exit_code == 2 and "too few reviewed rows to compare orders of review" in done.output


def test_too_few_reviews_and_reviews_that_changed_nothing_are_said(tmp_path: Path) -> None:
    few = reviewed(tmp_path / "few", 12)
    with pytest.raises(NotApplicable, match="too few reviewed rows to compare orders"):
        tilth.prove(few, repeats=2, orders=True, options=OPTIONS)
    none = reviewed(tmp_path / "none", 120, wrong=0)
    tilth.fix(none, yes=True, policies=[tilth.Policy("near_duplicate", "drop")], options=OPTIONS)
    with pytest.raises(NotApplicable, match=r"nothing to prove|changed no label"):
        tilth.prove(none, repeats=2, orders=True, options=OPTIONS)
