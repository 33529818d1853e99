"""Rows that were made from other rows: they train only where all their parents train, and are never scored."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tilth.engine import Resolver
from tilth.engine.inputs import canonical_split, group_ids
from tilth.errors import LeakError, NotApplicable
from tilth.numerics.cross_fitting.folds import merge_groups
from tilth.numerics.statistics.trials import Trial
from tilth.records import Decision, Snapshot, added_rows, apply, effective
from tilth.store import Workspace
from tilth.workflows.project import Dataset

__all__ = ["AUGMENTER", "Family", "family_of", "parents_of", "without_augmentation"]

#: Author of augmented rows.
AUGMENTER = "policy:augment"
#: A row of more parents than this was made from a distribution rather than from rows.
CROWD = 8
Groups = npt.NDArray[np.int64]


def parents_of(decisions: Iterable[Decision]) -> dict[str, tuple[str, ...]]:
    """The rows as first read that each generated row goes back to, by its row id; also of rows that no longer stand."""
    direct = {row_id: tuple(row["parents"]) for row_id, row in added_rows(decisions, accepted=False).items()
              if row.get("parents")}  # fmt: skip
    found: dict[str, tuple[str, ...]] = {}
    for row_id in direct:
        waiting, seen, roots = list(direct[row_id]), {row_id}, dict[str, None]()
        while waiting:
            parent = waiting.pop()
            if parent in seen:
                continue
            seen.add(parent)
            if parent in direct:
                waiting.extend(direct[parent])
            else:
                roots[parent] = None
        found[row_id] = tuple(sorted(roots))
    return found


@dataclass(frozen=True, eq=False)
class Family:
    """Which of n rows were made from which others.

    Parameters
    ----------
    children : (n,) bool
    parents : tuple of (m,) int64 arrays
        Of each child, in row order; an absent parent is -1.
    groups : (n,) int64
        Groups of all rows, near-duplicates included.
    """

    children: npt.NDArray[np.bool_]
    parents: tuple[npt.NDArray[np.int64], ...]
    groups: Groups

    def own_groups(self, resolver: Resolver, rows: Snapshot) -> Groups:
        """Groups of the rows as first read by themselves: many changed copies would chain unlike rows together."""
        if not self.children.any():
            return self.groups
        kept = np.flatnonzero(~self.children)
        part = rows.take(kept)
        embeddings = resolver.get("embeddings")
        inside = {row: i for i, row in enumerate(embeddings.row_ids)}
        taken = embeddings.take(np.asarray([inside[row] for row in part.row_ids], dtype=np.int64))
        given = {"embeddings": replace(taken, snapshot_id=part.id)}
        inner = Resolver(part, resolver.run, resolver.options, given)
        groups = np.full(len(rows), -1, dtype=np.int64)
        groups[kept] = merge_groups(group_ids(part), inner.get("duplicates").values)
        return groups

    @property
    def crowded(self) -> bool:
        """Whether some children were made from so many rows that a part of the rows hardly ever holds all of them."""
        return any(len(parents) > CROWD for parents in self.parents)

    def place(
        self,
        trials: Sequence[Trial],
        before: npt.NDArray[np.int64],
        after: npt.NDArray[np.int64],
        *,
        fixed: bool = False,
    ) -> tuple[Trial, ...]:
        """Trials whose training parts hold the children of their rows.

        A child stays out where a parent is not in the training part, or where it nearly repeats a row that is scored.
        With a `fixed` test part, one of very many parents only needs them outside that part. Where the change added
        it, the placebo gets its parent once more instead.
        """
        if not self.children.any():
            return tuple(trials)
        return tuple(self._placed(trial, before, after, fixed) for trial in trials)

    def notes(
        self, before: npt.NDArray[np.int64], after: npt.NDArray[np.int64], trials: Sequence[Trial]
    ) -> tuple[str, ...]:
        """What a reader of the proof should know."""
        new, n = int((self.children & (before < 0) & (after >= 0)).sum()), int(self.children.sum())
        if not n:
            return ()
        trained = round(float(np.mean([self.children[trial.train].sum() for trial in trials])))
        said = [f"{n} generated rows train only where all their parents train, and are never scored"]
        if new:
            said.append(f"for {new} of them the placebo repeats a parent as it is")
        if not trained:
            said.append("no repeat held all parents of a generated row, so none trained: prove against a test part")
        elif trained < n / 2:
            said.append(f"only {trained} of them trained in a repeat, on average")
        return tuple(said)

    def _placed(self, trial: Trial, before: npt.NDArray[np.int64], after: npt.NDArray[np.int64], fixed: bool) -> Trial:
        inside = np.zeros(len(self.children), dtype=bool)
        inside[trial.train] = True
        scored = set(self.groups[trial.test][self.groups[trial.test] >= 0].tolist())
        labels = None if trial.after is None else trial.after.copy()
        taken: list[int] = []
        copies: list[int] = []
        for child, parents in zip(np.flatnonzero(self.children), self.parents, strict=True):
            if (parents < 0).any() or int(self.groups[child]) in scored:
                continue
            if not inside[parents].all() and not (fixed and len(parents) > CROWD):
                continue
            if labels is not None:
                now, was = labels[parents], after[parents]
                if (now < 0).any() or (len(parents) > 1 and (now != was).any()):
                    labels[child] = -1  # rules that were run afresh took a parent away
                elif len(parents) == 1 and after[child] == was[0]:
                    labels[child] = now[0]
            taken.append(int(child))
            if before[child] < 0 <= after[child]:
                copies.append(int(parents[0]))
        train = np.sort(np.concatenate([trial.train, np.asarray(taken, dtype=np.int64)]))
        return replace(trial, train=train, after=labels, copies=np.asarray(copies, dtype=np.int64))


def family_of(rows: Snapshot, parents: Mapping[str, Sequence[str]], groups: Groups) -> Family:
    """Which rows were made from which.

    Raises
    ------
    LeakError
        A generated row stands in the test or validation part, or a parent of one in the training part does.
    """
    split = canonical_split(rows)
    index = {row: i for i, row in enumerate(rows.row_ids)}
    children = np.asarray([row in parents for row in rows.row_ids], dtype=bool)
    found = []
    for child in np.flatnonzero(children):
        row_id = rows.row_ids[child]
        if split[child] in ("test", "val"):
            raise LeakError(
                f"a generated row stands in the {split[child]} part, so scores on it mean nothing",
                where=f"row {row_id!r}",
                fix="drop it, or take its augmentation back: tilth undo",
            )
        above = [index.get(parent, -1) for parent in parents[row_id]]
        leaks = [at for at in above if at >= 0 and split[at] in ("test", "val")]
        if leaks:
            raise LeakError(
                f"a training row was made from a {split[leaks[0]]} row",
                where=f"row {row_id!r}",
                found=f"parent {rows.row_ids[leaks[0]]!r}",
                fix="take its augmentation back: tilth undo; then augment again with the split as it is now",
            )
        found.append(np.asarray(above or [-1], dtype=np.int64))
    return Family(children, tuple(found), groups)


def without_augmentation(store: Workspace, dataset: Dataset) -> Snapshot:
    """The current snapshot less all augmented rows, kept in the store.

    Raises
    ------
    NotApplicable
        There are no augmented rows.
    """
    standing = effective(store.decisions(dataset.name))
    ours = {d.id for d in standing if d.action == "add" and d.who == AUGMENTER}
    if not ours:
        raise NotApplicable(
            "there are no augmented rows, so there is nothing to prove", fix="run: tilth augment DATASET --write"
        )
    kept = [d for d in standing if d.id not in ours and not (d.action == "accept" and d.value in ours)]
    base = store.load_snapshot(store.base(dataset.name) or "")
    made = apply(base, kept)
    store.save_snapshot(dataset.name, made)
    return made
