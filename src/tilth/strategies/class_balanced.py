"""Class-balanced: unsure rows, and more of the classes with few labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import ParameterError
from tilth.numerics.querying.scores import class_weights, uncertainty_scores
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import best_first, cold_start, example_view, pool_rows

__all__ = ["ClassBalanced"]


@dataclass(frozen=True)
class ClassBalanced(Strategy):
    """Pick unsure rows, each weighted by how few labels its probable classes have: labels come out balanced.

    The score is the uncertainty (1 minus the margin) times the mean weight of the row's classes, weighted by their
    probabilities; a class's weight is (mean labels + 1) / (its labels + 1), the largest set to 1 [1]_.

    Parameters
    ----------
    power : float
        Power of the class weight; 0 is pure margin.

    References
    ----------
    .. [1] Aggarwal, Popescu, Hudelot (2020). Active learning for imbalanced datasets. WACV.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> ClassBalanced().pick(ClassBalanced.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r20']
    """

    power: float = 1.0

    needs: ClassVar[tuple[str, ...]] = ("labels",)
    wants: ClassVar[tuple[str, ...]] = ("embeddings", "probs")
    cost: ClassVar[str] = "model"

    def __post_init__(self) -> None:
        if not self.power >= 0:
            raise ParameterError("the power is not negative", where="class_balanced", found=repr(self.power))

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """Highest weighted uncertainty first, without near-copies."""
        pool = pool_rows(view, budget)
        if "probs" not in view.evidence:
            return cold_start(self, view, budget, run)
        probs = view["probs"][pool]
        k = probs.shape[1]
        counts = np.bincount(view.labels[view.labels >= 0], minlength=k)
        unsure = uncertainty_scores(probs)
        weight = probs @ class_weights(view.labels, k)
        scores = unsure * weight**self.power

        def why(row: int) -> str:
            best = int(probs[row].argmax())
            return (
                f"uncertainty {unsure[row]:.3f} times class weight {weight[row]:.3f}: "
                f"probably {view.class_name(best)!r}, which has {counts[best]} labels"
            )

        return best_first(self, view, pool, scores, budget, why)

    @classmethod
    def example(cls) -> Example:
        """The third cloud may be a class without labels."""

        def check(found: Findings) -> str:
            ids = [int(row["row_id"][1:]) for row in found.to_dicts()]
            return "" if any(i >= 20 for i in ids) else f"picked {ids}, none of the cloud without labels"

        return Example(example_view(), check, "Rows of a class with few labels are preferred among unsure rows.")
