"""TypiClust: the typical row of each large cluster without labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tilth.errors import ParameterError
from tilth.numerics.querying.clusters import typiclust
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import example_view, labelled_rows, picks, pool_rows, seed_of, typical_of

__all__ = ["Typiclust"]


@dataclass(frozen=True)
class Typiclust(Strategy):
    """Pick the most typical row of each of the largest clusters that have no label yet [1]_. Needs no model.

    Parameters
    ----------
    n_neighbors : int
        Neighbours whose mean distance measures how typical a row is.
    max_clusters : int

    References
    ----------
    .. [1] Hacohen, Dekel, Weinshall (2022). Active learning on a budget: opposite strategies suit high and low
       budgets. ICML.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Typiclust().pick(Typiclust.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r26']
    """

    n_neighbors: int = 20
    max_clusters: int = 500

    needs: ClassVar[tuple[str, ...]] = ("embeddings",)

    def __post_init__(self) -> None:
        if self.n_neighbors < 1 or self.max_clusters < 1:
            raise ParameterError(
                "must be at least 1", where="typiclust", found=f"{self.n_neighbors}, {self.max_clusters}"
            )

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """One row a cluster, largest clusters without labels first."""
        pool_rows(view, budget)
        chosen, typical, sizes = typiclust(
            view["embeddings"],
            budget,
            labelled=labelled_rows(view),
            n_neighbors=self.n_neighbors,
            max_clusters=self.max_clusters,
            random_state=seed_of(run),
        )
        why = typical_of(typical.tolist(), sizes.tolist())
        return picks(self, view, chosen, why)

    @classmethod
    def example(cls) -> Example:
        """The third cloud is a cluster without a label."""

        def check(found: Findings) -> str:
            ids = [int(row["row_id"][1:]) for row in found.to_dicts()]
            return "" if any(i >= 20 for i in ids) else f"picked {ids}, none of the cloud without labels"

        return Example(example_view(), check, "Clusters without labels are covered, by a typical row each.")
