"""The pages of augmentation: every recipe has a picture or a text, and pictures say what they were drawn with."""

from __future__ import annotations

import importlib
import re
from pathlib import Path

import pytest

from tilth.plugin import Shelf

ROOT = Path(__file__).resolve().parent.parent
PAGES = ROOT / "docs" / "augmentation"
NAMES = Shelf("generators").names()


@pytest.mark.parametrize("name", NAMES)
def test_every_recipe_is_shown(name: str) -> None:
    marks = rf"\*\*{name}\*\*|^\| `{name}`|^## {name}$"
    assert any(re.search(marks, page.read_text(encoding="utf-8"), re.MULTILINE) for page in PAGES.glob("*.md"))


def test_every_picture_of_a_page_is_there_and_small() -> None:
    wanted = {one for page in PAGES.glob("*.md") for one in re.findall(r"\((\S+\.png)\)", page.read_text("utf-8"))}
    assert wanted == {path.name for path in PAGES.glob("*.png")}
    assert all((PAGES / name).stat().st_size <= 60_000 for name in wanted)


def test_policies_are_explained_where_the_pages_say() -> None:
    for page in PAGES.glob("*.md"):
        for target in re.findall(r"\[policy\]\(([^)]*)\)", page.read_text("utf-8")):
            assert target == "../augmentation.md", page.name


def test_a_picture_of_another_strength_says_which(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "scripts"))
    gallery = importlib.import_module("gallery_image")
    assert gallery.caption("rotate") == "rotate\nmagnitude 0.7"
    assert gallery.caption("invert") == "invert\n"
    for name, params in gallery.SHOWN.items():
        said = gallery.caption(name)
        assert all(f"{key} {value:g}" in said for key, value in params.items()), name
    shown = {name for _, operations in gallery.SHEETS.values() for name in operations}
    images = {name for name in NAMES if getattr(Shelf("generators").get(name), "medium", "") == "image"}
    assert images - {"albumentations", "kornia"} == shown
