"""Votes from a file: a long table (one vote a row) or a wide one (one item a row, one rater a column, gaps allowed).

Shared by ``agree`` and ``consensus``. What was guessed, merged or left out is said in the notes.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import LabelError, ParameterError, SchemaError, SourceError
from tilth.numerics.consensus.votes import Votes, as_votes
from tilth.plugin import Run
from tilth.sources import choose_source
from tilth.workflows.crowd.vote_cells import as_plain, encode, per_item_columns, read_gold, seconds, words_of
from tilth.workflows.crowd.vote_columns import VoteColumns, settle_columns

__all__ = ["LEVELS", "VoteOptions", "VoteTable", "read_votes"]

LEVELS = ("nominal", "ordinal", "interval", "ratio")

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]
AnyArray = npt.NDArray[Any]


def _no_floats() -> FloatArray:
    return np.empty(0)


def _no_ints() -> IntArray:
    return np.empty(0, dtype=np.int64)


@dataclass(frozen=True)
class VoteOptions:
    """How a table of votes is read; empty fields are guessed.

    Parameters
    ----------
    item, label, time : str
        Column names; ``time="none"`` leaves times out.
    raters : tuple of str
        One name: the column of raters of a long table. Several: the columns of a wide one.
    gold : str
        A column of the table, or a file with the items and their true labels.
    level : {"nominal", "ordinal", "interval", "ratio"}
        What the labels are: names, names in order, numbers, numbers with a true zero.
    classes : tuple of str
        The allowed labels in order; any other is an error.
    missing : tuple of str
        Labels that mean "no vote", besides empty cells. Default: -1, unless it is among `classes`.
    encoding : str
    """

    item: str = ""
    label: str = ""
    time: str = ""
    raters: tuple[str, ...] = ()
    gold: str = ""
    level: str = "nominal"
    classes: tuple[str, ...] = ()
    missing: tuple[str, ...] | None = None
    encoding: str = "utf-8"

    def __post_init__(self) -> None:
        if self.level not in LEVELS:
            raise ParameterError("unknown level", found=repr(self.level), fix=f"use one of {', '.join(LEVELS)}")

    @property
    def numeric(self) -> bool:
        """Whether the labels are read as numbers."""
        return self.level in ("interval", "ratio")


@dataclass(frozen=True, eq=False)
class VoteTable:
    """Votes with what else the table said.

    Parameters
    ----------
    votes : Votes
    columns : VoteColumns
    level : str
    item_times : (n_items,) float64, or empty
        Mean time of an item's votes, seconds since 1970; NaN where unknown.
    gold : (n_items,) int64, or empty
        True class, -1 where unknown; for numeric votes always empty.
    repeats, contradictions : (n_raters,) int64
        Second votes of a rater on an item, and those that differ from the first.
    extra : pyarrow.Table
        One row an item: the columns that are the same on all rows of each item.
    notes : tuple of str
    """

    votes: Votes
    columns: VoteColumns
    level: str
    item_times: FloatArray = field(default_factory=_no_floats)
    gold: IntArray = field(default_factory=_no_ints)
    repeats: IntArray = field(default_factory=_no_ints)
    contradictions: IntArray = field(default_factory=_no_ints)
    extra: pa.Table | None = None
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class _Long:
    """One vote a row, before gaps are taken out: codes into names, labels as they came."""

    item: IntArray
    item_names: AnyArray
    rater: IntArray
    rater_names: AnyArray
    labels: pa.ChunkedArray
    rows: IntArray
    times: FloatArray


def read_votes(target: Any, options: VoteOptions | None = None) -> VoteTable:
    """Read votes from a file or a table.

    Parameters
    ----------
    target : str, Path, or table
        Anything `tilth.sources` reads as rows.
    options : VoteOptions, optional

    Returns
    -------
    VoteTable

    Raises
    ------
    SchemaError
        Columns cannot be told apart, or a row has no item or no rater.
    LabelError
        A label outside the declared classes, or no number where numbers are wanted, naming row and rater; no votes.
    """
    options = options or VoteOptions()
    rows = choose_source(target, encoding=options.encoding).read(target, Run(path="votes"))
    table = rows.table
    if not len(table):
        raise SourceError("there are no votes", where=rows.uri, fix="check that the file holds more than its header")
    from_column = options.gold if options.gold in table.column_names else ""
    columns = settle_columns(
        table,
        item=options.item,
        raters=options.raters,
        label=options.label,
        time=options.time,
        gold=from_column or ("none" if options.gold else ""),
    )
    notes = [*rows.notes, columns.told()]
    long = (
        _from_long(table, columns, notes, bool(options.time)) if columns.form == "long" else _from_wide(table, columns)
    )
    long = _in_order_of_time(long)
    votes, present = _votes(long, options, notes)
    repeats, contradictions = _repeated(long, votes, present)
    if contradictions.sum():
        notes.append(
            f"{int(contradictions.sum())} of {int(repeats.sum())} replaced votes contradict that rater's later vote"
        )
    gold = read_gold(table, columns, options.gold, options.item, options.encoding, votes, notes)
    times = _item_times(long, votes) if np.isfinite(long.times).any() else _no_floats()
    extra = per_item_columns(table, columns, votes)
    return VoteTable(votes, columns, options.level, times, gold, repeats, contradictions, extra, (*notes, *votes.notes))


def _from_long(table: pa.Table, columns: VoteColumns, notes: list[str], named_time: bool) -> _Long:
    item, items = encode(table.column(columns.item), columns.item)
    rater, raters = encode(table.column(columns.raters[0]), columns.raters[0])
    times = np.full(len(table), np.nan)
    if columns.time:
        try:
            times = seconds(table.column(columns.time), columns.time)
        except SchemaError as error:
            if named_time:
                raise
            notes.append(f"column {columns.time!r} is not used: {error}")
    return _Long(item, items, rater, raters, table.column(columns.label), np.arange(len(table)), times)


def _from_wide(table: pa.Table, columns: VoteColumns) -> _Long:
    n = len(table)
    if columns.item:
        item, items = encode(table.column(columns.item), columns.item)
    else:
        item, items = np.arange(n), np.asarray([str(row) for row in range(n)], dtype=object)
    chosen = [as_plain(table.column(name)) for name in columns.raters]
    kinds = {column.type for column in chosen}
    if len(kinds) > 1:
        numbers = all(pa.types.is_integer(kind) or pa.types.is_floating(kind) for kind in kinds)
        chosen = [column.cast(pa.float64()) if numbers else words_of(column) for column in chosen]
    labels = pa.chunked_array([chunk for column in chosen for chunk in column.chunks], type=chosen[0].type)
    raters = np.asarray(columns.raters, dtype=object)
    rows = np.tile(np.arange(n), len(raters))
    return _Long(
        item[rows], items, np.repeat(np.arange(len(raters)), n), raters, labels, rows, np.full(len(rows), np.nan)
    )


def _in_order_of_time(long: _Long) -> _Long:
    """Rows sorted by time, so that a rater's later vote is the later one."""
    if not np.isfinite(long.times).any():
        return long
    order = np.argsort(np.where(np.isfinite(long.times), long.times, -np.inf), kind="stable")
    return replace(
        long,
        item=long.item[order],
        rater=long.rater[order],
        labels=long.labels.take(pa.array(order)),
        rows=long.rows[order],
        times=long.times[order],
    )


def _votes(long: _Long, options: VoteOptions, notes: list[str]) -> tuple[Votes, npt.NDArray[np.bool_]]:
    """Votes, and which rows hold one."""
    labels = as_plain(long.labels)
    if pa.types.is_string(labels.type):
        labels = pc.utf8_trim_whitespace(labels)
    missing = options.missing if options.missing is not None else () if "-1" in options.classes else ("-1",)
    if options.numeric and options.missing is None:
        missing = ()
    words = words_of(labels)
    gap = pc.or_kleene(pc.is_null(words), pc.equal(words, ""))
    if pa.types.is_floating(labels.type):
        gap = pc.or_kleene(gap, pc.is_nan(labels))
    said = pc.is_in(words, value_set=pa.array(list(missing), pa.string()))
    present = ~np.asarray(pc.or_kleene(gap, said).to_numpy(zero_copy_only=False), dtype=bool)
    left_out = int(np.count_nonzero(np.asarray(said.to_numpy(zero_copy_only=False), dtype=bool)))
    if left_out:
        cells = f"{left_out:,} cell" + ("" if left_out == 1 else "s")
        notes.append(f"{cells} of {', '.join(missing)} read as 'no vote'; to keep such a label, name it with --class")
    if not present.any():
        raise LabelError("there are no votes", found=f"{len(present)} empty cells", fix="check --label and --missing")
    where = pa.array(np.flatnonzero(present))
    if options.numeric:
        values: Any = _numbers(labels, present, long)
        classes: tuple[Any, ...] | None = None
    else:
        values, classes = _classes(words if options.classes else labels, words, present, options, long)
        values = values.take(where)
        values = np.asarray(values.to_pylist(), dtype=object) if pa.types.is_string(values.type) else values.to_numpy()
    made = as_votes(
        long.item[present],
        long.rater[present],
        values,
        classes=classes,
        missing=None,
        numeric=options.numeric,
        item_names=list(range(len(long.item_names))),
        rater_names=list(range(len(long.rater_names))),
    )
    return replace(made, item_names=long.item_names, rater_names=long.rater_names), present


def _classes(
    labels: pa.ChunkedArray, words: pa.ChunkedArray, present: npt.NDArray[np.bool_], options: VoteOptions, long: _Long
) -> tuple[pa.ChunkedArray, tuple[Any, ...] | None]:
    """The labels, checked against the declared classes."""
    if not options.classes:
        return labels, None
    known = np.asarray(
        pc.is_in(words, value_set=pa.array(list(options.classes))).to_numpy(zero_copy_only=False), dtype=bool
    )
    bad = np.flatnonzero(present & ~known)
    if bad.size:
        row = int(bad[0])
        raise LabelError(
            "a label is not among the declared classes",
            where=f"row {int(long.rows[row])}, rater {long.rater_names[long.rater[row]]}",
            found=f"{words[row].as_py()!r}, and {bad.size - 1} more such votes"
            if bad.size > 1
            else repr(words[row].as_py()),
            fix=f"the classes are {', '.join(options.classes[:20])}; add one with --class",
        )
    return words, options.classes


def _numbers(labels: pa.ChunkedArray, present: npt.NDArray[np.bool_], long: _Long) -> FloatArray:
    made = np.empty(int(present.sum()))
    if not pa.types.is_string(labels.type):
        return np.asarray(labels.cast(pa.float64()).to_numpy(), dtype=np.float64)[present]
    for at, row in enumerate(np.flatnonzero(present)):
        text = labels[int(row)].as_py()
        try:
            made[at] = float(text)
        except ValueError:
            raise LabelError(
                "a vote is not a number",
                where=f"row {int(long.rows[row])}, rater {long.rater_names[long.rater[row]]}",
                found=repr(text),
                fix="use --level nominal or ordinal for words, or name what means 'no vote' with --missing",
            ) from None
    return made


def _repeated(long: _Long, votes: Votes, present: npt.NDArray[np.bool_]) -> tuple[IntArray, IntArray]:
    """For each rater, how many votes a later one replaced, and how many of those differ from it."""
    key = long.item[present] * votes.n_raters + long.rater[present]
    last = votes.items * votes.n_raters + votes.raters
    if key.size == last.size:
        nothing = np.zeros(votes.n_raters, dtype=np.int64)
        return nothing, nothing
    labels = words_of(as_plain(long.labels)).take(pa.array(np.flatnonzero(present)))
    code = np.asarray(labels.combine_chunks().dictionary_encode().indices.to_numpy(zero_copy_only=False))
    final = np.zeros(last.size, dtype=np.int64)
    spot = np.searchsorted(last, key)
    final[spot] = np.arange(key.size)  # the latest row wins
    replaced = final[spot] != np.arange(key.size)
    differs = replaced & (code != code[final[spot]])
    who = long.rater[present]
    return (
        np.bincount(who[replaced], minlength=votes.n_raters).astype(np.int64),
        np.bincount(who[differs], minlength=votes.n_raters).astype(np.int64),
    )


def _item_times(long: _Long, votes: Votes) -> FloatArray:
    known = np.isfinite(long.times)
    total = np.bincount(long.item[known], long.times[known], minlength=votes.n_items)
    n = np.bincount(long.item[known], minlength=votes.n_items)
    made: FloatArray = total / np.where(n > 0, n, np.nan)
    return made
