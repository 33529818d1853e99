"""BADGE: unsure and unlike each other, by k-means++ on gradient embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.numerics.querying.badge import badge
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import cold_start, example_view, picks, pool_rows, seed_of

__all__ = ["Badge"]


@dataclass(frozen=True)
class Badge(Strategy):
    """Pick rows whose labels would move the model far and in different directions [1]_.

    k-means++ on the gradients that the most probable label would give at a linear layer; the gradients are never
    written down.

    References
    ----------
    .. [1] Ash, Zhang, Krishnamurthy, Langford, Agarwal (2020). Deep batch active learning by diverse, uncertain
       gradient lower bounds. ICLR.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Badge().pick(Badge.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r23']
    """

    needs: ClassVar[tuple[str, ...]] = ("embeddings",)
    wants: ClassVar[tuple[str, ...]] = ("probs",)
    cost: ClassVar[str] = "model"

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """A batch in the order of drawing."""
        pool = pool_rows(view, budget)
        if "probs" not in view.evidence:
            return cold_start(self, view, budget, run)
        X, probs = view["embeddings"], view["probs"]
        if len(pool) < len(X):
            X, probs = X[pool], probs[pool]
        chosen = badge(X, probs, budget, random_state=seed_of(run))
        errors = probs[chosen].astype(np.float64)
        errors[np.arange(budget), errors.argmax(axis=1)] -= 1
        size = np.linalg.norm(errors, axis=1) * np.linalg.norm(X[chosen].astype(np.float64), axis=1)
        why = [
            f"its label may move the model by a gradient of {value:.3g}, unlike those of the picks before"
            for value in size
        ]
        return picks(self, view, pool[chosen], why)

    @classmethod
    def example(cls) -> Example:
        """The third cloud is far out and unsure."""

        def check(found: Findings) -> str:
            ids = [int(row["row_id"][1:]) for row in found.to_dicts()]
            return "" if any(i >= 20 for i in ids) else f"picked {ids}, none of the cloud without labels"

        return Example(example_view(), check, "Rows with large gradients are picked, apart from each other.")
