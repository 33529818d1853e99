"""Images and sounds inside a table: written out as files, once each, named by their content."""

from __future__ import annotations

import os
import secrets
from dataclasses import replace
from pathlib import Path, PurePosixPath
from typing import Any

import pyarrow as pa

from tilth.errors import SourceError
from tilth.plugin import Run
from tilth.sources import hash_bytes, read_media
from tilth.sources._media import medium_of, medium_of_bytes
from tilth.sources._parsed import Parsed

__all__ = ["Unpacked", "media_cache", "unpack"]

_PEEK = 50


class Unpacked:
    """A table whose embedded media have become paths below `root`."""

    def __init__(self, parsed: Parsed) -> None:
        self.parsed = parsed
        self.root = ""
        self.media: dict[str, str] = {}
        self.hashes: dict[str, list[str]] = {}


def media_cache() -> Path:
    """Where embedded media are written: $TILTH_CACHE, else the user's cache folder."""
    given = os.environ.get("TILTH_CACHE")
    if given:
        return Path(given) / "media"
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "tilth" / "media"


def _is_file_struct(kind: pa.DataType) -> bool:
    return pa.types.is_struct(kind) and {kind.field(i).name for i in range(kind.num_fields)} == {"bytes", "path"}


def _cells(column: pa.ChunkedArray) -> list[tuple[bytes | None, str | None]]:
    """Bytes and path of each cell of a column."""
    if _is_file_struct(column.type):
        return [(v["bytes"], v["path"]) if v else (None, None) for v in column.to_pylist()]
    return [(v, None) for v in column.to_pylist()]


def _medium(column: pa.ChunkedArray, said: object) -> str:
    kind = column.type
    binary = pa.types.is_binary(kind) or pa.types.is_large_binary(kind) or pa.types.is_binary_view(kind)
    if not binary and not _is_file_struct(kind):
        return ""
    if said in ("Image", "Audio"):
        return str(said).lower()
    for data, path in _cells(column.slice(0, _PEEK)):
        found = medium_of_bytes(data)[0] if data else medium_of(path or "")
        if found:
            return found
    return ""


def unpack(parsed: Parsed, folder: Path | None, run: Run) -> Unpacked:
    """Turn embedded images and sounds into files and paths.

    Columns of the Hugging Face layout (bytes and path), and columns of bytes that start like an image
    or a sound, are written to `media_cache`, each content once. Where such a column holds paths only,
    nothing is copied.

    Parameters
    ----------
    parsed : Parsed
    folder : pathlib.Path or None
        Folder of the file that the table came from; paths may not leave it. None for a table in
        memory, whose paths are taken as they are.
    run : Run
    """
    out = Unpacked(parsed)
    found = {
        name: medium
        for name, column in zip(parsed.table.column_names, parsed.table.columns, strict=True)
        if (medium := _medium(column, parsed.features.get(name, {}).get("_type")))
    }
    if not found:
        return out
    cells = {name: _cells(parsed.table.column(name)) for name in found}
    if not any(data is not None for column in cells.values() for data, _ in column):
        return _as_paths(out, found, cells, folder)
    table, root = parsed.table, media_cache()
    run.expect(len(table) * len(found), "unpacking media")
    for name, column in cells.items():
        paths: list[str | None] = []
        hashes: list[str] = []
        for data, path in column:
            data = _bytes_of(data, path, folder)
            hashes.append("" if data is None else hash_bytes(data))
            paths.append(_keep(root, data, hashes[-1], path))
            run.advance()
        table = _replaced(table, name, paths)
        out.media[name], out.hashes[name] = found[name], hashes
    out.root = str(root)
    note = f"images or sounds inside {', '.join(map(repr, found))} were unpacked to {root}"
    out.parsed = replace(parsed, table=table).noting(note)
    return out


def _replaced(table: pa.Table, name: str, paths: list[str | None]) -> pa.Table:
    return table.set_column(table.column_names.index(name), name, pa.array(paths, pa.string()))


def _bytes_of(data: bytes | None, path: str | None, folder: Path | None) -> bytes | None:
    if data is not None or not path:
        return data
    try:
        return Path(path).read_bytes() if folder is None else read_media(str(folder), path)
    except (OSError, SourceError):
        return None


def _keep(root: Path, data: bytes | None, key: str, path: str | None) -> str | None:
    """Write one content under its hash, if it is not there yet; its path below `root`."""
    if data is None:
        return f"missing/{PurePosixPath(path).name}" if path else None
    ending = medium_of_bytes(data)[1] or PurePosixPath(path or "").suffix.lower()
    target = root / key[:2] / f"{key}{ending}"
    if not target.exists() or target.stat().st_size != len(data):
        part = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            target.parent.mkdir(parents=True, exist_ok=True)
            part.write_bytes(data)
            part.replace(target)
        except OSError as error:
            part.unlink(missing_ok=True)
            raise SourceError(
                "cannot unpack the images or sounds inside this table",
                where=str(target.parent),
                found=error.strerror or str(error),
                fix="free some space, or name another folder in the environment variable TILTH_CACHE",
            ) from error
    return target.relative_to(root).as_posix()


def _as_paths(out: Unpacked, found: dict[str, str], cells: dict[str, Any], folder: Path | None) -> Unpacked:
    """Columns of paths without bytes: relative to the folder above all of them."""
    table = out.parsed.table
    texts = {name: [path for _, path in column] for name, column in cells.items()}
    given = [str(Path(path).absolute()) for column in texts.values() for path in column if path]
    if folder is None and given:
        root = os.path.commonpath([str(Path(path).parent) for path in given])
        for name, column in texts.items():
            texts[name] = [Path(p).absolute().relative_to(root).as_posix() if p else None for p in column]
        out.root, out.media = root, found
    for name, column in texts.items():
        table = _replaced(table, name, column)
    out.parsed = replace(out.parsed, table=table)
    return out
