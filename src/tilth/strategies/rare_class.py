"""Rare class: seek more rows of the class with the fewest labels."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import ParameterError
from tilth.numerics.querying.coverage import nearest_distance
from tilth.numerics.querying.scores import rank_scale
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import best_first, cold_start, example_view, labelled_rows, pool_rows

__all__ = ["RareClass"]


@dataclass(frozen=True)
class RareClass(Strategy):
    """Pick the rows that most probably belong to the class with the fewest labels, or to a class not seen yet.

    The class with the fewest labels (or the one named) is sought among seen classes by its probability. While some
    declared class has no label at all, rows far from every label come first: no model can know what it has not seen.

    Parameters
    ----------
    target : str
        Name of the class to seek; empty takes the one with the fewest labels.

    References
    ----------
    .. [1] He, Carbonell (2008). Nearest-neighbor-based active learning for rare category detection. NeurIPS 20.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> RareClass().pick(RareClass.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r23']
    """

    target: str = ""

    needs: ClassVar[tuple[str, ...]] = ("labels", "embeddings")
    wants: ClassVar[tuple[str, ...]] = ("probs",)
    cost: ClassVar[str] = "model"

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """Most probable rows of the rare class first, without near-copies."""
        pool = pool_rows(view, budget)
        if self.target and self.target not in view.classes:
            raise ParameterError(
                "no such class",
                where="rare_class",
                found=repr(self.target),
                fix=f"the classes are {', '.join(view.classes[:20])}",
            )
        if "probs" not in view.evidence:
            return cold_start(self, view, budget, run)
        known = labelled_rows(view)
        counts = np.bincount(view.labels[known], minlength=len(view.classes))
        rare = view.classes.index(self.target) if self.target else int(counts.argmin())
        name, gap = view.classes[rare], nearest_distance(view["embeddings"][pool], view["embeddings"][known])
        if counts[rare] == 0:

            def why(row: int) -> str:
                return f"class {name!r} has 0 labels; this row is {gap[row]:.3g} away from the nearest of {len(known)}"

            return best_first(self, view, pool, gap, budget, why, summary={"sought": name})
        chance = view["probs"][pool, rare].astype(np.float64)

        def says(row: int) -> str:
            return f"{name!r} with probability {chance[row]:.0%}, a class with {counts[rare]} of {len(known)} labels"

        return best_first(self, view, pool, chance + 1e-9 * rank_scale(gap), budget, says, summary={"sought": name})

    @classmethod
    def example(cls) -> Example:
        """The class 'owl' has no label; the third cloud is far from all labels."""

        def check(found: Findings) -> str:
            ids = [int(row["row_id"][1:]) for row in found.to_dicts()]
            return "" if any(i >= 20 for i in ids) else f"picked {ids}, none of the cloud without labels"

        return Example(example_view(), check, "A class without labels is sought far from all labels.")
