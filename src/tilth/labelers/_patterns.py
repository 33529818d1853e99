"""Patterns on whole columns: by RE2, which never backtracks, and by Python's own engine where only that agrees."""

from __future__ import annotations

import re
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import ParameterError
from tilth.labelers._guard import guarded_map

__all__ = ["Matches", "check_seconds", "compiled", "find_pattern", "word_pattern"]

BoolArray = npt.NDArray[np.bool_]


class Matches:
    """Which rows match, and how many could not be told.

    Attributes
    ----------
    mask : (n,) bool
    faults : int
    first_fault : str
    """

    def __init__(self, mask: BoolArray) -> None:
        self.mask = mask
        self.faults = 0
        self.first_fault = ""


def check_seconds(seconds: Any, where: str) -> None:
    """Raise where a limit of time a row is none."""
    if not isinstance(seconds, (int, float)) or isinstance(seconds, bool) or not seconds > 0:
        raise ParameterError("seconds must be a number above 0", where=where, found=repr(seconds))


def compiled(pattern: str, ignore_case: bool, where: str) -> re.Pattern[str]:
    """The pattern, or a `ParameterError` that says where it breaks."""
    try:
        return re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    except re.error as error:
        raise ParameterError(
            f"this is no regular expression: {error}", where=where, found=repr(pattern), fix="correct the pattern"
        ) from error


def find_pattern(
    column: pa.ChunkedArray, pattern: str, *, ignore_case: bool, seconds: float, start: int, where: str
) -> Matches:
    """Rows whose text matches `pattern` as Python's `re.search` says; null matches nothing.

    RE2 answers for rows in ASCII; where the two engines may differ (letters outside ASCII, a line end at the end
    of the text, look-around and back-references) Python's engine answers, under a limit of `seconds` a row.
    """
    ours = compiled(pattern, ignore_case, where)
    text = column.cast(pa.string()) if not pa.types.is_string(column.type) else column
    n = len(text)
    if not n:
        return Matches(np.zeros(0, dtype=bool))
    try:
        found = pc.match_substring_regex(text, pattern, ignore_case=ignore_case)
    except pa.ArrowInvalid:
        mask, hard = np.zeros(n, dtype=bool), np.asarray(pc.is_valid(text).to_numpy(), dtype=bool)
    else:
        mask = found.fill_null(False).to_numpy().astype(bool)
        hard = _hard(text, pattern, ignore_case)
    made = Matches(mask)
    rows = np.flatnonzero(hard)
    if rows.size:
        values = text.take(pa.array(rows)).to_pylist()

        def failed(at: int, error: Exception) -> bool:
            made.faults += 1
            made.first_fault = made.first_fault or f"row {start + int(rows[at])}: {error}"
            return False

        answers = guarded_map(lambda value: ours.search(value) is not None, values, seconds, failed)
        made.mask[rows] = answers
    return made


def _hard(text: pa.ChunkedArray, pattern: str, ignore_case: bool) -> BoolArray:
    """Rows on which RE2 and Python may differ."""
    hard = np.zeros(len(text), dtype=bool)
    plain = pattern.isascii() and not ignore_case and "\\" not in pattern and "[" not in pattern and "." not in pattern
    if not plain:
        hard |= ~np.asarray(pc.string_is_ascii(text).fill_null(True).to_numpy(), dtype=bool)
    if "$" in pattern or "\\Z" in pattern:
        hard |= np.asarray(pc.ends_with(text, "\n").fill_null(False).to_numpy(), dtype=bool)
    if "\\s" in pattern or "\\S" in pattern:  # RE2 does not count the vertical tab among white space
        hard |= np.asarray(pc.match_substring_regex(text, "\\x0b").fill_null(False).to_numpy(), dtype=bool)
    return hard


def word_pattern(words: tuple[str, ...], whole: bool) -> str:
    """One pattern for any of some words, at word boundaries where `whole`."""
    pieces = []
    for word in sorted(words, key=len, reverse=True):
        left = r"\b" if whole and (word[:1].isalnum() or word[:1] == "_") else ""
        right = r"\b" if whole and (word[-1:].isalnum() or word[-1:] == "_") else ""
        pieces.append(f"{left}{_plain(word)}{right}")
    return "|".join(pieces)


def _plain(word: str) -> str:
    return "".join(f"\\{c}" if c.isascii() and not c.isalnum() and c not in " _\n\t" else c for c in word)


def as_mask(value: Any) -> BoolArray:
    """An Arrow boolean column as numpy; null is False."""
    return np.asarray(value.fill_null(False).to_numpy(), dtype=bool)
