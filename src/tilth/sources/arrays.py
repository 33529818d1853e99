"""Arrays ``(X, y)`` in memory."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from tilth.plugin import Example, Run, Source
from tilth.records import Rows
from tilth.sources._arrays import read_arrays
from tilth.sources._memory import table_kind
from tilth.sources._rows import rows_of


@dataclass(frozen=True)
class ArraysSource(Source):
    """A pair of arrays (X, y), or a matrix X alone.

    X is (n, d) numbers, whose columns are called x0, x1, ...; a table, whose columns keep their names;
    or a list of n texts. y is (n,) labels, or None. NaN and None are missing. Lists do as well as arrays.
    Sparse and infinite X are refused.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> rows = ArraysSource().read(([[0.5, 1.0], [2.0, float("nan")]], ["a", None]), Run())
    >>> rows.table.to_pylist(), rows.roles
    ([{'x0': 0.5, 'x1': 1.0, 'y': 'a'}, {'x0': 2.0, 'x1': None, 'y': None}], {'y': 'label'})
    """

    rank: ClassVar[int] = 5

    @classmethod
    def claims(cls, uri: object) -> bool:
        """A tuple of one or two, or a matrix."""
        if isinstance(uri, tuple):
            return len(uri) in (1, 2) and not isinstance(uri[0], (str, bytes, Path)) and hasattr(uri[0], "__len__")
        if isinstance(uri, np.ndarray):
            return not table_kind(uri)
        return hasattr(uri, "tocsr") and hasattr(uri, "nnz")

    def read(self, uri: Any, run: Run) -> Rows:
        """Rows of the arrays; `SourceError` names row and column."""
        run.check()
        pair = uri if isinstance(uri, tuple) else (uri,)
        parsed, label = read_arrays(pair[0], pair[1] if len(pair) > 1 else None)
        rows = rows_of(parsed, "arrays", run)
        return replace(rows, roles={label: "label"} if label else {})

    @classmethod
    def example(cls) -> Example:
        """Two rows with a gap."""

        def given(_: Path) -> tuple[Any, Any]:
            return np.array([[0.5, 1.0], [2.0, np.nan]]), np.array([1, 0])

        def check(rows: Rows) -> str:
            found = rows.table.to_pydict()
            right = found == {"x0": [0.5, 2.0], "x1": [1.0, None], "y": [1, 0]} and rows.roles == {"y": "label"}
            return "" if right else f"read {found}, roles {rows.roles}"

        return Example(given, check, "Features are columns, NaN is missing.")
