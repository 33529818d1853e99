"""Arrow files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tilth.plugin import Example, Run, Source
from tilth.records import Rows
from tilth.sources._binary import read_arrow
from tilth.sources._rows import rows_of
from tilth.sources._text import path_of


@dataclass(frozen=True)
class ArrowSource(Source):
    """An Arrow file (.arrow, .feather).

    Columns take their plain forms: categories are their values, NaN is missing, nested values are JSON
    text. Class numbers of the Hugging Face layout become class names. Images and sounds inside the
    table are written out as files, once each, below the folder that the environment variable
    TILTH_CACHE names (default: the user's cache folder). A column of paths to images or sounds,
    relative to the file's folder, is recognised.

    Examples
    --------
    >>> ArrowSource.claims("no/such/file.arrow")
    False
    """

    rank: ClassVar[int] = 20
    suffixes: ClassVar[tuple[str, ...]] = (".arrow", ".feather")

    @classmethod
    def claims(cls, uri: object) -> bool:
        """A file with one of the endings."""
        return path_of(uri, cls.suffixes) is not None

    def read(self, uri: Any, run: Run) -> Rows:
        """Rows of the file; `SourceError` where it cannot be read."""
        path = Path(uri)
        return rows_of(read_arrow(path, run), path, run)

    @classmethod
    def example(cls) -> Example:
        """Text, a category and NaN."""

        def given(folder: Path) -> Path:
            import pyarrow as pa
            from pyarrow import feather

            table = pa.table({"text": ["one", None], "y": [0.5, float("nan")]})
            table = table.append_column("label", pa.array(["a", "b"]).dictionary_encode())
            path = folder / "tea.arrow"
            feather.write_feather(table, str(path))
            return path

        def check(rows: Rows) -> str:
            wanted = {"text": ["one", None], "y": [0.5, None], "label": ["a", "b"]}
            found = rows.table.to_pydict()
            return "" if found == wanted else f"read {found}"

        return Example(given, check, "Categories become their values, NaN becomes missing.")
