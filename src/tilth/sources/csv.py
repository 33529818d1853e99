"""Delimited text: CSV and TSV files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tilth.plugin import Example, Run, Source
from tilth.records import Rows
from tilth.sources._csv import read_csv
from tilth.sources._rows import rows_of
from tilth.sources._text import path_of


@dataclass(frozen=True)
class CsvSource(Source):
    """A CSV or TSV file (.csv, .tsv, .tab) with a header.

    Empty cells are missing. A column is numeric where all its other cells are numbers, once the
    spellings NA, N/A, NaN, NULL, None, ``?`` and ``-`` are set aside, which are missing there; in any
    other column they are text. Numbers with leading zeros ("007") stay text. Quoted cells may hold
    line breaks. Blank lines are skipped. A column of paths to images or sounds, relative to the
    file's folder, is recognised.

    Parameters
    ----------
    encoding : str
        A Python codec. A byte-order mark is skipped.
    delimiter : str
        One character; empty to find out from the first records.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from tilth.plugin import Run
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "tea.csv")
    ...     _ = path.write_text("id,grams\\n007,2.5\\n008,NA\\n")
    ...     CsvSource().read(path, Run()).table.to_pylist()
    [{'id': '007', 'grams': 2.5}, {'id': '008', 'grams': None}]
    """

    encoding: str = "utf-8"
    delimiter: str = ""

    rank: ClassVar[int] = 20
    suffixes: ClassVar[tuple[str, ...]] = (".csv", ".tsv", ".tab")

    @classmethod
    def claims(cls, uri: object) -> bool:
        """A file with one of the endings."""
        return path_of(uri, cls.suffixes) is not None

    def read(self, uri: Any, run: Run) -> Rows:
        """Rows of the file; `SourceError` names file and line."""
        path = Path(uri)
        return rows_of(read_csv(path, run, encoding=self.encoding, delimiter=self.delimiter), path, run)

    @classmethod
    def example(cls) -> Example:
        """Text, numbers, codes and gaps."""

        def given(folder: Path) -> Path:
            path = folder / "tea.csv"
            path.write_text('id,text,grams\n007,"one, two",2.5\n008,,NA\n', encoding="utf-8")
            return path

        def check(rows: Rows) -> str:
            wanted = [{"id": "007", "text": "one, two", "grams": 2.5}, {"id": "008", "text": None, "grams": None}]
            found = rows.table.to_pylist()
            return "" if found == wanted and rows.first_line == 2 else f"read {found}"

        return Example(given, check, "Leading zeros stay, an empty cell and NA among numbers are missing.")
