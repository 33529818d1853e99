"""Dawid-Skene: one confusion matrix a rater."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy.typing as npt

from tilth.label_models._common import class_votes_for, crowd_example
from tilth.numerics.consensus.expectation_maximisation import dawid_skene
from tilth.numerics.consensus.result import Consensus
from tilth.plugin import Example, LabelModel, Run

__all__ = ["DawidSkene"]


@dataclass(frozen=True)
class DawidSkene(LabelModel):
    """Learn the true classes together with a confusion matrix for each rater [1]_.

    Sees raters who mix up two classes in one direction. With fewer than about ten votes a rater and class the
    matrices are noise: prefer ``one_coin`` there.

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
    .. [1] Dawid and Skene (1979). Maximum likelihood estimation of observer error-rates using the EM algorithm.
           Journal of the Royal Statistical Society C 28(1), 20-28.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> DawidSkene().fit(DawidSkene.example().given, 2, Run()).labels[2:6].tolist()
    [0, 1, 0, 1]
    """

    max_iter: int = 100
    tol: float = 1e-5
    smoothing: float = 0.01

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Consensus:
        """Beliefs by expectation maximisation."""
        del given, run
        return dawid_skene(
            class_votes_for(self, votes, k), max_iter=self.max_iter, tol=self.tol, smoothing=self.smoothing
        )

    @classmethod
    def example(cls) -> Example:
        """Two raters who agree outweigh a third."""
        return crowd_example()
