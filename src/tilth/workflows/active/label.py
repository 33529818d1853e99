"""``label``: answer a queue in the terminal, one key a row.

Each answer is a decision in the ledger at the moment its key is pressed; stopping loses nothing, and the same
command goes on with the rows that are left. Drawing and keys belong to the caller: this file only knows which row is
next and what a key means.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.records import Decision, Snapshot, effective, sort_class_names
from tilth.store import Workspace
from tilth.workflows.active.queue import Answers, QueueRow, read_queue
from tilth.workflows.active.stopping import StopOptions, stopping_of
from tilth.workflows.active.teach import Taught, check_conflicts, class_decision, label_decision, queue_dataset
from tilth.workflows.project import (
    Dataset,
    RunOptions,
    append_decisions,
    head_snapshot,
    opened,
    record_decisions,
)

__all__ = ["CLASS_KEYS", "CONTROL_KEYS", "Labelling", "label_queue"]

#: Keys of the classes, in their order.
CLASS_KEYS = "1234567890abcdefghijklmnoprstuvwxyz"
#: Keys that are no class: what they do.
CONTROL_KEYS = {
    ".": "skip",
    "?": "unsure",
    "!": "drop the row",
    "<": "take the last answer back",
    "+": "new class",
    "=": "type the class",
    "q": "stop",
}


@dataclass
class Labelling:
    """A queue that is being answered.

    Parameters
    ----------
    store : Workspace
    dataset : Dataset
    snapshot : Snapshot
    answers : Answers
    who : str
    classes : tuple of str
    """

    store: Workspace
    dataset: Dataset
    snapshot: Snapshot
    answers: Answers
    who: str
    classes: tuple[str, ...]
    _left: list[QueueRow] = field(default_factory=list)
    _done: list[tuple[QueueRow, Decision | None]] = field(default_factory=list)
    new_classes: list[str] = field(default_factory=list)
    _doubted: str = ""

    def __post_init__(self) -> None:
        standing = effective(self.store.decisions(self.dataset.name))
        known = {(d.because, row) for d in standing for row in d.rows}
        base = self.store.base(self.dataset.name)
        self._base = self.snapshot if base in (None, self.snapshot.id) else self.store.load_snapshot(str(base))
        self._left = [row for row in self.answers.rows if (self._because(row), row.row_id) not in known]
        self.total = len(self.answers.rows)
        self._keyed = list(self.classes)

    def _because(self, row: QueueRow) -> str:
        return label_decision(row, self.answers, self.dataset, self.snapshot, self.who, "").because

    @property
    def current(self) -> QueueRow | None:
        """The row to show; None at the end."""
        return self._left[0] if self._left else None

    @property
    def left(self) -> int:
        """Rows still to be answered."""
        return len(self._left)

    @property
    def labelled(self) -> int:
        """Labels given since this began."""
        return sum(d is not None and d.action == "relabel" for _, d in self._done)

    def keys(self) -> dict[str, str]:
        """Key of each class that has one; further classes are typed, after ``=``.

        A class declared on the way gets the next free key: no key changes its meaning under the fingers.
        """
        return dict(zip(CLASS_KEYS, self._keyed, strict=False))

    def _append(self, decision: Decision) -> None:
        with self.store.write_lock():
            check_conflicts([decision], self.store.decisions(self.dataset.name), self.dataset)
            append_decisions(self.store, self.dataset, [decision], self._base)

    def _write(self, decision: Decision | None) -> None:
        if decision is not None:
            self._append(decision)
        self._done.append((self._left.pop(0), decision))

    def give(self, name: str) -> None:
        """The current row is of this class."""
        if name not in self.classes:
            raise LabelError("no such class", found=repr(name), fix=f"the classes are {', '.join(self.classes[:20])}")
        row = replace(self._left[0], label=name)
        self._write(label_decision(row, self.answers, self.dataset, self.snapshot, self.who, self.store.now()))

    def act(self, action: str) -> None:
        """``skip`` (asked again next time), ``unsure`` or ``drop`` for the current row."""
        if action == "skip":
            self._write(None)
            return
        if action not in ("unsure", "drop"):
            raise ParameterError("no such action", found=repr(action), fix="use skip, unsure or drop")
        row = self._left[0]
        made = label_decision(row, self.answers, self.dataset, self.snapshot, self.who, self.store.now())
        self._write(replace(made, action=action, value=""))

    def back(self) -> bool:
        """Take the last answer back; False where there is none."""
        if not self._done:
            return False
        row, decision = self._done[-1]
        if decision is not None:
            undo = replace(decision, when=self.store.now(), action="undo", value=decision.id, because="label: back")
            self._append(undo)
        self._done.pop()
        self._left.insert(0, row)
        return True

    def declare(self, name: str) -> None:
        """Add a class; one that is written almost like another is only added when it is named a second time."""
        name = name.strip()
        if not name:
            raise LabelError("a class needs a name")
        if name in self.classes:
            return
        near = [other for other in self.classes if _alike(name, other)]
        if near and self._doubted != name:
            self._doubted = name
            raise LabelError(
                "this is written almost like a class that there is",
                found=f"{name!r} beside {near[0]!r}",
                fix=f"press the key of {near[0]!r}, or name {name!r} once more to add it",
            )
        self._append(class_decision(name, self.dataset, self.snapshot, self.who, self.store.now()))
        self.classes = sort_class_names([*self.classes, name])
        self._keyed.append(name)
        self.new_classes.append(name)

    def match(self, text: str) -> str:
        """The one class that begins with some letters; `LabelError` where there is none or more than one."""
        exact = [name for name in self.classes if name == text]
        fitting = exact or [name for name in self.classes if name.lower().startswith(text.lower())]
        if len(fitting) != 1 or not text:
            raise LabelError(
                "no class begins so" if not fitting else "several classes begin so",
                found=repr(text),
                fix=f"type more of {', '.join(fitting[:6])}" if fitting else "press + to add a class",
            )
        return fitting[0]


def _alike(name: str, other: str) -> bool:
    """Whether two names differ only in case, spaces and signs, or by what looks like a typing error."""
    one, two = ("".join(c for c in text.casefold() if c.isalnum()) for text in (name, other))
    if one == two:
        return bool(one)
    words = one.isalpha() and two.isalpha() and min(len(one), len(two)) > 4
    return words and difflib.SequenceMatcher(None, one, two).ratio() >= 0.85


def label_queue(
    queue: str | Path,
    target: Any = None,
    *,
    talk: Callable[[Labelling], None],
    who: str = "person",
    workspace: str | Path | None = None,
    model: Any = None,
    model_name: str = "",
    embedder: str = "",
    stop: StopOptions | None = None,
    options: RunOptions | None = None,
) -> Taught:
    """Answer a queue.

    Parameters
    ----------
    queue : path
        A file that `select` wrote.
    target : optional
        The data; default: the dataset that the queue names.
    talk : callable
        Shows `Labelling.current` and calls its verbs until the rows or the person's patience end. Whatever it
        raises, the answers given so far are applied.
    who : str
    workspace : path, optional
    model, model_name, embedder, stop, options
        As for `teach`.

    Returns
    -------
    Taught
    """
    del model_name
    options = options or RunOptions()
    answers = read_queue(queue)
    dataset = queue_dataset(answers, queue, target, workspace)
    with opened(dataset) as store:
        snapshot = head_snapshot(store, dataset)
        known = set(snapshot.row_ids.tolist())
        outside = [row for row in answers.rows if row.row_id not in known]
        if outside:
            raise AlignmentError(
                "a row of this queue is not in the dataset",
                where=f"{queue}, line {outside[0].line}",
                found=repr(outside[0].row_id),
                fix="select again: the data have changed",
            )
        declared = [d.value[6:] for d in effective(store.decisions(dataset.name)) if d.value.startswith("class:")]
        classes = sort_class_names([*snapshot.classes, *declared])
        session = Labelling(store, dataset, snapshot, answers, who, classes)
        try:
            talk(session)
        finally:
            with store.write_lock():
                made = record_decisions(store, dataset, [])[1]
        run = options.run("label", store)
        stopping = stopping_of(store, dataset, made, run, stop or StopOptions(), embedder=embedder, model=model)
    return Taught(dataset, made, session.labelled, session.left, tuple(session.new_classes), stopping)
