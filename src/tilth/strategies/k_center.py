"""k-center greedy: the row farthest from everything that has a label."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.numerics.querying.coverage import k_center, k_center_partitioned
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import example_view, labelled_rows, picks, pool_rows

__all__ = ["KCenter"]

#: Rows above which the partitioned version is used.
PARTITION_ABOVE = 200_000


@dataclass(frozen=True)
class KCenter(Strategy):
    """Pick the row that is farthest from every labelled and picked row, again and again: the core-set [1]_.

    Above 200,000 rows the partitioned version is used; its certified bound is in the summary. Outliers are picked
    early: clean the data first.

    References
    ----------
    .. [1] Sener, Savarese (2018). Active learning for convolutional neural networks: a core-set approach. ICLR.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> KCenter().pick(KCenter.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r23']
    """

    needs: ClassVar[tuple[str, ...]] = ("embeddings",)

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """Farthest rows, in the order of picking."""
        run.check()
        pool_rows(view, budget)
        X = view["embeddings"]
        cover = k_center if len(X) <= PARTITION_ABOVE else k_center_partitioned
        found = cover(X, budget, selected=labelled_rows(view))
        gaps = found.gaps.tolist()
        why = [
            f"{gap:.3g} away from the nearest labelled or picked row"
            if np.isfinite(gap)
            else f"the middle of {len(X)} rows"
            for gap in gaps
        ]
        return picks(self, view, found.indices, why, summary={"radius": found.radius, "bound": found.bound})

    @classmethod
    def example(cls) -> Example:
        """The third cloud is farthest from all labels."""

        def check(found: Findings) -> str:
            first = found.to_dicts()[0]["row_id"]
            return "" if first == "r23" else f"asked {first} first, expected r23"

        return Example(example_view(), check, "The row farthest from all labels is asked first.")
