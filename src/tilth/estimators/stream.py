"""Rows that come one by one: ask or let pass, within a budget."""

from __future__ import annotations

from collections import deque

import numpy as np

from tilth.errors import ParameterError

__all__ = ["StreamSelector"]


class StreamSelector:
    """Ask for a share of a stream: the rows whose score is high among the last ones.

    A row is asked for where its score lies above the quantile that leaves the budget, among the scores of a sliding
    window; the quantile is moved so that what was asked so far stays at the budget [1]_. Never more than
    ``budget * seen + 1`` rows are asked for.

    Parameters
    ----------
    budget : float
        In (0, 1]: share of the rows that may be asked for.
    window : int
        Scores remembered.
    tolerance : float
        How many rows ahead of or behind the budget move the threshold by its whole range.

    References
    ----------
    .. [1] Kottke, Krempl, Spiliopoulou (2015). Probabilistic active learning in datastreams. IDA.

    Examples
    --------
    >>> selector = StreamSelector(budget=0.2)
    >>> scores = np.random.default_rng(0).random(1000)
    >>> asked = np.array([selector.ask(score) for score in scores])
    >>> round(float(asked.mean()), 2), bool(scores[asked].mean() > 0.8)
    (0.2, True)
    """

    def __init__(self, budget: float = 0.1, *, window: int = 200, tolerance: float = 50.0) -> None:
        if not 0 < budget <= 1 or window < 2 or not tolerance > 0:
            raise ParameterError(
                "a stream needs a budget in (0, 1], a window of at least 2 and a tolerance above 0",
                found=f"{budget}, {window}, {tolerance}",
            )
        self.budget = budget
        self.window = window
        self.tolerance = tolerance
        self.seen = 0
        self.asked = 0
        self._scores: deque[float] = deque(maxlen=window)

    def ask(self, score: float) -> bool:
        """Whether to ask for the label of the next row, by its score (high: worth asking)."""
        if not np.isfinite(score):
            raise ParameterError("a score must be finite", where="StreamSelector", found=str(score))
        self.seen += 1
        self._scores.append(float(score))
        values = np.asarray(self._scores)
        ahead = self.asked - self.budget * (self.seen - 1)
        threshold = float(np.quantile(values, 1 - self.budget)) + float(np.ptp(values)) * ahead / self.tolerance
        wanted = score >= threshold and self.asked + 1 <= self.budget * self.seen + 1
        self.asked += int(wanted)
        return bool(wanted)
