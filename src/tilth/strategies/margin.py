"""Margin: ask where the two most probable classes are closest."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tilth.numerics.querying.scores import uncertainty_scores
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import best_first, cold_start, example_view, pool_rows

__all__ = ["Margin"]


@dataclass(frozen=True)
class Margin(Strategy):
    """Pick the rows whose two most probable classes are closest: breaking ties [1]_.

    The one of the three uncertainty measures that most often needs fewest labels; it looks only at the choice that
    the model is about to get wrong.

    References
    ----------
    .. [1] Scheffer, Decomain, Wrobel (2001). Active hidden Markov models for information extraction. IDA.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Margin().pick(Margin.example().given, 1, Run()).table.column("row_id").to_pylist()
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
        scores = uncertainty_scores(probs, method="margin")

        def why(row: int) -> str:
            first, second = probs[row].argsort()[::-1][:2] if probs.shape[1] > 1 else (0, 0)
            return (
                f"margin {scores[row]:.3f}: {view.class_name(int(first))!r} {probs[row, first]:.0%}, "
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
