"""Folders of audio files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tilth.plugin import Example, Run, Source
from tilth.records import Rows
from tilth.sources._folders import leading_medium
from tilth.sources._media_folder import read_media_folder


@dataclass(frozen=True)
class AudioFolderSource(Source):
    """A folder of sounds: one sub-folder a class, or a table that names the files.

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
    >>> AudioFolderSource.claims("no/such/folder")
    False
    """

    encoding: str = "utf-8"

    rank: ClassVar[int] = 10

    @classmethod
    def claims(cls, uri: object) -> bool:
        """A folder with more sounds than images."""
        if not isinstance(uri, (str, Path)) or not str(uri):
            return False
        try:
            return Path(uri).is_dir() and leading_medium(Path(uri)) == "audio"
        except (OSError, ValueError):
            return False

    def read(self, uri: Any, run: Run) -> Rows:
        """Rows of the folder, in the order of their paths or of the table."""
        return read_media_folder(Path(uri), "audio", self.encoding, run)

    @classmethod
    def example(cls) -> Example:
        """Two classes below a split, and an empty file."""

        def given(folder: Path) -> Path:
            for name in ("train/a/1.wav", "train/b/2.WAV", "test/a/3.wav"):
                path = folder / "tea" / name
                path.parent.mkdir(parents=True, exist_ok=True)
                path.write_bytes(b"" if "3" in name else name.encode())
            return folder / "tea"

        def check(rows: Rows) -> str:
            wanted = {
                "audio": ["test/a/3.wav", "train/a/1.wav", "train/b/2.WAV"],
                "label": ["a", "a", "b"],
                "split": ["test", "train", "train"],
            }
            found = rows.table.to_pydict()
            right = found == wanted and all(rows.hashes["audio"]) and rows.media == {"audio": "audio"}
            return "" if right else f"read {found}"

        return Example(given, check, "Folders are splits and classes; an empty file is a row, too.")
