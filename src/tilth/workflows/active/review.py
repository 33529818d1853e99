"""``review`` and ``count``: which labels people should look at next, and how many are wrong.

``review`` writes a queue of rows in the order that serves a purpose: the surest errors first, those whose
correction is worth most to the model, or a stratified sample that makes the count sharp. People answer it with
``tilth label`` or ``tilth teach``; every answer is a decision, and every decision of a person about a row that was
labelled is a verdict. ``count`` tells how many labels are wrong, with an interval that verdicts narrow, and what
reviewing more is expected to find.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine.label_errors import estimate_of
from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.label_errors.count import estimate_error_count, plan_verdicts
from tilth.numerics.label_errors.model import LabelErrorEstimate
from tilth.numerics.label_errors.review_order import order_by_worth
from tilth.numerics.label_errors.review_yield import calibrate_scores, expected_finds, precision_at_k
from tilth.numerics.statistics.intervals import Interval
from tilth.records import Decision, Snapshot, effective, is_policy
from tilth.workflows.active.queue import QueueRow, write_queue
from tilth.workflows.audit_settings import AuditSettings, settings_of
from tilth.workflows.ingest import dataset_of
from tilth.workflows.project import Dataset, RunOptions, opened

__all__ = ["ORDERS", "ErrorReport", "ReviewQueue", "count", "review", "verdicts_of"]

ORDERS = ("score", "worth", "count")
#: Verdicts from which on scores are calibrated by what reviewers found.
CALIBRATE_FROM = 30


@dataclass(frozen=True)
class ErrorReport:
    """How many labels of the rows as read are wrong.

    Parameters
    ----------
    dataset : Dataset
    snapshot_id : str
        The rows as read.
    n_labelled : int
    total : Interval
        Number of wrong labels, with a 95% interval.
    by_class : dict of class name to Interval
    n_verdicts, n_found : int
        Rows that people judged, and how many of those labels were wrong.
    precision : Interval or None
        Share of errors among the judged rows that were flagged.
    next_50 : Interval
        Errors expected among the 50 next rows in score order, with an 80% interval.
    calibrated : bool
        Whether the scores follow the verdicts.
    notes : tuple of str
    """

    dataset: Dataset
    snapshot_id: str
    n_labelled: int
    total: Interval
    by_class: dict[str, Interval]
    n_verdicts: int
    n_found: int
    precision: Interval | None
    next_50: Interval
    calibrated: bool
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""

        def plain(interval: Interval | None) -> dict[str, float] | None:
            if interval is None:
                return None
            return {"estimate": interval.estimate, "low": interval.low, "high": interval.high, "level": interval.level}

        summary = {
            "labelled": self.n_labelled,
            "errors": plain(self.total),
            "by_class": {name: plain(interval) for name, interval in self.by_class.items()},
            "verdicts": self.n_verdicts,
            "found": self.n_found,
            "precision_of_flagged": plain(self.precision),
            "next_50": plain(self.next_50),
            "calibrated": self.calibrated,
            "notes": list(self.notes),
        }
        return {"verb": "count", "snapshot": self.snapshot_id, "summary": summary}


@dataclass(frozen=True)
class ReviewQueue:
    """Rows for people to look at."""

    dataset: Dataset
    snapshot_id: str
    by: str
    rows: tuple[QueueRow, ...]
    path: Path


@dataclass(frozen=True)
class _State:
    """The rows as read, what the model thinks of their labels, and what people said."""

    dataset: Dataset
    snapshot: Snapshot
    estimate: LabelErrorEstimate
    rows: npt.NDArray[np.int64]
    X: npt.NDArray[Any]
    verdict_rows: npt.NDArray[np.int64]
    verdict_is_error: npt.NDArray[np.bool_]
    notes: tuple[str, ...]

    @property
    def scores(self) -> tuple[npt.NDArray[np.float64], bool]:
        """Probability of error of each row, and whether verdicts calibrated it."""
        wrong = self.verdict_is_error
        if len(np.unique(self.verdict_rows)) >= CALIBRATE_FROM and wrong.any() and not wrong.all():
            made = calibrate_scores(self.estimate.p_error, self.verdict_rows, wrong, on_conflict="majority")
            return np.asarray(made), True
        return self.estimate.p_error, False


def verdicts_of(snapshot: Snapshot, decisions: Sequence[Decision]) -> dict[str, bool]:
    """Whether the label as read was wrong, for every row that a person judged.

    A relabel to another class says wrong; a relabel to the same class and a keep say right. Of several verdicts on
    a row the latest counts.
    """
    labels = dict(zip(snapshot.row_ids, snapshot.labels, strict=True))
    said: dict[str, bool] = {}
    for decision in effective(decisions):
        if is_policy(decision.who) or decision.action not in ("relabel", "keep"):
            continue
        for row in decision.rows:
            if labels.get(row, -1) >= 0:
                said[row] = decision.action == "relabel" and decision.value != snapshot.classes[labels[row]]
    return said


def _state(
    target: Any, workspace: str | Path | None, name: str, options: RunOptions, model: Any, reading: dict[str, Any]
) -> _State:
    dataset, _ = dataset_of(target, workspace=workspace, name=name, options=options, **reading)
    with opened(dataset) as store:
        snapshot = store.load_snapshot(store.base(dataset.name) or "")
        settings = settings_of(store, dataset, snapshot.id) or settings_of(store, dataset)
        settings = settings or AuditSettings(seed=options.seed)
        resolver = settings.resolver(snapshot, options, store, model=model)
        evidence, embeddings = resolver.get("label_errors"), resolver.get("embeddings")
        said = verdicts_of(snapshot, store.decisions(dataset.name))
    rows = snapshot.positions(list(evidence.row_ids))
    place = {row: i for i, row in enumerate(embeddings.row_ids)}
    X = embeddings.values[[place[row] for row in evidence.row_ids]]
    index = {row: i for i, row in enumerate(evidence.row_ids)}
    judged = [(index[row], wrong) for row, wrong in said.items() if row in index]
    return _State(
        dataset,
        snapshot,
        estimate_of(evidence, snapshot.labels[rows]),
        rows,
        X,
        np.asarray([i for i, _ in judged], dtype=np.int64),
        np.asarray([wrong for _, wrong in judged], dtype=bool),
        evidence.notes,
    )


def count(
    target: Any,
    *,
    workspace: str | Path | None = None,
    name: str = "",
    model: Any = None,
    options: RunOptions | None = None,
    **reading: Any,
) -> ErrorReport:
    """Estimate how many labels are wrong.

    Parameters
    ----------
    target : str, Path, object or Dataset
        As for `audit`.
    model : scikit-learn classifier, optional
        The one of the newest audit, whose settings hold here too; needed only where its name does not build it again.
    workspace, name, options, **reading
        As for `ingest`.

    Returns
    -------
    ErrorReport
        About the rows as read: labels that were fixed since still count as errors that were there.
    """
    options = options or RunOptions()
    state = _state(target, workspace, name, options, model, reading)
    found = estimate_error_count(
        state.estimate,
        verdict_rows=state.verdict_rows,
        verdict_is_error=state.verdict_is_error,
        random_state=options.seed,
    )
    flagged = state.estimate.issues[state.verdict_rows]
    scores, calibrated = state.scores
    return ErrorReport(
        state.dataset,
        state.snapshot.id,
        len(state.rows),
        found.total,
        {state.snapshot.classes[k]: interval for k, interval in found.by_class.items()},
        len(state.verdict_rows),
        int(state.verdict_is_error.sum()),
        precision_at_k(state.verdict_is_error[flagged]) if flagged.any() else None,
        expected_finds(
            scores,
            n_next=50,
            verdict_rows=state.verdict_rows,
            verdict_is_error=state.verdict_is_error,
            random_state=options.seed,
        ),
        calibrated,
        (found.method, *found.notes, *state.notes),
    )


def review(
    target: Any,
    path: str | Path,
    *,
    budget: int = 50,
    by: str = "score",
    force: bool = False,
    workspace: str | Path | None = None,
    name: str = "",
    model: Any = None,
    options: RunOptions | None = None,
    **reading: Any,
) -> ReviewQueue:
    """Write the labels that people should look at next to a queue file.

    Parameters
    ----------
    target : str, Path, object or Dataset
    path : str or Path
        ``.csv``, ``.jsonl``, or ``.json`` for Label Studio.
    budget : int
        Rows; at least 1. Fewer come where fewer are left.
    by : {"score", "worth", "count"}
        The surest errors first; those whose correction is worth most to the fixed model; or a stratified sample of
        flagged and unflagged rows that makes `count` sharp.
    force : bool
        Overwrite the file.
    model
        As for `count`.
    workspace, name, options, **reading
        As for `ingest`.

    Returns
    -------
    ReviewQueue
    """
    if by not in ORDERS:
        raise ParameterError("unknown order", found=repr(by), fix=f"use one of {', '.join(ORDERS)}")
    if budget < 1:
        raise ParameterError("a budget is at least one row", found=str(budget))
    options = options or RunOptions()
    state = _state(target, workspace, name, options, model, reading)
    scores, _ = state.scores
    if by == "count":
        order = plan_verdicts(state.estimate, budget, reviewed=state.verdict_rows, random_state=options.seed)
    elif by == "worth":
        order, _worth = order_by_worth(state.X, state.estimate, random_state=options.seed)
    else:
        order = np.argsort(-scores, kind="stable")
    order = np.asarray([row for row in order if row not in set(state.verdict_rows.tolist())][:budget], dtype=np.int64)
    if not len(order):
        raise NotApplicable("every labelled row has a verdict, so there is nothing left to review")
    snapshot = state.snapshot
    made = tuple(_queue_row(state, int(i), rank, float(scores[i])) for rank, i in enumerate(order, 1))
    origin = {
        "strategy": f"review by {by}",
        "dataset": state.dataset.name,
        "workspace": str(state.dataset.workspace),
        "snapshot": snapshot.id,
    }
    media = {c.name: c.media for c in snapshot.schema.inputs}
    written = write_queue(Path(path), made, origin, media, snapshot.root, force=force)
    return ReviewQueue(state.dataset, snapshot.id, by, made, written)


def _queue_row(state: _State, i: int, rank: int, score: float) -> QueueRow:
    snapshot, estimate = state.snapshot, state.estimate
    row = int(state.rows[i])
    given = snapshot.classes[int(estimate.labels[i])]
    best = int(estimate.suggested[i])
    cells = snapshot.table.slice(row, 1).to_pylist()[0]
    return QueueRow(
        str(snapshot.row_ids[row]),
        rank,
        round(score, 4),
        f"labelled {given!r}, wrong with probability {score:.0%}; it looks like {snapshot.classes[best]!r} "
        f"({estimate.posterior[i, best]:.0%})",
        given=given,
        suggestion=snapshot.classes[best],
        inputs={c.name: cells[c.name] for c in snapshot.schema.inputs},
    )
