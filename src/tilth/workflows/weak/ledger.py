"""Weak labels in the ledger: votes with the function as author, and final labels by a policy."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tilth.engine.inputs import canonical_split
from tilth.errors import LabelError, SchemaError
from tilth.numerics.consensus.votes import Votes
from tilth.records import Decision, Snapshot, apply, effective, is_policy
from tilth.store import Workspace
from tilth.workflows.project import Dataset, head_snapshot, opened, record_decisions

__all__ = ["AUTHOR", "POLICY", "WeakRecorded", "gold_labels", "own_labels", "record_weak"]

#: Author of final labels, and the beginning of a labelling function's name as author.
POLICY = "policy:weak"
AUTHOR = "policy:lf/"
_ROWS = 1000

IntArray = npt.NDArray[np.int64]


@dataclass(frozen=True)
class WeakRecorded:
    """What entered the ledger.

    Parameters
    ----------
    votes, relabels : int
        Votes and labels that stand now.
    replaced : int
        Former decisions of these authors that were taken back.
    spared : int
        Rows of the test and validation part that were left alone.
    snapshot : Snapshot
    """

    votes: int
    relabels: int
    replaced: int
    spared: int
    snapshot: Snapshot


def own_labels(store: Workspace, dataset: Dataset, head: Snapshot) -> list[str | None]:
    """Class labels that came with the data or from people, of any class; None where there is none."""
    base_id = store.base(dataset.name)
    base = store.load_snapshot(base_id) if base_id else head
    people = [d for d in store.decisions(dataset.name) if not is_policy(d.who) or d.action in ("accept", "add")]
    kept = apply(base, people)
    name = kept.schema.label
    if not name or kept.schema.column(name).media == "number":
        return [None] * len(head)
    known = dict(zip(kept.row_ids.tolist(), kept.table.column(name).to_pylist(), strict=True))
    found = [known.get(row) for row in head.row_ids.tolist()]
    return [None if label is None or label == "" else str(label) for label in found]


def gold_labels(own: Sequence[str | None], classes: Sequence[str]) -> tuple[IntArray, tuple[str, ...]]:
    """Labels as class indices, shape (n,), -1 where there is none among the classes; and what to say of the others.

    Raises
    ------
    LabelError
        There are labels, and not one of them names a class of the rules.
    """
    place = {c: at for at, c in enumerate(classes)}
    made = np.asarray([-1 if label is None else place.get(label, -1) for label in own], dtype=np.int64)
    other = Counter(label for label in own if label is not None and label not in place)
    if not other:
        return made, ()
    named = ", ".join(f"{label} ({count:,})" for label, count in other.most_common(5))
    named += f" and {len(other) - 5} more" if len(other) > 5 else ""
    listed = ", ".join(classes[:10]) + (", ..." if len(classes) > 10 else "")
    if not (made >= 0).any():
        raise LabelError(
            "no label in the data names a class of the rules, so nothing can be judged by them",
            found=f"labels {named}; classes of the rules {listed}",
            fix="spell the rules' classes as the data do (CLASSES in Python, classes in YAML, or --class for each), or "
            "name another label column with --label",
        )
    return made, (
        f"{sum(other.values()):,} labels are of classes that the rules do not name: {named}; the rules' classes are "
        f"{listed}. They keep their labels and judge nothing",
    )


def record_weak(
    dataset: Dataset, votes: Votes, labels: Sequence[str | None], because: str, *, include_test: bool, relabel: bool
) -> WeakRecorded:
    """Write votes and final labels as decisions, in place of those of the same authors, and apply them.

    `labels` holds None for a row that stays as it is; None throughout writes votes only. Rows that have a label of
    their own, or about which a person decided, keep it unless `relabel`.

    Raises
    ------
    SchemaError
        There is no column of class labels to write to.
    """
    with opened(dataset) as store, store.write_lock():
        head = head_snapshot(store, dataset)
        name = head.schema.label
        if not name or head.schema.column(name).media == "number":
            raise SchemaError(
                "there is no class label column to write labels to",
                fix="add an empty column to the data, ingest them again and name it with --label",
            )
        standing = effective(store.decisions(dataset.name))
        common = {"when": store.now(), "snapshot_id": head.id, "dataset": dataset.name}
        own: list[str | None] = [None] * len(head) if relabel else own_labels(store, dataset, head)
        chosen, spared = _chosen(head, labels, standing, own, include_test)
        wanted = [*_votes_of(votes, common), *_labels_of(head, labels, chosen, because, common)]
        kept, gone = _against(standing, wanted)
        new = [d for d in wanted if _said(d) not in kept]
        undone = [
            Decision(d.who, action="undo", rows=d.rows, value=d.id, because="replaced by a later run", **common)
            for d in gone
        ]
        used = {labels[i] for i in chosen} | {str(c) for c in votes.classes}
        declared = [
            Decision(POLICY, action="accept", rows=(), value=f"class:{word}", because="named by the rules", **common)
            for word in sorted(str(w) for w in used - set(head.classes) - _declared(standing))
        ]
        decisions = [*undone, *declared, *new]
        made = record_decisions(store, dataset, decisions)[1]
    return WeakRecorded(votes.n_votes, len(chosen), len(gone), spared, made)


def _declared(standing: Sequence[Decision]) -> set[str]:
    return {d.value.removeprefix("class:") for d in standing if d.action == "accept"}


def _said(decision: Decision) -> tuple[str, str, str, tuple[str, ...]]:
    return decision.who, decision.action, decision.value, decision.rows


def _against(
    standing: Sequence[Decision], wanted: Sequence[Decision]
) -> tuple[set[tuple[str, str, str, tuple[str, ...]]], list[Decision]]:
    """What stands already, and what of these authors no longer holds."""
    asked = {_said(d) for d in wanted}
    ours = [
        d for d in standing
        if (d.who == POLICY and d.action == "relabel") or (d.who.startswith(AUTHOR) and d.action == "vote")
    ]  # fmt: skip
    return {_said(d) for d in ours} & asked, [d for d in ours if _said(d) not in asked]


def _votes_of(votes: Votes, common: dict[str, str]) -> list[Decision]:
    """One decision for each function and class."""
    rows = [str(name) for name in votes.item_names.tolist()]
    k = votes.n_classes
    keys = votes.raters * k + votes.values.astype(np.int64)
    order = np.argsort(keys, kind="stable")
    made = []
    for key in np.unique(keys).tolist():
        low, high = np.searchsorted(keys[order], [key, key + 1])
        at = votes.items[order[low:high]].tolist()
        who = f"{AUTHOR}{votes.rater_names[key // k]}"
        word = str(votes.classes[key % k])
        made.append(Decision(who, action="vote", rows=tuple(rows[i] for i in at), value=word, because="rule", **common))
    return made


def _chosen(
    head: Snapshot, labels: Sequence[str | None], standing: Sequence[Decision], own: Sequence[str | None],
    include_test: bool,
) -> tuple[list[int], int]:  # fmt: skip
    settled = {
        row for d in standing if not is_policy(d.who) and d.action not in ("vote", "accept", "add") for row in d.rows
    }
    split = canonical_split(head)
    chosen, spared = [], 0
    for at, row in enumerate(head.row_ids.tolist()):
        if labels[at] is None or own[at] is not None or row in settled:
            continue
        if split[at] in ("test", "val") and not include_test:
            spared += 1
            continue
        chosen.append(at)
    return chosen, spared


def _labels_of(
    head: Snapshot, labels: Sequence[str | None], chosen: list[int], because: str, common: dict[str, str]
) -> list[Decision]:
    ids = head.row_ids.tolist()
    by_label: dict[str, list[str]] = {}
    for at in chosen:
        by_label.setdefault(str(labels[at]), []).append(str(ids[at]))
    return [
        Decision(POLICY, action="relabel", rows=tuple(r[start : start + _ROWS]), value=word, because=because, **common)
        for word, r in sorted(by_label.items())
        for start in range(0, len(r), _ROWS)
    ]
