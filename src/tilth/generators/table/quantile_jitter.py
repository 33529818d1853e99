"""Numbers moved a little up or down in the order of their column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.generators.table._rows import FittedOperation, example_rows
from tilth.numerics.augment.table_columns import category_mask, share_of
from tilth.numerics.augment.tables import quantile_jitter
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["QuantileJitter"]


@dataclass(frozen=True)
class QuantileJitter(FittedOperation):
    """Move the numbers of a row within the distribution of their columns; categories and gaps stay.

    Parameters
    ----------
    magnitude : float
        From no step to steps of up to 20% of the rows, up or down.
    columns : mapping of column name to values
        Values of the training rows; set by ``fit``.
    ranges : mapping of column name to (low, high) or to allowed categories
        Declared ranges, which nothing leaves.
    width : float, optional
        The largest step as a share of the rows, in [0, 1]; overrides the magnitude.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> rows = example_rows()
    >>> [row.value for row in QuantileJitter(width=0.2).generate(rows, 2, Run())]
    [{'age': 31, 'town': 'Ulm'}, {'age': 31, 'town': 'Ulm'}]
    """

    width: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.width is not None:
            share_of(self.width, "width")

    def _changed(
        self,
        cells: npt.NDArray[Any],
        pools: list[Sequence[Any]],
        ranges: Mapping[int, Sequence[Any]],
        rng: np.random.Generator,
    ) -> npt.NDArray[Any]:
        width = 0.2 * self.magnitude if self.width is None else self.width
        numeric = [_holds_numbers(pool if isinstance(pool, tuple) else tuple(pool)) for pool in pools]
        fixed = ~np.asarray(numeric, dtype=bool)
        fixed |= category_mask(cells, None)
        return quantile_jitter(cells, rng, width=width, reference=pools, categorical_features=fixed, ranges=ranges)

    @classmethod
    def example(cls) -> Example:
        """People of two towns: ages move, towns do not, and nobody is younger or older than anybody was."""

        def check(rows: list[Sample]) -> str:
            if [row.value["town"] for row in rows[:8]] != [row.value["town"] for row in example_rows()]:
                return "it changed a town"
            ages = [row.value["age"] for row in rows if row.value["age"] is not None]
            return "" if all(30 <= age <= 55 and isinstance(age, int) for age in ages) else f"ages {ages}"

        return Example(example_rows(), check, "Numbers stay between the smallest and the largest.", {"width": 0.3})


@lru_cache(maxsize=1024)
def _holds_numbers(values: tuple[Any, ...]) -> bool:
    return bool(values) and not category_mask(np.array([[v] for v in values], dtype=object), None)[0]
