"""Rows back to the outside world: whole or not at all."""

from __future__ import annotations

import errno
import json
import os
import secrets
import shutil
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import Any, BinaryIO

import pyarrow as pa

from tilth.errors import AlignmentError, ParameterError, SourceError
from tilth.sources import read_media
from tilth.sources._folders import SPLITS, UNLABELLED

__all__ = ["write_folder", "write_rows"]

_METADATA = "metadata.csv"
#: Stands in every folder that an export made, so that no other folder is ever replaced.
_MARK = ".tilth-export"


def _failed(path: Path, error: OSError) -> SourceError:
    full = error.errno in (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
    return SourceError(
        "the disk is full: nothing was written" if full else "cannot write this: nothing was written",
        where=str(path),
        found=error.strerror or str(error),
        fix="free some space, or write to another disk" if full else "check that the folder is there and writable",
    )


def _sync_folder(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


@contextmanager
def _whole_file(path: Path) -> Iterator[BinaryIO]:
    """A file that appears under its name only once it is written; a failure leaves what was there before."""
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        with part.open("xb") as file:
            yield file
            file.flush()
            os.fsync(file.fileno())
        part.replace(path)
        _sync_folder(path.parent)
    except OSError as error:
        raise _failed(path, error) from error
    finally:
        part.unlink(missing_ok=True)


def _csv_cells(table: pa.Table, path: Path) -> pa.Table:
    """Columns that a text file can hold; a missing cell in a table of one column is written as quotes."""
    for name, column in zip(table.column_names, table.columns, strict=True):
        if pa.types.is_binary(column.type) or pa.types.is_nested(column.type):
            raise SourceError(
                "a text file cannot hold this column",
                where=f"{path}, column {name!r}",
                found=str(column.type),
                fix="write a .parquet or .jsonl file, or leave the column out",
            )
    if table.num_columns == 1 and table.column(0).null_count:
        return pa.table([table.column(0).cast(pa.string()).fill_null("")], names=table.column_names)
    return table


def _write_csv(table: pa.Table, file: BinaryIO, path: Path) -> None:
    from pyarrow import csv as arrow_csv

    delimiter = "," if path.suffix.lower() == ".csv" else "\t"
    arrow_csv.write_csv(_csv_cells(table, path), file, arrow_csv.WriteOptions(delimiter=delimiter))


def _write_jsonl(table: pa.Table, file: BinaryIO, path: Path) -> None:
    def plain(value: Any) -> str:
        if isinstance(value, bytes):
            raise SourceError(
                "a text file cannot hold bytes", where=str(path), fix="write a .parquet file, or leave the column out"
            )
        return value.isoformat() if hasattr(value, "isoformat") else str(value)

    for batch in table.to_batches(max_chunksize=10_000):
        lines = [json.dumps(row, ensure_ascii=False, default=plain) for row in batch.to_pylist()]
        file.write(("\n".join(lines) + "\n").encode() if lines else b"")


def _write_parquet(table: pa.Table, file: BinaryIO, path: Path) -> None:  # noqa: ARG001
    import pyarrow.parquet as pq

    pq.write_table(table, file)


def _write_arrow(table: pa.Table, file: BinaryIO, path: Path) -> None:  # noqa: ARG001
    with pa.ipc.new_file(file, table.schema) as writer:
        writer.write_table(table)


_WRITERS: dict[str, Callable[[pa.Table, BinaryIO, Path], None]] = {
    ".csv": _write_csv,
    ".tsv": _write_csv,
    ".tab": _write_csv,
    ".jsonl": _write_jsonl,
    ".ndjson": _write_jsonl,
    ".parquet": _write_parquet,
    ".pq": _write_parquet,
    ".arrow": _write_arrow,
    ".feather": _write_arrow,
}


def write_rows(table: pa.Table, path: str | Path, *, columns: Sequence[str] = ()) -> None:
    """Write a table to a file; see `tilth.sources.write_rows`."""
    path = Path(path)
    writer = _WRITERS.get(path.suffix.lower())
    if writer is None:
        raise ParameterError(
            "the ending names no format",
            where=str(path),
            found=path.suffix or "no ending",
            fix=f"use one of {', '.join(_WRITERS)}",
        )
    if columns:
        unknown = [name for name in columns if name not in table.column_names]
        if unknown:
            raise ParameterError(
                "no such column", found=repr(unknown[0]), fix=f"the columns are {', '.join(table.column_names)}"
            )
        table = table.select(list(columns))
    with _whole_file(path) as file:
        writer(table, file, path)


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
    """Copy media files into class folders; see `tilth.sources.write_folder`."""
    path = Path(path)
    own = replace and (path / _MARK).is_file()
    if path.exists() and (not path.is_dir() or any(path.iterdir())) and not own:
        raise SourceError(
            "there is something here that no export made" if replace else "there is something here already",
            where=str(path),
            fix="name a new or empty folder",
        )
    part = path.with_name(f".{path.name}.{secrets.token_hex(4)}.part")
    try:
        part.mkdir()
        targets, exact = _targets(table, media, label, split)
        _copy(table.column(media).to_pylist(), targets, root, part)
        others = [name for name in table.column_names if name not in (media, label, split)]
        if others or not exact:
            named = table.set_column(table.column_names.index(media), media, pa.array(targets, pa.string()))
            write_rows(named, part / _METADATA)
        (part / _MARK).write_text("Written by tilth export; --force may replace this folder.\n", encoding="utf-8")
        _put_in_place(part, path)
        return [target or "" for target in targets]
    except OSError as error:
        raise _failed(path, error) from error
    finally:
        shutil.rmtree(part, ignore_errors=True)


def _put_in_place(part: Path, path: Path) -> None:
    """Give a finished folder its name; what had the name goes as a whole, and only then."""
    old = part.with_suffix(".old")
    if path.exists():
        path.replace(old)
    try:
        part.replace(path)
    except OSError:
        if old.exists():
            old.replace(path)
        raise
    _sync_folder(path.parent)
    shutil.rmtree(old, ignore_errors=True)


def _copy(sources: list[str | None], targets: list[str | None], root: str, part: Path) -> None:
    for row, (source, target) in enumerate(zip(sources, targets, strict=True)):
        if not source or not target:
            raise SourceError("a row names no file", where=f"row {row}", fix="drop the row, or write a table")
        place = part / target
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_bytes(read_media(root, source))


def _targets(table: pa.Table, media: str, label: str, split: str) -> tuple[list[str | None], bool]:
    """Where each file goes, and whether reading the folders alone gives the same labels and splits back."""
    n = table.num_rows
    labels = table.column(label).cast(pa.string()).to_pylist() if label else [None] * n
    splits = table.column(split).cast(pa.string()).to_pylist() if split else [None] * n
    paths = table.column(media).to_pylist()
    if not len(paths) == len(labels) == len(splits):  # pragma: no cover - one table has one length
        raise AlignmentError("columns of different lengths")
    folders = [_folder_name(value) if value is not None else UNLABELLED[0] for value in labels]
    exact = all(value is None or value == folder for value, folder in zip(labels, folders, strict=True))
    exact = exact and not any(v is not None and v.lower() in UNLABELLED for v in labels)
    if split:
        canonical = [SPLITS.get(value.lower(), "") if value else "" for value in splits]
        exact = exact and all(s and s == v for s, v in zip(canonical, splits, strict=True))
    elif label:
        # class folders must not read as splits, nor one class as a folder that wraps all others
        exact = exact and not any(name.lower() in SPLITS for name in folders)
    used: set[str] = set()
    targets: list[str | None] = []
    for row, path in enumerate(paths):
        if not path:
            targets.append(None)
            continue
        parts = [_folder_name(str(splits[row]))] if split and splits[row] else []
        parts += [folders[row]] if label else []
        targets.append(_free("/".join([*parts, PurePosixPath(path).name]), used))
    return targets, exact


def _free(target: str, used: set[str]) -> str:
    """The name itself, or with a number where another file has it, also in another case."""
    whole = PurePosixPath(target)
    number = 1
    while target.lower() in used:
        number += 1
        target = str(whole.with_name(f"{whole.stem}-{number}{whole.suffix}"))
    used.add(target.lower())
    return target


def _folder_name(value: str) -> str:
    """A class name as the name of a folder that reads back as a class and stays in its place."""
    name = "".join("_" if c in '/\\:*?"<>|' or ord(c) < 32 else c for c in value).strip().rstrip(".")
    name = name[:100]
    return f"_{name}" if not name or name.startswith(".") or name == "__MACOSX" else name
