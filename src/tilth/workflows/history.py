"""``log``, ``diff`` and ``undo``: what was done to a dataset, and taking it back.

Nothing is ever erased. ``log`` lists snapshots and the decisions between them, ``diff`` compares two
snapshots row by row, and ``undo`` writes another entry to the ledger and applies what still stands: since
equal rows have equal ids, taking everything back leads to the very snapshot it started from.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

from tilth.errors import ParameterError
from tilth.records import Decision, Snapshot, SnapshotDiff, diff, effective
from tilth.records.snapshot import FAMILIES
from tilth.store import SnapshotRecord
from tilth.workflows.project import Dataset, opened, record_decisions, require_head

__all__ = ["Batch", "History", "Undone", "compare", "history", "undo"]


@dataclass(frozen=True)
class Batch:
    """Decisions that one author wrote at one time.

    Parameters
    ----------
    who, when, action : str
    decisions : tuple of Decision
    standing : int
        How many of them still count.
    """

    who: str
    when: str
    action: str
    decisions: tuple[Decision, ...]
    standing: int


@dataclass(frozen=True)
class History:
    """Snapshots and decisions of a dataset, oldest first."""

    dataset: Dataset
    head: str
    base: str
    snapshots: tuple[SnapshotRecord, ...]
    batches: tuple[Batch, ...]


@dataclass(frozen=True)
class Undone:
    """What an undo took back, and the snapshot it led to."""

    decisions: tuple[Decision, ...]
    snapshot: Snapshot


def _batches(decisions: Sequence[Decision]) -> tuple[Batch, ...]:
    standing = {d.id for d in effective(decisions)}
    found: dict[tuple[str, str, str], list[Decision]] = {}
    for decision in decisions:
        found.setdefault((decision.who, decision.when, decision.action), []).append(decision)
    return tuple(
        Batch(who, when, action, tuple(made), sum(d.id in standing for d in made))
        for (who, when, action), made in found.items()
    )


def _shown(recipe: dict[str, Any]) -> dict[str, Any]:
    """A recipe without the long list of what was made from what."""
    return {key: value for key, value in recipe.items() if key != FAMILIES}


def history(dataset: Dataset) -> History:
    """Everything that was read, decided and made of a dataset."""
    with opened(dataset) as store:
        head = require_head(store, dataset)
        return History(
            dataset,
            head,
            store.base(dataset.name) or "",
            tuple(replace(record, recipe=_shown(record.recipe)) for record in store.history(dataset.name)),
            _batches(store.decisions(dataset.name)),
        )


def compare(dataset: Dataset, before: str = "", after: str = "") -> tuple[SnapshotDiff, Snapshot, Snapshot]:
    """Row-by-row difference of two snapshots; default: the rows as first read against the current ones."""
    with opened(dataset) as store:
        head = require_head(store, dataset)
        old = store.load_snapshot(before or store.base(dataset.name) or "")
        new = store.load_snapshot(after or head)
    return diff(old, new), old, new


def undo(dataset: Dataset, *, ids: Sequence[str] = (), everything: bool = False, who: str = "person") -> Undone:
    """Take decisions back.

    Parameters
    ----------
    dataset : Dataset
    ids : sequence of str
        Decisions to take back, by id or unique beginning of one. Default: all decisions of the
        newest time stamp that still stand, that is, what the last command did.
    everything : bool
        Take back all decisions that still stand.
    who : str
        Author of the undo.

    Returns
    -------
    Undone

    Raises
    ------
    ParameterError
        An id is unknown or ambiguous, or nothing stands that could be taken back.
    """
    with opened(dataset) as store, store.write_lock():
        require_head(store, dataset)
        standing = effective(store.decisions(dataset.name))
        if not standing:
            raise ParameterError("there is nothing to take back", where=dataset.name, fix="see: tilth log")
        if ids:
            taken = [_one(standing, wanted) for wanted in ids]
        elif everything:
            taken = standing
        else:
            newest = max(decision.when for decision in standing)
            taken = [decision for decision in standing if decision.when == newest]
        when = store.now()
        entries = [
            Decision(who, when, "undo", d.rows, d.id, "taken back", store.head(dataset.name) or "", dataset.name)
            for d in taken
        ]
        return Undone(tuple(taken), record_decisions(store, dataset, entries)[1])


def _one(standing: Sequence[Decision], wanted: str) -> Decision:
    hits: list[Any] = [decision for decision in standing if decision.id.startswith(wanted)]
    if len(hits) != 1:
        raise ParameterError(
            "no standing decision has this id" if not hits else "this id is the beginning of several",
            found=repr(wanted),
            fix="see the ids with: tilth log --decisions",
        )
    decision: Decision = hits[0]
    return decision
