"""Groups of similar rows on which the model does worse than elsewhere."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import NotApplicable
from tilth.numerics.statistics.groups import find_weak_groups
from tilth.plugin import Detector, Example, Run, View
from tilth.records import Evidence, Findings, Schema

__all__ = ["UnderperformingGroup"]


@dataclass(frozen=True)
class UnderperformingGroup(Detector):
    """Flag the rows of groups on which the out-of-sample model is significantly and clearly worse.

    Parameters
    ----------
    min_size : int
        Smallest group that counts, in rows.
    margin : float
        A weak group's share of right answers lies at least this much below the rest, in (0, 1).

    Notes
    -----
    Groups are clusters of the embeddings; see `tilth.numerics.statistics.groups.find_weak_groups`. Collect
    more rows like these, or look for what their labels have in common.

    Examples
    --------
    >>> UnderperformingGroup(min_size=50).min_size
    50
    """

    min_size: int = 30
    margin: float = 0.1

    needs: ClassVar[tuple[str, ...]] = ("labels", "embeddings", "probs")
    cost: ClassVar[str] = "cheap"

    def detect(self, view: View, run: Run) -> Findings:
        """One finding for each labelled row; all rows of a weak group are flagged."""
        rows = np.flatnonzero(view.labels >= 0)
        if len(rows) < 2 * self.min_size:
            raise NotApplicable(f"fewer than {2 * self.min_size} labelled rows have no groups to compare")
        right = view["probs"][rows].argmax(axis=1) == view.labels[rows]
        found = find_weak_groups(
            view["embeddings"][rows], right, min_size=self.min_size, margin=self.margin, random_state=run.seed
        )
        gap = np.clip(found.outside - found.inside, 0.0, 1.0)
        said = [
            f"the model is right on {inside:.0%} of a group of {size} similar rows, and on {outside:.0%} of the rest"
            for inside, outside, size in zip(found.inside, found.outside, found.size, strict=True)
        ]
        weak = [
            {"size": int(found.size[g]), "accuracy": round(float(found.inside[g]), 4)}
            for g in np.flatnonzero(found.weak)
        ]
        return Findings.build(
            "underperforming_group",
            view.row_ids[rows],
            gap[found.group],
            found.weak[found.group],
            [said[g] for g in found.group],
            threshold=self.margin,
            summary={"groups": len(found.size), "weak_groups": weak},
        )

    @classmethod
    def example(cls) -> Example:
        """Two heaps of rows; in the second one the model is right less than half the time."""
        rng = np.random.default_rng(0)
        n = 200
        ids = np.asarray([f"r{i}" for i in range(n)], dtype=object)
        X = np.concatenate([rng.normal(0, 1, (120, 2)), rng.normal(9, 1, (80, 2))]).astype(np.float32)
        wrong = np.concatenate([rng.random(120) < 0.05, rng.random(80) < 0.6])
        labels = np.zeros(n, dtype=np.int64)
        probs = np.where(wrong[:, None], [[0.2, 0.8]], [[0.8, 0.2]]).astype(np.float32)
        evidence = {
            "embeddings": Evidence("embeddings", "", ids, X),
            "probs": Evidence("probs", "", ids, probs, classes=("a", "b"), out_of_sample=True),
        }
        view = View(ids, ids, labels, ("a", "b"), schema=Schema((), ("a", "b")), evidence=evidence)

        def check(found: Findings) -> str:
            rows = found.flagged().table.column("row_id").to_pylist()
            second = sum(int(row[1:]) >= 120 for row in rows)
            return "" if second >= 70 and second >= 0.9 * len(rows) else f"{second} of {len(rows)} flagged in the heap"

        return Example(view, check, "a heap of rows that the model gets wrong")
