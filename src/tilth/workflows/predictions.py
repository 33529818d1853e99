"""Probabilities that the user brings."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from tilth.engine import Resolver
from tilth.errors import AlignmentError, ProbabilityError
from tilth.numerics.cross_fitting.crossfit import detect_in_sample
from tilth.plugin import Run
from tilth.records import Evidence, Snapshot, digest
from tilth.sources import choose_source

__all__ = ["read_probabilities", "refuse_in_sample"]

#: Below so many labels that independent evidence contradicts, in-sample probabilities pass for good ones.
FEW_CONTESTED = 35


def read_probabilities(probs: Any, snapshot: Snapshot) -> Evidence:
    """Probabilities that the user brings, aligned to the snapshot.

    Parameters
    ----------
    probs : path or table
        One column for each class, named like the class; a column ``row_id`` or the id column aligns
        the rows, else they must be as many and in the same order.
    snapshot : Snapshot

    Returns
    -------
    Evidence
        ``probs`` (n, k) float32, marked out-of-sample; see `refuse_in_sample`.

    Raises
    ------
    ProbabilityError
        A class has no column, or a value is missing or outside [0, 1].
    AlignmentError
        Another number of rows, or unknown row ids.
    """
    source = choose_source(probs)
    table = source.read(probs, Run(path="probs")).table
    missing = [name for name in snapshot.classes if name not in table.column_names]
    if missing:
        raise ProbabilityError(
            "a class has no column of probabilities",
            found=f"no column for {', '.join(map(repr, missing[:5]))}; columns: {', '.join(table.column_names[:12])}",
            fix="name one column for each class",
        )
    values = np.column_stack([_column(table, name) for name in snapshot.classes])
    ids = next((n for n in ("row_id", snapshot.schema.one("id")) if n and n in table.column_names), "")
    if ids:
        place = snapshot.positions([str(v) for v in table.column(ids).to_pylist()])
        if len(set(place.tolist())) != len(place):
            raise AlignmentError("a row id stands twice in the probabilities", where=f"column {ids!r}")
        order = np.argsort(place)
        rows, values = place[order], values[order]
    elif len(values) == len(snapshot):
        rows = np.arange(len(snapshot))
    else:
        raise AlignmentError(
            "the probabilities have another number of rows than the data",
            found=f"{len(values)} and {len(snapshot)}",
            fix="give one row for each row of the data, or a column row_id",
        )
    off = int((np.abs(values.sum(axis=1) - 1) > 0.02).sum())
    notes = (f"{off} rows of the given probabilities do not sum to one; they were taken as they are",) if off else ()
    maker = {"kind": "probs", "brought": digest(np.round(values.astype(np.float64), 7).tolist())}
    return Evidence(
        "probs",
        snapshot.id,
        snapshot.row_ids[rows],
        values.astype(np.float32),
        classes=snapshot.classes,
        maker=maker,
        out_of_sample=True,
        notes=notes,
    )


def _column(table: Any, name: str) -> np.ndarray[Any, np.dtype[np.float64]]:
    try:
        values = np.asarray(table.column(name).to_pylist(), dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ProbabilityError(
            "a column of probabilities holds text",
            where=f"column {name!r}",
            found=repr(table.column(name).to_pylist()[0])[:80],
            fix="give numbers in [0, 1]",
        ) from error
    bad = np.flatnonzero(~((values >= -1e-6) & (values <= 1 + 1e-6)))
    if len(bad):
        raise ProbabilityError(
            "a probability is missing or outside [0, 1]",
            where=f"row {int(bad[0])}, column {name!r}",
            found=repr(float(values[bad[0]])),
            fix="give the softmax or predict_proba output, not logits",
        )
    return np.clip(values, 0.0, 1.0)


def refuse_in_sample(evidence: Evidence, resolver: Resolver) -> Evidence:
    """The evidence itself, or `ProbabilityError` where its maker seems to have seen the labels.

    The judgement compares the brought probabilities with cross-fitted ones of the default model on the
    same rows; see `tilth.numerics.cross_fitting.crossfit.detect_in_sample`.
    """
    reference = Resolver(resolver.snapshot, resolver.run).get("probs")
    embeddings = resolver.get("embeddings")
    rows = {row: i for i, row in enumerate(evidence.row_ids)}
    shared = [(rows[r], j) for j, r in enumerate(reference.row_ids) if r in rows]
    mine = np.asarray([i for i, _ in shared], dtype=np.int64)
    theirs = np.asarray([j for _, j in shared], dtype=np.int64)
    snapshot = resolver.snapshot
    labels = snapshot.labels[snapshot.positions([str(evidence.row_ids[i]) for i in mine])]
    verdict = detect_in_sample(evidence.values[mine], labels, embeddings.values[theirs], reference.values[theirs])
    if verdict.in_sample:
        raise ProbabilityError(
            "these probabilities look in-sample: their maker was trained on the same labels, so it repeats the errors",
            found=verdict.reason,
            fix="use cross-validated probabilities (sklearn's cross_val_predict), or leave --probs out",
        )
    if verdict.n_contested < FEW_CONTESTED:
        note = f"whether their maker saw these labels cannot be told from {verdict.n_contested} contested labels"
        return replace(evidence, notes=(*evidence.notes, note))
    return evidence
