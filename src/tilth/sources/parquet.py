"""Parquet files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tilth.plugin import Example, Run, Source
from tilth.records import Rows
from tilth.sources._binary import read_parquet
from tilth.sources._rows import rows_of
from tilth.sources._text import path_of


@dataclass(frozen=True)
class ParquetSource(Source):
    """A Parquet file (.parquet, .pq).

    Columns take their plain forms: categories are their values, NaN is missing, nested values are JSON
    text. Class numbers of the Hugging Face layout become class names. Images and sounds inside the
    table are written out as files, once each, below the folder that the environment variable
    TILTH_CACHE names (default: the user's cache folder). A column of paths to images or sounds,
    relative to the file's folder, is recognised.

    Examples
    --------
    >>> ParquetSource.claims("no/such/file.parquet")
    False
    """

    rank: ClassVar[int] = 20
    suffixes: ClassVar[tuple[str, ...]] = (".parquet", ".pq")

    @classmethod
    def claims(cls, uri: object) -> bool:
        """A file with one of the endings."""
        return path_of(uri, cls.suffixes) is not None

    def read(self, uri: Any, run: Run) -> Rows:
        """Rows of the file; `SourceError` where it cannot be read."""
        path = Path(uri)
        return rows_of(read_parquet(path, run), path, run)

    @classmethod
    def example(cls) -> Example:
        """Text, a category and NaN."""

        def given(folder: Path) -> Path:
            import pyarrow as pa
            import pyarrow.parquet as pq

            table = pa.table({"text": ["one", None], "y": [0.5, float("nan")]})
            table = table.append_column("label", pa.array(["a", "b"]).dictionary_encode())
            path = folder / "tea.parquet"
            pq.write_table(table, path)
            return path

        def check(rows: Rows) -> str:
            wanted = {"text": ["one", None], "y": [0.5, None], "label": ["a", "b"]}
            found = rows.table.to_pydict()
            return "" if found == wanted else f"read {found}"

        return Example(given, check, "Categories become their values, NaN becomes missing.")
