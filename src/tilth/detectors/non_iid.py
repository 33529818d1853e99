"""Rows whose order in the file carries information."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import NotApplicable
from tilth.numerics.confident.row_order import row_order_test
from tilth.plugin import Detector, Example, Run, View
from tilth.records import Evidence, Findings

__all__ = ["NonIid"]


@dataclass(frozen=True)
class NonIid(Detector):
    """Tell where rows that are alike stand near each other in the file.

    Sorted or drifting data are harmless until somebody splits by position, trains without shuffling or
    takes the first rows as a sample. At most one row is flagged, since the order is a fact about the
    whole file: the row whose neighbours stand nearest to it. It does not apply to images and sounds: files of
    a folder are listed by class and name, which is no order of their own.

    Parameters
    ----------
    level : float
        Significance below which the order counts as informative, in (0, 1).
    effect : float
        Smallest Kolmogorov-Smirnov statistic, in [0, 1], that is worth saying: in a large file the
        faintest trace of an order is significant.

    Notes
    -----
    See `tilth.numerics.confident.row_order.row_order_test`.

    Examples
    --------
    >>> NonIid().spec()["params"]
    {'level': 0.02, 'effect': 0.1}
    """

    level: float = 0.02
    effect: float = 0.1

    needs: ClassVar[tuple[str, ...]] = ("neighbors",)
    cost: ClassVar[str] = "cheap"

    def detect(self, view: View, run: Run) -> Findings:
        """One finding a row; at most one is flagged."""
        if any(column.media in ("image", "audio") for column in view.schema.inputs):
            raise NotApplicable("files of a folder have no order of their own")
        if len(view) < 20:
            raise NotApplicable("fewer than 20 rows have no order to speak of", found=str(len(view)))
        found = row_order_test(view["neighbors"], random_state=run.seed)
        bad = found.p_value <= self.level and found.statistic >= self.effect
        score = found.closeness * found.statistic
        first = int(np.argmax(score))
        flagged = np.zeros(len(view), dtype=bool)
        flagged[first] = bad
        said = (
            "rows that are alike stand near each other in the file "
            f"(statistic {found.statistic:.2f}, p = {found.p_value:.2f}): shuffle before you split by position"
        )
        return Findings.build(
            "non_iid",
            view.row_ids,
            score,
            flagged,
            [
                said if i == first and bad else f"its neighbours stand {c:.2f} close"
                for i, c in enumerate(found.closeness)
            ],
            threshold=self.effect,
            summary={"statistic": round(found.statistic, 4), "p_value": round(found.p_value, 4), "ordered": bool(bad)},
        )

    @classmethod
    def example(cls) -> Example:
        """Forty rows in the order of a line: each row's neighbours are the next ones in the file."""
        n = 40
        ids = np.asarray([f"r{i}" for i in range(n)], dtype=object)
        near = np.asarray([[(i + 1) % n, (i + 2) % n, max(i - 1, 0) if i else 3] for i in range(n)], dtype=np.int64)
        evidence = Evidence("neighbors", "", ids, near, extra={"distances": np.ones((n, 3), dtype=np.float32)})
        view = View(ids, ids, np.full(n, -1, dtype=np.int64), evidence={"neighbors": evidence})
        return Example(
            view,
            lambda found: "" if found.n_flagged == 1 else f"{found.n_flagged} rows flagged, wanted 1",
            "rows along a line, in order",
        )
