"""Parquet and Arrow files to a table."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from tilth.errors import SourceError
from tilth.plugin import Run
from tilth.sources._parsed import Parsed
from tilth.sources._text import file_error

__all__ = ["features_of", "read_arrow", "read_parquet"]


def features_of(schema: pa.Schema) -> dict[str, dict[str, object]]:
    """What the metadata of a Hugging Face table say about its columns; empty for any other table."""
    try:
        held = json.loads((schema.metadata or {}).get(b"huggingface", b"{}"))
        features = held.get("info", {}).get("features", {})
        return {str(name): value for name, value in features.items() if isinstance(value, dict)}
    except (ValueError, AttributeError):
        return {}


def _read(path: Path, kind: str, run: Run, reader: Callable[[], Any]) -> Parsed:
    run.check()
    try:
        if path.stat().st_size == 0:
            raise SourceError("the file is empty", where=str(path), fix="check that it was written whole")
        table = reader()
    except pa.ArrowException as error:
        raise SourceError(
            f"this is no readable {kind} file",
            where=str(path),
            found=str(error).splitlines()[0][:160],
            fix="it may be cut short: write or download it again",
        ) from error
    except OSError as error:
        if error.errno is not None:
            raise file_error(path, error) from error
        raise SourceError(
            f"this is no readable {kind} file",
            where=str(path),
            found=str(error).splitlines()[0][:160],
            fix="it may be cut short: write or download it again",
        ) from error
    return Parsed(table.replace_schema_metadata(None), features=features_of(table.schema))


def read_parquet(path: Path, run: Run) -> Parsed:
    """The table of a Parquet file; `SourceError` where it is cut short or something else."""
    import pyarrow.parquet as pq

    return _read(path, "Parquet", run, lambda: pq.ParquetFile(path).read())


def read_arrow(path: Path, run: Run) -> Parsed:
    """The table of an Arrow (Feather) file or stream; `SourceError` where it is cut short or something else."""

    def read() -> Any:
        with pa.memory_map(str(path)) as file:
            magic = file.read(6)
            file.seek(0)
            opened = pa.ipc.open_file(file) if magic == b"ARROW1" else pa.ipc.open_stream(file)
            return opened.read_all()

    return _read(path, "Arrow", run, read)
