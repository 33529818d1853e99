"""BADGE: unsure and unlike each other, by k-means++ on gradient embeddings."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.numerics.querying.badge import badge, copy_radius, most_have_copies, spread_batch
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import CANDIDATES, cold_start, example_view, labelled_rows, picks, pool_rows, seed_of

__all__ = ["Badge"]


@dataclass(frozen=True)
class Badge(Strategy):
    """Pick rows whose labels would move the model far and in different directions [1]_.

    k-means++ on the gradients that the most probable label would give at a linear layer; the gradients are never
    written down. Where most rows have near-copies, more rows are drawn, and copies of picked and labelled rows are
    passed over.

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
        everything, probs = view["embeddings"], view["probs"]
        X = everything
        if len(pool) < len(X):
            X, probs = X[pool], probs[pool]
        copies = most_have_copies(everything)
        drawn = min(CANDIDATES * budget + 50, len(pool)) if copies else budget
        chosen = badge(X, probs, drawn, random_state=seed_of(run))
        if copies:
            place = {int(row): i for i, row in enumerate(pool)}
            radius, known = copy_radius(everything), labelled_rows(view)[-5_000:]
            kept, _ = spread_batch(everything, pool[chosen], budget, radius=radius, avoid=known)
            chosen = np.asarray([place[int(row)] for row in kept], dtype=np.int64)
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
