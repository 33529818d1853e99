"""What the engine asks of a store, and a store that remembers nothing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from tilth.records import Evidence

__all__ = ["Cache", "MemoryStore", "NoStore", "Store"]


class Cache(Protocol):
    """Results of one maker, filed by content hash of the item."""

    def get(self, keys: Sequence[str]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[Any]]: ...
    def put(self, keys: Sequence[str], values: npt.NDArray[Any]) -> None: ...
    def get_errors(self, keys: Sequence[str]) -> dict[str, str]: ...
    def put_errors(self, errors: dict[str, str]) -> None: ...


class Store(Protocol):
    """The part of a workspace that the engine uses."""

    def get_evidence(self, address: str) -> Evidence | None: ...
    def put_evidence(self, evidence: Evidence) -> None: ...
    def item_cache(self, maker_key: str) -> Cache: ...


class _NoCache:
    def get(self, keys: Sequence[str]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[Any]]:
        return np.zeros(len(keys), dtype=bool), np.zeros((0, 0), dtype=np.float32)

    def put(self, keys: Sequence[str], values: npt.NDArray[Any]) -> None:
        del keys, values

    def get_errors(self, keys: Sequence[str]) -> dict[str, str]:
        return dict.fromkeys(keys[:0], "")

    def put_errors(self, errors: dict[str, str]) -> None:
        del errors


class NoStore:
    """A store that remembers nothing: for data that live in memory only."""

    def get_evidence(self, address: str) -> Evidence | None:
        """Nothing."""
        del address
        return None

    def put_evidence(self, evidence: Evidence) -> None:
        """Forget it."""
        del evidence

    def item_cache(self, maker_key: str) -> Cache:
        """A cache that is always empty."""
        del maker_key
        return _NoCache()


class _Kept:
    """Results of one maker, in memory."""

    def __init__(self) -> None:
        self._values: dict[str, npt.NDArray[Any]] = {}
        self._errors: dict[str, str] = {}

    def get(self, keys: Sequence[str]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[Any]]:
        found = np.asarray([key in self._values for key in keys], dtype=bool)
        values = [self._values[key] for key in keys if key in self._values]
        return found, np.stack(values) if values else np.zeros((0, 0), dtype=np.float32)

    def put(self, keys: Sequence[str], values: npt.NDArray[Any]) -> None:
        self._values.update(zip(keys, values, strict=True))

    def get_errors(self, keys: Sequence[str]) -> dict[str, str]:
        return {key: self._errors[key] for key in keys if key in self._errors}

    def put_errors(self, errors: dict[str, str]) -> None:
        self._errors.update(errors)


class MemoryStore(NoStore):
    """A store that keeps results by item as long as the process lives, and no evidence."""

    def __init__(self) -> None:
        self._caches: dict[str, _Kept] = {}

    def item_cache(self, maker_key: str) -> Cache:
        """The cache of one maker."""
        return self._caches.setdefault(maker_key, _Kept())
