"""Media below several folders: the first that holds a file counts, and none is left."""

from __future__ import annotations

from pathlib import Path

import pytest

from tilth.errors import SourceError
from tilth.sources import read_media


def test_files_are_found_in_the_first_folder_that_has_them(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        (tmp_path / name / f"{name}.txt").write_text(name)
        (tmp_path / name / "both.txt").write_text(name)
    roots = f"{tmp_path}/one\n{tmp_path}/one/../two"
    assert [read_media(roots, name).decode() for name in ("one.txt", "two.txt", "both.txt")] == ["one", "two", "one"]
    with pytest.raises(SourceError, match="cannot read"):
        read_media(roots, "three.txt")


def test_no_path_leads_outside_all_folders(tmp_path: Path) -> None:
    (tmp_path / "secret.txt").write_text("s")
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    (tmp_path / "two" / "link.txt").symlink_to(tmp_path / "secret.txt")
    for path in ("../secret.txt", "link.txt", str(tmp_path / "secret.txt")):
        with pytest.raises(SourceError, match="outside"):
            read_media(f"{tmp_path}/one\n{tmp_path}/two", path)
