"""Dawid-Skene in which abstaining is one more answer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy.typing as npt

from tilth.label_models._common import class_votes_for, crowd_example
from tilth.numerics.consensus.result import Consensus
from tilth.numerics.weak_supervision.naive_bayes import dawid_skene_abstain
from tilth.plugin import Example, LabelModel, Run

__all__ = ["DawidSkeneAbstain"]


@dataclass(frozen=True)
class DawidSkeneAbstain(LabelModel):
    """Learn what each source votes given the class, abstaining being one more answer [1]_.

    A source that names one class only then says something: it fires more often on that class.

    Parameters
    ----------
    precision : float, default=0.7
        How often a vote is believed to be right before anything is seen.
    strength : float, default=1
        How much that counts, as a multiple of a source's own votes.

    References
    ----------
    .. [1] Dawid and Skene (1979). Maximum likelihood estimation of observer error-rates using the EM algorithm.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> DawidSkeneAbstain().fit(DawidSkeneAbstain.example().given, 2, Run()).labels[2:6].tolist()
    [0, 1, 0, 1]
    """

    precision: float = 0.7
    strength: float = 1.0

    cost: ClassVar[str] = "model"
    default: ClassVar[bool] = False  # made for rules: `consensus` takes it when named, `weak` always compares it
    wants: ClassVar[tuple[str, ...]] = ("labels",)

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Consensus:
        """Beliefs by expectation maximisation."""
        made = class_votes_for(self, votes, k)
        return dawid_skene_abstain(
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
