"""Weighted majority: raters who agree with the majority count more."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from tilth.label_models._common import class_votes_for, crowd_example
from tilth.numerics.consensus.majority import weighted_majority
from tilth.numerics.consensus.result import Consensus
from tilth.plugin import Example, LabelModel, Run

__all__ = ["WeightedMajority"]


@dataclass(frozen=True)
class WeightedMajority(LabelModel):
    """Weigh each vote by how often its rater agrees with the plain majority [1]_.

    One step, no iteration. It helps where some raters are careless, and not where most share an error.

    References
    ----------
    .. [1] Appen Success Center, "Worker agreement with aggregate (Wawa)".

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> WeightedMajority().fit(WeightedMajority.example().given, 2, Run()).labels[2:6].tolist()
    [0, 1, 0, 1]
    """

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Consensus:
        """Beliefs by weighted shares of votes."""
        del given, run
        return weighted_majority(class_votes_for(self, votes, k))

    @classmethod
    def example(cls) -> Example:
        """Two raters who agree outweigh a third."""
        return crowd_example()
