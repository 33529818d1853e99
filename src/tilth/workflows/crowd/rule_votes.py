"""Votes that rules cast on a dataset: read from its ledger where the file itself holds no votes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tilth.errors import LabelError, SchemaError
from tilth.records import effective
from tilth.workflows.crowd.votes import VoteOptions, VoteTable, read_votes
from tilth.workflows.project import Dataset, locate, opened
from tilth.workflows.weak.ledger import AUTHOR

__all__ = ["read_any_votes", "votes_of_rules"]

_NAMES = ("item", "rater", "label")


def votes_of_rules(target: Any, workspace: str | Path | None = None) -> tuple[pa.Table, Dataset] | None:
    """What ``weak label`` recorded for a dataset: one vote a row (item, rater, label), and the dataset.

    Parameters
    ----------
    target : str or Path
        The data that the rules voted on; anything else has no ledger.
    workspace : path, optional
        Default: the one beside the data.

    Returns
    -------
    (pyarrow.Table, Dataset) or None
        None where the ledger holds no votes of rules.
    """
    if not isinstance(target, (str, Path)):
        return None
    dataset = locate(target, workspace=workspace)
    if not dataset.workspace.is_dir():
        return None
    with opened(dataset) as store:
        head = store.head(dataset.name)
        if head is None:
            return None
        votes = [d for d in effective(store.decisions(dataset.name)) if d.action == "vote" and d.who.startswith(AUTHOR)]
        if not votes:
            return None
        known = set(store.load_snapshot(head).row_ids.tolist())
    cells = [(row, d.who.removeprefix(AUTHOR), d.value) for d in votes for row in d.rows if row in known]
    columns = zip(*cells, strict=True) if cells else ((), (), ())
    return pa.table({name: pa.array(part, pa.string()) for name, part in zip(_NAMES, columns, strict=True)}), dataset


def read_any_votes(
    target: Any, options: VoteOptions | None = None, workspace: str | Path | None = None
) -> tuple[VoteTable, Dataset | None]:
    """Votes of a file; or, where it has no voters of its own, the votes of rules in its ledger.

    Parameters
    ----------
    target : str, Path, or table
    options : VoteOptions, optional
        Columns that are named here are read from the file, whatever the ledger holds.
    workspace : path, optional

    Returns
    -------
    table : VoteTable
    dataset : Dataset or None
        Whose rows the items are, where the votes are those of rules in the ledger.

    Raises
    ------
    LabelError, SchemaError
        As `read_votes`.
    """
    options = options or VoteOptions()
    if options.raters or options.item or options.label:
        return read_votes(target, options), None
    try:
        table = read_votes(target, options)
    except (LabelError, SchemaError):
        held = votes_of_rules(target, workspace)
        if held is None:
            raise
        return _recalled(held, options)
    if table.columns.form == "long":
        return table, None
    held = votes_of_rules(target, workspace)
    if held is None or _has_voters(table, held[0]):
        return table, None
    return _recalled(held, options)


def _has_voters(table: VoteTable, rules: pa.Table) -> bool:
    """Whether two columns of the file or more hold votes for the classes that rules vote for."""
    ours = set(rules.column("label").unique().to_pylist())
    votes = table.votes
    if votes.numeric or np.count_nonzero(votes.votes_per_rater) < 2:
        return False
    return bool(ours & {str(c) for c in votes.classes})


def _recalled(held: tuple[pa.Table, Dataset], options: VoteOptions) -> tuple[VoteTable, Dataset]:
    rows, dataset = held
    made = read_votes(rows, replace(options, item="item", raters=("rater",), label="label", time="none"))
    said = (
        f"the votes are those of {made.votes.n_raters} rules that tilth weak label recorded for {dataset.name}; to "
        "read the file's own columns as raters, name them with --rater"
    )
    return replace(made, notes=(said, *made.notes[1:])), dataset
