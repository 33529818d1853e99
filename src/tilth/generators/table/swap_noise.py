"""Cells replaced by the value that another row has in the same column."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.generators.table._rows import FittedOperation, example_rows
from tilth.numerics.augment.table_columns import share_of
from tilth.numerics.augment.tables import swap_noise
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["SwapNoise"]


@dataclass(frozen=True)
class SwapNoise(FittedOperation):
    """Replace some cells of a row by the values of other rows; no value comes out that was not observed.

    Parameters
    ----------
    magnitude : float
        From no cell to 30% of them.
    columns : mapping of column name to values
        Values of the training rows; set by ``fit``.
    ranges : mapping of column name to (low, high) or to allowed categories
        Declared ranges, which nothing leaves.
    share : float, optional
        Chance of each cell, in [0, 1]; overrides the magnitude.

    References
    ----------
    Vincent et al. (2008). Extracting and composing robust features with denoising autoencoders. ICML.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> rows = example_rows()
    >>> [row.value for row in SwapNoise(share=0.9).generate(rows, 2, Run())]
    [{'age': 30, 'town': 'Ulm'}, {'age': 31, 'town': 'Bonn'}]
    """

    share: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.share is not None:
            share_of(self.share, "share")

    def _changed(
        self,
        cells: npt.NDArray[Any],
        pools: list[Sequence[Any]],
        ranges: Mapping[int, Sequence[Any]],
        rng: np.random.Generator,
    ) -> npt.NDArray[Any]:
        share = 0.3 * self.magnitude if self.share is None else self.share
        return swap_noise(cells, rng, share=share, reference=pools, ranges=ranges)

    @classmethod
    def example(cls) -> Example:
        """People of two towns: ages and towns of others come in, nothing else."""

        def check(rows: list[Sample]) -> str:
            known = {(name, row.value[name]) for row in example_rows() for name in row.value}
            odd = [cell for row in rows for cell in row.value.items() if cell not in known]
            return f"it invented {odd[0]}" if odd else ""

        return Example(example_rows(), check, "Every value was observed in its column.", {"share": 0.5})
