"""Rows that are the same thing twice, exactly or nearly."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tilth.detectors._graph import graph_of
from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.similarity.duplicates import DuplicateResult, find_near_duplicates
from tilth.plugin import Detector, Example, Run, View
from tilth.records import Evidence, Findings

__all__ = ["NearDuplicate"]

MOST_RELATED = 10
#: Of a group of copies the one that stays: test before validation before training, so that what a model is measured
#: on is not touched.
_KEEP_FIRST = {"test": 0, "val": 1}


@dataclass(frozen=True)
class NearDuplicate(Detector):
    """Find rows that repeat one another: equal content, equal looks, or embeddings far closer than chance.

    Every row of a group of copies is flagged; exact copies score 1. One copy stays and has no suggestion: the
    one in the test part before validation before training, so that the test part is not touched and the
    training part gives way; then a labelled one before an unlabelled one; then the first. The others are
    suggested to be dropped (equal content) or merged into it (nearly equal). Where the labels of a group
    contradict each other, nothing is suggested: which label is right must be settled first. Groups that
    contradict each other and groups that stand in two parts of the split (a leak) say so.

    Parameters
    ----------
    threshold : float
        In [0, 1): the largest distance of a pair, as a share of the distance to the farthest neighbour
        looked at. 0 chooses it per row so that chance makes hardly any pair; see `tilth.find_near_duplicates`.
    max_bits : int
        Images: the most differing bits, out of 64, of two perceptual hashes; the embeddings must confirm the pair.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> found = NearDuplicate().detect(NearDuplicate.example().given, Run()).flagged().to_dicts()
    >>> [(row["row_id"], row["suggestion"]) for row in found]
    [('r3', 'drop'), ('r30', None)]
    >>> found[0]["why"]
    "same content as row 'r30'; its group of 2 stands in train (1) and test (1)"
    """

    threshold: float = 0.0
    max_bits: int = 10

    needs: ClassVar[tuple[str, ...]] = ("embeddings", "neighbors")
    wants: ClassVar[tuple[str, ...]] = ("perceptual",)

    def __post_init__(self) -> None:
        if not 0 <= self.threshold < 1:
            raise ParameterError("must lie in [0, 1)", where="threshold", found=repr(self.threshold))

    def detect(self, view: View, run: Run) -> Findings:
        """Findings about every row that has an embedding."""
        del run
        if len(view) < 2:
            raise NotApplicable("duplicates need at least 2 rows", found=f"{len(view)} row(s)")
        graph = graph_of(view)
        looks = view.evidence.get("perceptual")
        result = find_near_duplicates(
            hashes=view.items,
            perceptual=looks.values if looks is not None else None,
            neighbors=graph,
            threshold=self.threshold or "auto",
            max_bits=self.max_bits,
        )
        why = [""] * len(view)
        suggestion: list[str | None] = [None] * len(view)
        related: list[list[str]] = [[] for _ in range(len(view))]
        counts = Counter[str]()
        for members in result.groups:
            kept = min(members, key=lambda row: _rank(view, row))
            labels = {int(view.labels[row]) for row in members} - {-1}
            parts = {str(view.split[row]) for row in members} - {""}
            counts["conflicting_labels"] += len(labels) > 1
            counts["straddling_splits"] += len(parts) > 1
            counts["surplus_rows"] += len(members) - 1
            told = _told_of_group(view, members)
            for row in members:
                why[row] = f"{_tie(view, result, row)}{told}"
                related[row] = [str(view.row_ids[other]) for other in members if other != row][:MOST_RELATED]
                if row != kept and len(labels) < 2:
                    suggestion[row] = "drop" if _same_content(view, row, kept) else "merge"
        return Findings.build(
            self.name or "near_duplicate",
            view.row_ids,
            np.clip(result.score, 0, 1),
            result.flagged,
            why,
            suggestion=suggestion,
            related=related,
            threshold=0.5,
            summary={**_summary(result, counts), "neighbor_recall": graph.recall},
        )

    @classmethod
    def example(cls) -> Example:
        """Thirty different rows and an exact copy of one of them in the test part."""
        points = np.random.default_rng(0).normal(size=(31, 6)).astype(np.float32)
        points[30] = points[3]
        ids = np.array([f"r{i}" for i in range(31)], dtype=object)
        items = np.array([f"hash{i if i < 30 else 3}" for i in range(31)], dtype=object)
        distances = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
        np.fill_diagonal(distances, np.inf)
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :10]
        evidence = {
            "embeddings": Evidence("embeddings", "example", ids, points),
            "neighbors": Evidence(
                "neighbors",
                "example",
                ids,
                nearest,
                extra={"distances": np.take_along_axis(distances, nearest, axis=1).astype(np.float32)},
            ),
        }
        split = np.array(["train"] * 30 + ["test"], dtype=object)
        view = View(ids, items, np.zeros(31, dtype=np.int64), ("a", "b"), split, evidence=evidence)

        def check(found: Findings) -> str:
            rows = {row["row_id"]: row["suggestion"] for row in found.flagged().to_dicts()}
            if rows != {"r3": "drop", "r30": None}:
                return f"flagged {rows}"
            leaks = found.summary["straddling_splits"]
            return "" if leaks == 1 else f"{leaks} groups across the split, expected 1"

        return Example(view, check, "The copy in the training part goes, so that the test part is not touched.")


def _rank(view: View, row: int) -> tuple[int, bool, int]:
    """Order in which the copies of a group would stay."""
    return _KEEP_FIRST.get(str(view.split[row]), 2), bool(view.labels[row] < 0), row


def _same_content(view: View, row: int, other: int) -> bool:
    return bool(view.items[row]) and view.items[row] == view.items[other]


def _tie(view: View, result: DuplicateResult, row: int) -> str:
    """What ties a row to the closest row of its group."""
    other = f"row {str(view.row_ids[result.nearest[row]])!r}"
    distance = float(result.distance[row])
    if result.kind[row] == "exact":
        return f"same content as {other}"
    if result.kind[row] == "perceptual":
        return f"looks like {other}: {distance:.0f} of 64 perceptual bits differ"
    far = np.asarray(view.evidence_of("neighbors").extra["distances"][row], dtype=np.float64)
    far = far[np.isfinite(far)]
    usual = f", where its other near rows are up to {far.max():.3g} away" if len(far) and far.max() > distance else ""
    return f"nearly equal to {other}: distance {distance:.3g}{usual}"


def _told_of_group(view: View, members: Sequence[int]) -> str:
    """The clauses about contradicting labels and about parts of the split, empty where there is neither."""
    told = ""
    labels = Counter(view.class_name(int(view.labels[row])) for row in members if view.labels[row] >= 0)
    if len(labels) > 1:
        told += f"; the labels of its group of {len(members)} contradict each other: " + ", ".join(
            f"{name!r} ({count})" for name, count in sorted(labels.items(), key=lambda pair: (-pair[1], pair[0]))[:5]
        )
    parts = Counter(str(view.split[row]) for row in members if view.split[row])
    if len(parts) > 1:
        order = sorted(parts, key=lambda part: (part != "train", part != "val", part))
        told += f"; its group of {len(members)} stands in " + " and ".join(f"{part} ({parts[part]})" for part in order)
    return told


def _summary(result: DuplicateResult, counts: Counter[str]) -> dict[str, Any]:
    kinds = Counter(str(kind) for kind in result.kind if kind != "none")
    return {
        "rows": len(result.group_id),
        "groups": len(result.groups),
        "flagged": int(result.flagged.sum()),
        "surplus_rows": counts["surplus_rows"],
        "exact": kinds["exact"],
        "perceptual": kinds["perceptual"],
        "embedding": kinds["embedding"],
        "conflicting_labels": counts["conflicting_labels"],
        "straddling_splits": counts["straddling_splits"],
        "largest_group": max((len(group) for group in result.groups), default=0),
    }
