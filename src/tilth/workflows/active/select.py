"""``select``: which rows should be labelled next, with a reason each, as a queue for people and tools.

The rows without a label are the pool; rows of the test and validation part never are. A strategy picks from the
embeddings and from a model that is trained on the labels so far. Nothing is changed: `label` and `teach` turn
answers into decisions.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine import Resolver, ResolverOptions
from tilth.engine.inputs import canonical_split
from tilth.engine.label_pool import Pool, pick_rows
from tilth.errors import DataError, NotApplicable, ParameterError, SchemaError
from tilth.plugin import Shelf, Strategy
from tilth.records import Findings, RoleOverrides, Snapshot, effective, is_policy
from tilth.store import Workspace
from tilth.workflows.active.queue import QueueRow, write_queue
from tilth.workflows.active.stopping import StopOptions, Stopping, stopping_of
from tilth.workflows.ingest import dataset_of
from tilth.workflows.project import Dataset, RunOptions, head_snapshot, opened

__all__ = ["DEFAULT_STRATEGY", "Selection", "brief_notes", "cost_column", "select", "without_cost"]

DEFAULT_STRATEGY = "priority"
#: More guessed inputs than this are counted, not listed.
MOST_NAMED = 8


@dataclass(frozen=True)
class Selection:
    """The rows to label next.

    Parameters
    ----------
    dataset : Dataset
    snapshot : Snapshot
    strategy : str
    findings : Findings
        One row a pick, the one to ask first with the highest score.
    labelled, pool : int
        Rows with and without a label, test and validation part left out.
    notes : tuple of str
    stopping : Stopping or None
        What the stopping rules say of the labels so far; None where they were not asked.
    weights : dict of part to float
        What ``priority`` mixes with, also while it still covers the clusters; empty for other strategies.
    """

    dataset: Dataset
    snapshot: Snapshot
    strategy: str
    findings: Findings
    labelled: int
    pool: int
    notes: tuple[str, ...] = ()
    stopping: Stopping | None = None
    weights: dict[str, float] = field(default_factory=dict)

    @property
    def row_ids(self) -> tuple[str, ...]:
        """Ids of the picks, in the order of asking."""
        return tuple(self.findings.table.column("row_id").to_pylist())

    def rows(self) -> list[QueueRow]:
        """The picks with what a person needs to see."""
        places = self.snapshot.positions(self.row_ids)
        names = [c.name for c in self.snapshot.schema.inputs]
        shown = self.snapshot.table.select(names).take(places).to_pylist() if names else [{}] * len(places)
        given = [self.snapshot.labels[p] for p in places]
        return [
            QueueRow(
                row["row_id"],
                rank,
                row["score"],
                row["why"],
                self.snapshot.classes[label] if label >= 0 else "",
                row["suggestion"] or "",
                inputs=inputs,
            )
            for rank, (row, inputs, label) in enumerate(zip(self.findings.to_dicts(), shown, given, strict=True), 1)
        ]

    def write(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the queue as ``.csv``, ``.jsonl``, or ``.json`` for Label Studio."""
        origin = {
            "strategy": self.strategy,
            "dataset": self.dataset.name,
            "workspace": str(self.dataset.workspace.absolute()),
            "snapshot": self.snapshot.id,
        }
        media = {c.name: c.media for c in self.snapshot.schema.inputs}
        return write_queue(Path(path), self.rows(), origin, media, self.snapshot.root, force=force)

    def to_dict(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {
            "verb": "select",
            "snapshot": self.snapshot.id,
            "findings": self.findings.to_dicts(),
            "summary": {
                "strategy": self.strategy,
                "labelled": self.labelled,
                "pool": self.pool,
                **({"weights": self.weights} if self.weights else {}),
                **self.findings.summary,
                "notes": list(self.notes),
                **({"stopping": self.stopping.to_dict()} if self.stopping else {}),
            },
        }


def cost_column(snapshot: Snapshot, name: str, rows: npt.NDArray[np.int64]) -> npt.NDArray[np.float64] | None:
    """What each row's label costs, from a column; None where no column is named."""
    if not name:
        return None
    snapshot.schema.column(name)
    values = snapshot.table.column(name).to_pylist()
    costs = np.empty(len(rows))
    for place, row in enumerate(rows):
        try:
            costs[place] = float(values[row])
        except (TypeError, ValueError):
            costs[place] = np.nan
        if not 0 < costs[place] < np.inf:
            raise DataError(
                "the cost of a label must be a number above 0",
                where=f"row {snapshot.row_ids[row]!r}, column {name!r}",
                found=repr(values[row]),
            )
    return costs


def without_cost(snapshot: Snapshot, cost: str) -> Snapshot:
    """The snapshot with the column of costs no longer an input: what a label costs says nothing of its class."""
    if not cost or snapshot.schema.column(cost).role != "input":
        return snapshot
    columns = tuple(replace(c, role="meta") if c.name == cost else c for c in snapshot.schema.columns)
    made = replace(snapshot, schema=replace(snapshot.schema, columns=columns))
    if not made.schema.inputs:
        raise SchemaError("no input is left beside the cost", where=f"column {cost!r}", fix="add a column of inputs")
    return made


def brief_notes(notes: Sequence[str], cost: str = "") -> tuple[str, ...]:
    """Notes for people: of many columns that were guessed to be inputs only the first and the last are named."""
    made = []
    for note in notes:
        head, colon, rest = note.partition(": ")
        if head == "guessed columns" and colon:
            parts = [f"{cost}: cost" if cost and p.startswith(f"{cost}: input") else p for p in rest.split("; ")]
            inputs = [p for p in parts if ": input (" in p]
            if len(inputs) > MOST_NAMED:
                first, last = (p.rpartition(": input (")[0] for p in (inputs[0], inputs[-1]))
                parts = [f"{len(inputs):,} inputs ({first} to {last})", *(p for p in parts if p not in set(inputs))]
            note = f"{head}: {'; '.join(parts)}"
        made.append(note)
    return tuple(made)


def _weights(part: Strategy) -> dict[str, float]:
    """The weights that `priority` mixes with, whether or not it needs them yet."""
    names = ("uncertainty", "rarity", "novelty")
    if part.name != DEFAULT_STRATEGY:
        return {}
    given = [float(getattr(part, name)) for name in names]
    return dict(zip(names, (value / sum(given) for value in given), strict=True))


def select(
    target: Any,
    *,
    budget: int = 100,
    strategy: str = DEFAULT_STRATEGY,
    params: Mapping[str, Any] | None = None,
    model: Any = None,
    model_name: str = "",
    embedder: str = "",
    cost: str = "",
    overrides: RoleOverrides | None = None,
    workspace: str | Path | None = None,
    name: str = "",
    encoding: str = "",
    stop: StopOptions | None = None,
    options: RunOptions | None = None,
) -> Selection:
    """Pick the rows to label next.

    Parameters
    ----------
    target : str, Path, object or Dataset
        As for `audit`; a label column is needed, and may be empty.
    budget : int
        How many rows; at most the pool.
    strategy : str
        Name of a strategy; ``random`` is always a fair choice to compare with.
    params : mapping, optional
        Parameters of the strategy.
    model : object, optional
        A scikit-learn classifier on the embeddings; default: standardised logistic regression.
    model_name : str
    embedder : str
    cost : str
        Column with what each label costs, for ``cost_sensitive``; it is no input.
    overrides, workspace, name, encoding, options
        As for `ingest`.
    stop : StopOptions, optional
        How the stopping rules are asked.

    Returns
    -------
    Selection

    Raises
    ------
    ParameterError
        A budget below 1 or above the pool; a model without probabilities for a strategy that needs them.
    NotApplicable
        Every row outside the test part has a label.
    SchemaError
        There is no class label column to write labels to.
    """
    del model_name
    options = options or RunOptions()
    if not isinstance(strategy, str):
        raise ParameterError("a strategy is named by a text", where="strategy", found=repr(strategy))
    if not isinstance(params or {}, Mapping):
        raise ParameterError("parameters are a mapping of names to values", where="params", found=repr(params))
    part = Shelf("strategies").make(strategy, **(params or {}))
    dataset, notes = dataset_of(
        target, overrides=overrides, workspace=workspace, name=name, encoding=encoding, options=options
    )
    notes = brief_notes(notes, cost)
    with opened(dataset) as store:
        snapshot = head_snapshot(store, dataset)
        _check_label(snapshot)
        run = options.run("select", store)
        embeddings = Resolver(without_cost(snapshot, cost), run, ResolverOptions(embedder=embedder)).get("embeddings")
        rows = snapshot.positions(list(embeddings.row_ids))
        split = canonical_split(snapshot)[rows]
        keep = np.flatnonzero((split != "test") & (split != "val"))
        left_out = len(snapshot) - len(rows)
        keep, doubts = _without_doubts(store, dataset, snapshot, rows, keep, budget)
        if len(keep) < 2:
            raise NotApplicable("a pool needs at least two rows outside the test part", found=f"{len(keep)}")
        X = embeddings.values if len(keep) == len(rows) else embeddings.values[keep]
        pool = Pool(
            X,
            snapshot.labels[rows[keep]],
            snapshot.classes,
            snapshot.row_ids[rows[keep]],
            model() if isinstance(model, type) else model,
            options.seed,
            costs=cost_column(snapshot, cost, rows[keep]),
            times_asked=_times_asked(store, dataset, snapshot)[rows[keep]],
        )
        found = pick_rows(pool, part, budget, run.child(strategy))
        stopping = stopping_of(
            store, dataset, snapshot, run, stop or StopOptions(), embeddings=embeddings, model=pool.model
        )
    if left_out:
        notes = (*notes, f"{left_out} rows that cannot be read are not in the pool")
    apart = int(((split == "test") | (split == "val")).sum())
    if apart:
        notes = (*notes, f"{apart} rows of the test and validation part are never in the pool")
    notes = (*notes, *doubts)
    labelled = int((pool.labels >= 0).sum())
    found = replace(found, snapshot_id=snapshot.id)
    return Selection(
        dataset, snapshot, strategy, found, labelled, len(pool.free), notes, stopping, weights=_weights(part)
    )


def _without_doubts(
    store: Workspace,
    dataset: Dataset,
    snapshot: Snapshot,
    rows: npt.NDArray[np.int64],
    keep: npt.NDArray[np.int64],
    budget: int,
) -> tuple[npt.NDArray[np.int64], tuple[str, ...]]:
    """The pool without the rows that a person was unsure of, as long as the others fill the budget."""
    said = {row for d in effective(store.decisions(dataset.name)) if d.action == "unsure" for row in d.rows}
    free = snapshot.labels[rows[keep]] < 0
    doubted = np.array([row in said for row in snapshot.row_ids[rows[keep]].tolist()], dtype=bool) & free
    if not doubted.any():
        return keep, ()
    if isinstance(budget, (int, np.integer)) and budget <= int((free & ~doubted).sum()):
        return keep[~doubted], (f"{int(doubted.sum())} rows that somebody was unsure of are not asked again yet",)
    return keep, (f"{int(doubted.sum())} rows that somebody was unsure of may be asked again: too few others are left",)


def _times_asked(store: Workspace, dataset: Dataset, snapshot: Snapshot) -> npt.NDArray[np.int64]:
    """How many labels each row was given: the one that it came with, and those of people since."""
    times = dict.fromkeys(snapshot.row_ids.tolist(), 0)
    base_id = store.base(dataset.name)
    base = snapshot if base_id is None else store.load_snapshot(base_id)
    if base.schema.label:
        times |= {row: 1 for row, code in zip(base.row_ids.tolist(), base.labels.tolist(), strict=True) if code >= 0}
    for decision in effective(store.decisions(dataset.name)):
        if decision.action in ("relabel", "keep") and not is_policy(decision.who):
            for row in decision.rows:
                times[row] = times.get(row, 0) + 1
    return np.array([times[row] for row in snapshot.row_ids.tolist()], dtype=np.int64)


def _check_label(snapshot: Snapshot) -> None:
    name = snapshot.schema.label
    if not name or snapshot.schema.column(name).media != "category":
        raise SchemaError(
            "there is no class label column to write labels to",
            found=f"columns {', '.join(c.name for c in snapshot.schema.columns)}",
            fix="add an empty column to the data and name it with --label",
        )
