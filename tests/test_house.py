"""The import table of the house, as a test: who may import whom, at import time and inside functions."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

SOURCE = Path(__file__).resolve().parent.parent / "src" / "tilth"

PART_ROOMS = ("sources", "embedders", "detectors", "strategies", "label_models", "labelers", "generators")
#: Room -> rooms of ours that it may import. A part room may import its own ``__init__`` and private helpers.
ALLOWED = {
    "errors": set(),
    "records": {"errors"},
    "numerics": {"errors"},
    # the shelf and the run are part of the plugin contract, in files of their own
    "plugin": {"records", "errors", "shelf", "run"},
    "shelf": {"plugin", "errors"},
    "run": {"records", "errors"},
    **{room: {"plugin", "records", "numerics", "errors"} for room in PART_ROOMS},
    "store": {"records", "errors"},
    # of the part rooms the engine sees only the contract: `tilth.sources` and the shelf
    "engine": {"plugin", "records", "numerics", "errors", "store", "sources"},
    "workflows": {"engine", "store", "records", "numerics", "plugin", "errors", "sources"},
    "estimators": {"engine", "records", "numerics", "plugin", "errors"},
    "testing": {"workflows", "records", "plugin", "errors"},
    "__main__": {"cli"},
    "cli": {"workflows", "records", "plugin", "errors", "engine"},
}
#: Third-party libraries that a room may never import.
BANNED = {
    "records": {"sklearn", "scipy", "lance", "sqlalchemy", "rich", "typer", "PIL", "os", "pathlib", "time", "random"},
    "numerics": {"pyarrow", "lance", "sqlalchemy", "rich", "typer", "pathlib", "random"},
    "engine": {"rich", "typer", "lance", "sqlalchemy"},
    "workflows": {"rich", "typer", "lance", "sqlalchemy"},
}


def room_of(path: Path) -> str:
    relative = path.relative_to(SOURCE)
    return relative.parts[0] if len(relative.parts) > 1 else relative.stem


def modules() -> list[Path]:
    return sorted(p for p in SOURCE.rglob("*.py") if p != SOURCE / "__init__.py")


def imported(path: Path) -> list[tuple[int, str]]:
    """Line and dotted name of everything a file imports, wherever the import stands."""
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            if node.module == "tilth":
                found += [(node.lineno, f"tilth.{alias.name}") for alias in node.names]
            elif node.module:
                found.append((node.lineno, node.module))
    return found


@pytest.mark.parametrize("path", modules(), ids=lambda p: str(p.relative_to(SOURCE)))
def test_imports_follow_the_table(path: Path) -> None:
    room = room_of(path)
    assert room in ALLOWED, f"the room {room!r} is not in the table"
    wrong = []
    for line, name in imported(path):
        if name.split(".")[0] in BANNED.get(room, ()):
            wrong.append(f"line {line}: {name}")
        if not name.startswith("tilth."):
            continue
        parts = name.split(".")
        other = parts[1]
        if other == room and room in PART_ROOMS:
            # the contract and private helpers of the own room, never a sibling part
            if len(parts) > 2 and not any(piece.startswith("_") for piece in parts[2:]):
                wrong.append(f"line {line}: sibling part {name}")
        elif other != room and other not in ALLOWED[room] and other != "__version__":
            wrong.append(f"line {line}: {name}")
        elif other in PART_ROOMS and other != room and len(parts) > 2:
            wrong.append(f"line {line}: {name} reaches past the contract of {other}")
    assert not wrong, "\n".join(wrong)


def test_no_room_init_imports_a_part() -> None:
    for room in PART_ROOMS:
        path = SOURCE / room / "__init__.py"
        parts = [n for _, n in imported(path) if n.startswith(f"tilth.{room}.") and not n.split(".")[2].startswith("_")]
        assert parts == []


def test_files_and_functions_stay_small() -> None:
    """400 lines a file, 60 a function without its docstring; an exception needs its reason here."""
    reasons: dict[str, str] = {}
    wrong = []
    for path in modules():
        text = path.read_text(encoding="utf-8")
        name = str(path.relative_to(SOURCE))
        if text.count("\n") > 400 and name not in reasons:
            wrong.append(f"{name}: {text.count(chr(10))} lines")
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef):
                first = node.body[1] if ast.get_docstring(node) and len(node.body) > 1 else node
                length = (node.end_lineno or 0) - first.lineno
                if length > 60 and f"{name}:{node.name}" not in reasons:
                    wrong.append(f"{name}:{node.name}: {length} lines")
    assert not wrong, "\n".join(wrong)


def test_import_tilth_loads_nothing_heavy() -> None:
    heavy = [
        "sklearn",
        "scipy",
        "lance",
        "faiss",
        "sqlalchemy",
        "PIL",
        "soundfile",
        "matplotlib",
        "pandas",
        "rich",
        "typer",
        "jinja2",
        "pyarrow",
        "torch",
    ]
    code = f"import sys, tilth; print([m for m in {heavy!r} if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"


def test_import_has_no_side_effect(tmp_path: Path) -> None:
    code = "import threading, os, tilth; print(threading.active_count(), os.listdir('.'))"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=tmp_path)
    assert done.stdout.strip() == "1 []"
