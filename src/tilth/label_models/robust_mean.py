"""Robust mean: the consensus of answers that are numbers."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from tilth.label_models._common import number_votes_for
from tilth.numerics.consensus.majority import NumericConsensus, numeric_consensus
from tilth.numerics.consensus.votes import as_votes
from tilth.plugin import Example, LabelModel, Run

__all__ = ["RobustMean"]


@dataclass(frozen=True)
class RobustMean(LabelModel):
    """Take the Huber mean of each item's numbers: like the mean, but a wild answer counts little [1]_.

    Parameters
    ----------
    cutoff : float, default=1.345
        Answers further than this many pooled standard deviations from the centre are down-weighted.
    max_iter : int, default=50
        Steps at most.

    References
    ----------
    .. [1] Huber (1964). Robust estimation of a location parameter. Annals of Mathematical Statistics 35(1), 73-101.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> RobustMean().fit(RobustMean.example().given, 0, Run()).values.round(1).tolist()
    [1.1, 5.0, 7.0]
    """

    cutoff: float = 1.345
    max_iter: int = 50

    def fit(
        self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None
    ) -> NumericConsensus:
        """The robust centre of each item, NaN without votes."""
        del given, k, run
        return numeric_consensus(number_votes_for(self, votes), cutoff=self.cutoff, max_iter=self.max_iter)

    @classmethod
    def example(cls) -> Example:
        """One wild answer of 90 does not move the centre of 1."""

        def check(found: NumericConsensus) -> str:
            return "" if 0.9 < found.values[0] < 1.3 else f"a wild answer moved the centre to {found.values[0]:.1f}"

        votes = as_votes([[1.0, 1.2, 0.8, 90.0], [5.0, 5.0, 5.1, None], [7.0, 7.0, 7.1, 6.9]], numeric=True)
        return Example(votes, check, "One wild answer of 90 does not move a centre of 1.")
