"""Discriminative: rows that can be told from everything labelled."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import ParameterError
from tilth.numerics.querying.badge import copy_radius, most_have_copies, spread_batch
from tilth.numerics.querying.models import discriminative_scores
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import (
    CANDIDATES,
    WIDEN,
    cold_start,
    example_view,
    labelled_rows,
    picks,
    pool_rows,
    seed_of,
)

__all__ = ["Discriminative"]


@dataclass(frozen=True)
class Discriminative(Strategy):
    """Pick rows that a classifier can tell from the labelled rows: what the labels do not cover [1]_.

    Parameters
    ----------
    rounds : int
        The budget is picked in so many rounds; what was picked counts as labelled in the next.

    References
    ----------
    .. [1] Gissin, Shalev-Shwartz (2019). Discriminative active learning. arXiv:1907.06347.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Discriminative().pick(Discriminative.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r20']
    """

    rounds: int = 5

    needs: ClassVar[tuple[str, ...]] = ("embeddings",)
    cost: ClassVar[str] = "model"

    def __post_init__(self) -> None:
        if self.rounds < 1:
            raise ParameterError("needs at least one round", where="discriminative", found=repr(self.rounds))

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """Rows least like the labelled ones, round by round."""
        pool_rows(view, budget)
        known = labelled_rows(view)
        if not len(known):
            return cold_start(self, view, budget, run)
        X, seed = view["embeddings"], seed_of(run)
        radius = copy_radius(X)
        chosen: list[int] = []
        why: list[str] = []
        for each in np.array_split(np.arange(budget), min(self.rounds, budget)):
            used = np.concatenate([known, np.asarray(chosen, dtype=np.int64)])
            free = np.setdiff1d(np.arange(len(X)), used)
            scores = discriminative_scores(X, used, random_state=seed)[free]
            order = free[np.lexsort((free, -scores))]
            for more in WIDEN:
                room = min(more * (CANDIDATES * len(each) + 50), len(free))
                new, passed = spread_batch(X, order[:room], len(each), radius=radius, avoid=used[-5_000:])
                if passed + len(each) < room or room == len(free) or not most_have_copies(X):
                    break
            value = dict(zip(free.tolist(), scores.tolist(), strict=True))
            chosen += new.tolist()
            why += [
                f"told from {len(used)} labelled or picked rows with probability {value[row]:.1%}"
                for row in new.tolist()
            ]
        return picks(self, view, chosen, why)

    @classmethod
    def example(cls) -> Example:
        """The third cloud is unlike all labels."""

        def check(found: Findings) -> str:
            ids = [int(row["row_id"][1:]) for row in found.to_dicts()]
            return "" if any(i >= 20 for i in ids) else f"picked {ids}, none of the cloud without labels"

        return Example(example_view(), check, "Rows unlike all labelled rows are picked.")
