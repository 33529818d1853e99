"""Majority vote: the class most raters chose; what every other method is measured against."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from tilth.label_models._common import class_votes_for, crowd_example
from tilth.numerics.consensus.majority import majority_vote
from tilth.numerics.consensus.result import Consensus
from tilth.plugin import Example, LabelModel, Run

__all__ = ["Majority"]


@dataclass(frozen=True)
class Majority(LabelModel):
    """Take the class most raters chose; a tie goes to the class with more votes overall.

    All raters count the same, so it is right where raters are alike, and hard to beat with few votes a rater.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Majority().fit(Majority.example().given, 2, Run()).labels[2:6].tolist()
    [0, 1, 0, 1]
    """

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Consensus:
        """Beliefs by majority vote."""
        del given, run
        return majority_vote(class_votes_for(self, votes, k))

    @classmethod
    def example(cls) -> Example:
        """Two raters who agree outweigh a third."""
        return crowd_example()
