"""ProbCover: rows whose balls cover most of what no label covers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import ParameterError
from tilth.numerics.querying.badge import copy_radius, most_have_copies, spread_batch
from tilth.numerics.querying.clusters import cover_radius, prob_cover
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import CANDIDATES, example_view, labelled_rows, picks, pool_rows, seed_of

__all__ = ["ProbCover"]


@dataclass(frozen=True)
class ProbCover(Strategy):
    """Pick rows whose balls of one radius cover most rows that no labelled row's ball covers [1]_. Needs no model.

    Parameters
    ----------
    radius : float
        In the units of the embeddings; 0 finds the largest radius whose balls are pure, with k-means clusters (one a
        class, at least two) in place of classes.

    References
    ----------
    .. [1] Yehuda, Dekel, Hacohen, Weinshall (2022). Active learning through a covering lens. NeurIPS 35.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> ProbCover().pick(ProbCover.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r20']
    """

    radius: float = 0.0

    needs: ClassVar[tuple[str, ...]] = ("embeddings",)

    def __post_init__(self) -> None:
        if not self.radius >= 0:
            raise ParameterError("a radius is not negative", where="prob_cover", found=repr(self.radius))

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """Rows that newly cover most, in the order of picking."""
        pool = pool_rows(view, budget)
        X, seed = view["embeddings"], seed_of(run)
        radius = self.radius or cover_radius(X, max(len(view.classes), 2), random_state=seed)
        known = labelled_rows(view)
        copies = most_have_copies(X)
        most = min(CANDIDATES * budget + 50, len(pool)) if copies else budget
        chosen, gains = prob_cover(X, most, radius=radius, labelled=known, random_state=seed)
        if copies:
            gain_of = dict(zip(chosen.tolist(), gains.tolist(), strict=True))
            chosen, _ = spread_batch(X, chosen, budget, radius=min(radius, copy_radius(X)), avoid=known[-5_000:])
            gains = np.asarray([gain_of[row] for row in chosen.tolist()], dtype=np.int64)
        why = [f"covers {gain} rows within {radius:.3g} that no label covers" for gain in gains.tolist()]
        return picks(self, view, chosen, why, summary={"radius": radius})

    @classmethod
    def example(cls) -> Example:
        """The third cloud is covered by no label."""

        def check(found: Findings) -> str:
            ids = [int(row["row_id"][1:]) for row in found.to_dicts()]
            return "" if any(i >= 20 for i in ids) else f"picked {ids}, none of the cloud without labels"

        return Example(example_view(), check, "Rows that cover most uncovered rows are picked.")
