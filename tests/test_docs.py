"""The docs are held against the code: pages up to date, examples run, commands, parts and names documented."""

from __future__ import annotations

import importlib.util
import re
import subprocess
import sys
from pathlib import Path
from types import ModuleType

import pytest

import tilth
from tilth.plugin import Shelf

ROOT = Path(__file__).resolve().parent.parent
CONTRIBUTING = ROOT / "CONTRIBUTING.md"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").glob("*.md"))]
ROOMS = ("detectors", "embedders", "sources", "label_models", "labelers", "strategies", "generators")


def reference() -> ModuleType:
    spec = importlib.util.spec_from_file_location("reference", ROOT / "scripts" / "reference.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("page", ["commands.md", "checks.md"])
def test_reference_pages_are_up_to_date(page: str) -> None:
    written = (ROOT / "docs" / page).read_text(encoding="utf-8")
    assert written == reference().PAGES[page](), "run: make docs"


def examples() -> list[object]:
    """The Python blocks of each page, in order: a later one may use what an earlier one made."""
    found = []
    for page in PAGES:
        code = re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)
        if code:
            found.append(pytest.param("\n".join(code), id=page.name))
    return found


@pytest.mark.parametrize("code", examples())
def test_python_examples_run(code: str, tmp_path: Path) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_every_command_is_in_the_readme_and_every_named_command_exists() -> None:
    from typer.main import get_command

    from tilth.cli import app

    commands = set(get_command(app).commands)
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    assert {name for name in commands if f"`tilth {name}`" not in readme} == set()
    for page in PAGES:
        named = re.findall(r"(?:`|^|\n)tilth ([a-z]+)", page.read_text(encoding="utf-8"))
        assert set(named) <= commands, page.name


def test_every_part_and_every_exported_name_is_documented() -> None:
    checks = (ROOT / "docs" / "checks.md").read_text(encoding="utf-8")
    python = (ROOT / "docs" / "python.md").read_text(encoding="utf-8")
    for room in ROOMS:
        if (ROOT / "src" / "tilth" / room).is_dir():
            assert [name for name in Shelf(room).names() if f"### {name}\n" not in checks] == []
    assert [name for name in tilth.__all__ if f"`{name}`" not in python] == []


def test_exported_names_are_sorted_and_resolve() -> None:
    assert sorted(tilth.__all__) == tilth.__all__
    assert all(getattr(tilth, name) is not None for name in tilth.__all__)
    assert sorted(tilth._HOME) == tilth.__all__
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        tilth.nothing  # noqa: B018


def test_local_links_lead_somewhere() -> None:
    for page in [*PAGES, ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]:
        for link in re.findall(r"\]\(([^)#]+)[^)]*\)", page.read_text(encoding="utf-8")):
            if "://" not in link:
                assert (page.parent / link).exists(), f"{page.name}: {link}"


def test_no_mark_of_the_source_is_left_in_the_prose_of_parts() -> None:
    prose = [line for line in reference().PAGES["checks.md"]().splitlines() if not line.startswith(("|", " "))]
    assert not [line for line in prose if re.search(r"\S {2,}\S| [,;]|\[\d+\]_|``", line)]


def test_every_room_is_in_the_table_of_the_house() -> None:
    table = set(
        re.findall(r"`(\w+)`", "\n".join(re.findall(r"^\| \d .*$", CONTRIBUTING.read_text("utf-8"), re.MULTILINE)))
    )
    rooms = {p.name for p in (ROOT / "src" / "tilth").iterdir() if (p / "__init__.py").exists()}
    assert rooms - table == set()
