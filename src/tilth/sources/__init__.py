"""Sources: the outside world to rows, one file a format.

A source is a frozen dataclass with the verb ``read(uri, run) -> Rows`` and the question
``claims(uri) -> bool``. It raises `SourceError` with file, line or row, what was found and what to do.
This room and the store are the only ones that touch a disk; `MediaFiles` is how anyone else gets at
the bytes of an image or a sound.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tilth.errors import SourceError

if TYPE_CHECKING:
    import pyarrow as pa

    from tilth.plugin import Source

__all__ = ["MediaFiles", "choose_source", "hash_bytes", "read_media", "resolve_inside", "write_folder", "write_rows"]


def hash_bytes(data: bytes) -> str:
    """Content hash of a file: 32 hexadecimal digits of SHA-256."""
    return hashlib.sha256(data).hexdigest()[:32]


def resolve_inside(root: str, relative: str) -> Path:
    """Absolute path of a media file, refused where it or a link leads outside `root`.

    Raises
    ------
    SourceError
        The path is absolute, climbs out, or is a link that leaves the folder.
    """
    base = Path(os.path.realpath(root))
    target = Path(os.path.realpath(base / relative))
    if target != base and base not in target.parents:
        raise SourceError(
            "this path leads outside the dataset's folder",
            where=relative,
            found=str(target),
            fix="copy the file into the folder, or name a folder that holds both",
        )
    return target


def read_media(root: str, relative: str) -> bytes:
    """Bytes of a media file inside `root`; `SourceError` where it cannot be read."""
    path = resolve_inside(root, relative)
    try:
        return path.read_bytes()
    except OSError as error:
        raise SourceError(
            "cannot read this media file",
            where=relative,
            found=error.strerror or str(error),
            fix="restore the file, or drop the row",
        ) from error


@dataclass(frozen=True)
class MediaFiles:
    """Lazily read media files: ``files[i]`` is the bytes of file i. Picklable.

    Parameters
    ----------
    root : str
    paths : sequence of str
        Relative to `root`.
    keys : sequence of str
        Content hashes.
    """

    root: str
    paths: Sequence[str]
    keys: Sequence[str]

    def __len__(self) -> int:
        return len(self.paths)

    def __getitem__(self, index: int) -> bytes:
        return read_media(self.root, self.paths[index])


def choose_source(uri: Any, *, encoding: str = "utf-8") -> Source:
    """The source that claims a uri or object; `SourceError` where there is no such file or nothing reads it."""
    from tilth.sources._choose import choose_source as choose

    return choose(uri, encoding=encoding)


def write_rows(table: pa.Table, path: Path) -> None:
    """Write a table to a .csv, .tsv, .jsonl, .parquet or .arrow file, whole or not at all."""
    from tilth.sources._write import write_rows as write

    write(table, path)


def write_folder(table: pa.Table, path: Path, *, root: str, media: str, label: str, split: str = "") -> None:
    """Copy media files into ``[split/]label/`` folders, whole or not at all."""
    from tilth.sources._write import write_folder as write

    write(table, path, root=root, media=media, label=label, split=split)
