"""Classes with too few rows to learn from or to be measured on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import NotApplicable, ParameterError
from tilth.plugin import Detector, Example, Run, View
from tilth.records import Findings

__all__ = ["ClassImbalance"]


@dataclass(frozen=True)
class ClassImbalance(Detector):
    """Find the rows of classes that are far rarer than an equal share.

    With K classes that have labelled rows, a class is rare where its share is below ``fraction / K``. With the
    default of 0.1 such a class has at least one row where ten or more would be its equal share, so
    chance does not explain it. The score of a row is ``1 - K * share``, at least 0: 0 for a class with an equal
    share or more, near 1 for a very rare one. Rows without a label are left out; declared classes without any
    row are listed as absent.

    Parameters
    ----------
    fraction : float
        In (0, 1): rare below this fraction of an equal share.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> found = ClassImbalance().detect(ClassImbalance.example().given, Run())
    >>> found.n_flagged, found.flagged().to_dicts()[0]["why"]
    (2, "class 'rare' has 2 of 102 labelled rows (2.0%), less than 10% of an equal share (50.0%)")
    """

    fraction: float = 0.1

    needs: ClassVar[tuple[str, ...]] = ("labels",)
    cost: ClassVar[str] = "instant"

    def __post_init__(self) -> None:
        if not 0 < self.fraction < 1:
            raise ParameterError("must lie in (0, 1)", where="fraction", found=repr(self.fraction))

    def detect(self, view: View, run: Run) -> Findings:
        """Findings about every labelled row."""
        del run
        rows = np.flatnonzero(view.labels >= 0)
        counts = np.bincount(view.labels[rows], minlength=len(view.classes))
        present = np.flatnonzero(counts)
        if len(present) < 2:
            raise NotApplicable(
                "balance needs at least two classes with labelled rows",
                found=f"{len(present)} in {len(rows)} labelled rows",
            )
        shares = counts / len(rows)
        scores = np.clip(1 - len(present) * shares, 0, 1)
        rare = (counts > 0) & (len(present) * shares < self.fraction)
        texts = [
            f"class {name!r} has {counts[k]} of {len(rows)} labelled rows ({shares[k]:.1%}), "
            f"less than {self.fraction:.0%} of an equal share ({1 / len(present):.1%})"
            if rare[k]
            else ""
            for k, name in enumerate(view.classes)
        ]
        labels = view.labels[rows]
        order = sorted(present.tolist(), key=lambda k: (-counts[k], k))
        summary = {
            "labelled": len(rows),
            "classes": len(present),
            "flagged": int(rare[labels].sum()),
            "rare_classes": [view.classes[k] for k in reversed(order) if rare[k]],
            "absent_classes": [name for k, name in enumerate(view.classes) if not counts[k]],
            "largest_to_smallest": float(counts[order[0]] / counts[order[-1]]),
            "counts": {view.classes[k]: int(counts[k]) for k in order},
        }
        return Findings.build(
            self.name or "class_imbalance",
            view.row_ids[rows],
            scores[labels],
            rare[labels],
            [texts[k] for k in labels],
            threshold=1 - self.fraction,
            summary=summary,
        )

    @classmethod
    def example(cls) -> Example:
        """A hundred rows of one class and two of another."""
        ids = np.array([f"r{i}" for i in range(102)], dtype=object)
        view = View(ids, ids, np.array([0] * 100 + [1] * 2), ("common", "rare"))

        def check(found: Findings) -> str:
            flagged = found.flagged().table.column("row_id").to_pylist()
            return "" if flagged == ["r100", "r101"] else f"flagged {flagged}"

        return Example(view, check, "The rows of a rare class are flagged, with its count as the reason.")
