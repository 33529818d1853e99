"""``select``: which rows should be labelled next, with a reason each, as a queue for people and tools.

The rows without a label are the pool; rows of the test and validation part never are. A strategy picks from the
embeddings and from a model that is trained on the labels so far. Nothing is changed: `label` and `teach` turn
answers into decisions.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine import Resolver, ResolverOptions
from tilth.engine.inputs import canonical_split
from tilth.engine.label_pool import Pool, pick_rows
from tilth.errors import DataError, NotApplicable, SchemaError
from tilth.plugin import Shelf
from tilth.records import Findings, RoleOverrides, Snapshot
from tilth.workflows.active.queue import QueueRow, write_queue
from tilth.workflows.active.stopping import StopOptions, Stopping, stopping_of
from tilth.workflows.ingest import ingest
from tilth.workflows.project import Dataset, RunOptions, head_snapshot, opened

__all__ = ["DEFAULT_STRATEGY", "Selection", "cost_column", "select"]

DEFAULT_STRATEGY = "priority"


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
    """

    dataset: Dataset
    snapshot: Snapshot
    strategy: str
    findings: Findings
    labelled: int
    pool: int
    notes: tuple[str, ...] = ()
    stopping: Stopping | None = None

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
        if not costs[place] > 0:
            raise DataError(
                "the cost of a label must be a number above 0",
                where=f"row {snapshot.row_ids[row]!r}, column {name!r}",
                found=repr(values[row]),
            )
    return costs


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
    encoding: str = "utf-8",
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
        Column with what each label costs, for ``cost_sensitive``.
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
    notes: tuple[str, ...] = ()
    part = Shelf("strategies").make(strategy, **(params or {}))
    if isinstance(target, Dataset):
        dataset = target
    else:
        made = ingest(target, overrides=overrides, workspace=workspace, name=name, encoding=encoding, options=options)
        dataset, notes = made.dataset, made.notes
    with opened(dataset) as store:
        snapshot = head_snapshot(store, dataset)
        _check_label(snapshot)
        run = options.run("select", store)
        embeddings = Resolver(snapshot, run, ResolverOptions(embedder=embedder)).get("embeddings")
        rows = snapshot.positions(list(embeddings.row_ids))
        split = canonical_split(snapshot)[rows]
        keep = np.flatnonzero((split != "test") & (split != "val"))
        left_out = len(snapshot) - len(rows)
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
        )
        found = pick_rows(pool, part, budget, run.child(strategy))
        stopping = stopping_of(
            store, dataset, snapshot, run, stop or StopOptions(), embeddings=embeddings, model=pool.model
        )
    if left_out:
        notes = (*notes, f"{left_out} rows that cannot be read are not in the pool")
    if len(keep) < len(rows):
        notes = (*notes, f"{len(rows) - len(keep)} rows of the test and validation part are never in the pool")
    labelled = int((pool.labels >= 0).sum())
    found = replace(found, snapshot_id=snapshot.id)
    return Selection(dataset, snapshot, strategy, found, labelled, len(pool.free), notes, stopping)


def _check_label(snapshot: Snapshot) -> None:
    name = snapshot.schema.label
    if not name or snapshot.schema.column(name).media != "category":
        raise SchemaError(
            "there is no class label column to write labels to",
            found=f"columns {', '.join(c.name for c in snapshot.schema.columns)}",
            fix="add an empty column to the data and name it with --label",
        )
