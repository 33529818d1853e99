"""What the engine hands a part. Exported by `tilth.plugin`."""

from __future__ import annotations

import hashlib
import threading
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import numpy as np
from numpy.random.bit_generator import ISeedSequence

from tilth.errors import Cancelled, ParameterError
from tilth.records import Items, digest

__all__ = ["Run", "sample_rng"]

T = TypeVar("T")


class _Key(ISeedSequence):
    """Bytes that become a generator's key as they are; given as ``key=``, numpy asks the system for entropy first."""

    def __init__(self, key: bytes) -> None:
        self.key = key

    def generate_state(self, n_words: int, dtype: Any = np.uint32) -> Any:
        return np.frombuffer(self.key, dtype=dtype, count=n_words)


def sample_rng(seed: int, epoch: int, row_id: str, path: str) -> np.random.Generator:
    """The generator of one sample: a pure function of its arguments, on any machine and with any number of workers.

    Parameters
    ----------
    seed : int
    epoch : int
        Which repetition of the row, from 0.
    row_id : str
    path : str
        Place of the operation in its policy, such as ``"0/2/rotate"``.

    Examples
    --------
    >>> first, again = (sample_rng(0, 1, "row-7", "0/rotate").random() for _ in range(2))
    >>> first == again
    True
    """
    mark = hashlib.blake2b(f"{seed}\0{epoch}\0{row_id}\0{path}".encode("utf-8", "surrogatepass"), digest_size=16)
    return np.random.Generator(np.random.Philox(_Key(mark.digest())))  # type: ignore[arg-type]  # the stub forgot this kind


class Run:
    """What the engine hands a part: randomness, progress, cancellation and a cached map.

    This base works by itself: serial, silent, uncached. The engine's runners extend it.

    Parameters
    ----------
    seed : int
    path : str
        Name of the part or step; the generator is a pure function of seed and path.
    memory_budget : int
        Bytes to plan for, beside the data themselves: how many rows a step holds at once follows it; see
        `rows_within`.
    """

    def __init__(self, seed: int = 0, path: str = "", *, memory_budget: int = 2 * 2**30) -> None:
        self.seed = seed
        self.path = path
        if memory_budget < 1:
            raise ParameterError("the memory budget must be positive", found=str(memory_budget), fix="give bytes")
        self.memory_budget = memory_budget
        self.stop = threading.Event()

    @property
    def rng(self) -> np.random.Generator:
        """A fresh generator, the same at every call: a function of seed and path only."""
        return np.random.default_rng([self.seed, int(digest(self.path)[:12], 16)])

    @property
    def cancelled(self) -> bool:
        """Whether the user has asked to stop."""
        return self.stop.is_set()

    def check(self) -> None:
        """Raise `Cancelled` where the user has asked to stop."""
        if self.cancelled:
            raise Cancelled("stopped before the end", where=self.path, fix="run the same command to go on")

    def rows_within(self, row_bytes: int, most: int) -> int:
        """How many rows of `row_bytes` bytes fit a quarter of the memory budget: at least 1, at most `most`.

        A quarter, because what is computed from the rows stands beside them.

        Examples
        --------
        >>> Run(memory_budget=4_000_000).rows_within(1000, 500), Run(memory_budget=40_000).rows_within(1000, 500)
        (500, 10)
        """
        return max(1, min(most, self.memory_budget // 4 // max(1, row_bytes)))

    def advance(self, n: int = 1) -> None:
        """Say that `n` more items are done. Listeners draw; this base is silent."""
        self.check()

    def expect(self, total: int, what: str = "") -> None:
        """Say that `total` items are to come."""

    def child(self, path: str) -> Run:
        """A run of a step within this one, with its own randomness."""
        made = Run(self.seed, f"{self.path}/{path}", memory_budget=self.memory_budget)
        made.stop = self.stop
        return made

    def map_items(self, fn: Callable[[bytes], T], items: Items, *, maker: Mapping[str, Any]) -> list[T | Exception]:
        """``fn(items[i])`` for every item; a `TilthError` takes the place of an item's result.

        Parameters
        ----------
        fn : callable
            A module-level function, so that worker processes can import it. Returns a number or a
            float32 / uint64 array of fixed shape.
        items : Items
        maker : mapping
            Spec of what `fn` computes: the key under which results are cached per item.
        """
        from tilth.errors import TilthError

        self.expect(len(items), self.path)
        results: list[T | Exception] = []
        for index in range(len(items)):
            try:
                results.append(fn(items[index]))
            except TilthError as error:
                results.append(error)
            self.advance()
        return results
