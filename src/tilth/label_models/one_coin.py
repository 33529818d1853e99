"""One-coin Dawid-Skene: one accuracy a rater."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from tilth.label_models._common import class_votes_for, crowd_example
from tilth.numerics.consensus.expectation_maximisation import one_coin
from tilth.numerics.consensus.result import Consensus
from tilth.plugin import Example, LabelModel, Run

__all__ = ["OneCoin"]


@dataclass(frozen=True)
class OneCoin(LabelModel):
    """Learn the true classes together with one accuracy for each rater [1]_.

    Errors are taken to be equally likely on all other classes: few parameters, so it works with few votes a rater.

    Parameters
    ----------
    max_iter : int, default=100
        Steps of expectation maximisation at most.
    tol : float, default=1e-5
        Stop when the log-likelihood a vote gains less.
    smoothing : float, default=0.01
        Pseudo-votes a cell, so that no class becomes impossible.

    References
    ----------
    .. [1] Zhang, Chen, Zhou and Jordan (2016). Spectral methods meet EM: a provably optimal algorithm for
           crowdsourcing. Journal of Machine Learning Research 17(102), 1-44.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> OneCoin().fit(OneCoin.example().given, 2, Run()).labels[2:6].tolist()
    [0, 1, 0, 1]
    """

    max_iter: int = 100
    tol: float = 1e-5
    smoothing: float = 0.01

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Consensus:
        """Beliefs by expectation maximisation."""
        del given, run
        return one_coin(class_votes_for(self, votes, k), max_iter=self.max_iter, tol=self.tol, smoothing=self.smoothing)

    @classmethod
    def example(cls) -> Example:
        """Two raters who agree outweigh a third."""
        return crowd_example()
