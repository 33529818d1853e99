"""KOS: messages between items and raters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from tilth.label_models._common import class_votes_for, crowd_example
from tilth.numerics.consensus.kos import kos
from tilth.numerics.consensus.result import Consensus
from tilth.plugin import Example, LabelModel, Run

__all__ = ["Kos"]


@dataclass(frozen=True)
class Kos(LabelModel):
    """Pass messages between items and raters until the signs settle [1]_.

    Made for two classes and raters assigned at random; more classes are done one against the rest. Its beliefs
    rank items but are not calibrated.

    Parameters
    ----------
    max_iter : int, default=100
        Rounds of messages at most.
    tol : float, default=1e-7
        Stop when the messages move less.

    References
    ----------
    .. [1] Karger, Oh and Shah (2014). Budget-optimal task allocation for reliable crowdsourcing systems.
           Operations Research 62(1), 1-24.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Kos().fit(Kos.example().given, 2, Run()).labels[2:6].tolist()
    [0, 1, 0, 1]
    """

    max_iter: int = 100
    tol: float = 1e-7

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Consensus:
        """Beliefs by message passing."""
        del given
        return kos(
            class_votes_for(self, votes, k),
            max_iter=self.max_iter,
            tol=self.tol,
            random_state=int(run.rng.integers(2**31)),
        )

    @classmethod
    def example(cls) -> Example:
        """Two raters who agree outweigh a third."""
        return crowd_example()
