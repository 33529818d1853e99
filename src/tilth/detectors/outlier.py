"""Rows unlike all others."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar, Literal

import numpy as np
import numpy.typing as npt

from tilth.detectors._graph import graph_of
from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.media.sizes import UnusualSizes, unusual_sizes
from tilth.numerics.similarity.outliers import find_outliers
from tilth.plugin import Detector, Example, Run, View
from tilth.records import Evidence, Findings

__all__ = ["Outlier"]

FEWEST_ROWS = 10


@dataclass(frozen=True)
class Outlier(Detector):
    """Find rows far from all others: foreign, broken or very rare items.

    An image whose area or proportions are far from those of the rest is flagged too, whatever it shows: embedders
    look at all images in one size. See `tilth.numerics.media.sizes.unusual_sizes`.

    By default a row is scored by its mean distance to its nearest rows [1]_ and flagged beyond a threshold
    that adapts to the spread of the dataset; see `tilth.find_outliers`. A clean dataset may have none.

    Parameters
    ----------
    method : {"knn", "lof", "isolation_forest"}
    contamination : float
        In [0, 0.5]: the share of rows to flag. 0 lets the data decide, and only then sizes count.

    References
    ----------
    .. [1] Ramaswamy, Rastogi, Shim (2000). Efficient algorithms for mining outliers from large data sets. SIGMOD.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> found = Outlier().detect(Outlier.example().given, Run())
    >>> found.flagged().table.column("row_id").to_pylist()
    ['r40']
    """

    method: Literal["knn", "lof", "isolation_forest"] = "knn"
    contamination: float = 0.0

    needs: ClassVar[tuple[str, ...]] = ("embeddings", "neighbors")
    wants: ClassVar[tuple[str, ...]] = ("sizes",)
    version: ClassVar[int] = 2

    def __post_init__(self) -> None:
        if self.method not in ("knn", "lof", "isolation_forest"):
            raise ParameterError("unknown method", found=repr(self.method), fix="use knn, lof or isolation_forest")
        if not 0 <= self.contamination <= 0.5:
            raise ParameterError("must lie in [0, 0.5]", where="contamination", found=repr(self.contamination))

    def detect(self, view: View, run: Run) -> Findings:
        """Findings about every row that has an embedding."""
        if len(view) < FEWEST_ROWS:
            raise NotApplicable(
                f"fewer than {FEWEST_ROWS} rows have no outliers to speak of", found=f"{len(view)} row(s)"
            )
        graph = graph_of(view)
        result = find_outliers(
            view["embeddings"] if self.method == "isolation_forest" else None,
            method=self.method,
            neighbors=graph,
            contamination=self.contamination or "auto",
            random_state=int(run.rng.integers(2**31 - 1)),
        )
        middle = float(np.median(result.raw))
        why = [""] * len(view)
        related: list[list[str]] = [[] for _ in range(len(view))]
        for row in np.flatnonzero(result.flagged):
            why[row] = self._why(float(result.raw[row]), middle, result.raw_threshold, graph.k)
            related[row] = [str(view.row_ids[other]) for other in graph.indices[row, :3]]
        scores, flagged = np.clip(result.scores, 0, 1), result.flagged.copy()
        sizes = unusual_sizes(view["sizes"]) if "sizes" in view.evidence and not self.contamination else None
        if sizes is not None:
            for at in np.flatnonzero(sizes.flagged).tolist():
                why[at] = "; ".join([_size_told(sizes, view["sizes"], at), *([why[at]] if flagged[at] else [])])
            scores = np.where(
                sizes.flagged, np.maximum(scores, 1 - (1 - result.threshold) / np.maximum(sizes.excess, 1)), scores
            )
            flagged |= sizes.flagged
        summary = {
            "rows": len(view),
            "flagged": int(flagged.sum()),
            "unusual_sizes": int(sizes.flagged.sum()) if sizes is not None else 0,
            "method": self.method,
            "median_value": middle,
            "threshold_value": float(result.raw_threshold),
            "neighbor_recall": graph.recall,
        }
        return Findings.build(
            self.name or "outlier",
            view.row_ids,
            scores,
            flagged,
            why,
            related=related,
            threshold=result.threshold,
            summary=summary,
        )

    def _why(self, value: float, middle: float, limit: float, k: int) -> str:
        if self.method == "knn":
            times = f", {value / middle:.1f} times that of the median row" if middle > 0 else ""
            bound = f" (flagged from {limit / middle:.1f} times on)" if middle > 0 else ""
            return f"its mean distance to its {k} nearest rows is {value:.3g}{times}{bound}"
        what = "its local outlier factor" if self.method == "lof" else "its isolation score"
        return f"{what} is {value:.3g}, that of the median row {middle:.3g} (flagged from {limit:.3g} on)"

    @classmethod
    def example(cls) -> Example:
        """Forty rows in a cloud and one far away."""
        points = np.random.default_rng(0).normal(size=(41, 3)).astype(np.float32)
        points[40] = 30.0
        ids = np.array([f"r{i}" for i in range(41)], dtype=object)
        distances = np.sqrt(((points[:, None] - points[None]) ** 2).sum(axis=2))
        np.fill_diagonal(distances, np.inf)
        nearest = np.argsort(distances, axis=1, kind="stable")[:, :5]
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
        view = View(ids, ids, np.full(41, -1), evidence=evidence)

        def check(found: Findings) -> str:
            flagged = found.flagged().table.column("row_id").to_pylist()
            return "" if flagged == ["r40"] else f"flagged {flagged}, expected ['r40']"

        return Example(view, check, "A row far from all others is flagged, with its distance as the reason.")


def _size_told(sizes: UnusualSizes, pixels: npt.NDArray[Any], row: int) -> str:
    """The size of one image against the usual ones."""
    height, width = (int(side) for side in pixels[row])
    area, aspect = float(sizes.area_ratio[row]), float(sizes.aspect_ratio[row])
    told = f"it is {width} x {height} pixels"
    if abs(np.log(area)) >= abs(np.log(aspect)):
        return (
            f"{told}, {area:.3g} times the median area" if area >= 1 else f"{told}, 1/{1 / area:.3g} of the median area"
        )
    return f"{told}, its width to height is {aspect:.3g} times the median"
