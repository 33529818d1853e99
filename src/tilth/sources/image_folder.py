"""Folders of image files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tilth.plugin import Example, Run, Source
from tilth.records import Rows
from tilth.sources._folders import leading_medium
from tilth.sources._media_folder import read_media_folder


@dataclass(frozen=True)
class ImageFolderSource(Source):
    """A folder of images: one sub-folder a class, or a table that names the files.

    The class of a file is the name of its first folder; folders below that do not count. Class folders
    may stand below train, val and test (also training, valid, validation, dev, testing), which become
    the split. A folder that wraps all others is stepped into. Files outside a class folder, or in one
    called unlabelled, unlabeled or unsup, are unlabelled. Where a CSV, TSV, Parquet, JSON Lines or Arrow
    file in the folder has a column of paths to the files, its rows are taken instead. Endings count in
    any case; hidden files are skipped, others left out with a note. Files are read once, for
    their content hash; one that is empty or broken stays as a row. A link out of the folder is refused.

    Parameters
    ----------
    encoding : str
        Encoding of the table, where there is one.

    Examples
    --------
    >>> ImageFolderSource.claims("no/such/folder")
    False
    """

    encoding: str = "utf-8"

    rank: ClassVar[int] = 10

    @classmethod
    def claims(cls, uri: object) -> bool:
        """A folder with more images than sounds."""
        if not isinstance(uri, (str, Path)) or not str(uri):
            return False
        try:
            return Path(uri).is_dir() and leading_medium(Path(uri)) == "image"
        except (OSError, ValueError):
            return False

    def read(self, uri: Any, run: Run) -> Rows:
        """Rows of the folder, in the order of their paths or of the table."""
        return read_media_folder(Path(uri), "image", self.encoding, run)

    @classmethod
    def example(cls) -> Example:
        """Two classes below a split, and an empty file."""

        def given(folder: Path) -> Path:
            for name in ("train/a/1.png", "train/b/2.PNG", "test/a/3.png"):
                path = folder / "tea" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"" if "3" in name else name.encode())
            return folder / "tea"

        def check(rows: Rows) -> str:
            wanted = {
                "image": ["test/a/3.png", "train/a/1.png", "train/b/2.PNG"],
                "label": ["a", "a", "b"],
                "split": ["test", "train", "train"],
            }
            found = rows.table.to_pydict()
            right = found == wanted and all(rows.hashes["image"]) and rows.media == {"image": "image"}
            return "" if right else f"read {found}"

        return Example(given, check, "Folders are splits and classes; an empty file is a row, too.")
