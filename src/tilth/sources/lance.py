"""Lance datasets."""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tilth.errors import SourceError
from tilth.plugin import Example, Run, Source
from tilth.records import Rows
from tilth.sources._binary import features_of
from tilth.sources._parsed import Parsed
from tilth.sources._rows import rows_of


@dataclass(frozen=True)
class LanceSource(Source):
    """A Lance dataset: a local folder, or an address such as s3://bucket/name.lance.

    Examples
    --------
    >>> LanceSource.claims("s3://bucket/rows.lance"), LanceSource.claims("no/such/folder.lance")
    (True, False)
    """

    rank: ClassVar[int] = 30

    @classmethod
    def claims(cls, uri: object) -> bool:
        """A folder with versions in it, or a remote address that ends in .lance."""
        if not isinstance(uri, (str, Path)) or not str(uri):
            return False
        if "://" in str(uri):
            return str(uri).rstrip("/").endswith(".lance")
        try:
            return (Path(uri) / "_versions").is_dir()
        except (OSError, ValueError):
            return False

    def read(self, uri: Any, run: Run) -> Rows:
        """Rows of the dataset; `SourceError` where it cannot be opened."""
        os.environ.setdefault("LANCE_LOG", "error")
        lance = self.require("lance")
        run.check()
        try:
            dataset = lance.dataset(str(uri))
            table = dataset.to_table()
        except (OSError, ValueError) as error:
            raise SourceError(
                "cannot read this Lance dataset",
                where=str(uri),
                found=str(error).splitlines()[0][:160],
                fix="check the address, and that it was written whole",
            ) from error
        parsed = Parsed(table.replace_schema_metadata(None), features=features_of(table.schema))
        return rows_of(parsed, str(uri) if "://" in str(uri) else Path(uri), run)

    @classmethod
    def example(cls) -> Example:
        """A dataset of two rows."""

        def given(folder: Path) -> Path:
            os.environ.setdefault("LANCE_LOG", "error")
            import lance
            import pyarrow as pa

            path = folder / "tea.lance"
            lance.write_dataset(pa.table({"text": ["one", "two"], "label": ["a", None]}), str(path))
            return path

        def check(rows: Rows) -> str:
            found = rows.table.to_pydict()
            return "" if found == {"text": ["one", "two"], "label": ["a", None]} else f"read {found}"

        return Example(given, check, "All rows of the newest version.")
