"""New rows drawn from the distributions of the columns and their dependence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from tilth.errors import NotApplicable
from tilth.generators.table._rows import by_position, check_ranges, example_rows, fits_ranges, matrix
from tilth.numerics.augment.copula import gaussian_copula_sample
from tilth.plugin import Example, Generator, Run
from tilth.records import Sample

__all__ = ["GaussianCopula"]


@dataclass(frozen=True)
class GaussianCopula(Generator):
    """Draw new rows that keep each column's distribution and the dependence between columns, class by class.

    Classes come as often as they do in the rows. A new row has no single origin: its parents are all rows of its
    class, so it may only be used where every one of them may.

    Parameters
    ----------
    ranges : mapping of column name to (low, high) or to allowed categories
        Declared ranges, which nothing leaves.
    shrinkage : float, optional
        Weight of independence in [0, 1]; by default ``columns / (rows + columns)``.

    References
    ----------
    Patki, Wedge, Veeramachaneni (2016). The Synthetic Data Vault. DSAA.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> made = GaussianCopula().generate(example_rows(), 3, Run())
    >>> [sorted(row.value) for row in made], made[0].recipe
    ([['age', 'town'], ['age', 'town'], ['age', 'town']], 'gaussian_copula')
    """

    accepts: ClassVar[tuple[str, ...]] = ("number", "category")

    ranges: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    shrinkage: float | None = None

    def __post_init__(self) -> None:
        from tilth.numerics.augment.table_columns import share_of

        check_ranges(self.ranges, "gaussian_copula")
        if self.shrinkage is not None:
            share_of(self.shrinkage, "shrinkage")

    def notes(self, rows: Sequence[Sample]) -> tuple[str, ...]:
        """What is to be said of these training rows: how many lie outside of the ranges."""
        return fits_ranges(self.ranges, rows, "gaussian_copula, ranges")

    def generate(self, rows: Sequence[Sample], count: int, run: Run) -> list[Sample]:
        """`count` new rows; `NotApplicable` for other media, or where there are no rows."""
        names, cells = matrix(rows)
        if not len(rows) or not names:
            raise NotApplicable("a copula needs rows with columns", found=f"{len(rows)} rows")
        self.notes(rows)
        classes = sorted({row.label for row in rows}, key=str)
        codes = np.array([classes.index(row.label) for row in rows])
        new, said = gaussian_copula_sample(
            cells, count, run.rng, labels=codes, ranges=by_position(self.ranges, names), shrinkage=self.shrinkage
        )
        if said is None:
            return []
        parents = [tuple(row.row_id for row in rows if row.label == name) for name in classes]
        run.advance(count)
        return [
            Sample(
                "table",
                dict(zip(names, new[i], strict=True)),
                label=classes[said[i]],
                parents=parents[said[i]],
                recipe=self.name or "gaussian_copula",
            )
            for i in range(count)
        ]

    @classmethod
    def example(cls) -> Example:
        """Young and old people: the ages of new ones stay in those of their class."""

        def check(rows: list[Sample]) -> str:
            spans = {"young": (30, 34), "old": (50, 55)}
            for row in rows:
                low, high = spans[row.label]
                if row.value["age"] is not None and not low <= row.value["age"] <= high:
                    return f"a person of {row.value['age']} is {row.label}"
            return "" if rows else "no rows"

        return Example(example_rows(), check, "Each class keeps its own distribution.")
