"""Dictionary: votes by looking a value up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import ParameterError
from tilth.plugin import Example, Labeler, Run
from tilth.records import Ballot, RowBatch

__all__ = ["Dictionary"]


@dataclass(frozen=True)
class Dictionary(Labeler):
    """Vote for the class that a dictionary names for a value; values that are not in it abstain.

    Parameters
    ----------
    rule : str
        Name of this labelling function.
    label : str or int, default=1
        Not used: each entry names its class.
    column : str
        Column to look up; empty for the only text column.
    entries : mapping of value to class, or tuple of (value, class)
    ignore_case : bool, default=True
        Compare words without case and surrounding space.

    Examples
    --------
    >>> rows = RowBatch(pa.table({"country": ["CH", "fr", None, "xx"]}))
    >>> said = Dictionary(column="country", entries=(("ch", "alps"), ("fr", "sea"))).vote(rows, Run())
    >>> [said.labels[c] if c >= 0 else None for c in said.codes]
    ['alps', 'sea', None, None]
    """

    entries: Any = ()
    ignore_case: bool = True
    main: ClassVar[str] = "entries"

    def validate(self) -> None:
        """There must be entries, each a value and a class, no value twice."""
        pairs = self._pairs()
        if not pairs or any(len(pair) != 2 for pair in pairs):
            raise ParameterError(
                "dictionary needs entries: value and class", where=self.title, found=repr(self.entries)[:80],
                fix="give them, as in dictionary: {CH: alps, FR: sea}",
            )  # fmt: skip
        gap = next((pair for pair in pairs if pair[0] is None or pair[1] is None or pair[1] == ""), None)
        if gap is not None:
            raise ParameterError("an entry lacks its value or its class", where=self.title, found=repr(gap))

    def _pairs(self) -> list[tuple[Any, ...]]:
        if isinstance(self.entries, Mapping):
            return list(self.entries.items())
        listed = self.entries if isinstance(self.entries, (list, tuple)) else ()
        return [tuple(e) if isinstance(e, (list, tuple)) else (e,) for e in listed]

    def vote(self, rows: RowBatch, run: Run) -> Ballot:
        """Looked-up classes."""
        del run
        self.validate()
        pairs = self._pairs()
        column = rows.column(rows.text_column(self.column)).combine_chunks()
        keys = [pair[0] for pair in pairs]
        if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
            keys = [str(key) for key in keys]
            if self.ignore_case:
                column = pc.utf8_lower(pc.utf8_trim_whitespace(column))
                keys = [key.strip().lower() for key in keys]
        if len(set(keys)) != len(keys):
            twice = next(key for at, key in enumerate(keys) if key in keys[:at])
            raise ParameterError("two entries have the same value", where=self.title, found=repr(twice))
        labels = tuple(dict.fromkeys(pair[1] for pair in pairs))
        place = np.asarray([labels.index(pair[1]) for pair in pairs], dtype=np.int64)
        at = pc.index_in(column, value_set=pa.array(keys, column.type), skip_nulls=True)
        found = at.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
        return Ballot(np.where(found >= 0, place[found], -1), labels)

    @classmethod
    def example(cls) -> Example:
        """Two values are known."""
        rows = RowBatch(pa.table({"text": ["Ham ", "eggs", None, "SPAM"]}))
        return Example(
            rows,
            lambda found: "" if found.codes.tolist() == [0, -1, -1, 1] else f"it said {found.codes.tolist()}",
            "Words are looked up without case; an unknown word is an abstention.",
            {"entries": (("ham", "good"), ("spam", "bad"))},
        )
