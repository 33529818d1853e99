"""What strategies share: the pool, the start without labels, batches without near-copies, and how picks are told."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.querying.badge import copy_radius, most_have_copies, spread_batch, without_copies
from tilth.numerics.querying.clusters import typiclust
from tilth.plugin import Run, Strategy, View
from tilth.records import Evidence, Findings

__all__ = [
    "best_first",
    "cold_start",
    "distinct_candidates",
    "embeddings_of",
    "example_view",
    "labelled_rows",
    "picks",
    "pool_rows",
    "seed_of",
    "typical_of",
]

Ints = npt.NDArray[np.int64]
Floats = npt.NDArray[np.float64]
#: Candidates looked at per pick when near-copies are passed over; up to so many times more where they are all copies.
CANDIDATES, WIDEN = 5, (1, 4, 16)


def pool_rows(view: View, budget: int) -> Ints:
    """Rows without a label; `NotApplicable` where there are none, `ParameterError` for a budget that does not fit."""
    pool = np.flatnonzero(view.labels < 0)
    if not len(pool):
        raise NotApplicable("every row has a label: there is nothing left to pick", found=f"{len(view)} row(s)")
    if not 0 < budget <= len(pool):
        raise ParameterError(
            "the budget must be at least 1 and at most the rows without a label",
            found=f"{budget} of {len(pool)}",
            fix="lower the budget",
        )
    return pool


def labelled_rows(view: View) -> Ints:
    """Rows with a label."""
    return np.flatnonzero(view.labels >= 0)


def seed_of(run: Run) -> int:
    """A seed for numerics, drawn from the run's generator."""
    return int(run.rng.integers(2**31 - 1))


def embeddings_of(view: View) -> npt.NDArray[np.floating[Any]] | None:
    """The embeddings, where the view has them."""
    return view["embeddings"] if "embeddings" in view.evidence else None


def picks(
    strategy: Strategy,
    view: View,
    rows: Sequence[int] | Ints,
    why: Sequence[str],
    *,
    suggestion: Sequence[str | None] | None = None,
    summary: dict[str, Any] | None = None,
) -> Findings:
    """Picks as findings: the score falls evenly from 1 with the order of asking."""
    chosen = np.asarray(rows, dtype=np.int64)
    n = len(chosen)
    said = {"picked": n, "pool": int((view.labels < 0).sum()), "labelled": int((view.labels >= 0).sum())}
    return Findings.build(
        strategy.name or type(strategy).__name__.lower(),
        view.row_ids[chosen],
        1 - np.arange(n) / max(n, 1),
        np.ones(n, dtype=bool),
        why,
        suggestion=suggestion,
        summary={**said, **(summary or {})},
    )


def cold_start(strategy: Strategy, view: View, budget: int, run: Run) -> Findings:
    """Picks without a model, or with one of too few labels: typical rows of the largest clusters without a label.

    Without embeddings there is nothing to go by, and the picks are random.
    """
    pool_rows(view, budget)
    known = labelled_rows(view)
    n_classes = len(np.unique(view.labels[known]))
    few = "probs" in view.evidence or "committee" in view.evidence
    had = f"{len(known)} label{'' if len(known) == 1 else 's'} so far"
    if len(known):
        had += f", of {n_classes} class{'' if n_classes == 1 else 'es'}"
    stand = f"{'few labels for a model' if few else 'no model yet'} ({had})"
    X = embeddings_of(view)
    if X is None:
        chosen = run.rng.permutation(np.flatnonzero(view.labels < 0))[:budget]
        why = [f"{stand} and no embeddings: drawn at random from {int((view.labels < 0).sum())} rows"] * budget
        return picks(strategy, view, chosen, why, summary={"start": "random"})
    chosen, typical, sizes = typiclust(X, budget, labelled=known, random_state=seed_of(run))
    why = [f"{stand}: {said}" for said in typical_of(typical.tolist(), sizes.tolist())]
    return picks(strategy, view, chosen, why, summary={"start": "typiclust"})


def typical_of(typical: Sequence[float], sizes: Sequence[int]) -> list[str]:
    """What is said of picks by `typiclust`."""
    return [
        "alone in its cluster (1 row)"
        if size == 1
        else f"typical of a cluster of {size} rows, mean distance to its nearest rows {1 / max(value, 1e-12):.3g}"
        for value, size in zip(typical, sizes, strict=True)
    ]


def best_first(
    strategy: Strategy,
    view: View,
    pool: Ints,
    scores: Floats,
    budget: int,
    why: Callable[[int], str],
    *,
    summary: dict[str, Any] | None = None,
) -> Findings:
    """The rows of highest score without near-copies of each other or of a labelled row.

    Rows of equal score come in a drawn order, the same one at the same stage: a model that is equally sure of all
    rows says nothing, and the first rows of a file are often of one class.

    `why` gets a position within `pool`. Where embeddings are absent, only equal contents count as copies.
    """
    drawn = np.random.default_rng([len(pool), len(labelled_rows(view))]).permutation(len(pool))
    X, known = embeddings_of(view), labelled_rows(view)
    radius = 0.0 if X is None else copy_radius(X)
    for more in WIDEN:
        room = min(more * (CANDIDATES * budget + 50), len(pool))
        top = np.argpartition(-scores[drawn], room - 1)[:room] if room < len(pool) else np.arange(len(pool))
        top = drawn[top[np.lexsort((top, -scores[drawn[top]]))]]
        if X is None:
            order, passed = _distinct(view, pool[top], budget)
        else:
            order, passed = spread_batch(X, pool[top], budget, radius=radius, avoid=known[-5_000:])
        if passed + budget < room or room == len(pool) or (X is not None and not most_have_copies(X)):
            break
    place = dict(zip(pool[top].tolist(), top.tolist(), strict=True))
    reasons = [why(place[row]) for row in order.tolist()]
    return picks(strategy, view, order, reasons, summary={"copies_passed_over": passed, **(summary or {})})


def distinct_candidates(view: View, order: Ints, most: int, budget: int) -> Ints | None:
    """The first rows of an order, at most `most`, without copies of each other or of labelled rows.

    None where most rows have no copies, and where fewer than the budget would stay: then any row is a candidate.
    """
    X = view["embeddings"]
    if not most_have_copies(X):
        return None
    ranked = order[: WIDEN[-1] * (most + 50)]
    kept = without_copies(X, ranked, most, radius=copy_radius(X), avoid=labelled_rows(view)[-5_000:])
    return kept if len(kept) >= budget else None


def _distinct(view: View, ranked: Ints, budget: int) -> tuple[Ints, int]:
    seen: set[str] = set()
    kept: list[int] = []
    passed: list[int] = []
    for row in ranked.tolist():
        (passed if view.items[row] in seen else kept).append(row)
        seen.add(view.items[row])
        if len(kept) == budget:
            break
    filled = passed[: budget - len(kept)]
    return np.asarray([*kept, *filled], dtype=np.int64), len(passed) - len(filled)


def example_view() -> View:
    """Thirty rows in three clouds of ten; rows 0, 1 of the first and 10, 11 of the second have labels.

    Row 5 is where the model is most unsure and where the committee disagrees; rows 20 to 29 are the third cloud,
    which nobody has looked at and of which the model thinks that it may be a third class.
    """
    rng = np.random.default_rng(0)
    centres = np.repeat(np.array([[0.0, 0.0], [6.0, 0.0], [0.0, 8.0]]), 10, axis=0)
    X = (centres + rng.normal(size=(30, 2))).astype(np.float32)
    ids = np.array([f"r{i}" for i in range(30)], dtype=object)
    labels = np.full(30, -1)
    labels[[0, 1]], labels[[10, 11]] = 0, 1
    probs = np.full((30, 3), 0.05)
    probs[:10, 0], probs[10:20, 1] = 0.9, 0.9
    probs[20:] = [0.5, 0.1, 0.4]
    probs[5] = [0.45, 0.44, 0.11]
    probs = (probs / probs.sum(axis=1, keepdims=True)).astype(np.float32)
    members = np.repeat(probs[:, None], 3, axis=1)
    members[5] = np.array([[0.9, 0.05, 0.05], [0.05, 0.9, 0.05], [0.05, 0.05, 0.9]])
    out = probs.copy()
    out[1] = [0.02, 0.96, 0.02]

    def made(kind: str, values: npt.NDArray[Any], classes: tuple[str, ...] = ()) -> Evidence:
        return Evidence(kind, "example", ids, values, classes, out_of_sample=True)

    names = ("cat", "dog", "owl")
    evidence = {
        "embeddings": made("embeddings", X),
        "probs": made("probs", probs, names),
        "committee": made("committee", members.astype(np.float32)),
        "label_probs": made("label_probs", out, names),
        "costs": made("costs", np.where(np.arange(30) == 5, 10.0, 1.0)),
    }
    return View(ids, ids, labels.astype(np.int64), names, evidence=evidence)
