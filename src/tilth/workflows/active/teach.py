"""``teach``: labels that somebody gave, from a file or one by one, become decisions.

Each label is one decision in the ledger: who, which row, which class, because of which pick. The rows as read stay
as they are; the current snapshot is the rows with all standing decisions applied. A label of a row that is not in
the dataset, or of a class that nobody has declared, is an error, and nothing is written then.
"""

from __future__ import annotations

import difflib
import shlex
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tilth.errors import AlignmentError, ConflictError, LabelError, NotApplicable, SchemaError, StoreError
from tilth.records import Decision, Snapshot, effective, finding_id, is_policy
from tilth.workflows.active.queue import Answers, QueueRow, read_queue
from tilth.workflows.active.stopping import StopOptions, Stopping, stopping_of
from tilth.workflows.project import FOLDER, Dataset, RunOptions, head_snapshot, locate, opened, record_decisions

__all__ = ["Taught", "check_conflicts", "class_decision", "label_decision", "queue_dataset", "teach"]


@dataclass(frozen=True)
class Taught:
    """What labels did.

    Parameters
    ----------
    dataset : Dataset
    snapshot : Snapshot
        The current one, with the labels.
    taught : int
        Labels written.
    unanswered : int
        Rows of the file without a label.
    new_classes : tuple of str
    stopping : Stopping or None
        What the stopping rules say now; None where they were not asked.
    """

    dataset: Dataset
    snapshot: Snapshot
    taught: int
    unanswered: int
    new_classes: tuple[str, ...] = ()
    stopping: Stopping | None = None

    def to_dict(self, verb: str = "teach") -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {
            "verb": verb,
            "snapshot": self.snapshot.id,
            "summary": {
                "taught": self.taught,
                "unanswered": self.unanswered,
                "new_classes": list(self.new_classes),
                "labelled": int((self.snapshot.labels >= 0).sum()),
                "rows": len(self.snapshot),
                **({"stopping": self.stopping.to_dict()} if self.stopping else {}),
            },
        }


def queue_dataset(answers: Answers, path: str | Path, target: Any, workspace: str | Path | None) -> Dataset:
    """The dataset that a queue belongs to: the one named, else the one it names itself."""
    if target is not None:
        return locate(target, workspace=workspace)
    if not answers.dataset or not (workspace or answers.workspace):
        raise StoreError(
            "this file does not say which dataset it belongs to",
            where=str(path),
            fix="keep the columns dataset and workspace, or name the data with --data",
        )
    return Dataset(Path(workspace or answers.workspace), answers.dataset)


def label_decision(
    row: QueueRow, answers: Answers, dataset: Dataset, snapshot: Snapshot, who: str, when: str
) -> Decision:
    """The decision that a label is."""
    base = answers.snapshot or snapshot.id
    because = finding_id(base, answers.strategy, row.row_id) if answers.strategy else "label"
    return Decision(who, when, "relabel", (row.row_id,), row.label, because, base, dataset.name)


def class_decision(name: str, dataset: Dataset, snapshot: Snapshot, who: str, when: str) -> Decision:
    """The decision that declares a class."""
    return Decision(who, when, "accept", (), f"class:{name}", "new class", snapshot.id, dataset.name)


def _check(rows: Sequence[QueueRow], snapshot: Snapshot, allow_new: bool, where: str) -> tuple[str, ...]:
    """New classes among the labels; an error names line, row and label."""
    name = snapshot.schema.label
    if not name or snapshot.schema.column(name).media != "category":
        raise SchemaError("there is no class label column to write labels to", fix="name one with --label")
    known = set(snapshot.row_ids.tolist())
    new: list[str] = []
    for row in rows:
        if row.row_id not in known:
            raise AlignmentError(
                "a label was given to a row outside the dataset",
                where=f"{where}, line {row.line}",
                found=repr(row.row_id),
                fix="check the id, or name the right data with --data",
            )
        if row.label in snapshot.classes or row.label in new:
            continue
        if not allow_new:
            near = difflib.get_close_matches(row.label, snapshot.classes, n=2)
            hint = f"did you mean {' or '.join(map(repr, near))}? " if near else ""
            raise LabelError(
                "a label names a class that nobody has declared",
                where=f"{where}, line {row.line}, row {row.row_id!r}",
                found=repr(row.label),
                fix=f"{hint}The classes are {', '.join(snapshot.classes[:20]) or 'none yet'}; "
                "to add the class, repeat with --new-classes",
            )
        new.append(row.label)
    return tuple(new)


def _check_column(answers: Answers, where: str) -> None:
    """An error where no label was given because there is no column for it."""
    if "label" in answers.columns:
        return
    near = difflib.get_close_matches("label", answers.columns, n=1)
    raise SchemaError(
        "this file has no column 'label'",
        where=where,
        found=f"columns {', '.join(answers.columns[:12])}",
        fix=f"is {near[0]!r} meant? Rename it to 'label'" if near else "write the labels into a column 'label'",
    )


def check_conflicts(decisions: Sequence[Decision], known: Sequence[Decision], dataset: Dataset) -> None:
    """An error that can be acted on where somebody else decided otherwise about a row; nothing is written yet."""
    standing: dict[str, Decision] = {}
    for decision in effective(known):
        if decision.action in ("relabel", "drop", "keep"):
            standing.update(dict.fromkeys(decision.rows, decision))
    for decision in decisions:
        for row in decision.rows:
            old = standing.get(row)
            if old is None or decision.action not in ("relabel", "drop", "keep") or is_policy(old.who):
                continue
            if old.who == decision.who or (old.action, old.value) == (decision.action, decision.value):
                continue
            data = dataset.workspace.parent / dataset.name
            beside = data.exists() and dataset.workspace.name == FOLDER
            there = shlex.quote(data.as_posix() if beside else dataset.name)
            space = "" if beside else f" --workspace {shlex.quote(str(dataset.workspace))}"
            raise ConflictError(
                f"{old.who} decided {old.action} {old.value!r}, and {decision.who} says "
                f"{decision.action} {decision.value!r}",
                where=f"row {row!r}",
                found=f"decision {old.id} stands; nothing was written",
                fix=f"leave the row out, or take that decision back first: tilth undo {there} --id {old.id}{space}",
            )


def teach(
    labels: str | Path,
    target: Any = None,
    *,
    who: str = "person",
    new_classes: bool = False,
    workspace: str | Path | None = None,
    model: Any = None,
    model_name: str = "",
    embedder: str = "",
    stop: StopOptions | None = None,
    options: RunOptions | None = None,
) -> Taught:
    """Take labels from a file.

    Parameters
    ----------
    labels : path
        A queue with its column ``label`` filled in (CSV, JSONL), or Label Studio's JSON export. Rows without a label
        are left alone.
    target : str, Path, object or Dataset, optional
        The data; default: the dataset that the queue names.
    who : str
        Who gave the labels.
    new_classes : bool
        Declare classes that the data do not have yet. Otherwise such a label is an error: it may be a typing error.
    workspace : path, optional
    model, model_name, embedder
        As for `select`; the stopping rules train models on the labels.
    stop : StopOptions, optional
        How the stopping rules are asked, once the labels are written.
    options : RunOptions, optional

    Returns
    -------
    Taught

    Raises
    ------
    AlignmentError, LabelError
        A row outside the dataset, or an undeclared class; nothing is written.
    ConflictError
        Somebody else has given a row another label; nothing is written.
    NotApplicable
        No row has a label.
    """
    del model_name
    options = options or RunOptions()
    answers = read_queue(labels)
    rows = answers.answered
    if not rows:
        _check_column(answers, str(labels))
        raise NotApplicable("no row of this file has a label", where=str(labels), fix="fill in the column label")
    dataset = queue_dataset(answers, labels, target, workspace)
    with opened(dataset) as store:
        with store.write_lock():
            snapshot = head_snapshot(store, dataset)
            new = _check(rows, snapshot, new_classes, str(labels))
            when = store.now()
            decisions = [class_decision(name, dataset, snapshot, who, when) for name in new]
            decisions += [label_decision(row, answers, dataset, snapshot, who, when) for row in rows]
            check_conflicts(decisions, store.decisions(dataset.name), dataset)
            made = record_decisions(store, dataset, decisions)[1]
        run = options.run("teach", store)
        stopping = stopping_of(store, dataset, made, run, stop or StopOptions(), embedder=embedder, model=model)
    return Taught(dataset, made, len(rows), len(answers.rows) - len(rows), new, stopping)
