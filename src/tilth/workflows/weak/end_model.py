"""The model trained on beliefs, and how label model and end model do on rows that neither was fitted on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine import Resolver, ResolverOptions
from tilth.errors import NotApplicable
from tilth.numerics.statistics.interval_result import Interval
from tilth.numerics.statistics.intervals import wilson_interval
from tilth.numerics.weak_supervision.choice import right_share
from tilth.numerics.weak_supervision.slices import SliceScore
from tilth.numerics.weak_supervision.soft_training import NoiseAwareLogistic, RowPlan, fit_soft
from tilth.records import RowBatch
from tilth.workflows.project import RunOptions, opened
from tilth.workflows.weak.results import WeakVotes

__all__ = ["end_model", "scores_of", "slices_of"]

FloatArray = npt.NDArray[np.float64]


def end_model(
    said: WeakVotes, beliefs: FloatArray, plan: RowPlan, embedder: str, run_options: RunOptions, model: Any = None
) -> FloatArray:
    """Probabilities of all rows by a model on embeddings: noise-aware logistic, or any classifier by duplication."""
    targets = beliefs.copy()
    known = said.development >= 0
    targets[known] = np.eye(beliefs.shape[1])[said.development[known]]
    with opened(said.dataset) as store:
        run = run_options.run("weak", store)
        resolver = Resolver(said.snapshot, run, ResolverOptions(embedder=embedder))
        found = resolver.get("embeddings")
    place = said.snapshot.positions(list(found.row_ids))
    train = np.isin(place, plan.train)
    if train.sum() < 2 or np.unique(targets[place[train]].argmax(axis=1)).size < 2:
        raise NotApplicable("the rows to train on are of one class")
    X = found.values.astype(np.float64)
    made = np.full(beliefs.shape, np.nan)
    if model is None:
        spread = np.maximum(X[train].std(axis=0), 1e-6)
        unit = float(np.median(np.linalg.norm(X, axis=1))) or 1.0
        scale = spread if unit > 5 else 1.0  # embeddings of unit length keep their geometry
        made[place] = NoiseAwareLogistic(l2=1e-3).fit(X[train] / scale, targets[place[train]]).predict_proba(X / scale)
    else:
        fitted = fit_soft(model() if isinstance(model, type) else model, X[train], targets[place[train]])
        made[place] = 0.0
        made[np.ix_(place, np.asarray(fitted.classes_))] = fitted.predict_proba(X)
    unread = np.isnan(made[:, 0])
    made[unread] = beliefs[unread]
    return made


def scores_of(said: WeakVotes, beliefs: FloatArray, end: FloatArray) -> tuple[tuple[str, Interval], ...]:
    rows = np.flatnonzero(said.held_out & (said.gold >= 0))
    if not rows.size:
        return ()
    truth = said.gold[rows]
    counts = said.votes.count_table()[rows].astype(np.float64)
    arms = [("majority vote", counts), ("label model", beliefs[rows])]
    if end.size:
        arms.append(("end model", end[rows]))
    made = []
    for name, scores in arms:
        share = right_share(scores, truth)
        made.append((name, wilson_interval(round(float(share.sum())), rows.size)))
    return tuple((name, replace(i, estimate=float(right_share(s, truth).mean()))) for (name, i), (_, s) in zip(
        made, arms, strict=True
    ))  # fmt: skip


def slices_of(said: WeakVotes, scores: FloatArray) -> tuple[SliceScore, ...]:
    if not said.rules.slices or not (said.held_out & (said.gold >= 0)).any():
        return ()
    batch = RowBatch(said.snapshot.table)
    masks = {one.name: one.mask(batch) for one in said.rules.slices}
    truth = np.where(said.held_out, said.gold, -1)
    rows = np.flatnonzero(truth >= 0)
    share = right_share(scores[rows], truth[rows])  # ties count by their share, as in the scores
    made = [_slice(name, share, mask[rows], 1 - 0.05 / len(masks)) for name, mask in masks.items()]
    made.sort(key=lambda s: (np.inf if np.isnan(s.gap) else s.gap, s.name))
    return (_slice("all", share, np.ones(rows.size, dtype=bool), 0.95), *made)


def _slice(name: str, share: FloatArray, inside: npt.NDArray[np.bool_], level: float) -> SliceScore:
    n = int(inside.sum())
    if not n:
        return SliceScore(name, 0, None, float("nan"), False)
    mean = float(share[inside].mean())
    found = replace(wilson_interval(round(float(share[inside].sum())), n, level=level), estimate=mean)
    rest = float(share[~inside].mean()) if n < share.size else float("nan")
    return SliceScore(name, n, found, mean - rest, found.high < rest)
