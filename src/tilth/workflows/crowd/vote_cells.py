"""Cells of a table of votes: names as codes, labels as words, times as seconds; gold labels and columns about items."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import LabelError, ParameterError, SchemaError
from tilth.numerics.consensus.votes import Votes
from tilth.plugin import Run
from tilth.sources import choose_source
from tilth.workflows.crowd.vote_columns import GOLD, ITEM, LABEL, VoteColumns, find_column

__all__ = ["as_plain", "encode", "per_item_columns", "read_gold", "seconds", "word_of", "words_of"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
AnyArray = npt.NDArray[Any]


def encode(column: pa.ChunkedArray, name: str) -> tuple[IntArray, AnyArray]:
    """Codes and names, in order of appearance; a gap raises."""
    if column.null_count:
        row = int(np.flatnonzero(column.is_null().to_numpy(zero_copy_only=False))[0])
        raise SchemaError(
            "a vote lacks a name", where=f"row {row}, column {name!r}", fix="fill the cell or drop the row"
        )
    flat = column.combine_chunks()
    flat = flat.chunk(0) if isinstance(flat, pa.ChunkedArray) else flat
    if not pa.types.is_dictionary(flat.type):
        flat = flat.dictionary_encode()
    names = np.asarray(flat.dictionary.cast(pa.string()).to_pylist(), dtype=object)
    return np.asarray(flat.indices.to_numpy(zero_copy_only=False), dtype=np.int64), names


def as_plain(column: pa.ChunkedArray) -> pa.ChunkedArray:
    kind = column.type
    if pa.types.is_dictionary(kind):
        column = column.cast(kind.value_type)
    if pa.types.is_null(column.type):
        column = column.cast(pa.string())
    return column.cast(pa.string()) if pa.types.is_large_string(column.type) else column


def words_of(column: pa.ChunkedArray) -> pa.ChunkedArray:
    """Labels as words, whole numbers without a point."""
    if pa.types.is_floating(column.type) and pc.all(pc.equal(pc.floor(column), column)).as_py():
        column = column.cast(pa.int64())
    return column.cast(pa.string())


def seconds(column: pa.ChunkedArray, name: str) -> FloatArray:
    """Times as seconds since 1970, NaN where missing."""
    kind = column.type
    if pa.types.is_integer(kind) or pa.types.is_floating(kind):
        values = np.asarray(column.cast(pa.float64()).fill_null(float("nan")).to_numpy(), dtype=np.float64)
        return np.where(np.abs(values) > 1e11, values / 1000.0, values)  # milliseconds
    made = np.full(len(column), np.nan)
    for row, value in enumerate(column.cast(pa.string()).to_pylist()):
        text = (value or "").strip().removesuffix("Z").replace("/", "-")
        if not text:
            continue
        try:
            made[row] = np.datetime64(text.partition("+")[0].strip(), "ms").astype(np.int64) / 1000.0
        except ValueError:
            raise SchemaError(
                "this is no time",
                where=f"row {row}, column {name!r}",
                found=repr(value),
                fix="write 2026-01-31 or 2026-01-31 12:00:00, or leave times out with --time none",
            ) from None
    return made


def read_gold(
    table: pa.Table, columns: VoteColumns, gold: str, item: str, encoding: str, votes: Votes, notes: list[str]
) -> IntArray:
    """True class of each item from a column of the table or from a file."""
    if votes.numeric or not (columns.gold or gold not in ("", "none")):
        return np.empty(0, dtype=np.int64)
    if columns.gold:
        items, truth = (table.column(columns.item) if columns.item else None), table.column(columns.gold)
    else:
        items, truth = _gold_file(gold, item, encoding)
    names = {name: place for place, name in enumerate(votes.item_names.tolist())}
    classes = {word_of(name): place for place, name in enumerate(votes.classes)}
    made = np.full(votes.n_items, -1, dtype=np.int64)
    keys: Sequence[Any] = (
        [str(row) for row in range(len(truth))] if items is None else items.cast(pa.string()).to_pylist()
    )
    unknown: list[str] = []
    for key, value in zip(keys, words_of(as_plain(truth)).to_pylist(), strict=True):
        word = (value or "").strip()
        if not word or key not in names:
            continue
        if word not in classes:
            unknown.append(word)
            continue
        made[names[key]] = classes[word]
    if unknown:
        notes.append(f"gold on {len(unknown)} items is a class that nobody voted for, such as {unknown[0]!r}; not used")
    if not (made >= 0).any():
        raise LabelError(
            "no gold label belongs to an item and a class of the votes",
            where=gold or columns.gold,
            fix="check that the items are named alike in both",
        )
    notes.append(f"gold labels on {int((made >= 0).sum()):,} of {votes.n_items:,} items")
    return made


def word_of(value: Any) -> str:
    return str(int(value)) if isinstance(value, float) and value.is_integer() else str(value)


def _gold_file(gold: str, item: str, encoding: str) -> tuple[pa.ChunkedArray, pa.ChunkedArray]:
    if not Path(gold).exists():
        raise ParameterError(
            "--gold names neither a column of the votes nor a file", found=repr(gold), fix="check the spelling"
        )
    table = choose_source(gold, encoding=encoding).read(gold, Run(path="gold")).table
    names = list(table.column_names)
    named = item if item in names else find_column(names, ITEM)
    rest = [name for name in names if name != named]
    truth = find_column(rest, GOLD) or find_column(rest, LABEL)
    if not named or not truth:
        raise SchemaError(
            "the gold file needs a column of items and one of true labels",
            where=gold,
            found=f"columns {', '.join(names)}",
            fix="call them item and gold",
        )
    return table.column(named), table.column(truth)


def per_item_columns(table: pa.Table, columns: VoteColumns, votes: Votes) -> pa.Table | None:
    """The other columns that say the same on all rows of an item: its text, its picture, its topic."""
    if not columns.extra:
        return None
    if columns.form == "wide" and not columns.item:
        return table.select(list(columns.extra))
    item, _ = encode(table.column(columns.item), columns.item)
    first = np.full(votes.n_items, -1, dtype=np.int64)
    first[item[::-1]] = np.arange(len(item))[::-1]
    kept = {}
    for name in columns.extra:
        column = as_plain(table.column(name))
        if pa.types.is_nested(column.type):
            continue
        code = np.asarray(
            column.combine_chunks().dictionary_encode(null_encoding="encode").indices.to_numpy(zero_copy_only=False)
        )
        if (code == code[first[item]]).all():
            kept[name] = column.take(pa.array(first))
    return pa.table(kept) if kept else None
