"""What an active learner remembers between rounds: lessons for the weights of the mix, predictions for stopping."""

from __future__ import annotations

import dataclasses
from itertools import pairwise
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine.label_pool import Pool
from tilth.numerics.cross_fitting.fold_models import FoldModel
from tilth.numerics.querying.models import fit_mix_weights
from tilth.numerics.querying.stopping import (
    StopCheck,
    overall_uncertainty,
    predicted_change,
    should_stop,
    successive_kappa,
)
from tilth.numerics.statistics.interval_result import Interval

__all__ = ["Lessons", "StopWatch"]

#: Rows of the pool on which successive models are compared.
STOP_SET = 2_000


class Lessons:
    """Which picks taught the model something, by their uncertainty, rarity and novelty when they were picked."""

    def __init__(self) -> None:
        self._asked: dict[int, npt.NDArray[np.float64]] = {}
        self._parts: list[npt.NDArray[np.float64]] = []
        self._gains: list[float] = []

    def ask(self, pool: Pool, strategy: Any, rows: npt.NDArray[np.int64]) -> None:
        """Note the parts of the rows just picked; nothing before there is a model."""
        self._asked = {}
        if not hasattr(strategy, "parts") or pool.fitted() is None:
            return
        probe = dataclasses.replace(strategy, uncertainty=1.0, rarity=1.0, novelty=1.0)
        parts = probe.parts(pool.view(strategy), pool.free)
        place = {int(row): i for i, row in enumerate(pool.free)}
        self._asked = {int(row): parts[place[int(row)]] for row in rows if int(row) in place}

    def hear(self, pool: Pool, rows: npt.NDArray[np.int64], codes: list[int]) -> None:
        """Note what the labels of asked rows taught: 1 minus the probability they had. A code of -1 is a new class."""
        fitted = pool.fitted()
        known = [i for i, row in enumerate(rows.tolist()) if row in self._asked]
        if fitted is None or not known or not pool.gives_probs:
            return
        probs = pool.predict(fitted, pool.X[rows[known]])
        for place, i in enumerate(known):
            self._parts.append(self._asked[int(rows[i])])
            self._gains.append(1 - float(probs[place, codes[i]]) if codes[i] >= 0 else 1.0)
        self._asked = {}

    def weigh(self, strategy: Any) -> Any:
        """The strategy with the weights that the lessons support."""
        if not self._parts:
            return strategy
        prior = [strategy.uncertainty, strategy.rarity, strategy.novelty]
        weights = fit_mix_weights(np.stack(self._parts), np.asarray(self._gains), prior)
        u, r, v = weights.tolist()
        return dataclasses.replace(strategy, uncertainty=u, rarity=r, novelty=v)


class StopWatch:
    """Predictions of successive models on a fixed set of rows."""

    def __init__(self, n_rows: int, seed: int) -> None:
        self.rows = np.sort(np.random.default_rng(seed).permutation(n_rows)[:STOP_SET])
        self._rounds: list[int] = []
        self._said: list[npt.NDArray[Any]] = []

    def check(
        self,
        pool: Pool,
        fitted: FoldModel,
        names: npt.NDArray[Any],
        at: int,
        *,
        gain: Interval | None,
        accuracy: Interval | None,
        **limits: Any,
    ) -> tuple[StopCheck, ...]:
        """What each rule says after round `at`.

        The change and the uncertainty are those of rows without a label; kappa takes all rows of the set.
        """
        features = pool.X[self.rows]
        if not self._rounds or self._rounds[-1] != at:
            self._rounds.append(at)
            self._said.append(names[pool.guess(fitted, features)])
        pairs = list(pairwise(self._said))
        free = pool.labels[self.rows] < 0
        change = uncertainty = None
        if free.any():
            change = predicted_change(*(said[free] for said in pairs[-1])) if pairs else None
            uncertainty = overall_uncertainty(pool.predict(fitted, features[free])) if pool.gives_probs else None
        return should_stop(
            change=change,
            kappa=[successive_kappa(*pair) for pair in pairs],
            uncertainty=uncertainty,
            gain=gain,
            accuracy=accuracy,
            **limits,
        )
