"""BALD: ask where knowing the label tells most about which member of an ensemble is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tilth.numerics.querying.committee import bald_scores
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import best_first, cold_start, example_view, pool_rows

__all__ = ["Bald"]


@dataclass(frozen=True)
class Bald(Strategy):
    """Pick the rows whose label tells most about which member of an ensemble is right [1]_.

    Rows on which all members are equally unsure are left out: their label would decide nothing.

    References
    ----------
    .. [1] Houlsby, Huszár, Ghahramani, Lengyel (2011). Bayesian active learning for classification. arXiv:1112.5745.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Bald().pick(Bald.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r5']
    """

    wants: ClassVar[tuple[str, ...]] = ("embeddings", "committee")
    cost: ClassVar[str] = "model"

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """Rows of most mutual information first, without near-copies."""
        pool = pool_rows(view, budget)
        if "committee" not in view.evidence:
            return cold_start(self, view, budget, run)
        members = view["committee"][pool]
        scores = bald_scores(members)

        def why(row: int) -> str:
            return f"its label tells {scores[row]:.3f} nats about which of {members.shape[1]} members is right"

        return best_first(self, view, pool, scores, budget, why)

    @classmethod
    def example(cls) -> Example:
        """The members are sure, and differ, on row 5 alone."""

        def check(found: Findings) -> str:
            first = found.to_dicts()[0]["row_id"]
            return "" if first == "r5" else f"asked {first} first, expected r5"

        return Example(example_view(), check, "The row whose label decides between the members is asked first.")
