"""Labels that one cross-fitted model contradicts, by confident learning."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, NotApplicable
from tilth.numerics.confident.issues import find_label_issues
from tilth.numerics.confident.joint import num_label_issues
from tilth.numerics.confident.quality_scores import get_label_quality_scores
from tilth.plugin import Detector, Example, Run, View
from tilth.records import Evidence, Findings

__all__ = ["ConfidentLearning"]

MOST_PAIRS = 10


@dataclass(frozen=True)
class ConfidentLearning(Detector):
    """Find labels that a cross-fitted model contradicts with confidence.

    Confident learning [1]_ counts, for every pair of classes, the rows labelled as one that the model is
    confident are the other, and takes as many of the most contradicted rows as are expected to be wrong.
    It gives cleanlab's answers and is quick; ``label_error``, which runs by default, combines several views.
    Rows without a label are left out. Every labelled row has a score; the flagged ones have the most
    probable other class as their suggestion.

    Parameters
    ----------
    filter_by : str
        Which rows are flagged: one of the seven rules of `tilth.find_label_issues`.
    score : {"self_confidence", "normalized_margin", "confidence_weighted_entropy"}
        What the score is 1 minus of; see `tilth.get_label_quality_scores`. With "self_confidence" it is
        the probability that the label is wrong, in the model's eyes.

    References
    ----------
    .. [1] Northcutt, Jiang, Chuang (2021). Confident learning: estimating uncertainty in dataset labels. JAIR 70.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> found = ConfidentLearning().detect(ConfidentLearning.example().given, Run()).flagged().to_dicts()
    >>> [(row["row_id"], row["suggestion"], row["why"]) for row in found]
    [('r2', 'frog', "labelled 'cat', but the model gives 'frog' 93% and 'cat' 7%")]
    """

    filter_by: str = "prune_by_noise_rate"
    score: str = "self_confidence"

    needs: ClassVar[tuple[str, ...]] = ("labels", "probs")
    cost: ClassVar[str] = "model"
    default: ClassVar[bool] = False

    def detect(self, view: View, run: Run) -> Findings:
        """Findings about every labelled row."""
        probs = view.evidence_of("probs").require_out_of_sample()
        if probs.classes and probs.classes != view.classes:
            raise AlignmentError(
                "the probabilities name other classes than the dataset",
                found=f"{', '.join(probs.classes[:10])}; the dataset has {', '.join(view.classes[:10])}",
                fix="give one column for each declared class, in the same order",
            )
        rows = np.flatnonzero(view.labels >= 0)
        n_classes = len(np.unique(view.labels[rows]))
        if n_classes < 2:
            raise NotApplicable(
                "wrong labels need at least two classes with labelled rows",
                found=f"{n_classes} in {len(rows)} labelled rows",
            )
        labels = view.labels[rows]
        values = probs.values if len(rows) == len(view) else probs.values[rows]
        flagged = find_label_issues(labels, values, filter_by=self.filter_by)
        run.check()
        scores = 1 - np.clip(get_label_quality_scores(labels, values, method=self.score), 0, 1)
        suggestion: list[str | None] = [None] * len(rows)
        why = [""] * len(rows)
        for row in np.flatnonzero(flagged):
            given = int(labels[row])
            other = _best_other(values[row], given)
            suggestion[row] = view.classes[other]
            why[row] = (
                f"labelled {view.classes[given]!r}, but the model gives {view.classes[other]!r} "
                f"{values[row, other]:.0%} and {view.classes[given]!r} {values[row, given]:.0%}"
            )
        return Findings.build(
            self.name or "confident_learning",
            view.row_ids[rows],
            scores,
            flagged,
            why,
            suggestion=suggestion,
            summary=_summary(view.classes, labels, values, flagged, suggestion, len(view) - len(rows)),
        )

    @classmethod
    def example(cls) -> Example:
        """Six rows of two classes; the third is labelled against a sure model."""
        ids = np.array([f"r{i}" for i in range(6)], dtype=object)
        sure = np.array([0.95, 0.9, 0.07, 0.1, 0.08, 0.5], dtype=np.float32)
        labels = np.array([0, 0, 0, 1, 1, -1])
        values = np.stack([sure, 1 - sure], axis=1)
        probs = Evidence("probs", "example", ids, values, ("cat", "frog"), out_of_sample=True)
        view = View(ids, ids, labels, ("cat", "frog"), evidence={"probs": probs})

        def check(found: Findings) -> str:
            rows = found.flagged().to_dicts()
            if [row["row_id"] for row in rows] != ["r2"]:
                return f"flagged {[row['row_id'] for row in rows]}, expected ['r2']"
            return "" if rows[0]["suggestion"] == "frog" else f"suggested {rows[0]['suggestion']!r}"

        return Example(view, check, "A label that the model contradicts is flagged; an unlabelled row is left out.")


def _best_other(probs: npt.NDArray[Any], given: int) -> int:
    """The most probable class that is not the given one."""
    others = np.array(probs, dtype=np.float64)
    others[given] = -np.inf
    return int(others.argmax())


def _summary(
    classes: tuple[str, ...],
    labels: npt.NDArray[np.int64],
    probs: npt.NDArray[Any],
    flagged: npt.NDArray[np.bool_],
    suggestion: list[str | None],
    unlabelled: int,
) -> dict[str, Any]:
    rows = np.flatnonzero(flagged)
    pairs = Counter((classes[labels[row]], str(suggestion[row])) for row in rows)
    labelled = np.bincount(labels, minlength=len(classes))
    wrong = np.bincount(labels[rows], minlength=len(classes))
    return {
        "labelled": len(labels),
        "unlabelled": unlabelled,
        "flagged": len(rows),
        "estimated_label_errors": int(num_label_issues(labels, probs)),
        "confused_pairs": [
            {"given": given, "suggested": other, "rows": count}
            for (given, other), count in sorted(pairs.items(), key=lambda pair: (-pair[1], pair[0]))[:MOST_PAIRS]
        ],
        "by_class": {
            name: {"labelled": int(labelled[k]), "flagged": int(wrong[k])}
            for k, name in enumerate(classes)
            if labelled[k]
        },
    }
