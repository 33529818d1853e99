"""Media items: encoded bytes, read one at a time."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from functools import cached_property
from typing import Protocol

__all__ = ["Items", "MemoryItems"]


class Items(Protocol):
    """Lazily read media: ``items[i]`` is the bytes of row i. Picklable, so workers read for themselves."""

    def __len__(self) -> int: ...
    def __getitem__(self, index: int) -> bytes: ...
    @property
    def keys(self) -> Sequence[str]:
        """Content hash of each item: what cached results are filed under."""
        ...


class MemoryItems:
    """Media that are already in memory.

    Parameters
    ----------
    data : sequence of bytes, length n
        Encoded files.

    Examples
    --------
    >>> items = MemoryItems([b"one", b"two", b"one"])
    >>> len(items), items[1], items.keys[0] == items.keys[2]
    (3, b'two', True)
    """

    def __init__(self, data: Sequence[bytes]) -> None:
        self.data = tuple(data)

    def __len__(self) -> int:
        return len(self.data)

    def __getitem__(self, index: int) -> bytes:
        return self.data[index]

    @cached_property
    def keys(self) -> tuple[str, ...]:
        """Content hash of each item: 32 hexadecimal digits of SHA-256."""
        return tuple(hashlib.sha256(item).hexdigest()[:32] for item in self.data)
