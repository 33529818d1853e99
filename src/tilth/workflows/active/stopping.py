"""What the stopping rules say of a dataset; the rounds of labels are read from the ledger."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine import EngineRun, Resolver, ResolverOptions
from tilth.engine.inputs import canonical_split, group_ids
from tilth.engine.label_pool import Pool
from tilth.engine.stop_rules import FEWEST_JUDGES, History, Judges, stop_checks
from tilth.errors import ParameterError, TilthError
from tilth.numerics.cross_fitting.folds import assign_folds, merge_groups
from tilth.numerics.querying.stopping import StopCheck
from tilth.numerics.similarity.duplicates import find_near_duplicates
from tilth.records import Decision, Evidence, Snapshot, effective, finding_id
from tilth.store import Workspace
from tilth.workflows.project import Dataset

__all__ = ["StopOptions", "Stopping", "stopping_of"]

Ints = npt.NDArray[np.int64]
#: Near-copies are looked for among the labelled rows up to this many.
MOST_COMPARED = 20_000


@dataclass(frozen=True)
class StopOptions:
    """How the stopping rules are asked.

    Parameters
    ----------
    ask : bool
        Whether they are asked at all: they train about a dozen models on the labels so far.
    more : int
        Further labels that the expected gain speaks of.
    goal : float, optional
        Accuracy that is good enough.
    """

    ask: bool = True
    more: int = 200
    goal: float | None = None

    def __post_init__(self) -> None:
        if self.more < 1 or not (self.goal is None or 0 < self.goal <= 1):
            raise ParameterError(
                "more labels means at least one, and a goal is an accuracy in (0, 1]",
                found=f"more {self.more}, goal {self.goal}",
            )


@dataclass(frozen=True)
class Stopping:
    """What the stopping rules say.

    Parameters
    ----------
    checks : tuple of StopCheck
    silent : dict of rule to reason
        Rules that have nothing to go on.
    judged_on : str
        Rows that the accuracy was measured on, in words; empty where there are none.
    more : int
    """

    checks: tuple[StopCheck, ...]
    silent: dict[str, str] = field(default_factory=dict)
    judged_on: str = ""
    more: int = 200

    @property
    def say_stop(self) -> tuple[str, ...]:
        """Rules that say stop."""
        return tuple(check.rule for check in self.checks if check.stop)

    @property
    def verdict(self) -> str:
        """One line."""
        if not self.checks:
            reasons = "; ".join(dict.fromkeys(self.silent.values()))
            return f"no stopping rule has anything to go on: {reasons}"
        said = f"{len(self.say_stop)} of {len(self.checks)} rules say stop"
        return f"{said}: {', '.join(self.say_stop)}" if self.say_stop else said

    def to_dict(self) -> dict[str, Any]:
        """For ``--json``."""

        def finite(value: float) -> float | None:
            return value if math.isfinite(value) else None

        rules = [
            {
                "rule": c.rule,
                "stop": c.stop,
                "value": finite(c.value),
                "limit": finite(c.limit),
                "interval": None if c.interval is None else [c.interval.low, c.interval.high],
                "why": c.why,
            }
            for c in self.checks
        ]
        return {
            "verdict": self.verdict,
            "say_stop": list(self.say_stop),
            "rules": rules,
            "silent": dict(self.silent),
            "judged_on": self.judged_on,
            "more": self.more,
        }


def stopping_of(
    store: Workspace,
    dataset: Dataset,
    snapshot: Snapshot,
    run: EngineRun,
    options: StopOptions,
    *,
    embeddings: Evidence | None = None,
    embedder: str = "",
    model: Any = None,
) -> Stopping | None:
    """What the rules say of the labels so far; None where they are not asked.

    The labels are kept whatever happens here: an error becomes the reason why every rule is silent.
    """
    if not options.ask:
        return None
    try:
        made = embeddings or Resolver(snapshot, run, ResolverOptions(embedder=embedder)).get("embeddings")
        return _stopping(store, dataset, snapshot, made, options, model() if isinstance(model, type) else model, run)
    except TilthError as error:
        return Stopping((), {"all": str(error)}, "", options.more)


def _stopping(
    store: Workspace,
    dataset: Dataset,
    snapshot: Snapshot,
    embeddings: Evidence,
    options: StopOptions,
    model: Any,
    run: EngineRun,
) -> Stopping:
    rows = snapshot.positions(list(embeddings.row_ids))
    split = canonical_split(snapshot)[rows]
    apart = (split == "test") | (split == "val")
    truth = snapshot.labels[rows]
    pool = Pool(
        embeddings.values,
        np.where(apart, -1, truth),
        snapshot.classes,
        snapshot.row_ids[rows],
        model,
        run.seed,
    )
    decisions = [d for d in effective(store.decisions(dataset.name)) if d.action == "relabel"]
    base = snapshot
    if decisions and (base_id := store.base(dataset.name)) is not None:
        base = store.load_snapshot(base_id)
    history = _history(pool, decisions, base)
    judges = _judges(pool, decisions, truth, split, group_ids(snapshot)[rows], snapshot.items[rows])
    checks, silent = stop_checks(pool, history, judges, more=options.more, goal=options.goal, apart=apart)
    return Stopping(checks, silent, "" if judges is None else judges.what, options.more)


def _history(pool: Pool, decisions: Sequence[Decision], base: Snapshot) -> History:
    """Rounds of labels: decisions one after another that were made on the same snapshot are one round."""
    place = {row_id: row for row, row_id in enumerate(pool.row_ids.tolist())}
    n = len(pool.labels)
    before = np.full(n, -1, dtype=np.int64)
    code = {name: i for i, name in enumerate(pool.classes)}
    if base.schema.label:
        for row_id, label in zip(base.row_ids.tolist(), base.labels.tolist(), strict=True):
            if label >= 0 and row_id in place:
                before[place[row_id]] = code.get(base.classes[label], -1)
    turn = np.zeros(n, dtype=np.int64)
    rank = np.random.default_rng(pool.seed).permutation(n) - n  # what was there from the start came in no order
    at, last = 0, None
    for number, decision in enumerate(decisions):
        at += decision.snapshot_id != last
        last = decision.snapshot_id
        for row_id in decision.rows:
            if row_id in place:
                turn[place[row_id]], rank[place[row_id]] = at, number
    return History(np.where(pool.labels >= 0, before, -1), turn, rank)


def _judges(
    pool: Pool,
    decisions: Sequence[Decision],
    truth: Ints,
    split: npt.NDArray[np.object_],
    groups: Ints,
    items: npt.NDArray[np.object_],
) -> Judges | None:
    """A labelled test part, else a validation part, else rows that were drawn at random; None of fewer than 20."""
    for part, what in (("test", "the test part"), ("val", "the validation part")):
        rows = np.flatnonzero((split == part) & (truth >= 0))
        if len(rows) >= FEWEST_JUDGES:
            group = _groups(pool, np.union1d(rows, np.flatnonzero(pool.labels >= 0)), groups, items)
            return Judges(
                rows, truth[rows], np.zeros(len(rows), dtype=np.int64), group, f"{len(rows):,} rows of {what}"
            )
    place = {row_id: row for row, row_id in enumerate(pool.row_ids.tolist())}
    drawn = {
        place[row_id]
        for d in decisions
        for row_id in d.rows
        if row_id in place and d.because == finding_id(d.snapshot_id, "random", row_id)
    }
    rows = np.asarray(sorted(row for row in drawn if pool.labels[row] >= 0), dtype=np.int64)
    if len(rows) < FEWEST_JUDGES:
        return None
    group = _groups(pool, np.flatnonzero(pool.labels >= 0), groups, items)
    folds = assign_folds(truth[rows], n_folds=5, groups=group[rows], random_state=pool.seed)
    return Judges(rows, truth[rows], np.asarray(folds), group, f"{len(rows):,} rows drawn at random, cross-fitted")


def _groups(pool: Pool, rows: Ints, groups: Ints, items: npt.NDArray[np.object_]) -> Ints:
    """Groups of the data, united with near-copies among some rows: they are never judged by their like."""
    copies = np.full(len(groups), -1, dtype=np.int64)
    X = pool.X[rows] if 30 <= len(rows) <= MOST_COMPARED else None
    copies[rows] = find_near_duplicates(X, hashes=items[rows], random_state=pool.seed).group_id
    return merge_groups(groups, copies)
