"""Tables in memory: pandas, polars, pyarrow, Hugging Face datasets, dicts and lists."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tilth.plugin import Example, Run, Source
from tilth.records import Rows
from tilth.sources._memory import is_table, read_table
from tilth.sources._rows import rows_of


@dataclass(frozen=True)
class TableSource(Source):
    """A table in memory (pandas, polars, pyarrow, Hugging Face Dataset, dict of columns, list of dicts).

    Anything that hands out an Arrow stream counts, too. A pandas index is kept as a column where it has
    a name and is no range. Categories are their values; NaN, NaT, None and pandas.NA are missing;
    nested values are JSON text. Of a Hugging Face dataset, class numbers become class names, splits
    become a column, and images and sounds inside the table are written out as files, once each, below
    the folder that the environment variable TILTH_CACHE names (default: the user's cache folder). A
    column of mixed types is refused, with row and types.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> TableSource().read({"text": ["a", "b"], "label": [1.0, float("nan")]}, Run()).table.to_pylist()
    [{'text': 'a', 'label': 1.0}, {'text': 'b', 'label': None}]
    """

    rank: ClassVar[int] = 0

    @classmethod
    def claims(cls, uri: object) -> bool:
        """A table of a kind that is known."""
        return is_table(uri)

    def read(self, uri: Any, run: Run) -> Rows:
        """Rows of the table; `SourceError` names row and column."""
        run.check()
        return rows_of(read_table(uri), f"{type(uri).__module__.partition('.')[0]} {type(uri).__name__}", run)

    @classmethod
    def example(cls) -> Example:
        """A list of dicts."""

        def given(_: Path) -> list[dict[str, object]]:
            return [{"text": "one", "label": "a"}, {"text": "two"}]

        def check(rows: Rows) -> str:
            found = rows.table.to_pydict()
            return "" if found == {"text": ["one", "two"], "label": ["a", None]} else f"read {found}"

        return Example(given, check, "An absent key is a missing value.")
