"""CROWDLAB: votes and a classifier, each weighed by how far they can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tilth.errors import NotApplicable
from tilth.label_models._common import class_votes_for, crowd_example
from tilth.numerics.consensus.crowdlab import crowdlab
from tilth.numerics.consensus.result import Consensus
from tilth.plugin import Example, LabelModel, Run

__all__ = ["Crowdlab"]


@dataclass(frozen=True)
class Crowdlab(LabelModel):
    """Weigh votes and out-of-sample class probabilities of a classifier [1]_.

    The classifier's opinion counts like that of a rater, with a weight learnt from how well it foretells the votes.
    It pays where items have few votes. It needs probabilities that did not see the item's own label.

    References
    ----------
    .. [1] Goh, Tkachenko and Mueller (2022). CROWDLAB: supervised learning to infer consensus labels and quality
       scores for data with multiple annotators. NeurIPS Human in the Loop Learning Workshop.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> votes, given = Crowdlab.example().given
    >>> Crowdlab().fit(votes, 2, Run(), given=given).labels[2:6].tolist()
    [0, 1, 0, 1]
    """

    needs: ClassVar[tuple[str, ...]] = ("probs",)
    cost: ClassVar[str] = "model"

    def fit(self, votes: Any, k: int, run: Run, *, given: Mapping[str, npt.NDArray[Any]] | None = None) -> Consensus:
        """Beliefs as weighted means of the raters' and the classifier's opinions."""
        del run
        made = class_votes_for(self, votes, k)
        if given is None or "probs" not in given:
            raise NotApplicable("no class probabilities: it needs inputs to train a model on, or --probs")
        return crowdlab(made, given["probs"])

    @classmethod
    def example(cls) -> Example:
        """The classifier settles an item on which one rater out of three is right."""
        made = crowd_example()
        sure = np.where(np.arange(24) % 2 == 0, 0.9, 0.1)
        given = {"probs": np.column_stack([sure, 1 - sure])}

        def check(found: Consensus) -> str:
            return made.check(found) or ("" if found.labels[23] == 1 else "the classifier was not heard on item 23")

        return Example((made.given, given), check, "A classifier settles an item that the raters get wrong.")
