from __future__ import annotations

import json
import subprocess
import sys
import tomllib
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from jsonschema import Draft202012Validator
from sklearn.datasets import make_blobs

from tilth.workflows.doctor import Checkup, Requirement

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = Draft202012Validator(json.loads((ROOT / "docs" / "output.schema.json").read_text(encoding="utf-8")))


def tilth(*args: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    """Run the command line in a process of its own."""
    command = [sys.executable, "-c", "from tilth.cli import main; main()", *args]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
    return done


def as_json(*args: str, cwd: Path, code: int = 0) -> dict[str, Any]:
    """The one object that a command prints; checked against the schema."""
    done = tilth(*args, "--json", cwd=cwd, code=code)
    data: dict[str, Any] = json.loads(done.stdout)
    SCHEMA.validate(data)
    assert done.stderr == ""
    return data


@pytest.fixture
def table(tmp_path: Path) -> Path:
    """A table of 120 rows in three heaps, eight of them with a wrong label."""
    X, y = make_blobs(120, 4, centers=3, cluster_std=1.0, random_state=2)
    wrong = np.random.default_rng(0).choice(120, 8, replace=False)
    y[wrong] = (y[wrong] + 1) % 3
    lines = ["id,a,b,c,d,label", *(f"r{i}," + ",".join(f"{v:.4f}" for v in X[i]) + f",k{y[i]}" for i in range(120))]
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return tmp_path


def test_the_main_job_from_the_shell(table: Path) -> None:
    before = (table / "data.csv").read_bytes()
    found = as_json("audit", "data.csv", "--csv", "findings.csv", cwd=table)
    assert {o["outcome"] for o in found["outcomes"]} <= {"ran", "not applicable"}
    assert any(row["issue"] == "label_error" for row in found["findings"])
    assert Path(found["summary"]["report"]).exists()
    assert (table / "findings.csv").read_text(encoding="utf-8").startswith("row_id,issue,score")
    plan = as_json("fix", "data.csv", "--policy", "label_error=relabel", cwd=table)
    assert (plan["summary"]["applied"], plan["snapshot"]) == (False, found["snapshot"])
    done = as_json("fix", "data.csv", "--policy", "label_error=relabel", "--yes", cwd=table)
    assert done["snapshot"] != found["snapshot"]
    proof = as_json("prove", "data.csv", "--repeats", "3", cwd=table)
    assert proof["summary"]["verdict"] in ("helped", "cannot tell")
    assert as_json("diff", "data.csv", cwd=table)["summary"]["changed"] >= 4
    assert len(as_json("log", "data.csv", cwd=table)["summary"]["snapshots"]) == 2
    counted = as_json("count", "data.csv", cwd=table)["summary"]["errors"]
    assert counted["low"] <= 8 <= counted["high"]
    assert as_json("undo", "data.csv", cwd=table)["snapshot"] == found["snapshot"]
    as_json("export", "data.csv", "out.parquet", cwd=table)
    as_json("export", "data.csv", "patch.jsonl", "--decisions", cwd=table)
    as_json("apply", "data.csv", "patch.jsonl", cwd=table)
    assert (table / "data.csv").read_bytes() == before


def test_a_pipe_gets_no_bars_and_quiet_says_nothing(table: Path) -> None:
    done = tilth("audit", "data.csv", "--quiet", cwd=table)
    assert done.stderr == ""
    assert "\x1b" not in done.stdout
    assert "What to do first" in done.stdout
    loud = tilth("audit", "data.csv", cwd=table)
    assert "note: guessed columns" in loud.stderr


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["audit", "absent.csv"], "no such file"),
        (["audit", "data.csv", "--label", "lable"], "no such column"),
        (["audit", "data.csv", "--issue", "label_eror"], "did you mean label_error"),
        (["audit", "data.csv", "--memory", "lots"], "this is no size"),
        (["audit", "data.csv", "--model", "nothing"], "package.module:attribute"),
        (["audit", "data.csv", "--set", "outlier"], "check.param=value"),
        (["fix", "data.csv", "--policy", "label_error=burn"], "unknown policy action"),
        (["fix", "data.csv", "--policy", "outlier=auto"], "only label errors"),
        (["prove", "data.csv"], "nothing to prove"),
        (["log", "data.csv"], "nothing has been ingested"),
    ],
)
def test_bad_input_exits_with_2_and_one_clear_line(table: Path, args: list[str], said: str) -> None:
    done = tilth(*args, cwd=table, code=2)
    flat = " ".join(done.stderr.split())
    assert said.lower() in flat.lower()
    assert "Traceback" not in done.stderr
    assert done.stderr.count("\n") == 1, "an error is one line in a pipe, however long"
    assert done.stdout == ""


def test_an_empty_plan_says_which_policy_found_nothing(tmp_path: Path) -> None:
    (tmp_path / "data.csv").write_text("a,b\n" + "".join(f"{i},{i * i % 7}\n" for i in range(40)))
    told = tilth("fix", "data.csv", "--policy", "missing_values=drop:0.9", cwd=tmp_path).stdout
    assert "No row that a policy may change is flagged by missing_values (from a score of 0.9 on)" in told
    assert "label_error" not in told


def test_the_schema_names_each_verb_once() -> None:
    verbs = json.loads((ROOT / "docs" / "output.schema.json").read_text(encoding="utf-8"))["properties"]["verb"]["enum"]
    assert len(verbs) == len(set(verbs))


def test_doctor_names_a_line_that_works_outside_a_checkout() -> None:
    needs = (Requirement("transformers", ">=5", "", "text"), Requirement("torch", "==2.13.0", "", "text"))
    checkup = Checkup("0", "3", "here", (*needs, Requirement("httpx", ">=0.27", "", "llm")), 1.0)
    assert checkup.install_line("text") == "pip install torch==2.13.0 && pip install 'tilth[text]'"
    assert checkup.install_line("llm") == "pip install 'tilth[llm]'"


def test_doctor_version_and_help(tmp_path: Path) -> None:
    summary = as_json("doctor", cwd=tmp_path)["summary"]
    declared = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert summary["extras"].keys() == declared.keys(), "each extra is told, with the line that installs it"
    heavy = {r["extra"] for r in summary["requirements"] if r["name"] in ("torch", "transformers")}
    assert "" not in heavy and "image" not in heavy, "neither the core nor augmenting images pulls torch"
    assert all(r["installed"] for r in summary["requirements"] if not r["extra"])
    assert "pip install" in tilth("doctor", cwd=tmp_path).stdout or all(summary["extras"].values())
    assert tilth("--version", cwd=tmp_path).stdout.strip() == "0.1.0"
    assert "audit" in tilth("--help", cwd=tmp_path).stdout
    tilth("adit", cwd=tmp_path, code=2)
