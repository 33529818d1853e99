"""The demonstration, on few scans: what it plants, finds and measures."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from tilth.errors import ParameterError
from tilth.workflows.demo import Demo, demo
from tilth.workflows.project import RunOptions

SCANS = 300


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Demo:
    return demo(tmp_path_factory.mktemp("place") / "demo", repeats=3, scans=SCANS, options=RunOptions(jobs=1))


def test_what_was_planted_is_found(made: Demo) -> None:
    said = json.loads(json.dumps(made.to_dict()))
    found = {row["fault"]: row for row in said["summary"]["found_against_planted"]}
    planted = json.loads((made.folder / "planted.json").read_text())
    assert set(found) == {"label_error", "near_duplicate", "outlier"}
    for fault, row in found.items():
        assert row["planted"] == len(set(planted[fault])) > 0
        assert row["hits"] <= row["flagged"]
        assert row["precision"] == pytest.approx(row["hits"] / row["flagged"], abs=1e-4)
    assert found["label_error"]["planted"] == round(0.1 * (SCANS - SCANS // 4))
    assert min(found["label_error"]["precision"], found["label_error"]["recall"]) > 0.6
    assert found["outlier"]["recall"] >= 0.75
    assert found["near_duplicate"]["recall"] >= 0.75
    files = len(list((made.folder / "digits").rglob("*.png")))
    assert files == SCANS + len(planted["near_duplicate"]) + len(planted["outlier"])


def test_the_proof_has_every_arm_and_the_report_stands(made: Demo) -> None:
    proof = made.to_dict()["summary"]["proof"]
    assert proof["metric"] == "accuracy" and proof["verdict"] in ("helped", "hurt", "cannot tell")
    scores = {arm["name"]: arm["score"] for arm in proof["arms"]}
    assert set(scores) == {"before", "after", "placebo", "model-centric"}
    assert all(0.5 < score < 1.0 for score in scores.values())
    assert scores["after"] > scores["placebo"]
    assert made.report.read_text().startswith("<!doctype html>")


def test_a_folder_that_no_demo_made_stays(tmp_path: Path) -> None:
    (tmp_path / "mine.txt").write_text("mine")
    with pytest.raises(ParameterError, match="no demo made"):
        demo(tmp_path, scans=SCANS)
    assert (tmp_path / "mine.txt").read_text() == "mine"
