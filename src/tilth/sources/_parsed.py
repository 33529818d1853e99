"""What a format's reader hands to the part that turns it into `Rows`."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import pyarrow as pa

from tilth.errors import SourceError

__all__ = ["Parsed", "check_names"]


@dataclass(frozen=True)
class Parsed:
    """A table as read, with what the user should know about it.

    Parameters
    ----------
    table : pyarrow.Table
    first_line : int
        Line of the first row in a text file, 0 where lines mean nothing.
    notes : tuple of str
    features : mapping of column name to dict
        What the Hugging Face layout says about columns: class names, images, sounds.
    """

    table: pa.Table
    first_line: int = 0
    notes: tuple[str, ...] = ()
    features: dict[str, dict[str, object]] = field(default_factory=dict)

    def noting(self, *notes: str) -> Parsed:
        """The same with more notes."""
        return replace(self, notes=(*self.notes, *notes))


def check_names(names: list[str], where: str) -> None:
    """Raise `SourceError` where a column name stands twice, with the places of both."""
    first: dict[str, int] = {}
    for place, name in enumerate(names):
        if name in first:
            raise SourceError(
                "two columns have the same name",
                where=where,
                found=f"{name!r} as column {first[name] + 1} and column {place + 1}",
                fix="rename one of them",
            )
        first[name] = place
