"""Cells emptied at random."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import ParameterError
from tilth.generators.table._rows import example_rows
from tilth.numerics.augment.table_columns import share_of
from tilth.numerics.augment.tables import inject_missing
from tilth.plugin import Example, Operation
from tilth.records import Sample

__all__ = ["InjectMissing"]


@dataclass(frozen=True)
class InjectMissing(Operation):
    """Empty some cells of a row, so that a model learns to do without them; one known cell always stays.

    Parameters
    ----------
    magnitude : float
        From no cell to 30% of them.
    share : float, optional
        Chance of each cell, in [0, 1]; overrides the magnitude.
    only : sequence of str
        Columns that may be emptied; by default all.

    References
    ----------
    Rubin (1976). Inference and missing data. Biometrika 63(3).

    Examples
    --------
    >>> row = Sample("table", {"age": 30, "town": "Ulm"})
    >>> InjectMissing(share=1.0, only=("age",)).apply(row, np.random.default_rng(0)).value
    {'age': None, 'town': 'Ulm'}
    """

    medium: ClassVar[str] = "table"
    pooled: ClassVar[bool] = True

    share: float | None = None
    only: Sequence[str] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.share is not None:
            share_of(self.share, "share")
        if isinstance(self.only, str) or not all(isinstance(name, str) for name in self.only):
            raise ParameterError("only is a list of column names", found=repr(self.only))

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """The row with some cells None."""
        names = list(sample.value)
        if not names:
            return sample
        cells = np.empty((1, len(names)), dtype=object)
        cells[0] = [sample.value[name] for name in names]
        share = 0.3 * self.magnitude if self.share is None else self.share
        columns = [j for j, name in enumerate(names) if name in self.only] if self.only else None
        new = inject_missing(cells, rng, share=share, columns=columns)
        return sample.changed(dict(zip(names, new[0], strict=True)))

    @classmethod
    def example(cls) -> Example:
        """People of two towns: some cells are emptied, no row loses all."""

        def check(rows: list[Sample]) -> str:
            gaps = [sum(v is None for v in row.value.values()) for row in rows]
            return "" if sum(gaps) > 0 and max(gaps) < 2 else f"gaps a row: {gaps}"

        return Example(example_rows(), check, "Half of the cells go, but never a whole row.", {"share": 0.5})
