"""What the parts for tables share: rows as an array, operations that know the values of the training rows."""

from __future__ import annotations

import dataclasses
import difflib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np
import numpy.typing as npt

from tilth.errors import NotApplicable, ParameterError, PartError
from tilth.numerics.augment.table_columns import is_interval, is_missing, sorted_values
from tilth.plugin import Operation, Run
from tilth.records import Sample

__all__ = ["FittedOperation", "by_position", "check_ranges", "example_rows", "fits_ranges", "matrix"]


def matrix(rows: Sequence[Sample]) -> tuple[list[str], npt.NDArray[Any]]:
    """Column names in order of appearance, and the cells, shape (n, p), object; absent cells are None."""
    names: dict[str, None] = {}
    for row in rows:
        if row.medium != "table":
            raise NotApplicable("this recipe is for rows of tables", where=row.row_id, found=row.medium)
        names.update(dict.fromkeys(row.value))
    out = np.empty((len(rows), len(names)), dtype=object)
    for i, row in enumerate(rows):
        out[i] = [row.value.get(name) for name in names]
    return list(names), out


def check_ranges(ranges: Any, where: str) -> None:
    """Raise where `ranges` is not a mapping of column name to two numbers or a list of categories."""
    wrong = not isinstance(ranges, Mapping) or any(
        isinstance(allowed, (str, bytes)) or not isinstance(allowed, Sequence) for allowed in ranges.values()
    )
    if wrong:
        raise ParameterError(
            "ranges map a column to two numbers or a list of categories",
            where=where,
            found=repr(ranges),
            fix='write {"age": [0, 120], "town": ["Ulm", "Bonn"]}',
        )
    for name, allowed in ranges.items():
        if is_interval(allowed) and not allowed[0] <= allowed[1]:
            raise ParameterError(
                "a range goes from its low end to its high one", where=f"{where}, column {name!r}", found=repr(allowed)
            )


def fits_ranges(ranges: Mapping[str, Sequence[Any]], rows: Sequence[Sample], where: str) -> tuple[str, ...]:
    """How many training rows lie outside of declared ranges, column by column, as sentences.

    Raises
    ------
    ParameterError
        The ranges cannot be meant for these rows: there is no such column, two numbers are given for a column of
        categories, or no row at all lies within, so that every new cell would come to an end of the range.
    """
    names, cells = matrix(rows) if ranges else ([], np.empty((0, 0), dtype=object))
    said = []
    for name, allowed in ranges.items():
        if name not in names:
            near = difflib.get_close_matches(str(name), names, n=3, cutoff=0.6)
            fix = f"did you mean {' or '.join(near)}?" if near else f"the columns are {', '.join(names)}"
            raise ParameterError("a range for a column that is not there", where=where, found=repr(name), fix=fix)
        known = [value for value in cells[:, names.index(name)] if not is_missing(value)]
        if is_interval(allowed):
            if odd := [v for v in known if isinstance(v, bool) or not isinstance(v, (int, float, np.number))]:
                raise ParameterError(
                    f"a range of two numbers for {name!r}, which holds categories",
                    where=where,
                    found=f"{list(allowed)}, and a row with {odd[0]!r}",
                    fix="list the categories that are allowed",
                )
            outside = [v for v in known if not allowed[0] <= v <= allowed[1]]
        else:
            outside = [v for v in known if v not in allowed]
        if known and len(outside) == len(known):
            raise ParameterError(
                f"no training row lies in the range of {name!r}",
                where=where,
                found=f"{list(allowed)[:5]}, and rows with {', '.join(repr(v) for v in outside[:3])}",
                fix="mend the range, or the rows",
            )
        if outside:
            said.append(
                f"{len(outside)} of {len(known)} training rows lie outside of the range of {name!r}, "
                "which their changed copies are brought into"
            )
    return tuple(said)


def by_position(ranges: Mapping[str, Sequence[Any]], names: Sequence[str]) -> dict[int, Sequence[Any]]:
    """Ranges by column position, for the columns that are there."""
    return {at: ranges[name] for at, name in enumerate(names) if name in ranges}


@dataclass(frozen=True)
class FittedOperation(Operation):
    """An operation on one row that draws on the values of the training rows.

    `fit` gives a copy that holds them; the copy is a policy of its own, so that a row can be made again without
    the training rows. `generate` fits by itself. Without them the operation has nothing to draw on, and says so.

    Parameters
    ----------
    magnitude : float
    columns : mapping of column name to values
        Observed values of each column in order, at most 512; a column that is not named is left alone.
    ranges : mapping of column name to (low, high) or to allowed categories
    """

    medium: ClassVar[str] = "table"
    pooled: ClassVar[bool] = True

    columns: Mapping[str, Sequence[Any]] = field(default_factory=dict)
    ranges: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        check_ranges(self.ranges, self.name or type(self).__name__)
        check_ranges(self.columns, f"{self.name or type(self).__name__}: columns")

    def fit(self, rows: Sequence[Sample]) -> Self:
        """A copy that knows the values of these rows; they must all be of the training part."""
        names, cells = matrix(rows)
        self.notes(rows)
        known = {name: sorted_values(cells[:, j]) for j, name in enumerate(names)}
        return dataclasses.replace(self, columns={name: tuple(values) for name, values in known.items() if values})

    def notes(self, rows: Sequence[Sample]) -> tuple[str, ...]:
        """What is to be said of these training rows: how many lie outside of the ranges."""
        return fits_ranges(self.ranges, rows, f"{self.name or type(self).__name__}, ranges")

    def generate(self, rows: Sequence[Sample], count: int, run: Run) -> list[Sample]:
        """`count` changed rows: every row in turn, then again; fitted on `rows` unless it is fitted already."""
        made = self if self.columns or not rows else self.fit(rows)
        return Operation.generate(made, rows, count, run)

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """The changed row."""
        if not self.columns:
            raise ParameterError(
                f"{self.name or type(self).__name__} does not know the values of the training rows",
                where="columns",
                fix="call .fit(training_rows) first, or generate(rows, ...), which does",
            )
        names = list(sample.value)
        if not names:
            return sample
        cells = np.empty((1, len(names)), dtype=object)
        cells[0] = [sample.value[name] for name in names]
        pools = [self.columns.get(name, ()) for name in names]
        new = self._changed(cells, pools, by_position(self.ranges, names), rng)
        return sample.changed(dict(zip(names, new[0], strict=True)))

    def _changed(
        self,
        cells: npt.NDArray[Any],
        pools: list[Sequence[Any]],
        ranges: Mapping[int, Sequence[Any]],
        rng: np.random.Generator,
    ) -> npt.NDArray[Any]:
        """The cells of one row, changed, shape (1, p)."""
        del cells, pools, ranges, rng
        raise PartError("this operation cannot change a row", where=self.name)


def example_rows() -> list[Sample]:
    """Eight people in two classes, with mixed columns and a gap."""
    ages, towns = [30, 31, 33, 34, 50, 52, 55, None], ["Ulm", "Ulm", "Bonn", "Ulm", "Bonn", "Bonn", "Ulm", "Bonn"]
    return [
        Sample("table", {"age": age, "town": town}, row_id=f"r{i}", label="young" if i < 4 else "old")
        for i, (age, town) in enumerate(zip(ages, towns, strict=True))
    ]
