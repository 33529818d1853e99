"""Exports of images and sounds: paths that open, copies, and folders replaced as a whole."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest

import tilth
from made_data import images
from tilth.errors import SourceError

OPTIONS = tilth.RunOptions(jobs=1)


@pytest.fixture
def read(tmp_path: Path) -> tilth.Dataset:
    return tilth.ingest(images(tmp_path / "pictures", 12)[0], options=OPTIONS).dataset


def paths_in(table: Path) -> list[str]:
    with table.open(newline="") as file:
        return [row["image"] for row in csv.DictReader(file)]


@pytest.mark.parametrize("place", ["fixed.csv", "other/deep/fixed.csv", "pictures/fixed.csv"])
def test_paths_in_an_exported_table_open_from_its_folder(place: str, read: tilth.Dataset, tmp_path: Path) -> None:
    table = tmp_path / place
    table.parent.mkdir(parents=True, exist_ok=True)
    tilth.export(read, table)
    paths = paths_in(table)
    assert len(set(paths)) == 12 and not any(Path(path).is_absolute() for path in paths)
    assert all((table.parent / path).read_bytes()[:4] == b"\x89PNG" for path in paths)


def test_a_table_beside_the_data_and_one_with_copies_can_be_read_back(read: tilth.Dataset, tmp_path: Path) -> None:
    (tmp_path / "away").mkdir()
    tilth.export(read, tmp_path / "beside.csv")
    tilth.export(read, tmp_path / "away" / "copies.csv", copy_media=True)
    assert sum(1 for path in (tmp_path / "away" / "copies-image").rglob("*.png")) == 12
    for table in (tmp_path / "beside.csv", tmp_path / "away" / "copies.csv"):
        again = tilth.ingest(table, options=OPTIONS).snapshot
        assert again.schema.column("image").media == "image"
        assert len(again) == 12 and again.classes == ("slope", "square", "stripes")


def test_force_replaces_an_exported_folder_and_leaves_nothing_of_it(read: tilth.Dataset, tmp_path: Path) -> None:
    out = tmp_path / "out"
    tilth.export(read, out)
    first = sorted(path.name for path in out.rglob("*.png"))
    stale = out / "square" / "stale.png"
    stale.write_bytes(b"")
    tilth.export(read, out, force=True)
    assert sorted(path.name for path in out.rglob("*.png")) == first
    assert not stale.exists() and [p.name for p in tmp_path.iterdir() if p.name.startswith(".out")] == []


def test_force_spares_a_folder_that_no_export_made(read: tilth.Dataset, tmp_path: Path) -> None:
    out = tmp_path / "mine"
    out.mkdir()
    (out / "thesis.txt").write_text("years of work")
    with pytest.raises(SourceError, match="no export made"):
        tilth.export(read, out, force=True)
    assert (out / "thesis.txt").read_text() == "years of work"
