"""C-MixUp: rows with near numeric targets mixed, and the targets with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import LabelError, NotApplicable
from tilth.generators.mixing._mix import positive
from tilth.generators.mixing._values import mixed_value
from tilth.plugin import Example, Generator, Run, sample_rng
from tilth.records import Sample

__all__ = ["CMixup"]


@dataclass(frozen=True)
class CMixup(Generator):
    """MixUp for numeric targets: a row is mixed with one whose target is near, the target becomes their average.

    Parameters
    ----------
    alpha : float, default=2.0
        The weight of the first row is drawn from Beta(alpha, alpha).
    bandwidth : float, optional
        A partner is drawn in proportion to ``exp(-d² / (2 bandwidth²))`` of the distance d of targets; default: a
        tenth of the targets' standard deviation.

    References
    ----------
    Yao et al. (2022). C-Mixup: improving generalization in regression. NeurIPS.

    Examples
    --------
    >>> rows = [Sample("table", {"x": float(i)}, str(i), float(i)) for i in range(5)]
    >>> made = CMixup().generate(rows, 5, Run())
    >>> all(row.value["x"] == row.label for row in made)
    True
    """

    accepts: ClassVar[tuple[str, ...]] = ("image", "audio", "number", "category")

    alpha: float = 2.0
    bandwidth: float | None = None

    def __post_init__(self) -> None:
        positive(self.alpha, "alpha")
        if self.bandwidth is not None:
            positive(self.bandwidth, "a bandwidth")

    def generate(self, rows: Sequence[Sample], count: int, run: Run) -> list[Sample]:
        """`count` mixtures of two rows each; `LabelError` where a label is no number."""
        if not len(rows) or count < 1:
            return []
        if len(rows) < 2:
            raise NotApplicable("one sample alone cannot be mixed", found="1 row")
        targets = np.array([_target(row) for row in rows])
        width = self.bandwidth or 0.1 * float(targets.std()) or 1.0
        made = []
        for at in range(count):
            here = at % len(rows)
            row = rows[here]
            rng = sample_rng(run.seed, at // len(rows), row.row_id, f"{run.path}/{self.name or 'c_mixup'}")
            near = np.exp(-((targets - targets[here]) ** 2) / (2 * width**2))
            near[here] = 0.0
            chances = near.cumsum()
            if chances[-1] > 0:
                chosen = min(int(np.searchsorted(chances, rng.random() * chances[-1], side="right")), len(rows) - 1)
            else:  # far from all others: the nearest of them
                gaps = np.abs(targets - targets[here])
                gaps[here] = np.inf
                chosen = int(np.argmin(gaps))
            weight = float(rng.beta(self.alpha, self.alpha))
            value = mixed_value(row, rows[chosen], weight, rng)
            target = weight * float(targets[here]) + (1 - weight) * float(targets[chosen])
            parents = (row.row_id, rows[chosen].row_id)
            made.append(
                row.changed(
                    value, row_id="+".join(parents), label=target, parents=parents, recipe=self.name or "c_mixup"
                )
            )
            run.advance()
        return made

    @classmethod
    def example(cls) -> Example:
        """On a straight line, mixtures stay on the line."""
        given = [Sample("table", {"x": float(i)}, str(i), 2.0 * i) for i in range(6)]

        def check(made: list[Sample]) -> str:
            odd = [row for row in made if abs(row.label - 2 * row.value["x"]) > 1e-9]
            return f"it made {odd[0].value} with target {odd[0].label}" if odd else ""

        return Example(given, check, "On a straight line, mixtures stay on the line.")


def _target(row: Sample) -> float:
    label = row.label
    if isinstance(label, bool) or not isinstance(label, (int, float, np.number)) or not np.isfinite(label):
        raise LabelError(
            "c_mixup needs a number as label of each row",
            where=f"row {row.row_id}",
            found=repr(label),
            fix="use mixup for classes, and leave out rows without a label",
        )
    return float(label)
