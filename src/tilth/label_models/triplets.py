"""Triplets: accuracies in closed form from how often three sources agree in pairs."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy.typing as npt

from tilth.label_models._common import class_votes_for, crowd_example
from tilth.numerics.consensus.result import Consensus
from tilth.numerics.weak_supervision.triplets import triplets
from tilth.plugin import Example, LabelModel, Run

__all__ = ["Triplets"]


@dataclass(frozen=True)
class Triplets(LabelModel):
    """Estimate each source's accuracy in closed form from the agreement of triplets [1]_.

    No iteration: one pass over the votes. It believes that every source is better than chance and errs independently.

    Parameters
    ----------
    min_overlap : int, default=20
        Pairs that vote together on fewer items are not used.
    precision : float, default=0.7
        Of a source of which no triplet is known.

    References
    ----------
    .. [1] Fu, Chen, Sala, Hooper, Fatahalian and Re (2020). Fast and three-rious: speeding up weak supervision with
           triplet methods. ICML.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Triplets().fit(Triplets.example().given, 2, Run()).labels[2:6].tolist()
    [0, 1, 0, 1]
    """

    min_overlap: int = 20
    precision: float = 0.7

    cost: ClassVar[str] = "model"
    default: ClassVar[bool] = False  # made for rules: `consensus` takes it when named, `weak` always compares it
    wants: ClassVar[tuple[str, ...]] = ("labels",)

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Consensus:
        """Beliefs by triplets."""
        made = class_votes_for(self, votes, k)
        return triplets(
            made,
            gold=(given or {}).get("labels"),
            min_overlap=self.min_overlap,
            precision=self.precision,
            random_state=run.seed,
        ).consensus(made)

    @classmethod
    def example(cls) -> Example:
        """Sources that slip now and then outweigh one that answers by whim."""
        return crowd_example()
