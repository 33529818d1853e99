"""Labels that are probably wrong, as several cross-fitted views of the data see it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tilth.errors import NotApplicable, ParameterError
from tilth.plugin import Detector, Example, Run, View
from tilth.records import Evidence, Findings

__all__ = ["LabelError"]

MOST_PAIRS = 10
MOST_RELATED = 5


@dataclass(frozen=True)
class LabelError(Detector):
    """Find labels that several cross-fitted views of the data contradict.

    A linear model, kernel models and nearest neighbours predict every row without its own label; their weights,
    and how often each class is given for each other one, are learnt from the data. The score is the probability
    that the label is wrong. A row is flagged where another class is the more probable one and the probability of
    error reaches `floor`. A row that reaches `floor` although no other class is likelier than its own (an ambiguous
    row) is not flagged, and the summary counts it. Rows without a label are left out. See
    `tilth.estimate_label_errors`.

    Parameters
    ----------
    floor : float
        Least probability of error that is flagged, in [0, 1].

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> found = LabelError().detect(LabelError.example().given, Run()).flagged().to_dicts()
    >>> [(row["row_id"], row["suggestion"], row["why"]) for row in found]
    [('r2', 'frog', "labelled 'cat', wrong with probability 95%: it looks like 'frog' (93%), then 'cat' (7%)")]
    """

    floor: float = 0.5

    needs: ClassVar[tuple[str, ...]] = ("labels", "label_errors")
    wants: ClassVar[tuple[str, ...]] = ("neighbors",)
    cost: ClassVar[str] = "model"

    def __post_init__(self) -> None:
        if not 0 <= self.floor <= 1:
            raise ParameterError("must lie in [0, 1]", where="floor", found=repr(self.floor))

    def detect(self, view: View, run: Run) -> Findings:
        """Findings about every labelled row."""
        evidence = view.evidence_of("label_errors").require_out_of_sample()
        rows = np.flatnonzero(view.labels >= 0)
        if not len(rows):
            raise NotApplicable("no row has a label")
        labels = view.labels[rows]
        p_error = np.clip(evidence.extra["p_error"][rows], 0, 1)
        suggested = evidence.extra["suggested"][rows]
        flagged = (suggested != labels) & (p_error >= self.floor)
        run.check()
        suggestion: list[str | None] = [None] * len(rows)
        why = [""] * len(rows)
        related: list[list[str]] = [[] for _ in rows]
        for place in np.flatnonzero(flagged):
            row = int(rows[place])
            suggestion[place] = view.classes[int(suggested[place])]
            related[place], near = _neighbours(view, row, int(suggested[place]))
            why[place] = _why(view, row, float(p_error[place]), evidence.values[row]) + near
        return Findings.build(
            self.name or "label_error",
            view.row_ids[rows],
            p_error,
            flagged,
            why,
            suggestion=suggestion,
            related=related,
            threshold=self.floor,
            summary=_summary(view, labels, p_error, flagged, suggestion)
            | _doubtful((p_error >= self.floor) & (suggested == labels)),
        )

    @classmethod
    def example(cls) -> Example:
        """Five rows of two classes; the third is labelled against what its row looks like."""
        ids = np.array([f"r{i}" for i in range(5)], dtype=object)
        labels = np.array([0, 0, 0, 1, 1])
        cat = np.array([0.95, 0.9, 0.07, 0.1, 0.08], dtype=np.float32)
        probs = np.stack([cat, 1 - cat], axis=1)
        extra = {"p_error": np.array([0.02, 0.04, 0.95, 0.05, 0.04]), "suggested": np.array([0, 0, 1, 1, 1])}
        evidence = Evidence("label_errors", "", ids, probs, ("cat", "frog"), out_of_sample=True, extra=extra)
        view = View(ids, ids, labels, ("cat", "frog"), evidence={"label_errors": evidence})

        def check(found: Findings) -> str:
            rows = found.flagged().to_dicts()
            if [row["row_id"] for row in rows] != ["r2"]:
                return f"flagged {[row['row_id'] for row in rows]}, expected ['r2']"
            return "" if rows[0]["suggestion"] == "frog" else f"suggested {rows[0]['suggestion']!r}"

        return Example(view, check, "A label that its row contradicts is flagged.")


def _why(view: View, row: int, p_error: float, probs: npt.NDArray[Any]) -> str:
    """One sentence: the label, how sure, and the two classes that the row looks like most."""
    first, second = np.argsort(-probs, kind="stable")[:2]
    return (
        f"labelled {view.class_name(int(view.labels[row]))!r}, wrong with probability {p_error:.0%}: it looks like "
        f"{view.classes[first]!r} ({probs[first]:.0%}), then {view.classes[second]!r} ({probs[second]:.0%})"
    )


def _neighbours(view: View, row: int, suggested: int) -> tuple[list[str], str]:
    """Ids of the nearest rows, those of the suggested class first, and how many of them have it."""
    if "neighbors" not in view.evidence:
        return [], ""
    near = view["neighbors"][row]
    near = near[near >= 0]
    near = near[view.labels[near] >= 0]
    if not len(near):
        return [], ""
    same = view.labels[near] == suggested
    ids = [str(view.row_ids[i]) for i in [*near[same], *near[~same]]][:MOST_RELATED]
    return ids, f"; {int(same.sum())} of its {len(near)} nearest rows are labelled {view.classes[suggested]!r}"


def _doubtful(ambiguous: npt.NDArray[np.bool_]) -> dict[str, Any]:
    """Rows that are probably wrong though their own class is still the likeliest: counted, and said why."""
    count = int(ambiguous.sum())
    if not count:
        return {}
    why = (
        "the label is doubtful, but no other single class is likelier: these rows look like several classes, and are "
        "not flagged since there is nothing to suggest; look at the highest scores by hand"
    )
    return {"doubtful": {"rows": count, "why": why}}


def _summary(
    view: View,
    labels: npt.NDArray[np.int64],
    p_error: npt.NDArray[np.float64],
    flagged: npt.NDArray[np.bool_],
    suggestion: list[str | None],
) -> dict[str, Any]:
    rows = np.flatnonzero(flagged)
    pairs = Counter((view.classes[labels[row]], str(suggestion[row])) for row in rows)
    labelled = np.bincount(labels, minlength=len(view.classes))
    wrong = np.bincount(labels[rows], minlength=len(view.classes))
    return {
        "labelled": len(labels),
        "flagged": len(rows),
        "estimated_label_errors": round(float(p_error.sum()), 1),
        "confused_pairs": [
            {"given": given, "suggested": other, "rows": count}
            for (given, other), count in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_PAIRS]
        ],
        "by_class": {
            name: {"labelled": int(labelled[k]), "flagged": int(wrong[k])}
            for k, name in enumerate(view.classes)
            if labelled[k]
        },
    }
