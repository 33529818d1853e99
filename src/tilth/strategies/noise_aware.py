"""Noise-aware: asks again where a label looks wrong, and spends the rest on unsure rows."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import ParameterError
from tilth.numerics.querying.scores import uncertainty_scores
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import best_first, cold_start, example_view, picks, pool_rows

__all__ = ["NoiseAware"]


@dataclass(frozen=True)
class NoiseAware(Strategy):
    """Pick labelled rows whose label a model that has not seen it contradicts, then unsure rows by their margin.

    A wrong label near the border costs more than a missing one [1]_. The suggestion is the class the model expects.

    A row that was labelled twice is left alone: its label was confirmed or corrected. How often each row was labelled
    comes from the evidence ``times_asked``, where there is one.

    Parameters
    ----------
    share : float
        In [0, 1]: at most so much of the budget goes to labels that look wrong.
    least : float
        In [0, 1]: a label looks wrong where the model gives it less than this, and another class more than 1 minus it.

    References
    ----------
    .. [1] Sheng, Provost, Ipeirotis (2008). Get another label? Improving data quality and data mining using multiple,
       noisy labelers. KDD.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> NoiseAware(share=0.5).pick(NoiseAware.example().given, 2, Run()).table.column("row_id").to_pylist()
    ['r1', 'r5']
    """

    share: float = 0.2
    least: float = 0.2

    needs: ClassVar[tuple[str, ...]] = ("labels",)
    wants: ClassVar[tuple[str, ...]] = ("embeddings", "probs", "label_probs", "times_asked")
    cost: ClassVar[str] = "model"

    def __post_init__(self) -> None:
        if not (0 <= self.share <= 1 and 0 <= self.least <= 1):
            raise ParameterError(
                "share and least lie in [0, 1]", where="noise_aware", found=f"{self.share}, {self.least}"
            )

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """Doubtful labels first, worst first, then unsure rows."""
        pool = pool_rows(view, budget)
        if "probs" not in view.evidence:
            return cold_start(self, view, budget, run)
        again, why, suggested = self._doubtful(view, int(self.share * budget))
        fresh = budget - len(again)
        found = Findings.none()
        if fresh:
            probs = view["probs"][pool]
            unsure = uncertainty_scores(probs)
            found = best_first(self, view, pool, unsure, fresh, lambda row: f"margin {1 - unsure[row]:.3f}")
        place = {row_id: i for i, row_id in enumerate(view.row_ids.tolist())}
        rows = [*again, *(place[row["row_id"]] for row in found.to_dicts())]
        why += [row["why"] for row in found.to_dicts()]
        suggestion = [*suggested, *([None] * len(found))]
        return picks(self, view, rows, why, suggestion=suggestion, summary={"asked_again": len(again)})

    def _doubtful(self, view: View, most: int) -> tuple[list[int], list[str], list[str | None]]:
        if not most or "label_probs" not in view.evidence:
            return [], [], []
        probs = view["label_probs"]
        judged = (view.labels >= 0) & np.isfinite(probs).all(axis=1)
        if "times_asked" in view.evidence:
            judged &= view["times_asked"] < 2
        rows = np.flatnonzero(judged)
        given = probs[rows, view.labels[rows]]
        other = probs[rows].argmax(axis=1)
        wrong = (given < self.least) & (probs[rows, other] > 1 - self.least)
        order = np.flatnonzero(wrong)[np.argsort(given[wrong], kind="stable")][:most]
        why = [
            f"labelled {view.class_name(int(view.labels[rows[i]]))!r}, but a model that has not seen it gives that "
            f"{given[i]:.0%} and {view.class_name(int(other[i]))!r} {probs[rows[i], other[i]]:.0%}"
            for i in order
        ]
        return rows[order].tolist(), why, [view.class_name(int(other[i])) for i in order]

    @classmethod
    def example(cls) -> Example:
        """The label of row 1 is contradicted."""

        def check(found: Findings) -> str:
            rows = {row["row_id"]: row["suggestion"] for row in found.to_dicts()}
            return "" if rows.get("r1") == "dog" else f"asked again for {rows}, expected r1 with 'dog'"

        return Example(example_view(), check, "A label that looks wrong is asked again, with a suggestion.")
