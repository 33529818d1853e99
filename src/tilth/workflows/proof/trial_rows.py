"""Which rows a proof trains on and scores, and by which labels: the part that keeps it honest."""

from __future__ import annotations

from collections.abc import Container, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.engine import EngineRun, Resolver, ResolverOptions, run_detectors
from tilth.engine.inputs import canonical_split
from tilth.errors import LeakError, NotApplicable, PartError, SchemaError
from tilth.numerics.statistics.trials import Trial
from tilth.plugin import Run, Shelf
from tilth.records import Decision, Evidence, Snapshot, is_policy
from tilth.records.snapshot import ROOTS
from tilth.workflows.policies import Policy, looks_at_labels, make_plan, policy_of
from tilth.workflows.project import Dataset

__all__ = ["Aligned", "Rules", "Split", "align", "join", "rules_of", "split_rows", "verified_rows"]


@dataclass(frozen=True)
class Aligned:
    """Rows of both snapshots on one axis: all rows of `before`, then the rows that only `after` has."""

    before: npt.NDArray[np.int64]
    after: npt.NDArray[np.int64]
    in_before: npt.NDArray[np.bool_]
    in_after: npt.NDArray[np.bool_]

    @property
    def changed(self) -> npt.NDArray[np.bool_]:
        """Rows that were relabelled, dropped or added."""
        return np.asarray((self.before != self.after) | (self.in_before != self.in_after))


def align(union: Snapshot, before: Snapshot, after: Snapshot) -> Aligned:
    labels = {s.id: dict(zip(s.row_ids, s.labels, strict=True)) for s in (before, after)}

    def column(snapshot: Snapshot) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        known = labels[snapshot.id]
        return (
            np.asarray([known.get(row, -1) for row in union.row_ids], dtype=np.int64),
            np.asarray([row in known for row in union.row_ids], dtype=bool),
        )

    (old, in_old), (new, in_new) = column(before), column(after)
    return Aligned(old, new, in_old, in_new)


def join(before: Snapshot, after: Snapshot) -> Snapshot:
    """All rows of `before`, then those that only `after` has, in the schema of `before`."""
    if before.classes != after.classes:
        raise SchemaError(
            "the two snapshots declare other classes",
            found=f"{len(before.classes)} and {len(after.classes)}",
            fix="prove compares versions of one dataset with one set of classes",
        )
    known = set(before.row_ids)
    new = np.asarray([i for i, row in enumerate(after.row_ids) if row not in known], dtype=np.int64)
    if not len(new):
        return before
    table = pa.concat_tables([before.table, after.table.take(pa.array(new)).select(before.table.column_names)])
    table = table.set_column(2, "position", pa.array(range(table.num_rows), pa.int64()))
    roots = dict.fromkeys([*before.root.split(ROOTS), *after.root.split(ROOTS)])
    return Snapshot(table, before.schema, root=ROOTS.join(roots))


@dataclass(frozen=True)
class Rules:
    """Policies whose detectors see labels, and what they changed.

    Parameters
    ----------
    batches : tuple of tuples of Policy
        One for each time that policies were run, in order.
    rows : frozenset of str
        Ids of the rows that they changed.
    params : mapping of detector name to its parameters
    options : ResolverOptions
        With what the audit behind them was made.
    probs : Evidence or None
        Probabilities that the audit was given.
    """

    batches: tuple[tuple[Policy, ...], ...] = ()
    rows: frozenset[str] = frozenset()
    params: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    options: ResolverOptions = field(default_factory=ResolverOptions)
    probs: Evidence | None = None


def rules_of(decisions: Sequence[Decision]) -> Rules:
    """The label-seeing policies among standing decisions."""
    batches: dict[str, list[Policy]] = {}
    rows: set[str] = set()
    for decision in decisions:
        policy = policy_of(decision.who)
        if policy is None or policy.action == "keep" or not looks_at_labels(policy):
            continue
        rows.update(decision.rows)
        if policy not in batches.setdefault(decision.when, []):
            batches[decision.when].append(policy)
    return Rules(tuple(tuple(batch) for batch in batches.values()), frozenset(rows))


def verified_rows(decisions: Sequence[Decision]) -> frozenset[str]:
    """Ids of the rows that a person decided on."""
    return frozenset(
        row
        for decision in decisions
        if decision.action in ("relabel", "drop", "keep", "merge") and not is_policy(decision.who)
        for row in decision.rows
    )


@dataclass(frozen=True)
class Split:
    """The rows of every repeat.

    Parameters
    ----------
    trials : tuple of Trial
    truth : (n,) int64
        The label that each row is scored by; -1 where it is not scored.
    fixed : bool
        Whether all repeats share one test part.
    notes : tuple of str
    """

    trials: tuple[Trial, ...]
    truth: npt.NDArray[np.int64]
    fixed: bool
    notes: tuple[str, ...]


def _truth(rows: Snapshot, aligned: Aligned, verified: Container[str]) -> tuple[npt.NDArray[np.int64], list[str]]:
    """The labels as they were before the change, except where a person decided: there, what the person said."""
    by_person = np.asarray([row in verified for row in rows.row_ids], dtype=bool)
    said = np.where(aligned.in_after, aligned.after, -1)
    truth = np.where(by_person, said, aligned.before)
    changed = aligned.changed & aligned.in_before
    notes = []
    if n := int((changed & ~by_person).sum()):
        notes.append(f"{n} rows that rules changed are scored by their old labels, so that no rule grades itself")
    if n := int((changed & by_person).sum()):
        notes.append(f"{n} rows that people decided on are scored by what they said")
    return truth.astype(np.int64), notes


def _refuse_leaks(rows: Snapshot, train: npt.NDArray[np.bool_], test: npt.NDArray[np.bool_]) -> None:
    """Raise `LeakError` where a test row's content also stands in the training part."""
    training = {item: i for i, item in enumerate(rows.items) if train[i]}
    leaks = [(i, training[item]) for i, item in enumerate(rows.items) if test[i] and item in training]
    if leaks:
        i, j = leaks[0]
        raise LeakError(
            f"{len(leaks)} test row(s) also stand in the training part, so no score on them means anything",
            where=f"test row {rows.row_ids[i]!r} = training row {rows.row_ids[j]!r}",
            fix="run: tilth fix --policy near_duplicate=drop --yes (it drops the training copies), then prove again",
        )


def split_rows(
    rows: Snapshot,
    aligned: Aligned,
    groups: npt.NDArray[np.int64],
    embeddings: Evidence,
    resolver: Resolver,
    run: Run,
    *,
    repeats: int,
    rules: Rules,
    verified: Container[str],
    aside: npt.NDArray[np.bool_] | None = None,
    share: float = 0.9,
) -> Split:
    """Draw the train and test rows of every repeat.

    With a test part, each repeat trains on another `share` of the training part. Without, each repeat holds out
    another quarter of the rows, whole groups at a time; rules that see labels are then run afresh inside each
    training part, since their changes were made with the held-out labels in view. Rows set `aside`, (n,) bool, are in
    neither.

    Raises
    ------
    LeakError
        After the change, a test row's content also stands in the training part.
    NotApplicable
        Nothing to train on or to hold out.
    """
    split = canonical_split(rows)
    truth, notes = _truth(rows, aligned, verified)
    usable = (aligned.before >= 0) | (aligned.after >= 0)
    if aside is not None:
        usable &= ~aside
    rng = run.rng
    fixed = bool((split == "test").any())
    if fixed:
        test, train = (split == "test"), (split != "test") & (split != "val")
        _refuse_leaks(rows, train & aligned.in_after, test & aligned.in_after)
        near = np.isin(groups, groups[test & (groups >= 0)]) & train
        if near.any():
            notes.append(f"{int(near.sum())} training rows that repeat or nearly repeat a test row are in no arm")
        pool, held = np.flatnonzero(train & usable & ~near), np.flatnonzero(test & (truth >= 0))
        size = round(share * len(pool))
        drawn = [(np.sort(rng.choice(pool, size, replace=False)), held) for _ in range(repeats)]
    else:
        unit = np.where(groups >= 0, groups, groups.max(initial=-1) + 1 + np.arange(len(groups)))
        names = np.unique(unit[usable])
        drawn = []
        for _ in range(repeats):
            out = np.isin(unit, rng.choice(names, max(1, round(0.25 * len(names))), replace=False)) & usable
            drawn.append((np.flatnonzero(usable & ~out), np.flatnonzero(out & (truth >= 0))))
    if not len(drawn[0][0]) or not len(drawn[0][1]):
        raise NotApplicable(
            "there are no labelled rows to train on or to hold out",
            fix="add labelled rows, or labelled rows with split 'test'",
        )
    if fixed or not rules.batches:
        trials = [Trial(train_rows, held) for train_rows, held in drawn]
    else:
        notes.append("rules that look at labels were run afresh inside each training part, without the held-out labels")
        by_rule = np.asarray([row in rules.rows and row not in verified for row in rows.row_ids], dtype=bool)
        kept = np.where(by_rule, aligned.before, aligned.after)
        trials = []
        for train_rows, held in drawn:
            run.check()
            trials.append(Trial(train_rows, held, _afresh(rows, kept, rules, train_rows, embeddings, resolver)))
        changed = [int((t.after[t.train] != kept[t.train]).sum()) for t in trials if t.after is not None]
        if not any(changed):
            notes.append("run afresh, the rules changed no row of any training part: before and after are the same")
    return Split(tuple(trials), truth, fixed, tuple(notes))


def _afresh(
    rows: Snapshot,
    kept: npt.NDArray[np.int64],
    rules: Rules,
    train: npt.NDArray[np.int64],
    embeddings: Evidence,
    resolver: Resolver,
) -> npt.NDArray[np.int64]:
    """Labels of all rows where the rules look at the training part alone; -1 where they drop a row."""
    labels = kept.copy()
    names = np.asarray(rows.classes, dtype=object)
    where = {row: i for i, row in enumerate(rows.row_ids)}
    for batch in rules.batches:
        chosen = train[labels[train] >= 0]
        table = rows.table.take(pa.array(chosen))
        place = table.column_names.index(rows.schema.label)
        table = table.set_column(
            place, table.schema.field(place), pa.array(names[labels[chosen]].tolist(), pa.string())
        )
        part = Snapshot(table, rows.schema, root=rows.root)
        values = replace(
            embeddings,
            snapshot_id=part.id,
            row_ids=part.row_ids,
            values=embeddings.values[chosen],
            extra={},
        )
        given = {"embeddings": values}
        if rules.probs is not None:
            here = np.isin(rules.probs.row_ids.astype(str), part.row_ids.astype(str))
            given["probs"] = replace(rules.probs.take(np.flatnonzero(here)), snapshot_id=part.id)
        inner = Resolver(part, EngineRun(resolver.run.seed), rules.options, given)
        shelf = Shelf("detectors")
        names_of_checks = dict.fromkeys(policy.issue for policy in batch)
        done = run_detectors(inner, [shelf.make(issue, **rules.params.get(issue, {})) for issue in names_of_checks])
        for outcome in done.outcomes:
            if outcome.outcome != "ran":
                raise PartError(
                    f"{outcome.part} cannot be run afresh inside a training part, so its changes cannot be judged",
                    found=outcome.reason.strip().splitlines()[-1],
                    fix="prove against a test part (--split), or fix fewer issues at a time",
                )
        plan = make_plan(Dataset(Path(), ""), part, done.findings, batch, when="", include_test=True, resolver=inner)
        for decision in plan.decisions:
            for row in decision.rows:
                labels[where[row]] = -1 if decision.action == "drop" else rows.classes.index(decision.value)
    return labels
