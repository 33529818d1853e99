"""Replaying labelled rows as if their labels had to be asked for, one strategy and seed at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine.label_pool import Pool, pick_rows
from tilth.errors import ParameterError
from tilth.numerics.statistics.metrics import score_predictions
from tilth.plugin import Run, Shelf

__all__ = ["Replay", "ReplayData", "full_score", "replay", "schedule"]


@dataclass(frozen=True, eq=False)
class ReplayData:
    """What a replay works on; the test rows are never in the pool.

    Parameters
    ----------
    X : (n, d) array
    y : (n,) int64
        True codes of all rows.
    classes : tuple of str
    train, test : (m,) int64
        Rows of the pool, and rows that only score.
    model : object or None
    costs : (n,) array, optional
    noise : float
        Share of the oracle's answers that are a wrong class, drawn evenly.
    metric : str
    """

    X: npt.NDArray[np.floating[Any]]
    y: npt.NDArray[np.int64]
    classes: tuple[str, ...]
    train: npt.NDArray[np.int64]
    test: npt.NDArray[np.int64]
    model: Any = None
    costs: npt.NDArray[np.float64] | None = None
    noise: float = 0.0
    metric: str = "accuracy"


@dataclass(frozen=True, eq=False)
class Replay:
    """One learning curve.

    Parameters
    ----------
    strategy : str
    seed : int
    counts : (r,) int64
        Answers asked for so far.
    scores : (r,) float64
        On the test rows.
    spent : (r,) float64
        What the answers cost.
    full : float
        Score with all true labels of the pool.
    picked : tuple of int
        Positions in the pool, in the order of asking; an asked-again row stands twice.
    """

    strategy: str
    seed: int
    counts: npt.NDArray[np.int64]
    scores: npt.NDArray[np.float64]
    spent: npt.NDArray[np.float64]
    full: float
    picked: tuple[int, ...] = field(default=(), repr=False)


def schedule(budget: int, batch: int = 0) -> list[int]:
    """Numbers of labels at which the model is trained: steps of `batch`, or of 10 up to 100 and then of 15%.

    Examples
    --------
    >>> schedule(45, 20), schedule(140)[-4:]
    ([20, 40, 45], [100, 115, 132, 140])
    """
    if budget < 1 or batch < 0:
        raise ParameterError("a budget is at least 1 and a batch not negative", found=f"{budget}, {batch}")
    counts: list[int] = []
    at = 0
    while at < budget:
        at = min(budget, at + (batch or (10 if at < 100 else max(int(at * 0.15), 1))))
        counts.append(at)
    return counts


def _score(pool: Pool, data: ReplayData) -> float:
    truth = data.y[data.test]
    fitted = pool.fitted()
    if fitted is None:
        known = pool.labels[pool.labels >= 0]
        guess = int(np.bincount(known).argmax()) if len(known) else 0
        return score_predictions(truth, np.full(len(truth), guess), data.metric)
    return score_predictions(truth, pool.guess(fitted, data.X[data.test]), data.metric)


def _pool(data: ReplayData, labels: npt.NDArray[np.int64], seed: int) -> Pool:
    ids = np.asarray([str(row) for row in data.train], dtype=object)
    costs = None if data.costs is None else data.costs[data.train]
    return Pool(data.X[data.train], labels, data.classes, ids, data.model, seed, costs=costs)


def full_score(data: ReplayData, seed: int = 0) -> float:
    """Score of the model with all true labels of the pool."""
    return _score(_pool(data, data.y[data.train], seed), data)


def _answers(data: ReplayData, rows: Sequence[int], asked: npt.NDArray[np.int64], seed: int) -> list[int]:
    """What the oracle says: a function of seed, row and how often the row was asked."""
    said = []
    for row in rows:
        truth = int(data.y[data.train[row]])
        rng = np.random.default_rng([seed, int(data.train[row]), int(asked[row])])
        wrong = data.noise > 0 and rng.random() < data.noise
        said.append(int((truth + rng.integers(1, len(data.classes))) % len(data.classes)) if wrong else truth)
    return said


def replay(
    data: ReplayData,
    strategy: str,
    params: Mapping[str, Any],
    seed: int,
    counts: Sequence[int],
    *,
    full: float | None = None,
) -> Replay:
    """Ask for labels round by round, from none on, and score the model after each round.

    Parameters
    ----------
    data : ReplayData
    strategy : str
    params : mapping
    seed : int
    counts : sequence of int
        See `schedule`.
    full : float, optional
        Score with all labels, where it is known already.

    Returns
    -------
    Replay
    """
    part = Shelf("strategies").make(strategy, **params)
    labels = np.full(len(data.train), -1, dtype=np.int64)
    asked = np.zeros(len(data.train), dtype=np.int64)
    pool = _pool(data, labels, seed)
    place = {row_id: i for i, row_id in enumerate(pool.row_ids.tolist())}
    at, cost = 0, 0.0
    scores, spent, order = [], [], []
    for turn, count in enumerate(counts):
        found = pick_rows(pool, part, min(count - at, len(pool.free)), Run(seed, f"{strategy}/{turn}"))
        rows = [place[row_id] for row_id in found.table.column("row_id").to_pylist()]
        labels = labels.copy()
        labels[rows] = _answers(data, rows, asked, seed)
        asked[rows] += 1
        order += rows
        cost += float(data.costs[data.train[rows]].sum()) if data.costs is not None else len(rows)
        pool = pool.with_labels(labels, times_asked=asked.copy())
        scores.append(_score(pool, data))
        spent.append(cost)
        at = count
    whole = full_score(data, seed) if full is None else full
    return Replay(strategy, seed, np.asarray(counts), np.asarray(scores), np.asarray(spent), whole, tuple(order))
