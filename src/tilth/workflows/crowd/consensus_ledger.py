"""Consensus and the ledger: which dataset the items are rows of, and the decisions that votes and consensus become."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.engine.inputs import canonical_split
from tilth.errors import AlignmentError, SchemaError
from tilth.numerics.consensus.votes import Votes
from tilth.records import Decision, RoleOverrides, Snapshot, apply, effective, is_policy
from tilth.sources import write_rows
from tilth.workflows.crowd.votes import VoteTable
from tilth.workflows.ingest import ingest
from tilth.workflows.project import Dataset, RunOptions, advance_head, head_snapshot, opened

__all__ = ["POLICY", "Recorded", "class_words", "dataset_of_items", "find_dataset", "record"]

POLICY = "policy:consensus"
#: Beyond so many items, decisions are written for many rows at once.
_ONE_BY_ONE = 50_000


@dataclass(frozen=True)
class Recorded:
    """What entered the ledger.

    Parameters
    ----------
    votes, relabels : int
        Newly recorded votes, and rows relabelled.
    spared : int
        Rows of the test and validation part that were left alone.
    snapshot : Snapshot
        The one that it led to.
    """

    votes: int
    relabels: int
    spared: int
    snapshot: Snapshot


def class_words(votes: Votes) -> tuple[str, ...]:
    """Class names as the ledger and the snapshot spell them."""
    return tuple(str(name) for name in votes.classes)


def find_dataset(
    target: Any, votes: Votes, workspace: str | Path | None, options: RunOptions
) -> tuple[Dataset, Snapshot, tuple[str, ...]]:
    """The dataset whose rows the items are.

    Raises
    ------
    AlignmentError
        No item is a row of it.
    SchemaError
        It has no column for labels, or one of another kind than the votes.
    """
    if isinstance(target, Dataset):
        with opened(target) as store:
            return target, head_snapshot(store, target), ()
    made = ingest(target, workspace=workspace, options=options)
    snapshot = made.snapshot
    known = np.isin(votes.item_names.astype(str), snapshot.row_ids.astype(str))
    if not known.any():
        raise AlignmentError(
            "no item of the votes is a row of this dataset",
            where=made.dataset.name,
            found=f"items such as {votes.item_names[0]!r}; row ids such as {str(snapshot.row_ids[0])!r}",
            fix="name the id column when you ingest it: tilth ingest DATA --id COLUMN",
        )
    label = snapshot.schema.label
    if not label:
        raise SchemaError(
            "this dataset has no label column that a consensus could fill",
            where=made.dataset.name,
            fix="add one, empty if need be, and run: tilth ingest DATA --label COLUMN",
        )
    if (snapshot.schema.column(label).media == "number") != votes.numeric:
        kind = "numbers" if votes.numeric else "classes"
        raise SchemaError(f"the votes are {kind}, the dataset's labels are not", where=f"column {label!r}")
    notes: tuple[str, ...] = made.notes
    if not known.all():
        notes = (*notes, f"{int((~known).sum()):,} items of the votes are no rows of {made.dataset.name}; not recorded")
    return made.dataset, snapshot, notes


def dataset_of_items(
    table: VoteTable, simple: Sequence[Any], path: Path, workspace: str | Path | None, options: RunOptions
) -> tuple[Dataset, Snapshot]:
    """Write the items with their simplest labels (majority, mean) as a file of their own, and ingest it.

    Parameters
    ----------
    table : VoteTable
    simple : sequence
        Label of each item by the trivial method; None without votes.
    path : Path
        A .csv file; equal content is an equal snapshot.
    """
    columns: dict[str, Any] = {"id": [str(name) for name in table.votes.item_names.tolist()]}
    if table.extra is not None:
        for name in table.extra.column_names:
            columns[f"{name}_" if name in ("id", "label") else name] = table.extra.column(name)
    columns["label"] = pa.array(simple, pa.float64() if table.votes.numeric else pa.string())
    write_rows(pa.table(columns), path)
    made = ingest(path, overrides=RoleOverrides(label="label", id="id"), workspace=workspace, options=options)
    return made.dataset, made.snapshot


def record(
    dataset: Dataset,
    votes: Votes,
    labels: Sequence[str | None],
    reasons: Sequence[str],
    *,
    include_test: bool = False,
    source: str = "",
) -> Recorded:
    """Write votes and consensus labels as decisions, in one transaction, and apply them.

    What already stands is not written again. Labels of the test and validation part that would change are left
    alone unless `include_test`: changing them would move the measure.

    Raises
    ------
    ConflictError
        Decisions contradict each other; both authors are named and nothing is written.
    """
    with opened(dataset) as store, store.write_lock():
        head = head_snapshot(store, dataset)
        base_id = store.base(dataset.name) or head.id
        ledger = store.decisions(dataset.name)
        common = {"when": store.now(), "snapshot_id": head.id, "dataset": dataset.name}
        standing = effective(ledger)
        rows = {row: place for place, row in enumerate(head.row_ids.tolist())}
        cast = _vote_decisions(votes, rows, standing, source, common)
        chosen, spared = _changes(head, votes, labels, rows, standing, include_test)
        relabels = _relabel_decisions(votes, labels, reasons, chosen, common)
        declared = [
            Decision(POLICY, action="accept", rows=(), value=f"class:{name}", because="voted for", **common)
            for name in _new_classes(head, standing, [labels[i] for i in chosen])
        ]
        decisions = [*declared, *cast, *relabels]
        apply(store.load_snapshot(base_id), [*ledger, *decisions])  # a conflict shows before anything is written
        store.append(decisions)
        made = advance_head(store, dataset)
    return Recorded(sum(len(d.rows) for d in cast), len(chosen), spared, made)


def _vote_decisions(
    votes: Votes, rows: dict[str, int], standing: Sequence[Decision], source: str, common: dict[str, str]
) -> list[Decision]:
    """One decision for each rater and class, over the items that the ledger does not know yet."""
    cast: dict[tuple[str, str], str] = {}
    for decision in standing:
        if decision.action == "vote":
            cast.update({(decision.who, row): decision.value for row in decision.rows})
    items = [str(name) for name in votes.item_names.tolist()]
    raters = [str(name) for name in votes.rater_names.tolist()]
    words = class_words(votes)
    new: dict[tuple[str, str], list[str]] = {}
    for item, rater, value in zip(votes.items.tolist(), votes.raters.tolist(), votes.values.tolist(), strict=True):
        word = repr(value) if votes.numeric else words[int(value)]
        row, who = items[item], raters[rater]
        if row in rows and cast.get((who, row)) != word:
            new.setdefault((who, word), []).append(row)
    because = f"read from {source}" if source else "read from a table of votes"
    return [
        Decision(who, action="vote", rows=tuple(r), value=v, because=because, **common) for (who, v), r in new.items()
    ]


def _changes(
    head: Snapshot,
    votes: Votes,
    labels: Sequence[str | None],
    rows: dict[str, int],
    standing: Sequence[Decision],
    include_test: bool,
) -> tuple[list[int], int]:
    """Items whose consensus label is to be recorded, and how many are spared."""
    said: dict[str, str] = {}
    settled: set[str] = set()
    for decision in standing:
        if decision.action == "relabel" and decision.who == POLICY:
            said.update(dict.fromkeys(decision.rows, decision.value))
        elif decision.action != "vote" and not is_policy(decision.who):
            settled.update(decision.rows)  # a person has the last word
    split = canonical_split(head)
    held = head.table.column(head.schema.label).to_pylist()
    chosen, spared = [], 0
    for place, name in enumerate(votes.item_names.tolist()):
        label, row = labels[place], rows.get(str(name))
        if label is None or row is None:
            continue
        now = held[row]
        differs = now is not None and (float(label) != now if votes.numeric else label != now)
        if said.get(str(name)) == label and (not differs or str(name) in settled):
            continue
        if differs and split[row] in ("test", "val") and not include_test:
            spared += 1
            continue
        chosen.append(place)
    return chosen, spared


def _relabel_decisions(
    votes: Votes, labels: Sequence[str | None], reasons: Sequence[str], chosen: list[int], common: dict[str, str]
) -> list[Decision]:
    names: npt.NDArray[Any] = votes.item_names
    if len(chosen) <= _ONE_BY_ONE:
        return [
            Decision(
                POLICY, action="relabel", rows=(str(names[i]),), value=str(labels[i]), because=reasons[i], **common
            )
            for i in chosen
        ]
    by_label: dict[str, list[str]] = {}
    for i in chosen:
        by_label.setdefault(str(labels[i]), []).append(str(names[i]))
    return [
        Decision(
            POLICY, action="relabel", rows=tuple(r[start : start + 1000]), value=label, because="consensus", **common
        )
        for label, r in by_label.items()
        for start in range(0, len(r), 1000)
    ]


def _new_classes(head: Snapshot, standing: Sequence[Decision], labels: Sequence[str | None]) -> list[str]:
    if head.schema.column(head.schema.label).media == "number":
        return []
    declared = {d.value.removeprefix("class:") for d in standing if d.action == "accept"}
    return sorted({str(label) for label in labels} - set(head.classes) - declared)
