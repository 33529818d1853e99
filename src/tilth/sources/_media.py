"""Images and sounds as files: which paths are media, where they start from, and what they contain."""

from __future__ import annotations

import hashlib
import ntpath
import os
import posixpath
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath

import pyarrow as pa

from tilth.errors import SourceError
from tilth.plugin import Run
from tilth.sources import resolve_inside

__all__ = ["SUFFIXES", "PathColumns", "find_path_columns", "hash_files", "medium_of", "medium_of_bytes"]

SUFFIXES = {
    "image": (".png", ".jpg", ".jpeg", ".jpe", ".gif", ".bmp", ".webp", ".tif", ".tiff", ".ppm", ".pgm", ".pbm"),
    "audio": (".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3", ".aif", ".aiff"),
}
_MEDIUM = {suffix: medium for medium, suffixes in SUFFIXES.items() for suffix in suffixes}
_STARTS = (
    (b"\x89PNG", "image", ".png"),
    (b"\xff\xd8\xff", "image", ".jpg"),
    (b"GIF8", "image", ".gif"),
    (b"II*\0", "image", ".tif"),
    (b"MM\0*", "image", ".tif"),
    (b"fLaC", "audio", ".flac"),
    (b"OggS", "audio", ".ogg"),
    (b"ID3", "audio", ".mp3"),
    (b"\xff\xfb", "audio", ".mp3"),
    (b"\xff\xf3", "audio", ".mp3"),
)
#: A column holds paths where this share of its cells end like media, and this share of a sample exists.
_ENDING, _EXISTING, _SAMPLE = 0.8, 0.5, 200
_CHUNK = 64


def medium_of(path: str) -> str:
    """ "image", "audio" or an empty string, by the ending of a path in any case."""
    return _MEDIUM.get(PurePosixPath(path).suffix.lower(), "")


def medium_of_bytes(data: bytes) -> tuple[str, str]:
    """Medium and file ending of encoded bytes, by their start; empty strings where unknown."""
    if data[:4] == b"RIFF":
        return {b"WAVE": ("audio", ".wav"), b"WEBP": ("image", ".webp")}.get(data[8:12], ("", ""))
    return next(((medium, ending) for start, medium, ending in _STARTS if data.startswith(start)), ("", ""))


def _hash_file(path: Path) -> str:
    """As `hash_bytes` of the file's bytes, read once in pieces; empty where there is nothing to read."""
    try:
        if not path.is_file():
            return ""
        with path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()[:32]
    except OSError:
        return ""


def hash_files(root: str, paths: Sequence[str | None], where: Callable[[int], str], run: Run) -> list[str]:
    """Content hash of each file; an empty string where it is missing or cannot be opened.

    Raises
    ------
    SourceError
        A path or a link leads outside `root`; says which row.
    """

    def one(index: int) -> str:
        path = paths[index]
        if not path:
            return ""
        try:
            return _hash_file(resolve_inside(root, path))
        except SourceError as error:
            raise SourceError(error.what, where=f"{where(index)}, {path}", found=error.found, fix=error.fix) from error
        except ValueError as error:
            raise SourceError("this is no path", where=where(index), found=repr(path)[:120]) from error

    run.expect(len(paths), "reading files")
    hashes: list[str] = []
    with ThreadPoolExecutor(max_workers=min(8, (os.cpu_count() or 1) + 2)) as pool:
        for start in range(0, len(paths), _CHUNK):
            chunk = range(start, min(start + _CHUNK, len(paths)))
            hashes.extend(pool.map(one, chunk))
            run.advance(len(chunk))
    return hashes


@dataclass(frozen=True)
class PathColumns:
    """Columns of a table that hold paths to media files.

    Parameters
    ----------
    root : str
        Folder that the paths are relative to; empty where there are none.
    media : dict of column name to medium
    paths : dict of column name to list of str or None
        Cleaned: relative to `root`, with ``/``.
    notes : tuple of str
    """

    root: str = ""
    media: dict[str, str] = field(default_factory=dict)
    paths: dict[str, list[str | None]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()


def _clean(value: str | None, root: str) -> str | None:
    """A path as written, relative to `root`: ``./`` gone, backslashes turned, absolute ones shortened."""
    if not value:
        return None
    if "\\" in value and not Path(root, value).exists():
        value = value.replace("\\", "/")
    if posixpath.isabs(value) or ntpath.splitdrive(value)[0]:
        try:
            return Path(value).relative_to(root).as_posix()
        except ValueError:
            return value
    return posixpath.normpath(value)


def _exists(root: str, path: str) -> bool:
    try:
        return os.path.lexists(Path(root, path))
    except (OSError, ValueError):
        return False


def _looks_like_paths(values: list[str | None]) -> str:
    """The medium that most of a column's cells end like, or an empty string."""
    given = [value for value in values if value]
    if not given:
        return ""
    for medium in SUFFIXES:
        if sum(medium_of(value) == medium for value in given) >= _ENDING * len(given):
            return medium
    return ""


def find_path_columns(table: pa.Table, folder: Path) -> PathColumns:
    """Text columns whose cells are paths to images or sounds, relative to a folder.

    At least 80% of the cells that are not missing must end like images (or sounds), and at least half
    of a sample of 200 must exist: below the folder, or below one of its direct sub-folders, which
    then is the root. Files that are missing stay as rows.
    """
    looks: dict[str, tuple[str, list[str | None]]] = {}
    for name, column in zip(table.column_names, table.columns, strict=True):
        if not pa.types.is_string(column.type) or not _looks_like_paths(column.slice(0, _SAMPLE).to_pylist()):
            continue
        values = column.to_pylist()
        medium = _looks_like_paths(values)
        if medium:
            looks[name] = (medium, values)
    if not looks:
        return PathColumns()
    base = os.path.realpath(folder)
    below = sorted(entry.path for entry in os.scandir(base) if entry.is_dir() and not entry.name.startswith("."))
    for root in (base, *below):
        media: dict[str, str] = {}
        paths: dict[str, list[str | None]] = {}
        for name, (medium, values) in looks.items():
            given = [clean for value in values if (clean := _clean(value, root))]
            sample = given[:: max(1, len(given) // _SAMPLE)]
            if sum(_exists(root, path) for path in sample) >= _EXISTING * len(sample):
                media[name] = medium
                paths[name] = [_clean(value, root) for value in values]
        if media:
            return PathColumns(root, media, paths)
    note = "; ".join(f"column {n!r} looks like {m} files, but they are not below {base}" for n, (m, _) in looks.items())
    return PathColumns(notes=(f"{note}: taken as text",))
