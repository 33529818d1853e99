"""Clustered margin: smallest margins, shared over clusters."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import ParameterError
from tilth.numerics.querying.clusters import clustered_margin
from tilth.numerics.querying.scores import uncertainty_scores
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import cold_start, distinct_candidates, example_view, picks, pool_rows, seed_of

__all__ = ["ClusteredMargin"]


@dataclass(frozen=True)
class ClusteredMargin(Strategy):
    """Pick rows of small margin, shared over their clusters, smallest cluster first [1]_. Made for large batches.

    Where most rows have near-copies, copies of better candidates and of labelled rows are no candidates.

    Parameters
    ----------
    candidates : float
        So many times the budget of rows with the smallest margins are clustered; at least 1.

    References
    ----------
    .. [1] Citovsky, DeSalvo, Gentile, Karydas, Rajagopalan, Rostamizadeh, Kumar (2021). Batch active learning at
       scale. NeurIPS 34.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> ClusteredMargin().pick(ClusteredMargin.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r5']
    """

    candidates: float = 5.0

    needs: ClassVar[tuple[str, ...]] = ("embeddings",)
    wants: ClassVar[tuple[str, ...]] = ("probs",)
    cost: ClassVar[str] = "model"

    def __post_init__(self) -> None:
        if not self.candidates >= 1:
            raise ParameterError("candidates is at least 1", where="clustered_margin", found=repr(self.candidates))

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """One round over the clusters after another."""
        pool = pool_rows(view, budget)
        if "probs" not in view.evidence:
            return cold_start(self, view, budget, run)
        order = pool[np.argsort(-uncertainty_scores(view["probs"][pool]), kind="stable")]
        kept = distinct_candidates(view, order, int(self.candidates * budget), budget)
        pool = pool if kept is None else kept
        X, probs = view["embeddings"][pool], view["probs"][pool]
        chosen, unsure = clustered_margin(X, probs, budget, candidates=self.candidates, random_state=seed_of(run))
        why = [f"margin {1 - value:.3f}, in the turn of its cluster" for value in unsure.tolist()]
        return picks(self, view, pool[chosen], why)

    @classmethod
    def example(cls) -> Example:
        """Row 5 and the third cloud have small margins and lie apart."""

        def check(found: Findings) -> str:
            ids = {row["row_id"] for row in found.to_dicts()}
            return "" if "r5" in ids else f"picked {sorted(ids)}, without r5"

        return Example(example_view(), check, "Rows of small margin are shared over clusters.")
