"""Entropy: ask where the probabilities are spread over most classes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tilth.numerics.querying.scores import uncertainty_scores
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import best_first, cold_start, example_view, pool_rows

__all__ = ["Entropy"]


@dataclass(frozen=True)
class Entropy(Strategy):
    """Pick the rows whose probabilities have the largest entropy [1]_.

    With many classes it is drawn to rows of which the model knows nothing at all.

    References
    ----------
    .. [1] Settles (2009). Active learning literature survey. University of Wisconsin-Madison, report 1648.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Entropy().pick(Entropy.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r5']
    """

    wants: ClassVar[tuple[str, ...]] = ("embeddings", "probs")
    cost: ClassVar[str] = "model"

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """Most unsure rows first, without near-copies."""
        pool = pool_rows(view, budget)
        if "probs" not in view.evidence:
            return cold_start(self, view, budget, run)
        probs = view["probs"][pool]
        scores = uncertainty_scores(probs, method="entropy")

        def why(row: int) -> str:
            first, second = probs[row].argsort()[::-1][:2] if probs.shape[1] > 1 else (0, 0)
            return (
                f"entropy {scores[row]:.3f}: {view.class_name(int(first))!r} {probs[row, first]:.0%}, "
                f"{view.class_name(int(second))!r} {probs[row, second]:.0%}"
            )

        return best_first(self, view, pool, scores, budget, why)

    @classmethod
    def example(cls) -> Example:
        """Row 5 lies between two classes."""

        def check(found: Findings) -> str:
            first = found.to_dicts()[0]["row_id"]
            return "" if first == "r5" else f"asked {first} first, expected r5"

        return Example(example_view(), check, "The row on which the model is least sure is asked first.")
