"""Dependency-aware weighting: sources that err together share one voice."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy.typing as npt

from tilth.label_models._common import class_votes_for, crowd_example
from tilth.numerics.consensus.result import Consensus
from tilth.numerics.weak_supervision.dependency import dependency_aware
from tilth.plugin import Example, LabelModel, Run

__all__ = ["DependencyAware"]


@dataclass(frozen=True)
class DependencyAware(LabelModel):
    """Find sources that vote alike beyond what the classes explain, and let them share one voice [1]_.

    Ten copies of one rule then count as one; the rest is `naive_bayes`.

    Parameters
    ----------
    min_strength : float, default=0.2
        Correlations within classes below it count as none.

    References
    ----------
    .. [1] Varma, Sala, He, Ratner and Re (2019). Learning dependency structures for weak supervision models. ICML.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> DependencyAware().fit(DependencyAware.example().given, 2, Run()).labels[2:6].tolist()
    [0, 1, 0, 1]
    """

    min_strength: float = 0.2

    cost: ClassVar[str] = "model"
    default: ClassVar[bool] = False  # made for rules: `consensus` takes it when named, `weak` always compares it
    wants: ClassVar[tuple[str, ...]] = ("labels",)

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Consensus:
        """Beliefs with copies weighed down."""
        made = class_votes_for(self, votes, k)
        return dependency_aware(
            made, gold=(given or {}).get("labels"), min_strength=self.min_strength, random_state=run.seed
        ).consensus(made)

    @classmethod
    def example(cls) -> Example:
        """Sources that slip now and then outweigh one that answers by whim."""
        return crowd_example()
