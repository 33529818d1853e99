"""BatchBALD: a batch whose labels together tell most about which member is right."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.numerics.querying.badge import copy_radius, without_copies
from tilth.numerics.querying.committee import bald_scores, batch_bald
from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import (
    CANDIDATES,
    Ints,
    cold_start,
    embeddings_of,
    example_view,
    labelled_rows,
    picks,
    pool_rows,
    seed_of,
)

__all__ = ["BatchBald"]

#: Beyond this many picks a joint entropy from few members has nothing left to tell.
MOST_JOINTLY = 20


@dataclass(frozen=True)
class BatchBald(Strategy):
    """Pick a batch whose labels *together* tell most about which member of an ensemble is right [1]_.

    Rows that would tell the same thing twice are not picked twice. With m members a batch can tell at most log m
    nats; once that is reached, the rest follows by `bald`.

    Parameters
    ----------
    candidates : int
        Only so many rows of highest BALD score are considered.

    References
    ----------
    .. [1] Kirsch, van Amersfoort, Gal (2019). BatchBALD: efficient and diverse batch acquisition for deep Bayesian
       active learning. NeurIPS 32.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> BatchBald().pick(BatchBald.example().given, 1, Run()).table.column("row_id").to_pylist()
    ['r5']
    """

    candidates: int = 500

    wants: ClassVar[tuple[str, ...]] = ("embeddings", "committee")
    cost: ClassVar[str] = "model"

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """The batch in the order of picking."""
        pool = pool_rows(view, budget)
        if "committee" not in view.evidence:
            return cold_start(self, view, budget, run)
        members = view["committee"][pool]
        single = bald_scores(members)
        order = np.argsort(-single, kind="stable")[: CANDIDATES * max(self.candidates, budget)]
        order = self._distinct(view, pool, order, budget)
        jointly = min(budget, MOST_JOINTLY, len(order))
        taken, told = batch_bald(members[order], jointly, random_state=seed_of(run))
        rest = np.setdiff1d(np.arange(len(order)), taken)[: budget - jointly]
        chosen = order[np.concatenate([taken, rest])]
        why = [f"with the picks before it, it tells {value:.3f} nats about which member is right" for value in told]
        why += [f"alone it tells {single[row]:.3f} nats about which member is right" for row in order[rest]]
        return picks(self, view, pool[chosen], why)

    def _distinct(self, view: View, pool: Ints, order: Ints, budget: int) -> Ints:
        """Candidates without near-copies of each other or of labelled rows; all of them where too few would stay."""
        X = embeddings_of(view)
        most = max(self.candidates, budget)
        if X is None:
            return order[:most]
        known = labelled_rows(view)[-5_000:]
        kept = without_copies(X, pool[order], most, radius=copy_radius(X), avoid=known)
        if len(kept) < budget:
            return order[:most]
        return np.asarray(order[np.isin(pool[order], kept)], dtype=np.int64)

    @classmethod
    def example(cls) -> Example:
        """Row 5 decides between the members."""

        def check(found: Findings) -> str:
            first = found.to_dicts()[0]["row_id"]
            return "" if first == "r5" else f"asked {first} first, expected r5"

        return Example(example_view(), check, "The row whose label decides between the members comes first.")
