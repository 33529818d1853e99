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

    Several folders may be given, each on a line: the first that holds the file counts.

    Raises
    ------
    SourceError
        The path is absolute, climbs out, or is a link that leaves the folder.
    """
    folders = root.split("\n") if "\n" in root else [root]
    target = base = Path()
    for folder in folders:
        base = Path(os.path.realpath(folder))
        target = Path(os.path.realpath(base / relative))
        if len(folders) == 1 or (base in target.parents and target.exists()):
            break
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
    """The source that reads a uri or object.

    Every source on the shelf is asked whether it claims it; the one with the highest class fact
    ``rank`` wins (a Lance dataset 30, a file by its ending 20, a folder of media 10, arrays 5, a table
    in memory 0).

    Parameters
    ----------
    uri : str, Path or object
    encoding : str
        Given to the source where it reads text.

    Raises
    ------
    SourceError
        There is no such file, with the nearest names; or no source claims it, with what can be read.

    Examples
    --------
    >>> choose_source(([[1.0], [2.0]], [0, 1])).name
    'arrays'
    """
    from tilth.sources._choose import choose_source as choose

    return choose(uri, encoding=encoding)


def write_rows(table: pa.Table, path: str | Path, *, columns: Sequence[str] = ()) -> None:
    """Write a table to a CSV, TSV, JSON Lines, Parquet or Arrow file, whole or not at all.

    Parameters
    ----------
    table : pyarrow.Table, n rows
        A missing cell is empty in CSV and TSV, null in the others.
    path : str or Path
        Its ending names the format; what is there is replaced in one step, at the end.
    columns : sequence of str
        Columns to write, in this order; empty for all.

    Raises
    ------
    ParameterError
        The ending names no format, or there is no such column.
    SourceError
        The disk is full, the folder cannot be written, or a text file cannot hold a column.

    Examples
    --------
    >>> import pathlib, tempfile
    >>> import pyarrow as pa
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "tea.csv")
    ...     write_rows(pa.table({"text": ["one", None], "n": [1, 2]}), path)
    ...     path.read_text()
    '"text","n"\\n"one",1\\n,2\\n'
    """
    from tilth.sources._write import write_rows as write

    write(table, path, columns=columns)


def write_folder(
    table: pa.Table,
    path: str | Path,
    *,
    root: str,
    media: str,
    label: str = "",
    split: str = "",
    replace: bool = False,
) -> list[str]:
    """Copy media files into one folder a class, below one folder a split, whole or not at all.

    Unlabelled files go to the folder ``unlabelled``. Files of one name are numbered. Where the table has
    further columns, or a class or split has a name that no folder can stand for, ``metadata.csv`` in the
    folder holds all columns, and is what a later reading goes by.

    Parameters
    ----------
    table : pyarrow.Table, n rows
    path : str or Path
        A folder that does not exist yet, or is empty.
    root : str
        Folder that the paths in the table start from.
    media : str
        Column of paths.
    label, split : str
        Columns of class and split; empty for none.
    replace : bool
        Replace the folder as a whole where an earlier call made it; no file of the earlier one stays.

    Returns
    -------
    list of str
        Path of each row's file, from the folder.

    Raises
    ------
    SourceError
        There is something else in the folder, a file is missing, or the disk is full; nothing is left behind.
    """
    from tilth.sources._write import write_folder as write

    return write(table, path, root=root, media=media, label=label, split=split, replace=replace)
