"""Matrix completion: accuracies from how often sources vote together."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy.typing as npt

from tilth.label_models._common import class_votes_for, crowd_example
from tilth.numerics.consensus.result import Consensus
from tilth.numerics.weak_supervision.matrix_completion import matrix_completion
from tilth.plugin import Example, LabelModel, Run

__all__ = ["MatrixCompletion"]


@dataclass(frozen=True)
class MatrixCompletion(LabelModel):
    """Estimate each source's votes given the class from joint votes alone, by matrix completion [1]_.

    The cost follows the number of pairs of sources, not of rows. It believes that sources err independently and is
    misled by copies; it does find sources that are worse than chance.

    Parameters
    ----------
    prec_init : float, default=0.7
        Precision that sources are believed to have at the start.
    l2 : float, default=0
        Pull towards the start.

    References
    ----------
    .. [1] Ratner, Hancock, Dunnmon, Sala, Pandey and Re (2019). Training complex models with multi-task weak
           supervision. AAAI.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> MatrixCompletion().fit(MatrixCompletion.example().given, 2, Run()).labels[2:6].tolist()
    [0, 1, 0, 1]
    """

    prec_init: float = 0.7
    l2: float = 0.0

    cost: ClassVar[str] = "model"
    default: ClassVar[bool] = False  # made for rules: `consensus` takes it when named, `weak` always compares it
    wants: ClassVar[tuple[str, ...]] = ("labels",)

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Consensus:
        """Beliefs by matrix completion."""
        del run
        made = class_votes_for(self, votes, k)
        return matrix_completion(
            made, gold=(given or {}).get("labels"), prec_init=self.prec_init, l2=self.l2
        ).consensus(made)

    @classmethod
    def example(cls) -> Example:
        """Sources that slip now and then outweigh one that answers by whim."""
        return crowd_example()
