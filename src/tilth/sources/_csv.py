"""Delimited text to a table: Arrow for speed, Python's reader to say where something is wrong."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyarrow import csv as arrow_csv

from tilth.errors import ParameterError, SourceError
from tilth.plugin import Run
from tilth.sources._columns import typed_text
from tilth.sources._parsed import Parsed, check_names
from tilth.sources._text import check_text_file, decoding_error, file_error, shown

__all__ = ["read_csv"]

_DELIMITERS = (",", ";", "\t", "|")
_NAMES = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
_SAMPLE = 1 << 16
_BLOCK = 8 << 20
_LARGEST_BLOCK = 2**31 - 2


@dataclass(frozen=True)
class _Header:
    """Column names as they stand in the file and as they are called, and the line of the first row."""

    raw: list[str]
    names: list[str]
    first_line: int
    notes: tuple[str, ...]


def read_csv(path: Path, run: Run, *, encoding: str = "utf-8", delimiter: str = "") -> Parsed:
    """The table of a delimited text file.

    Parameters
    ----------
    path : pathlib.Path
    run : Run
    encoding : str
    delimiter : str
        One character; empty to find out.

    Returns
    -------
    Parsed

    Raises
    ------
    SourceError
        An empty file, a header without rows, a doubled column name, a ragged row, an open quote, or
        bytes that are not text in this encoding: with file and line.
    """
    if len(delimiter) > 1 or delimiter in ('"', "\n", "\r"):
        raise ParameterError("a delimiter is one character", found=repr(delimiter), fix="for instance , or ;")
    codec, notes = check_text_file(path, encoding)
    run.check()
    try:
        if not delimiter:
            delimiter = _sniff(path, codec)
            if delimiter != _expected(path):
                notes = (*notes, f"cells are separated by {_NAMES[delimiter]}s")
        header = _header(path, codec, delimiter)
    except UnicodeDecodeError as error:
        raise decoding_error(path, codec) or _unreadable(path, error) from error
    except OSError as error:
        raise file_error(path, error) from error
    table = _read(path, codec, delimiter, header)
    run.check()
    if table.num_rows == 0:
        raise SourceError(
            "there is a header but no rows",
            where=f"{path}:{header.first_line - 1}",
            found=f"columns {', '.join(header.names[:12])}",
            fix="check that the file was written whole",
        )
    table = pa.table([typed_text(column) for column in table.columns], names=header.names)
    return Parsed(table, header.first_line, (*notes, *header.notes))


def _unreadable(path: Path, error: Exception) -> SourceError:
    return SourceError("cannot read this file", where=str(path), found=str(error).splitlines()[0][:160])


def _expected(path: Path) -> str:
    return "\t" if path.suffix.lower() in (".tsv", ".tab") else ","


def _sniff(path: Path, codec: str) -> str:
    """The delimiter by which the first records have equally many cells, the usual one if it does."""
    with path.open(encoding=codec, newline="") as file:
        sample = file.read(_SAMPLE)
        whole = not file.read(1)
    usual = _expected(path)
    widths: dict[str, list[int]] = {}
    for delimiter in (usual, *(d for d in _DELIMITERS if d != usual)):
        try:
            records = [len(r) for r in csv.reader(sample.splitlines(keepends=True), delimiter=delimiter) if r]
        except csv.Error:
            continue
        widths[delimiter] = (records if whole or len(records) == 1 else records[:-1])[:20]
    even = [d for d, found in widths.items() if found and found[0] > 1 and len(set(found)) == 1]
    if usual in even or not widths.get(usual):
        return usual
    if even:
        return max(even, key=lambda d: widths[d][0])
    if widths[usual][0] > 1:
        return usual
    best = max(widths, key=lambda d: widths[d][0])
    return best if widths[best][0] > 1 else usual


def _records(path: Path, codec: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    """Line on which each record starts, and its cells; blank lines are left out. Strict about quotes."""
    with path.open(encoding=codec, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter, strict=True)
        while True:
            line = reader.line_num + 1
            try:
                record = next(reader, None)
            except csv.Error as error:
                raise SourceError(
                    "a quote is not closed, or a quoted cell goes on after its closing quote",
                    where=f"{path}:{line}",
                    found=str(error),
                    fix="close the quote in or after this line; inside a quoted cell, write a quote twice",
                ) from error
            if record is None:
                return
            if record:
                yield line, record


def _header(path: Path, codec: str, delimiter: str) -> _Header:
    with path.open(encoding=codec, newline="") as file:
        reader = csv.reader(file, delimiter=delimiter)
        try:
            raw = next((record for record in reader if record), [])
        except csv.Error as error:
            raise SourceError(
                "the header cannot be read", where=f"{path}:1", found=str(error), fix="close its quotes"
            ) from error
        line = reader.line_num
    if not any(name.strip() for name in raw):
        raise SourceError("the file is empty", where=str(path), fix="check that it was written whole")
    names = [name.strip() or f"column_{place + 1}" for place, name in enumerate(raw)]
    check_names(names, f"{path}:{line}")
    notes = []
    unnamed = [name for name, given in zip(names, raw, strict=True) if not given.strip()]
    if unnamed:
        notes.append(f"columns without a name are called {', '.join(unnamed)}")
    if all(_is_number(name) for name in raw):
        notes.append(f"line {line} was taken for the column names, though it holds only numbers")
    return _Header(raw, names, line + 1, tuple(notes))


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def _read(path: Path, codec: str, delimiter: str, header: _Header) -> pa.Table:
    """All cells as text, by Arrow; what it refuses is looked up and told by line."""
    if _odd_quotes(path):
        _diagnose(path, codec, delimiter, header, quotes_only=True)
    # Arrow takes the first record for the names; they are replaced, so that any spelling of them works.
    places = [f"f{i}" for i in range(len(header.names))]
    size = path.stat().st_size
    error: Exception | None = None
    for block in dict.fromkeys((_BLOCK, min(max(size + 1, _BLOCK), _LARGEST_BLOCK))):
        try:
            table = _arrow(path, codec, delimiter, places, block)
            return table.slice(1)
        except (pa.ArrowInvalid, UnicodeDecodeError) as caught:
            error = caught
        except OSError as caught:
            raise file_error(path, caught) from caught
        if "straddling" not in str(error):
            break
    wrong = decoding_error(path, codec)
    if wrong is not None:
        raise wrong from error
    _diagnose(path, codec, delimiter, header)
    raise _unreadable(path, error or ValueError("no reason given"))


def _arrow(path: Path, codec: str, delimiter: str, places: list[str], block: int) -> Any:
    unicode = codec in ("utf-8", "utf-8-sig")
    return arrow_csv.read_csv(
        path,
        read_options=arrow_csv.ReadOptions(
            column_names=places, block_size=block, encoding="utf8" if unicode else codec
        ),
        parse_options=arrow_csv.ParseOptions(delimiter=delimiter, newlines_in_values=True),
        convert_options=arrow_csv.ConvertOptions(
            column_types=dict.fromkeys(places, pa.string()),
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=True,
        ),
    )


def _odd_quotes(path: Path) -> bool:
    """Whether the number of quotes is odd, as it is where one was not closed."""
    count = 0
    with path.open("rb") as file:
        while chunk := file.read(1 << 20):
            count += chunk.count(b'"')
    return count % 2 == 1


def _diagnose(path: Path, codec: str, delimiter: str, header: _Header, *, quotes_only: bool = False) -> None:
    """Raise the error of the first record that is ragged or has an open quote, if there is one."""
    try:
        for line, record in _records(path, codec, delimiter):
            if quotes_only or len(record) == len(header.names):
                continue
            more = len(record) > len(header.names)
            raise SourceError(
                f"expected {len(header.names)} cells, as in the header, found {len(record)}",
                where=f"{path}:{line}",
                found=shown(delimiter.join(record), 120),
                fix="quote the cell that holds the delimiter" if more else "fill in the missing cells",
            )
    except UnicodeDecodeError as error:
        raise decoding_error(path, codec) or _unreadable(path, error) from error
