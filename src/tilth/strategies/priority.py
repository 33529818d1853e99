"""Priority, the default: a start by clusters, then uncertainty, rarity and novelty with weights that are shown."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError
from tilth.numerics.querying.coverage import nearest_distance
from tilth.numerics.querying.scores import class_weights, rank_scale, uncertainty_scores
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import best_first, cold_start, example_view, labelled_rows, pool_rows

__all__ = ["Priority"]

#: Labelled rows that novelty is measured against, at most.
MOST_COMPARED = 2_000


@dataclass(frozen=True)
class Priority(Strategy):
    """Mix uncertainty, class rarity and novelty, after a start that covers the clusters of the data.

    Up to `start` labels, the typical rows of the largest clusters without labels are picked: what a model of so few
    labels is unsure of says little. From then on each part is put on one scale by its rank in the pool and the parts
    are added with the weights: the reasons show them. `tilth.ActiveLearner` can learn the weights from which picks
    taught the model something.

    Parameters
    ----------
    uncertainty : float
        Weight of 1 minus the margin of the two most probable classes.
    rarity : float
        Weight of how few labels the row's probable classes have.
    novelty : float
        Weight of the distance to the nearest labelled row.
    start : int
        Labels up to which clusters are covered.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Priority(start=4).pick(Priority.example().given, 1, Run()).to_dicts()[0]["why"]
    'priority 0.94 = 0.9 x uncertainty 1.00 + 0.05 x rarity 0.68 + 0.05 x novelty 0.20: margin 0.010'
    """

    uncertainty: float = 0.9
    rarity: float = 0.05
    novelty: float = 0.05
    start: int = 60

    needs: ClassVar[tuple[str, ...]] = ("labels",)
    wants: ClassVar[tuple[str, ...]] = ("embeddings", "probs")
    cost: ClassVar[str] = "model"

    def __post_init__(self) -> None:
        weights = (self.uncertainty, self.rarity, self.novelty)
        if any(not weight >= 0 for weight in weights) or not sum(weights) > 0 or self.start < 0:
            raise ParameterError(
                "weights are not negative and not all 0, and neither is the start",
                where="priority",
                found=f"{weights}, start {self.start}",
            )

    def parts(self, view: View, pool: npt.NDArray[np.int64]) -> npt.NDArray[np.float64]:
        """Uncertainty, rarity and novelty of the pool's rows, each in [0, 1], shape (rows, 3)."""
        probs = view["probs"][pool]
        columns = [rank_scale(uncertainty_scores(probs)), np.zeros(len(pool)), np.zeros(len(pool))]
        if self.rarity:
            columns[1] = rank_scale(probs @ class_weights(view.labels, probs.shape[1]))
        if self.novelty and "embeddings" in view.evidence:
            X = view["embeddings"]
            known = labelled_rows(view)
            known = known[:: -(-len(known) // MOST_COMPARED)]
            columns[2] = rank_scale(nearest_distance(X if len(pool) == len(X) else X[pool], X[known]))
        return np.stack(columns, axis=1)

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """Highest priority first, without near-copies."""
        pool = pool_rows(view, budget)
        if "probs" not in view.evidence or len(labelled_rows(view)) < self.start:
            return cold_start(self, view, budget, run)
        weights = np.array([self.uncertainty, self.rarity, self.novelty])
        weights /= weights.sum()
        parts = self.parts(view, pool)
        scores = parts @ weights
        margin = uncertainty_scores(view["probs"][pool])

        def why(row: int) -> str:
            said = " + ".join(
                f"{w:.2g} x {name} {v:.2f}"
                for w, name, v in zip(weights, ("uncertainty", "rarity", "novelty"), parts[row], strict=True)
                if w
            )
            return f"priority {scores[row]:.2f} = {said}: margin {1 - margin[row]:.3f}"

        shown: dict[str, Any] = {
            "weights": {"uncertainty": float(weights[0]), "rarity": float(weights[1]), "novelty": float(weights[2])}
        }
        return best_first(self, view, pool, scores, budget, why, summary=shown)

    @classmethod
    def example(cls) -> Example:
        """Row 5 is the one the model is least sure of."""

        def check(found: Findings) -> str:
            first = found.to_dicts()[0]
            if first["row_id"] != "r5":
                return f"asked {first['row_id']} first, expected r5"
            return "" if "x uncertainty" in first["why"] else f"weights are not shown: {first['why']!r}"

        return Example(example_view(), check, "The reasons show every part and its weight.", {"start": 4})
