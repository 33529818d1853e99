"""Where a dataset's workspace is, and what stands in it: shared by all verbs."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from tilth.engine import EngineRun, Listener, silent
from tilth.errors import ParameterError, SourceError, StoreError
from tilth.records import Decision, Snapshot, apply
from tilth.store import Workspace

__all__ = ["Dataset", "RunOptions", "head_snapshot", "locate", "opened"]

FOLDER = ".tilth"
#: Highest seed: what every library that draws numbers takes, with room for the seeds that are counted up from it.
MOST_SEED = 2**31 - 1


@dataclass(frozen=True)
class Dataset:
    """A named dataset in a workspace: what verbs hand to each other.

    Parameters
    ----------
    workspace : pathlib.Path
        The ``.tilth`` folder.
    name : str
    """

    workspace: Path
    name: str


@dataclass(frozen=True)
class RunOptions:
    """How a verb runs, whatever it does.

    Parameters
    ----------
    seed : int
        A whole number from 0 to 2147483647.
    jobs : int
        Worker processes for media; 1 stays in this process, 0 takes one a core. A script that asks for
        more than 1 needs Python's usual guard, ``if __name__ == "__main__":``.
    memory_budget : int
        Bytes to plan for beside the data: the blocks of a neighbour search, the batches of a transformer
        embedder and the number of worker processes follow it.
    listener : callable
        Gets progress events.
    """

    seed: int = 0
    jobs: int = 1
    memory_budget: int = 2 * 2**30
    listener: Listener = silent

    def __post_init__(self) -> None:
        whole = isinstance(self.seed, (int, np.integer)) and not isinstance(self.seed, bool)
        if not whole or not 0 <= self.seed <= MOST_SEED:
            raise ParameterError(f"a seed is a whole number from 0 to {MOST_SEED}", found=repr(self.seed))

    def run(self, path: str, store: Workspace | None) -> EngineRun:
        """A run for a verb, on a store."""
        return EngineRun(
            self.seed,
            path,
            store=store,
            listener=self.listener,
            jobs=self.jobs,
            memory_budget=self.memory_budget,
        )


def _writable(folder: Path) -> bool:
    return os.access(folder, os.W_OK)


def locate(target: Any, *, workspace: str | Path | None = None, name: str = "") -> Dataset:
    """The dataset that a target names.

    Parameters
    ----------
    target : str, Path, Dataset or object
        A file or folder; a `Dataset`; or an in-memory table or array pair, which needs `name`.
    workspace : str or Path, optional
        Where the workspace is. Default: the folder ``.tilth`` beside the data, or in the current
        folder where the data's folder cannot be written or the data live in memory.
    name : str, optional
        Name of the dataset; default: the file or folder's own name.

    Returns
    -------
    Dataset
    """
    if isinstance(target, Dataset):
        return target
    if isinstance(target, (str, Path)):
        path = Path(os.path.abspath(target))  # noqa: PTH100 - a link keeps its own name
        beside = path.parent
        name = name or path.name
        if not name:
            raise SourceError("the root folder is no dataset", where=str(target), fix="name a file or folder below it")
    else:
        beside = Path.cwd()
        name = name or "data"
    if workspace is None:
        existing = beside / FOLDER
        usable = _writable(existing) if existing.exists() else beside.exists() and _writable(beside)
        workspace = existing if usable else Path.cwd() / FOLDER
    return Dataset(Path(workspace), re.sub(r"[^\w.\- ]", "_", name))


@contextmanager
def opened(dataset: Dataset, *, create: bool = False) -> Iterator[Workspace]:
    """The workspace of a dataset, closed afterwards."""
    if not create and not dataset.workspace.exists():
        raise StoreError(
            "nothing has been ingested here yet",
            where=str(dataset.workspace),
            fix=f"run: tilth audit {dataset.name}",
        )
    workspace = Workspace.open(dataset.workspace, create=create)
    try:
        yield workspace
    finally:
        workspace.close()


def require_head(workspace: Workspace, dataset: Dataset) -> str:
    """Id of the dataset's current snapshot; `StoreError` where it was never ingested."""
    head = workspace.head(dataset.name)
    if head is None:
        known = ", ".join(workspace.datasets()) or "none"
        raise StoreError(
            f"no dataset called {dataset.name!r} in this workspace",
            where=str(dataset.workspace),
            found=f"datasets: {known}",
            fix=f"run: tilth ingest {dataset.name}",
        )
    return str(head)


def head_snapshot(workspace: Workspace, dataset: Dataset) -> Snapshot:
    """The dataset's current snapshot."""
    return workspace.load_snapshot(require_head(workspace, dataset))


def record_decisions(workspace: Workspace, dataset: Dataset, decisions: Sequence[Decision]) -> tuple[int, Snapshot]:
    """Write decisions to the ledger and make what stands the head; how many were new, and the head.

    They are applied on trial first: where they contradict others or name a class that is not there, an error
    is raised and nothing is written. An entry that cannot be applied would stop every later verb. The caller
    holds the write lock.
    """
    base = workspace.base(dataset.name)
    if base is not None:
        known = workspace.decisions(dataset.name)
        ids = {decision.id for decision in known}
        apply(workspace.load_snapshot(base), [*known, *(d for d in decisions if d.id not in ids)])
    return workspace.append(decisions), advance_head(workspace, dataset)


def append_decisions(workspace: Workspace, dataset: Dataset, decisions: Sequence[Decision], base: Snapshot) -> int:
    """Write decisions to the ledger and leave the head for `advance_head`; how many were new.

    For decisions that come one by one: they are applied on trial to the rows of the base that they name, and
    with the same errors as `record_decisions` nothing is written. The caller holds the write lock.
    """
    named = {row for decision in decisions for row in decision.rows}
    here = np.flatnonzero([row in named for row in base.row_ids.tolist()])
    known = workspace.decisions(dataset.name)
    ids = {decision.id for decision in known}
    apply(replace(base, table=base.table.take(here)), [*known, *(d for d in decisions if d.id not in ids)])
    return workspace.append(decisions)


def advance_head(workspace: Workspace, dataset: Dataset) -> Snapshot:
    """Apply every standing decision to the base, save the result and make it the head.

    The caller holds the write lock. Data are written before the record that names them, so that a
    crash at any moment leaves the former head.
    """
    base_id = workspace.base(dataset.name)
    if base_id is None:
        raise StoreError(f"no dataset called {dataset.name!r} in this workspace", where=str(dataset.workspace))
    base = workspace.load_snapshot(base_id)
    made = apply(base, workspace.decisions(dataset.name))
    old = workspace.head(dataset.name)
    if made.id != base.id:
        workspace.save_snapshot(dataset.name, made)
    if old != made.id:
        workspace.set_head(dataset.name, made.id, expected=old)
    return made
