"""Rows: what a source hands over, before roles are settled."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import pyarrow as pa

__all__ = ["Rows"]


@dataclass(frozen=True)
class Rows:
    """Raw rows from the outside world.

    Parameters
    ----------
    table : pyarrow.Table, n rows
        Columns as they came. Media columns hold paths relative to `root`, with ``/``.
    uri : str
        Where the rows came from, for messages and lineage. Never part of an identity.
    root : str
        Folder that relative media paths start from; empty where there are none.
    media : mapping of column name to "image", "audio" or "text"
        What the source knows about a column's medium.
    roles : mapping of column name to role
        What the source knows about a column's role (a folder source knows its label and split).
    hashes : mapping of column name to list of str, length n
        Content hash of each media file; an unreadable file has the hash of its bytes, a missing
        one an empty string.
    first_line : int
        Line number of the first row in a text file, 0 where lines mean nothing.
    notes : tuple of str
        What the source did that the user should know (a byte-order mark skipped, an encoding
        detected).
    """

    table: pa.Table
    uri: str
    root: str = ""
    media: Mapping[str, str] = field(default_factory=dict)
    roles: Mapping[str, str] = field(default_factory=dict)
    hashes: Mapping[str, list[str]] = field(default_factory=dict)
    first_line: int = 0
    notes: tuple[str, ...] = ()
