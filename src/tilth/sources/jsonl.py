"""JSON Lines files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from tilth.plugin import Example, Run, Source
from tilth.records import Rows
from tilth.sources._jsonl import read_jsonl
from tilth.sources._rows import rows_of
from tilth.sources._text import path_of


@dataclass(frozen=True)
class JsonlSource(Source):
    """A JSON Lines file (.jsonl, .ndjson), one object a line.

    Keys become columns; an absent key and NaN are missing; lists and objects inside a row become JSON
    text. Blank lines are skipped. A column of mixed types is refused. A column of paths to images or
    sounds, relative to the file's folder, is recognised.

    Parameters
    ----------
    encoding : str
        A Python codec. A byte-order mark is skipped.

    Examples
    --------
    >>> import tempfile, pathlib
    >>> from tilth.plugin import Run
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     path = pathlib.Path(folder, "tea.jsonl")
    ...     _ = path.write_text('{"text": "one", "tags": ["a"]}\\n{"text": null}\\n')
    ...     JsonlSource().read(path, Run()).table.to_pylist()
    [{'text': 'one', 'tags': '["a"]'}, {'text': None, 'tags': None}]
    """

    encoding: str = "utf-8"

    rank: ClassVar[int] = 20
    suffixes: ClassVar[tuple[str, ...]] = (".jsonl", ".ndjson")

    @classmethod
    def claims(cls, uri: object) -> bool:
        """A file with one of the endings."""
        return path_of(uri, cls.suffixes) is not None

    def read(self, uri: Any, run: Run) -> Rows:
        """Rows of the file; `SourceError` names file and line."""
        path = Path(uri)
        return rows_of(read_jsonl(path, run, encoding=self.encoding), path, run)

    @classmethod
    def example(cls) -> Example:
        """Numbers, a gap and a nested value."""

        def given(folder: Path) -> Path:
            path = folder / "tea.jsonl"
            path.write_text('{"text": "one", "n": 1, "tags": {"a": [1]}}\n\n{"text": "two", "n": 2.5}\n')
            return path

        def check(rows: Rows) -> str:
            wanted = {"text": ["one", "two"], "n": [1.0, 2.5], "tags": ['{"a": [1]}', None]}
            found = rows.table.to_pydict()
            return "" if found == wanted else f"read {found}"

        return Example(given, check, "Nested values become JSON text, an absent key is missing.")
