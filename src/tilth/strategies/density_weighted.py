"""Density weighting: unsure rows that stand for many others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from tilth.errors import ParameterError
from tilth.numerics.querying.scores import density, uncertainty_scores
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import best_first, cold_start, example_view, pool_rows

__all__ = ["DensityWeighted"]


@dataclass(frozen=True)
class DensityWeighted(Strategy):
    """Pick unsure rows that are typical of the data, not strangers: uncertainty times density [1]_.

    Parameters
    ----------
    beta : float
        Power of the density, the mean cosine similarity to all rows in [0, 1]; 0 is pure margin.

    References
    ----------
    .. [1] Settles, Craven (2008). An analysis of active learning strategies for sequence labeling tasks. EMNLP.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> DensityWeighted().pick(DensityWeighted.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r24']
    """

    beta: float = 1.0

    needs: ClassVar[tuple[str, ...]] = ("embeddings",)
    wants: ClassVar[tuple[str, ...]] = ("probs",)
    cost: ClassVar[str] = "model"

    def __post_init__(self) -> None:
        if not self.beta >= 0:
            raise ParameterError("beta is not negative", where="density_weighted", found=repr(self.beta))

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """Highest uncertainty times density first, without near-copies."""
        pool = pool_rows(view, budget)
        if "probs" not in view.evidence:
            return cold_start(self, view, budget, run)
        unsure = uncertainty_scores(view["probs"][pool])
        typical = density(view["embeddings"])[pool]
        scores = unsure * typical**self.beta

        def why(row: int) -> str:
            return f"uncertainty {unsure[row]:.3f} times density {typical[row]:.3f} to the power {self.beta:g}"

        return best_first(self, view, pool, scores, budget, why)

    @classmethod
    def example(cls) -> Example:
        """Unsure rows among many others."""

        def check(found: Findings) -> str:
            first = found.to_dicts()[0]
            return "" if "density" in first["why"] else f"said {first['why']!r}"

        return Example(example_view(), check, "An unsure row among many others is asked first.")
