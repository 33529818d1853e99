"""JSON Lines to a table: one object a line."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pyarrow as pa

from tilth.errors import SourceError
from tilth.plugin import Run
from tilth.sources._columns import column_of
from tilth.sources._parsed import Parsed
from tilth.sources._text import check_text_file, decoding_error, file_error, shown

__all__ = ["read_jsonl"]

_EVERY = 10_000


def read_jsonl(path: Path, run: Run, *, encoding: str = "utf-8") -> Parsed:
    """The table of a JSON Lines file.

    Keys become columns in the order in which they first appear; an absent key is missing. Lists and
    objects inside a row become JSON text. Blank lines are skipped.

    Raises
    ------
    SourceError
        An empty file, a line that is no JSON object, a column of mixed types, or bytes that are not
        text in this encoding: with file and line.
    """
    codec, notes = check_text_file(path, encoding)
    rows: list[dict[str, Any]] = []
    lines: list[int] = []
    try:
        with path.open(encoding=codec) as file:
            for number, line in enumerate(file, start=1):
                if number % _EVERY == 0:
                    run.check()
                if line.strip():
                    rows.append(_object(path, number, line))
                    lines.append(number)
    except UnicodeDecodeError as error:
        raise decoding_error(path, codec) or SourceError("cannot read this file", where=str(path)) from error
    except OSError as error:
        raise file_error(path, error) from error
    if not rows:
        raise SourceError("the file is empty", where=str(path), fix="check that it was written whole")
    names = list(dict.fromkeys(name for row in rows for name in row))
    if not names:
        raise SourceError("the objects have no keys", where=f"{path}:{lines[0]}", found="{}")
    columns = [column_of(name, [row.get(name) for row in rows], lambda i: f"{path}:{lines[i]}") for name in names]
    return Parsed(pa.table(columns, names=names), lines[0], notes)


def _object(path: Path, number: int, line: str) -> dict[str, Any]:
    try:
        value = json.loads(line)
    except json.JSONDecodeError as error:
        raise SourceError(
            f"this line is not JSON: {error.msg}",
            where=f"{path}:{number}, column {error.colno}",
            found=shown(line.strip()),
            fix="write one JSON object a line",
        ) from error
    except (RecursionError, ValueError) as error:
        raise SourceError(
            "this line cannot be read as JSON", where=f"{path}:{number}", found=f"{error}"[:120]
        ) from error
    if not isinstance(value, dict):
        fix = "write one JSON object a line"
        if isinstance(value, list):
            fix += ", not one array for the whole file"
        raise SourceError("this line is no JSON object", where=f"{path}:{number}", found=shown(line.strip()), fix=fix)
    return value
