"""A folder of images or sounds to `Rows`, for the two parts that read one."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path, PurePosixPath

import pyarrow as pa

from tilth.errors import SourceError
from tilth.plugin import Run
from tilth.records import Rows
from tilth.sources._binary import read_arrow, read_parquet
from tilth.sources._columns import tidy
from tilth.sources._csv import read_csv
from tilth.sources._folders import Listing, lay_out, list_folder
from tilth.sources._jsonl import read_jsonl
from tilth.sources._media import PathColumns, find_path_columns, hash_files
from tilth.sources._parsed import Parsed
from tilth.sources._rows import named_classes, with_paths

__all__ = ["read_media_folder"]

_TABLES = (".csv", ".tsv", ".tab", ".jsonl", ".ndjson", ".parquet", ".pq", ".arrow", ".feather")
_PREFERRED = ("metadata", "labels", "annotations", "index")


def _read_table(path: Path, encoding: str, run: Run) -> Parsed:
    suffix = path.suffix.lower()
    if suffix in (".parquet", ".pq"):
        return read_parquet(path, run)
    if suffix in (".arrow", ".feather"):
        return read_arrow(path, run)
    if suffix in (".jsonl", ".ndjson"):
        return read_jsonl(path, run, encoding=encoding)
    return read_csv(path, run, encoding=encoding)


def read_media_folder(folder: Path, medium: str, encoding: str, run: Run) -> Rows:
    """Rows of a folder: one for each row of the table in it, else one for each file.

    Raises
    ------
    SourceError
        No files of the medium, a link that leads outside, several tables that name files, or splits
        beside other folders.
    """
    listing = list_folder(folder, medium)
    if not listing.media:
        raise SourceError(f"there are no {medium} files in this folder", where=str(folder), fix="check the path")
    notes: list[str] = []
    rows = _from_table(folder, medium, encoding, listing, notes, run)
    if rows is None:
        rows = _from_names(folder, medium, listing, run)
    return replace(rows, notes=(*notes, *rows.notes))


def _from_names(folder: Path, medium: str, listing: Listing, run: Run) -> Rows:
    layout = lay_out(listing.media)
    columns = {medium: pa.array(listing.media, pa.string())}
    roles = {}
    for name, values in (("label", layout.labels), ("split", layout.splits)):
        if any(value is not None for value in values):
            columns[name] = pa.array(values, pa.string())
            roles[name] = name
    root = str(folder.resolve())
    hashes = hash_files(root, listing.media, lambda row: f"{folder}, file {row}", run)
    notes = list(layout.notes)
    gone = [path for path, key in zip(listing.media, hashes, strict=True) if not key]
    if gone:
        notes.append(f"{len(gone)} files cannot be read, the first is {gone[0]}")
    return Rows(
        pa.table(columns),
        str(folder),
        root=root,
        media={medium: medium},
        roles=roles,
        hashes={medium: hashes},
        notes=(*notes, *_leftovers(medium, listing, "")),
    )


def _leftovers(medium: str, listing: Listing, table: str) -> list[str]:
    notes = []
    others = [path for path in listing.others if path != table]
    if others:
        named = ", ".join(others[:3]) + (", ..." if len(others) > 3 else "")
        notes.append(f"{len(others)} files that are no {medium} files were left out: {named}")
    if listing.links:
        notes.append(f"{len(listing.links)} links to folders were not followed, the first is {listing.links[0]}")
    return notes


def _from_table(folder: Path, medium: str, encoding: str, listing: Listing, notes: list[str], run: Run) -> Rows | None:
    """Rows of the table beside the files, or None where no table names them; notes on tables go to `notes`."""
    found: dict[str, tuple[Parsed, PathColumns]] = {}
    for name in listing.others:
        if "/" in name or PurePosixPath(name).suffix.lower() not in _TABLES:
            continue
        try:
            parsed = named_classes(_read_table(folder / name, encoding, run), name)
            parsed = replace(parsed, table=tidy(parsed.table, str(folder / name)))
        except SourceError as error:
            notes.append(f"{name} was not used: {error}")
            continue
        columns = find_path_columns(parsed.table, folder)
        if medium in columns.media.values():
            found[name] = (parsed, columns)
    if not found:
        if notes and not any("/" in path for path in listing.media):
            raise SourceError("the only table beside the files cannot be read", where=str(folder), found=notes[0])
        return None
    name = _choose(folder, list(found))
    parsed, columns = found[name]
    rows = Rows(parsed.table, str(folder / name), first_line=parsed.first_line, notes=parsed.notes)
    rows = with_paths(rows, columns, run)
    prefix = Path(columns.root).relative_to(folder.resolve()).as_posix()
    prefix = "" if prefix == "." else f"{prefix}/"
    used = {f"{prefix}{path}" for paths in columns.paths.values() for path in paths if path}
    unused = [path for path in listing.media if path not in used]
    if unused:
        notes.append(f"{len(unused)} {medium} files stand in no row of {name}, the first is {unused[0]}")
    notes.insert(0, f"rows, labels and paths come from {name}")
    return replace(rows, uri=str(folder), notes=(*rows.notes, *_leftovers(medium, listing, name)))


def _choose(folder: Path, names: list[str]) -> str:
    if len(names) == 1:
        return names[0]
    preferred = [name for name in names if PurePosixPath(name).stem.lower() in _PREFERRED]
    if len(preferred) == 1:
        return preferred[0]
    raise SourceError(
        "several tables in this folder name its files",
        where=str(folder),
        found=", ".join(names),
        fix=f"name one of them instead of the folder, for instance {folder / names[0]}",
    )
