"""Cost-sensitive: what not knowing a label costs, for what labelling it costs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import DataError, ParameterError
from tilth.numerics.querying.scores import expected_cost
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import best_first, cold_start, example_view, pool_rows

__all__ = ["CostSensitive"]


@dataclass(frozen=True)
class CostSensitive(Strategy):
    """Pick the rows on which a wrong decision is expected to cost most, for each unit that their label costs [1]_.

    Parameters
    ----------
    cost_matrix : tuple of tuple of float
        ``cost_matrix[i][j]`` is the cost of deciding class j where i is true, classes in the dataset's order; empty
        counts every error as 1. What a label costs comes from the evidence ``costs``, where there is one.

    References
    ----------
    .. [1] Margineantu (2005). Active cost-sensitive learning. IJCAI.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> CostSensitive().pick(CostSensitive.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r20']
    """

    cost_matrix: tuple[tuple[float, ...], ...] = ()

    wants: ClassVar[tuple[str, ...]] = ("embeddings", "probs", "costs")
    cost: ClassVar[str] = "model"

    def __post_init__(self) -> None:
        if any(len(row) != len(self.cost_matrix) for row in self.cost_matrix):
            raise ParameterError("a cost matrix is square", where="cost_sensitive", found=str(self.cost_matrix))

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """Most expected cost for the price of a label first, without near-copies."""
        pool = pool_rows(view, budget)
        price = np.asarray(view["costs"][pool], dtype=np.float64) if "costs" in view.evidence else np.ones(len(pool))
        bad = ~(np.isfinite(price) & (price > 0))
        if bad.any():
            row = int(np.argmax(bad))
            raise DataError(
                "the cost of a label must be above 0", where=f"row {view.row_ids[pool[row]]!r}", found=str(price[row])
            )
        if "probs" not in view.evidence:
            return cold_start(self, view, budget, run)
        probs = view["probs"][pool]
        k = probs.shape[1]
        matrix = np.asarray(self.cost_matrix, dtype=np.float64) if self.cost_matrix else 1 - np.eye(k)
        loss = expected_cost(probs, matrix)
        scores = loss / price

        def why(row: int) -> str:
            return f"a wrong decision is expected to cost {loss[row]:.3g}, its label costs {price[row]:.3g}"

        return best_first(self, view, pool, scores, budget, why)

    @classmethod
    def example(cls) -> Example:
        """Row 5 is most unsure, but its label costs ten times as much."""

        def check(found: Findings) -> str:
            first = found.to_dicts()[0]["row_id"]
            return "" if first != "r5" else "asked for the dear label first"

        return Example(example_view(), check, "A dear label waits for cheap ones that tell nearly as much.")
