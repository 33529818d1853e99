"""Random: what every other strategy has to beat."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.plugin import Example, Run, Strategy, View
from tilth.records import Findings
from tilth.strategies._common import example_view, picks, pool_rows

__all__ = ["Random"]


@dataclass(frozen=True)
class Random(Strategy):
    """Pick rows at random, evenly. The measure of all other strategies, and the only picks that can also test a model.

    Copies are not passed over, here alone: each row keeps the same chance, and a batch may hold near-copies.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> len(Random().pick(Random.example().given, 3, Run()))
    3
    """

    def pick(self, view: View, budget: int, run: Run) -> Findings:
        """A random batch, in random order."""
        pool = pool_rows(view, budget)
        n = len(np.flatnonzero(view.labels >= 0))
        # another draw at every stage, and the same one for the same stage
        chosen = np.random.default_rng([*run.rng.integers(2**31 - 1, size=2), n]).permutation(pool)[:budget]
        return picks(self, view, chosen, [f"drawn at random from {len(pool)} rows"] * budget)

    @classmethod
    def example(cls) -> Example:
        """Unlabelled rows only, each once."""

        def check(found: Findings) -> str:
            ids = found.table.column("row_id").to_pylist()
            wrong = set(ids) & {"r0", "r1", "r10", "r11"}
            return f"picked labelled rows {wrong}" if wrong else ("" if len(set(ids)) == len(ids) else "a row twice")

        return Example(example_view(), check, "Rows without a label, each at most once.")
