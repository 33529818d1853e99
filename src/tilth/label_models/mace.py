"""MACE: raters know the answer or follow a habit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy.typing as npt

from tilth.label_models._common import class_votes_for, crowd_example
from tilth.numerics.consensus.mace import mace
from tilth.numerics.consensus.result import Consensus
from tilth.plugin import Example, LabelModel, Run

__all__ = ["Mace"]


@dataclass(frozen=True)
class Mace(LabelModel):
    """Learn, for each rater, how often they know and what they answer when they do not [1]_.

    For crowds with spammers. Not for careful raters who differ about the boundary of two classes.

    Parameters
    ----------
    n_restarts : int, default=10
        Random starts; the likeliest fit is kept.
    max_iter : int, default=50
        Steps of a run at most.
    tol : float, default=1e-6
        Stop a run when the log-likelihood a vote gains less.

    References
    ----------
    .. [1] Hovy, Berg-Kirkpatrick, Vaswani and Hovy (2013). Learning whom to trust with MACE. Proceedings of
           NAACL-HLT, 1120-1130.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Mace().fit(Mace.example().given, 2, Run()).labels[2:6].tolist()
    [0, 1, 0, 1]
    """

    cost: ClassVar[str] = "model"

    n_restarts: int = 10
    max_iter: int = 50
    tol: float = 1e-6

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Consensus:
        """Beliefs by variational Bayes."""
        del given
        return mace(
            class_votes_for(self, votes, k),
            n_restarts=self.n_restarts,
            max_iter=self.max_iter,
            tol=self.tol,
            random_state=int(run.rng.integers(2**31)),
        )

    @classmethod
    def example(cls) -> Example:
        """Two raters who agree outweigh a third."""
        return crowd_example()
