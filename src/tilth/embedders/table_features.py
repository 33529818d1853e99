"""Table rows to vectors: robust numbers, categories, dates and missing cells."""

from __future__ import annotations

import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import ParameterError
from tilth.plugin import Embedder, Example, Run

__all__ = ["TableFeatures"]

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

N_STEPS = 4
N_BUCKETS = 8
_SECONDS_A_DAY = 86_400.0


@dataclass(frozen=True)
class TableFeatures(Embedder):
    """Embed rows of numbers, categories, dates and truth values, however mixed and gappy.

    It is fitted on the whole table, so a vector depends on the other rows. By column:

    - a number is centred on its median and divided by its inter-quartile range (in standard deviations
      of a normal distribution); beyond 3 it grows with the logarithm, so that an extreme value stays
      extreme but does not drown the rest. A column with a heavy tail is taken as signed ``log(1 + |x| / u)``
      first, u being a tenth of the usual size. A number with many values also gets
      its place within 4 quarters of the distribution, so that a linear model can bend;
    - a category has one column a value. Values with a share below `rare_share` are pooled; beyond
      `max_categories` values the rest is hashed into 8 columns, with one more for how common the value is;
    - a date is a number of days, and the place in the year and in the week as points on a circle;
    - a missing cell (null, NaN, infinite, an empty string) is the median or no category, with a
      column that says so.

    A constant column has nothing to say and is left out; a table without any other has one column of
    zeros. No row is NaN.

    Parameters
    ----------
    max_categories : int
        Values of one category that get a column of their own, the most frequent ones first.
    rare_share : float
        In [0, 0.5). Values of a category with fewer rows than this share, or with one row only, are pooled.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from tilth.plugin import Run
    >>> table = pa.table({"size": [1.0, 2.0, None, 4.0], "kind": ["a", "a", "b", "b"]})
    >>> TableFeatures().embed(table, Run()).astype(float).round(2).tolist()
    [[-0.9, 0.0, 0.71, 0.0], [0.0, 0.0, 0.71, 0.0], [0.0, 0.5, 0.0, 0.71], [1.8, 0.0, 0.0, 0.71]]
    """

    max_categories: int = 40
    rare_share: float = 0.001

    accepts: ClassVar[tuple[str, ...]] = ("number", "category")

    def __post_init__(self) -> None:
        if isinstance(self.max_categories, bool) or not isinstance(self.max_categories, int) or self.max_categories < 1:
            raise ParameterError(
                "must be a whole number of at least 1", where="max_categories", found=repr(self.max_categories)
            )
        if not 0 <= self.rare_share < 0.5:
            raise ParameterError("must lie in [0, 0.5)", where="rare_share", found=repr(self.rare_share))

    def embed(self, items: Any, run: Run) -> Float32:
        """Vectors of the rows of a `pyarrow.Table`, shape (n, d); d depends on the table."""
        blocks: list[Float64] = []
        for name in items.column_names:
            blocks += [block.reshape(len(items), -1) for block in self._column(items.column(name))]
            run.advance()
        if not blocks:
            return np.zeros((len(items), 1), dtype=np.float32)
        return np.concatenate(blocks, axis=1).astype(np.float32)

    def _column(self, column: pa.ChunkedArray) -> Iterator[Float64]:
        kind = column.type.value_type if pa.types.is_dictionary(column.type) else column.type
        column = column.cast(kind)
        if pa.types.is_integer(kind) or pa.types.is_floating(kind) or pa.types.is_decimal(kind):
            yield from _numbers(_as_floats(column))
        elif pa.types.is_date(kind) or pa.types.is_timestamp(kind):
            yield from _dates(_as_floats(column.cast(pa.timestamp("us")).cast(pa.int64())) / 1e6)
        elif pa.types.is_time(kind) or pa.types.is_duration(kind):
            yield from _numbers(_as_floats(column.cast(pa.int64() if kind.bit_width == 64 else pa.int32())))
        elif not pa.types.is_null(kind):
            yield from self._categories(column)

    def _categories(self, column: pa.ChunkedArray) -> Iterator[Float64]:
        if pa.types.is_nested(column.type) or pa.types.is_binary(column.type):
            column = pa.chunked_array(
                [pa.array([None if v is None else str(v) for v in column.to_pylist()], pa.string())]
            )
        values = column.cast(pa.string()).combine_chunks()
        values = pc.if_else(pc.equal(pc.utf8_trim_whitespace(values), ""), None, values)
        coded = pc.dictionary_encode(values)
        names = coded.dictionary.to_pylist()
        codes = np.asarray(pc.fill_null(coded.indices, -1).to_numpy(zero_copy_only=False), dtype=np.int64)
        yield from _gaps(codes < 0)
        counts = np.bincount(codes[codes >= 0], minlength=len(names))
        order = sorted(range(len(names)), key=lambda code: (-counts[code], names[code]))
        least = max(2, self.rare_share * len(codes)) if len(names) > 2 else 1
        own = [code for code in order if counts[code] >= least][: self.max_categories]
        others = np.asarray(sorted(set(order) - set(own)), dtype=np.int64)
        if len(names) < 2:
            return
        place = np.full(len(names) + 1, -1, dtype=np.int64)  # the last one is for missing cells
        place[own] = np.arange(len(own))
        columns = place[codes]
        one_hot = np.zeros((len(codes), len(own)))
        rows = np.flatnonzero(columns >= 0)
        one_hot[rows, columns[rows]] = np.sqrt(0.5)  # so that two values are at distance 1
        if len(own):
            yield one_hot
        if not len(others):
            return
        pooled = np.isin(codes, others)
        yield np.where(pooled, np.sqrt(0.5), 0.0)
        if len(names) > self.max_categories:
            yield _hashed(codes, names, pooled)
            rarity: Float64 = np.log(len(codes) / np.append(counts, len(codes))[codes])
            yield np.asarray(rarity / max(float(rarity.max()), 1e-12))

    @classmethod
    def example(cls) -> Example:
        """Ages and towns, with a gap and one age far out."""
        ages = [30.0, 31.0, 32.0, 33.0, 34.0, 35.0, 36.0, None, 900.0]
        given = pa.table({"age": ages, "town": ["Ulm"] * 4 + ["Bonn"] * 5})

        def check(vectors: Float32) -> str:
            if not np.isfinite(vectors).all():
                return "no row should be NaN"
            far = np.linalg.norm(vectors - np.median(vectors, axis=0), axis=1)
            return "" if int(far.argmax()) == 8 and far[8] < 30 else f"distances from the middle {far.round(1)}"

        return Example(given, check, "A gap is no NaN, and an extreme value is the farthest out, but bounded.")


def _as_floats(column: pa.ChunkedArray) -> Float64:
    values = np.asarray(pc.fill_null(column.cast(pa.float64(), safe=False), np.nan).to_numpy(), dtype=np.float64)
    return np.where(np.isfinite(values), values, np.nan)


def _gaps(missing: npt.NDArray[np.bool_]) -> Iterator[Float64]:
    """A column that says which cells are missing, where some are and some are not."""
    if missing.any() and not missing.all():
        yield np.where(missing, 0.5, 0.0)


def _numbers(values: Float64) -> Iterator[Float64]:
    missing = np.isnan(values)
    known = values[~missing]
    if len(known) and known.min() < known.max():
        yield _scaled(_logarithm(values, known) if _has_heavy_tail(known) else values)
        if len(np.unique(known)) >= 4 * N_STEPS and len(known) >= 100:
            yield _steps(values)
    yield from _gaps(missing)


def _has_heavy_tail(known: Float64) -> bool:
    """Whether one end reaches more than 10 times as far from the median as the middle half does."""
    low, first, middle, third, high = np.percentile(known, [0, 25, 50, 75, 100])
    spread = max(third - first, 1e-300)
    return bool(max(high - middle, middle - low) > 10 * spread)


def _logarithm(values: Float64, known: Float64) -> Float64:
    """Signed ``log(1 + |x| / u)``, with a tenth of the median size of the values other than 0 as the unit u."""
    unit = float(np.median(np.abs(known[known != 0]))) / 10
    return np.asarray(np.sign(values) * np.log1p(np.abs(values) / unit))


def _scaled(values: Float64) -> Float64:
    """Median 0, robust standard deviation 1, logarithmic beyond 3; missing cells are 0."""
    known = values[~np.isnan(values)]
    first, middle, third = np.percentile(known, [25, 50, 75])
    spread = (third - first) / 1.3489795
    if spread <= 1e-9 * max(abs(first), abs(third), 1e-300):
        spread = known.std()
    scaled = (np.nan_to_num(values, nan=middle) - middle) / (spread if spread > 0 else 1.0)
    size = np.abs(scaled)
    return np.asarray(np.sign(scaled) * np.where(size <= 3, size, 3 + 3 * np.log(np.maximum(size, 3) / 3)))


def _steps(values: Float64) -> Float64:
    """How far each value has come through each quarter of the distribution, in [0, 0.5]; missing is half way."""
    known = values[~np.isnan(values)]
    edges = np.unique(np.quantile(known, np.linspace(0, 1, N_STEPS + 1)))
    filled = np.nan_to_num(values, nan=float(np.median(known)))
    return np.asarray(np.clip((filled[:, None] - edges[:-1]) / np.diff(edges), 0, 1) / 2)


def _dates(seconds: Float64) -> Iterator[Float64]:
    """Days as a number; where they span enough, the place in the year and in the week."""
    days = seconds / _SECONDS_A_DAY
    known = days[~np.isnan(days)]
    yield from _numbers(days)
    for period, least in ((365.2425, 60.0), (7.0, 3.0)):
        if len(known) and known.max() - known.min() >= least:
            angle = 2 * np.pi * np.nan_to_num(days, nan=0.0) / period
            circle = np.stack([np.sin(angle), np.cos(angle)], axis=1) / 2
            yield np.where(np.isnan(days)[:, None], 0.0, circle)


def _hashed(codes: npt.NDArray[np.int64], names: list[str], pooled: npt.NDArray[np.bool_]) -> Float64:
    """Pooled values spread over a few columns by a hash of their name, the same on every machine."""
    marks = np.asarray([zlib.crc32(name.encode("utf-8", "surrogatepass")) for name in names], dtype=np.int64)
    out = np.zeros((len(codes), N_BUCKETS))
    rows = np.flatnonzero(pooled)
    mark = marks[codes[rows]]
    out[rows, mark % N_BUCKETS] = np.where(mark // N_BUCKETS % 2, 0.5, -0.5)
    return out
