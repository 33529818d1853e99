"""The tutorial of weak supervision, block by block, on the real comments: what it promises is what happens."""

from __future__ import annotations

import re
import shlex
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pyarrow.csv
import pytest
import yaml

ROOT = Path(__file__).resolve().parents[2]
BLOCK = re.compile(r"```(\w*)\n(.*?)```", re.DOTALL)


def run(command: list[str], folder: Path) -> str:
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{command}\n{done.stdout}\n{done.stderr}"
    return done.stdout


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory, shared_data: Callable[[str], Path]) -> dict[str, str]:
    """What each command of the page prints; and the folder that it ran in."""
    folder = tmp_path_factory.mktemp("tutorial")
    (folder / "youtube").symlink_to(shared_data("weak_supervision/youtube"))
    said = {"folder": str(folder)}
    text = (ROOT / "docs" / "weak-supervision.md").read_text(encoding="utf-8")
    for language, code in BLOCK.findall(text):
        if language == "yaml":
            (folder / "rules.yaml").write_text(code, encoding="utf-8")
        if language == "py" and code.startswith("# rules.py"):
            (folder / "rules.py").write_text(code, encoding="utf-8")
        elif language == "py":
            run([sys.executable, "-c", code], folder)
        for line in code.splitlines() if language == "sh" else ():
            program, *args = shlex.split(line)
            assert program == "tilth"
            name = " ".join(args[:2]) if args[0] == "weak" else args[0]
            said[name] = run([sys.executable, "-c", "from tilth.cli import main; main()", *args], folder)
    return said


def accuracy(text: str, arm: str) -> float:
    found = re.search(rf"^{arm} +([\d.]+)", text, re.MULTILINE)
    assert found is not None, text
    return float(found[1])


def test_rules_are_shown_with_what_they_hit_get_wrong_and_add(told: dict[str, str]) -> None:
    shown = told["weak analyze"]
    assert re.search(r"^short +ham +█+░+ +25\.\d% +6\.\d% +2/29 ", shown, re.MULTILINE)
    assert "Keep an eye on love (−1.1 points, −4.0 to 1.9)" in shown
    assert "Drop love" not in shown
    folder = Path(told["folder"])
    assert (folder / ".tilth" / "reports" / "comments.csv.rules.html").exists()
    rules = yaml.safe_load((folder / "suggested.yaml").read_text(encoding="utf-8"))
    assert "check" in [rule["keywords"][0] for rule in rules["rules"]]


def test_the_end_model_beats_the_votes_that_it_learnt_from(told: dict[str, str]) -> None:
    shown = told["weak fit"]
    assert accuracy(shown, "label model") >= accuracy(shown, "majority vote") > 0.8
    assert accuracy(shown, "end model") > accuracy(shown, "label model")
    assert re.search(r"^long_comments .*worse", shown, re.MULTILINE)
    beliefs = pyarrow.csv.read_csv(Path(told["folder"]) / "beliefs.csv")
    assert {"row_id", "label", "belief ham", "belief spam", "model spam", "use", "ask"} <= set(beliefs.column_names)
    assert "test" in beliefs.column("use").to_pylist()


def test_the_proof_against_hand_labels_says_helped(told: dict[str, str]) -> None:
    assert re.search(r"Recorded 2,\d+ votes and 1,\d+ labels", told["weak label"])
    assert told["prove"].startswith("Helped")


def test_the_yaml_of_the_page_is_a_file_of_rules(told: dict[str, str]) -> None:
    from tilth.workflows.weak.rules import read_rules

    found = read_rules(Path(told["folder"]) / "rules.yaml")
    assert [labeler.title for labeler in found.labelers] == ["subscribe", "link", "short"]
    assert found.classes == ("ham", "spam")
