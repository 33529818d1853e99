"""Labelling functions on rows: batches, in this process or in worker processes, into one sparse label matrix."""

from __future__ import annotations

import os
import pickle
from collections.abc import Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from multiprocessing import get_context
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.errors import DataError, LabelError, NotApplicable, ParameterError, TilthError
from tilth.numerics.consensus.votes import Votes
from tilth.plugin import Labeler, Run
from tilth.records import Ballot, RowBatch

__all__ = ["Applied", "Fault", "apply_labelers"]

#: Rows that functions look at before the next ones are read.
BATCH = 20_000
#: The same where functions read row by row: the rows are gone before the collector of cycles takes them for old and
#: walks through all that a process holds.
BATCH_BY_ROW = 2_000
#: Below so many rows starting worker processes costs more than it saves.
POOL_FROM = 20_000


@dataclass(frozen=True)
class Fault:
    """How often one function failed, and the first time.

    Parameters
    ----------
    function : str
    count : int
        Rows on which it failed; they count as abstentions.
    first : str
        The first failure with its row.
    """

    function: str
    count: int
    first: str


@dataclass(frozen=True, eq=False)
class Applied:
    """What labelling functions said about all rows.

    Parameters
    ----------
    votes : Votes
        Sparse; items are the rows, raters the functions.
    faults : tuple of Fault
        Only functions that failed somewhere.
    notes : tuple of str
    """

    votes: Votes
    faults: tuple[Fault, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass
class _Column:
    """What one function said so far: row positions and class indices."""

    rows: list[npt.NDArray[np.int64]] = field(default_factory=list)
    codes: list[npt.NDArray[np.int16]] = field(default_factory=list)
    faults: int = 0
    first: str = ""


def apply_labelers(
    labelers: Sequence[Labeler],
    table: pa.Table,
    run: Run,
    *,
    classes: Sequence[Any] = (),
    fault_tolerant: bool = False,
    jobs: int = 1,
    files: Sequence[tuple[str, str]] = (),
    row_names: Any = None,
    tables: Mapping[str, pa.Table] | None = None,
) -> Applied:
    """Apply labelling functions to every row.

    Parameters
    ----------
    labelers : sequence of Labeler
    table : pyarrow.Table of n rows
        May be empty.
    run : Run
    classes : sequence, optional
        Names of the classes in order; a function names one of them or its index. Default: what the functions say,
        numbers as indices, else names in alphabetical order.
    fault_tolerant : bool, default=False
        Count a function's failures and go on, the row being an abstention; else the first failure raises.
    jobs : int, default=1
        Worker processes; 0 takes one a core. The answer is the same for any number.
    files : sequence of (module name, path)
        Python files of rules, which worker processes load before anything else.
    row_names : (n,) array, optional
    tables : mapping of function name to pyarrow.Table of n rows, optional
        What a function that sees all rows at once reads in place of `table`.

    Returns
    -------
    Applied

    Raises
    ------
    ParameterError
        No functions, or two of one name.
    LabelError
        A function names a class that does not exist or returns something that is no class.
    DataError
        A function raised or ran over its time, and `fault_tolerant` is off; the message names function and row.
    """
    titles = _titles(labelers)
    columns = [_Column() for _ in labelers]
    found: dict[Any, int] = {}
    notes: list[str] = []
    whole = [j for j, labeler in enumerate(labelers) if labeler.whole]
    parts = [j for j, labeler in enumerate(labelers) if not labeler.whole]
    run.expect(len(table))

    def keep(j: int, start: int, ballot: Ballot) -> None:
        _keep(columns[j], start, ballot, _places(ballot, titles[j], start, classes, found))
        notes.extend(note for note in ballot.notes if note not in notes)
        if columns[j].first and not fault_tolerant:
            raise DataError(
                "a labelling function failed",
                where=f"function {titles[j]!r}, {columns[j].first.partition(': ')[0]}",
                found=columns[j].first.partition(": ")[2],
                fix="correct it, or count failures as abstentions with fault_tolerant (--fault-tolerant)",
            )

    for j in whole:
        batch = RowBatch((tables or {}).get(titles[j], table))
        keep(j, 0, _one(labelers[j], batch, run.child(titles[j])))
    work = [labelers[j] for j in parts]
    for start, ballots in _batches(work, table, run, jobs, files, notes):
        for j, ballot in zip(parts, ballots, strict=True):
            keep(j, start, ballot)
        run.advance(len(ballots[0].codes))
    votes = _votes(columns, titles, len(table), classes, found, row_names)
    faults = tuple(
        Fault(title, column.faults, column.first)
        for title, column in zip(titles, columns, strict=True)
        if column.faults
    )
    return Applied(votes, faults, tuple(notes))


def _titles(labelers: Sequence[Labeler]) -> list[str]:
    if not labelers:
        raise ParameterError("there are no labelling functions", fix="write at least one rule")
    titles = [labeler.title for labeler in labelers]
    twice = next((title for at, title in enumerate(titles) if title in titles[:at]), None)
    if twice is not None:
        raise ParameterError(
            "two labelling functions have the same name", found=repr(twice), fix="give each rule a name of its own"
        )
    return titles


def _one(labeler: Labeler, batch: RowBatch, run: Run) -> Ballot:
    """One function's ballot; whatever breaks outside a row is told with the function's name."""
    try:
        ballot = labeler.vote(batch, run)
    except NotApplicable as answer:
        ballot = Ballot(np.full(len(batch), -1, dtype=np.int64), (), notes=(str(answer),))
    except TilthError:
        raise
    except Exception as error:
        raise DataError(
            "a labelling function failed on a whole batch", where=f"function {labeler.title!r}, from row {batch.start}",
            found=" ".join(f"{type(error).__name__}: {error}".split()),
        ) from error  # fmt: skip
    if not isinstance(ballot, Ballot) or ballot.codes.shape != (len(batch),):
        raise DataError(
            "a labeler must answer with a ballot of one code a row", where=f"function {labeler.title!r}",
            found=type(ballot).__name__,
        )  # fmt: skip
    return ballot


def _all(labelers: Sequence[Labeler], table: pa.Table, start: int, seed: int, path: str) -> list[Ballot]:
    batch = RowBatch(table, start)
    run = Run(seed, path)
    return [_one(labeler, batch, run.child(labeler.title)) for labeler in labelers]


def _batches(
    labelers: list[Labeler], table: pa.Table, run: Run, jobs: int, files: Sequence[tuple[str, str]], notes: list[str]
) -> Any:
    """Ballots of every batch, in order."""
    if not labelers:
        return
    if jobs < 0:
        raise ParameterError("the number of jobs cannot be negative", found=str(jobs), fix="use 0 for one a core")
    wanted = jobs or os.cpu_count() or 1
    packed = _packed(labelers, notes) if wanted > 1 and len(table) >= POOL_FROM else None
    if packed is None:
        size = BATCH_BY_ROW if any(labeler.by_row for labeler in labelers) else BATCH
        for start in range(0, max(len(table), 1), size):
            run.check()
            yield start, _all(labelers, table.slice(start, size), start, run.seed, run.path)
        return
    pool = ProcessPoolExecutor(
        wanted, mp_context=get_context("spawn"), initializer=_load_files, initargs=(tuple(files), packed)
    )
    try:
        waiting = []
        for start in range(0, len(table), BATCH):
            run.check()
            piece = pa.Table.from_batches(table.slice(start, BATCH).combine_chunks().to_batches(), table.schema)
            waiting.append((start, pool.submit(_work, piece, start, run.seed, run.path)))
            if len(waiting) > 2 * wanted:
                at, future = waiting.pop(0)
                yield at, future.result()
        for at, future in waiting:
            yield at, future.result()
    finally:
        pool.shutdown(wait=True, cancel_futures=True)


def _packed(labelers: list[Labeler], notes: list[str]) -> bytes | None:
    try:
        return pickle.dumps(labelers)
    except (pickle.PicklingError, AttributeError, TypeError):
        notes.append("functions that are not in a file run in one process: put them into a file to use several")
        return None


_LOADED: list[Labeler] = []


def _load_files(files: tuple[tuple[str, str], ...], packed: bytes) -> None:
    """Start of a worker process: rules from Python files first, so that functions are found by name."""
    import importlib.util
    import sys

    for name, path in files:
        spec = importlib.util.spec_from_file_location(name, path)
        if spec is None or spec.loader is None:
            raise DataError("cannot load this file of rules", where=path)
        module = importlib.util.module_from_spec(spec)
        sys.modules[name] = module
        spec.loader.exec_module(module)
    _LOADED[:] = pickle.loads(packed)


def _work(table: pa.Table, start: int, seed: int, path: str) -> list[Ballot]:
    return _all(_LOADED, table, start, seed, path)


def _places(
    ballot: Ballot, title: str, start: int, classes: Sequence[Any], found: dict[Any, int]
) -> npt.NDArray[np.int64]:
    """Class index of each label of a ballot; without given classes, its place among all labels found so far."""
    names = {str(name): at for at, name in enumerate(classes)}
    made = np.empty(len(ballot.labels), dtype=np.int64)
    for at, label in enumerate(ballot.labels):
        if not classes:
            made[at] = found.setdefault(label, len(found))
            continue
        if isinstance(label, (int, np.integer)) and not isinstance(label, bool) and str(label) not in names:
            place = int(label) if 0 <= int(label) < len(classes) else None
        else:
            place = names.get(str(label))
        if place is None:
            rows = np.flatnonzero(ballot.codes == at)
            row = f", row {start + int(rows[0])}" if rows.size else ""
            raise LabelError(
                "a labelling function names a class that does not exist", where=f"function {title!r}{row}",
                found=repr(label), fix=f"the classes are {', '.join(map(str, classes))}",
            )  # fmt: skip
        made[at] = place
    return made


def _keep(column: _Column, start: int, ballot: Ballot, places: npt.NDArray[np.int64]) -> None:
    rows = np.flatnonzero(ballot.codes >= 0)
    column.rows.append(rows + start)
    column.codes.append(places[ballot.codes[rows]].astype(np.int16) if rows.size else np.zeros(0, dtype=np.int16))
    column.faults += ballot.faults
    column.first = column.first or ballot.first_fault


def _votes(
    columns: list[_Column], titles: list[str], n: int, classes: Sequence[Any], found: dict[Any, int], names: Any
) -> Votes:
    """One sparse matrix of what all functions said."""
    order = np.arange(len(found))
    words: tuple[Any, ...] = tuple(classes)
    if not words:
        words, order = _settle(found)
    items = np.concatenate([r for c in columns for r in c.rows]) if columns else np.zeros(0, dtype=np.int64)
    sizes = [sum(len(r) for r in c.rows) for c in columns]
    raters = np.repeat(np.arange(len(columns)), sizes)
    codes = np.concatenate([r for c in columns for r in c.codes]).astype(np.int64)
    if not classes and codes.size:
        codes = order[codes]
    for column in columns:
        column.rows.clear()
        column.codes.clear()
    sort = np.argsort(items, kind="stable")  # functions are in order already
    rows = np.arange(n) if names is None else np.asarray(names)
    return Votes(
        items[sort], raters[sort], codes[sort], n, len(titles), max(len(words), 2), words, rows,
        np.asarray(titles, dtype=object),
    )  # fmt: skip


def _settle(found: dict[Any, int]) -> tuple[tuple[Any, ...], npt.NDArray[np.int64]]:
    """Classes of labels that were found, and for each label its class."""
    if all(isinstance(label, int) for label in found):
        wrong = [label for label in found if label < 0]
        if wrong:
            raise LabelError(
                "a labelling function names a class below 0", found=str(wrong[0]), fix="use -1 or None to abstain"
            )
        k = max([*found, 1]) + 1
        if k > 10_000:
            raise LabelError("a labelling function names a class index that is too large", found=str(k - 1))
        words: tuple[Any, ...] = tuple(range(k))
        order = np.asarray(list(found), dtype=np.int64)
        return words, order
    mixed = [label for label in found if not isinstance(label, str)]
    if mixed:
        raise LabelError(
            "some functions name classes by name and some by index", found=repr(mixed[0]),
            fix="declare the classes in order, so that an index means one",
        )  # fmt: skip
    words = tuple(sorted(found))
    if len(words) == 1:
        raise LabelError(
            "all functions vote for one class", found=repr(words[0]), fix="declare all classes, also the others"
        )
    return words, np.asarray([words.index(label) for label in found], dtype=np.int64)
