"""`tilth weak` from the shell: what it prints, its JSON, its exit codes, and silence in a pipe."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

ROOT = Path(__file__).resolve().parent.parent
SCHEMA = Draft202012Validator(json.loads((ROOT / "docs" / "output.schema.json").read_text(encoding="utf-8")))
RULES = """
classes: [ham, spam]
rules:
  - {name: money, keywords: [money], label: spam}
  - {name: song, keywords: [song], label: ham}
  - {name: free, regex: 'fre+', label: spam}
"""


def tilth(*args: str, cwd: Path, code: int = 0) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", "from tilth.cli import main; main()", "weak", *args]
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, check=False)
    assert done.returncode == code, f"{done.stdout}\n{done.stderr}"
    return done


def as_json(*args: str, cwd: Path) -> dict[str, Any]:
    done = tilth(*args, "--json", cwd=cwd)
    data: dict[str, Any] = json.loads(done.stdout)
    SCHEMA.validate(data)
    assert done.stderr == ""
    assert data["verb"] == "weak"
    return data


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    texts = [("free money here", "spam"), ("nice song today", "ham"), ("money and a song", "spam"), ("hello", "ham")]
    lines = ["id,text,label,split"]
    for at in range(120):
        text, label = texts[at % 4]
        known = at < 40 or at >= 80
        lines.append(f"r{at},{text} {at % 7},{label if known else ''},{'test' if at >= 80 else 'train'}")
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path


def test_every_step_as_json(folder: Path) -> None:
    said = as_json("apply", "data.csv", "rules.yaml", "--out", "votes.csv", cwd=folder)
    assert said["summary"]["votes"] == 150
    assert (folder / "votes.csv").exists()
    found = as_json("analyze", "data.csv", "rules.yaml", "--suggest", "more.yaml", cwd=folder)
    assert [row["rule"] for row in found["summary"]["by_rule"]] == ["money", "song", "free"]
    assert {f["issue"] for f in found["findings"]} == {"rule_conflict"}
    assert Path(found["summary"]["report"]).exists()
    fit = as_json("fit", "data.csv", "rules.yaml", "--out", "beliefs.parquet", "--csv", "ask.csv", cwd=folder)
    assert set(fit["summary"]["scores"]) == {"majority vote", "label model", "end model"}
    assert (folder / "beliefs.parquet").exists()
    done = as_json("label", "data.csv", "rules.yaml", "--method", "majority", cwd=folder)
    assert done["snapshot"] != fit["snapshot"]
    assert done["summary"]["recorded"]["labels"] > 0


def test_tables_in_a_pipe_without_colour_or_bars(folder: Path) -> None:
    wanted = {"analyze": "hits wrong adds █", "fit": "majority better", "label": "tilth undo data.csv"}
    for step, words in wanted.items():
        done = tilth(step, "data.csv", "rules.yaml", "--quiet", cwd=folder)
        assert done.stderr == ""
        assert "\x1b" not in done.stdout
        assert "3 rules, 150 votes" in done.stdout
        assert all(word in done.stdout for word in words.split())


@pytest.mark.parametrize(
    ("args", "said"),
    [
        (["apply", "data.csv", "absent.yaml"], "no such file of rules"),
        (["apply", "absent.csv", "rules.yaml"], "no such file"),
        (["apply", "data.csv", "fails.py"], "row 0"),
        (["fit", "data.csv", "rules.yaml", "--method", "snorkel"], "unknown label model"),
        (["fit", "data.csv", "rules.yaml", "--class-balance", "1"], "one positive share for each class"),
        (["label", "data.csv", "rules.yaml", "--model", "best"], "unknown model"),
        (["analyze", "data.csv", "rules.yaml", "--out", "data.csv"], "there already"),
        (["analyze", "data.csv", "rules.yaml", "--csv", "data.csv"], "there already"),
        (["analyze", "data.csv", "rules.yaml", "--suggestions", "-3"], "greater than or equal to 0"),
        (["fit", "data.csv", "rules.yaml", "--csv", "data.csv"], "there already"),
        (["fit", "data.csv", "rules.yaml", "--ask", "-3"], "greater than or equal to 0"),
        (["fit", "data.csv", "rules.yaml", "--classifier", "sklearn.svm:LinearSVC"], "without predict_proba"),
        (["apply", "data.csv", "rules.yaml", "--class", "yes", "--class", "no"], "class that does not exist"),
    ],
)
def test_bad_input_exits_with_2_and_one_clear_line(folder: Path, args: list[str], said: str) -> None:
    text = "from tilth import labeling_function\n\n@labeling_function()\ndef fails(row):\n    return row.nothing\n"
    (folder / "fails.py").write_text(text, encoding="utf-8")
    done = tilth(*args, cwd=folder, code=2)
    assert said in " ".join(done.stderr.split())
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_failures_are_counted_where_they_are_tolerated(folder: Path) -> None:
    text = (
        "from tilth import labeling_function, rule\n\nCLASSES = ['ham', 'spam']\n"
        "money = rule('keywords', 'money', words=('money',), label='spam')\n\n"
        "@labeling_function()\ndef fails(row):\n    return row.nothing\n"
    )
    (folder / "rules.py").write_text(text, encoding="utf-8")
    said = as_json("apply", "data.csv", "rules.py", "--fault-tolerant", cwd=folder)
    assert said["summary"]["faults"][0]["rule"] == "fails"
    assert said["summary"]["faults"][0]["count"] == 120
    loud = tilth("apply", "data.csv", "rules.py", "--fault-tolerant", cwd=folder)
    assert "fails failed on 120 rows, first on row 0" in " ".join(loud.stderr.split())
    for step in ("apply", "analyze", "fit", "label"):  # quiet hides notes, not failures
        quiet = tilth(step, "data.csv", "rules.py", "--fault-tolerant", "--quiet", cwd=folder)
        assert "fails failed on 120 rows" in " ".join(quiet.stderr.split())
    (folder / "alone.py").write_text(text.replace("money = ", "# "), encoding="utf-8")
    none = tilth("apply", "data.csv", "alone.py", "--fault-tolerant", "--quiet", cwd=folder, code=2)
    assert "fails failed on 120 of them, first on row 0" in " ".join(none.stderr.split())


def test_agree_and_consensus_after_label(folder: Path) -> None:
    tilth("label", "data.csv", "rules.yaml", "--method", "majority", cwd=folder)
    main = [sys.executable, "-c", "from tilth.cli import main; main()"]
    for verb, words in (("agree", "Fleiss"), ("consensus", "Labels by")):
        done = subprocess.run([*main, verb, "data.csv"], cwd=folder, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        assert words in done.stdout
        assert "votes are those of 3 rules that tilth weak label recorded" in " ".join(done.stderr.split())
