"""Naive Bayes with the class balance estimated, held so that it does not collapse."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy.typing as npt

from tilth.label_models._common import class_votes_for, crowd_example
from tilth.numerics.consensus.result import Consensus
from tilth.numerics.weak_supervision.naive_bayes import naive_bayes
from tilth.plugin import Example, LabelModel, Run

__all__ = ["NaiveBayes"]


@dataclass(frozen=True)
class NaiveBayes(LabelModel):
    """Learn how right each source is on each class, and the class balance, near a prior belief in both [1]_.

    Of sources that name one class only, as keyword rules do, the precision is learned: plain Dawid-Skene collapses on
    them.

    Parameters
    ----------
    precision : float, default=0.7
        How often a vote is believed to be right before anything is seen.
    strength : float, default=1
        How much that counts, as a multiple of a source's own votes.

    References
    ----------
    .. [1] Zhang, Yu, Li, Wang, Yang, Yang and Ratner (2021). WRENCH: a comprehensive benchmark for weak supervision.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> NaiveBayes().fit(NaiveBayes.example().given, 2, Run()).labels[2:6].tolist()
    [0, 1, 0, 1]
    """

    precision: float = 0.7
    strength: float = 1.0

    cost: ClassVar[str] = "model"
    default: ClassVar[bool] = False  # made for rules: `consensus` takes it when named, `weak` always compares it
    wants: ClassVar[tuple[str, ...]] = ("labels",)

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Consensus:
        """Beliefs by guarded expectation maximisation."""
        made = class_votes_for(self, votes, k)
        return naive_bayes(
            made,
            gold=(given or {}).get("labels"),
            precision=self.precision,
            strength=self.strength,
            random_state=run.seed,
        ).consensus(made)

    @classmethod
    def example(cls) -> Example:
        """Sources that slip now and then outweigh one that answers by whim."""
        return crowd_example()
