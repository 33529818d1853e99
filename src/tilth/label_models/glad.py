"""GLAD: raters have an ability, items a difficulty."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy.typing as npt

from tilth.label_models._common import class_votes_for, crowd_example
from tilth.numerics.consensus.glad import glad
from tilth.numerics.consensus.result import Consensus
from tilth.plugin import Example, LabelModel, Run

__all__ = ["Glad"]


@dataclass(frozen=True)
class Glad(LabelModel):
    """Learn the true classes with an ability for each rater and a difficulty for each item [1]_.

    For items that differ in how hard they are. Not for raters who err in one direction.

    Parameters
    ----------
    max_iter : int, default=100
        Steps of expectation maximisation at most.
    tol : float, default=1e-5
        Stop when the log-likelihood a vote gains less.
    gradient_steps : int, default=10
        Gradient steps inside each maximisation.

    References
    ----------
    .. [1] Whitehill, Wu, Bergsma, Movellan and Ruvolo (2009). Whose vote should count more: optimal integration
           of labels from labelers of unknown expertise. Advances in Neural Information Processing Systems 22.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Glad().fit(Glad.example().given, 2, Run()).labels[2:6].tolist()
    [0, 1, 0, 1]
    """

    cost: ClassVar[str] = "model"

    max_iter: int = 100
    tol: float = 1e-5
    gradient_steps: int = 10

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Consensus:
        """Beliefs by expectation maximisation with gradient steps."""
        del given, run
        return glad(
            class_votes_for(self, votes, k), max_iter=self.max_iter, tol=self.tol, gradient_steps=self.gradient_steps
        )

    @classmethod
    def example(cls) -> Example:
        """Two raters who agree outweigh a third."""
        return crowd_example()
