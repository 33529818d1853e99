"""RowBatch: rows as labelling functions see them; Ballot: what one of them said."""

from __future__ import annotations

from collections import namedtuple
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.errors import SchemaError

__all__ = ["Ballot", "Row", "RowBatch"]


class Row(tuple[Any, ...]):
    """One row: fields by attribute or by name, and what preprocessing adds, computed when first read and once.

    Rows of a batch are tuples of a class of their own, so that a field is read at the speed of a tuple and a million
    rows are cheap to make.

    Examples
    --------
    >>> row = next(iter(RowBatch(pa.table({"text": ["Hi"]})).rows({"lower": lambda row: row.text.lower()})))
    >>> row.text, row["text"], row.lower
    ('Hi', 'Hi', 'hi')
    """

    _tilth_place: ClassVar[Mapping[str, int]] = {}
    _tilth_pre: ClassVar[Mapping[str, Callable[..., Any]]] = {}

    def __getattr__(self, name: str) -> Any:
        # only what is no plain field comes here: preprocessing, and columns that Python keeps for itself
        at = self._tilth_place.get(name)
        if at is not None:
            return tuple.__getitem__(self, at)
        if name in self._tilth_pre:
            made = self.__dict__[name] = self._tilth_pre[name](self)
            return made
        raise AttributeError(f"no column {name!r}; the columns are {', '.join(self._tilth_place)}")

    def __getitem__(self, name: Any) -> Any:
        at = self._tilth_place.get(name)
        if at is not None:
            return tuple.__getitem__(self, at)
        if name in self._tilth_pre:
            return getattr(self, name)
        raise KeyError(f"no column {name!r}; the columns are {', '.join(self._tilth_place)}")

    def __contains__(self, name: object) -> bool:
        return name in self._tilth_place or name in self._tilth_pre

    def keys(self) -> Iterator[str]:
        """Names of the columns."""
        return iter(self._tilth_place)

    def __repr__(self) -> str:
        return f"Row({', '.join(f'{name}={tuple.__getitem__(self, at)!r}' for name, at in self._tilth_place.items())})"


def _row_class(names: Sequence[str], pre: Mapping[str, Callable[..., Any]]) -> type[Row]:
    """The class of the rows of one batch: a field for each column."""
    fields = namedtuple("fields", [f"f{at}" for at in range(len(names))])  # type: ignore[misc]
    held: dict[str, Any] = {name: getattr(fields, f"f{at}") for at, name in enumerate(names) if name[:1] != "_"}
    held |= {"_tilth_place": {name: at for at, name in enumerate(names)}, "_tilth_pre": pre}
    return type("Row", (Row,), held)


@dataclass(frozen=True, eq=False)
class RowBatch:
    """Some rows of a table, with what several labelling functions read from them kept.

    Parameters
    ----------
    table : pyarrow.Table
    start : int
        Position of the first row in the whole table, for messages.
    """

    table: pa.Table
    start: int = 0
    _kept: dict[str, Any] = field(default_factory=dict, repr=False)
    _pre: dict[str, Callable[..., Any]] = field(default_factory=dict, repr=False)

    def __len__(self) -> int:
        return int(self.table.num_rows)

    def column(self, name: str) -> pa.ChunkedArray:
        """A column; `SchemaError` with the names where there is none."""
        if name not in self.table.column_names:
            raise SchemaError(
                "no such column", found=repr(name), fix=f"the columns are {', '.join(self.table.column_names)}"
            )
        return self.table.column(name)

    def text_column(self, name: str = "") -> str:
        """The named column, or the only text column."""
        if name:
            self.column(name)
            return name
        texts = [f.name for f in self.table.schema if pa.types.is_string(f.type) or pa.types.is_large_string(f.type)]
        if len(texts) == 1:
            return str(texts[0])
        if "text" in texts:
            return "text"
        raise SchemaError(
            "which column holds the text?", found=", ".join(texts) or "no text column", fix="name it with column"
        )

    def values(self, name: str) -> list[Any]:
        """A column as Python values, made once; NaN becomes None."""
        if name not in self._kept:
            column = self.column(name)
            listed = column.to_pylist()
            if pa.types.is_floating(column.type):
                listed = [None if v is not None and v != v else v for v in listed]
            self._kept[name] = listed
        made: list[Any] = self._kept[name]
        return made

    def rows(self, pre: Mapping[str, Callable[..., Any]] | None = None) -> list[Row]:
        """All rows; `pre` adds fields that are computed once per row, whoever reads them."""
        self._pre.update(pre or {})
        if "\0rows" not in self._kept:
            names = list(self.table.column_names)
            columns = [self.values(name) for name in names]
            self._kept["\0rows"] = list(map(_row_class(names, self._pre), zip(*columns, strict=True)))
        made: list[Row] = self._kept["\0rows"]
        return made


@dataclass(frozen=True, eq=False)
class Ballot:
    """What one labelling function said about n rows.

    Parameters
    ----------
    codes : (n,) int64
        Position in `labels`; -1 where it abstained or failed.
    labels : tuple
        What it said: class names or class indices.
    faults : int
        Rows on which it failed.
    first_fault : str
        The first failure with its row; empty for none.
    notes : tuple of str
    """

    codes: npt.NDArray[np.int64]
    labels: tuple[Any, ...]
    faults: int = 0
    first_fault: str = ""
    notes: tuple[str, ...] = ()

    @classmethod
    def where(cls, mask: Any, label: Any) -> Ballot:
        """A ballot that says `label` where a mask, (n,) bool or Arrow boolean, holds; null is abstaining.

        Examples
        --------
        >>> Ballot.where([True, False], "spam").codes.tolist()
        [0, -1]
        """
        if isinstance(mask, (pa.ChunkedArray, pa.Array)):
            mask = (
                mask.fill_null(False).to_numpy(zero_copy_only=False)
                if isinstance(mask, pa.Array)
                else (mask.fill_null(False).to_numpy())
            )
        held = np.asarray(mask, dtype=bool)
        return cls(np.where(held, 0, -1).astype(np.int64), (label,))
