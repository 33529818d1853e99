"""Runs with a cache, worker processes, progress events and a stop button."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import get_context
from typing import Any, TypeVar

import numpy as np

from tilth.engine.cache import NoStore, Store
from tilth.errors import DataError, ParameterError, TilthError
from tilth.plugin import Items, Run
from tilth.records import digest

__all__ = ["EngineRun", "Event", "Listener", "silent"]

T = TypeVar("T")
#: Items computed between two writes to the cache: what a kill can cost at the most.
CHUNK = 256
#: Below this many missing items, starting worker processes costs more than it saves.
POOL_FROM = 400
#: What a worker process takes with its libraries loaded and an image open.
WORKER_BYTES = 256 * 2**20


@dataclass(frozen=True)
class Event:
    """Progress of one step.

    Parameters
    ----------
    path : str
        The step, for instance ``probs`` or ``embeddings/image_features``.
    kind : {"start", "advance", "end"}
    done, total : int
        Items done so far and expected; total is 0 where it is not known.
    """

    path: str
    kind: str
    done: int = 0
    total: int = 0


Listener = Callable[[Event], None]


def silent(event: Event) -> None:
    """Listen to nothing."""
    del event


def _apply_chunk(fn: Callable[[bytes], Any], items: Items, indices: Sequence[int]) -> list[Any]:
    """Run `fn` on some items; the errors that tilth raises on purpose come back as values."""
    out: list[Any] = []
    for index in indices:
        try:
            out.append(fn(items[index]))
        except TilthError as error:
            out.append(str(error))
    return out


class EngineRun(Run):
    """A run whose mapped results are cached per item and computed in worker processes where it pays.

    Parameters
    ----------
    seed : int
    path : str
    store : Store
    listener : callable
        Gets an `Event` for every step and every advance.
    jobs : int
        Worker processes; 1 stays in this process, 0 takes one a core. No more run than fit `memory_budget`.
    memory_budget : int
        Bytes; see `Run`.
    """

    def __init__(
        self,
        seed: int = 0,
        path: str = "",
        *,
        store: Store | None = None,
        listener: Listener = silent,
        jobs: int = 1,
        memory_budget: int = 2 * 2**30,
    ) -> None:
        super().__init__(seed, path, memory_budget=memory_budget)
        if jobs < 0:
            raise ParameterError("the number of jobs cannot be negative", found=str(jobs), fix="use 0 for one a core")
        self.store: Store = store or NoStore()
        self.listener = listener
        self.jobs = jobs or os.cpu_count() or 1
        self._done = 0
        self._total = 0

    @property
    def workers(self) -> int:
        """Worker processes that the jobs and the memory budget allow, at least 1."""
        return max(1, min(self.jobs, self.memory_budget // WORKER_BYTES))

    def advance(self, n: int = 1) -> None:
        """Count `n` more items as done, tell the listener, and stop here where the user asked to."""
        self._done += n
        self.listener(Event(self.path, "advance", self._done, self._total))
        self.check()

    def expect(self, total: int, what: str = "") -> None:
        """Tell the listener how many items are to come."""
        self._total = total
        self.listener(Event(what or self.path, "advance", self._done, total))

    def child(self, path: str) -> EngineRun:
        """A run of a step within this one."""
        made = EngineRun(
            self.seed,
            f"{self.path}/{path}".strip("/"),
            store=self.store,
            listener=self.listener,
            jobs=self.jobs,
            memory_budget=self.memory_budget,
        )
        made.stop = self.stop
        return made

    @contextmanager
    def step(self, path: str) -> Iterator[EngineRun]:
        """A child run that tells the listener when it starts and ends, whatever happens in between."""
        run = self.child(path)
        self.check()
        self.listener(Event(run.path, "start"))
        try:
            yield run
        finally:
            self.listener(Event(run.path, "end", run._done, run._total))

    def map_items(self, fn: Callable[[bytes], T], items: Items, *, maker: Mapping[str, Any]) -> list[T | Exception]:
        """``fn(items[i])`` for every item, looked up in the cache first; see `Run.map_items`.

        Equal items are computed once. Finished chunks are stored at once, so that stopped work goes on
        where it stopped.
        """
        keys = [str(key) for key in items.keys]
        cache = self.store.item_cache(digest(dict(maker)))
        found, values = cache.get(keys)
        errors = cache.get_errors(keys)
        known: dict[str, Any] = dict(zip([k for k, f in zip(keys, found, strict=True) if f], values, strict=True))
        known.update({key: DataError(text) for key, text in errors.items()})
        missing = [i for i, key in enumerate(dict.fromkeys(keys)) if key not in known]
        first = {key: i for i, key in reversed(list(enumerate(keys)))}
        unique = list(dict.fromkeys(keys))
        todo = [first[unique[i]] for i in missing]
        self.expect(len(keys))
        self.advance(len(keys) - len(todo))
        for indices, results in self._computed(fn, items, todo):
            good = [(keys[i], r) for i, r in zip(indices, results, strict=True) if not isinstance(r, str)]
            bad = {keys[i]: r for i, r in zip(indices, results, strict=True) if isinstance(r, str)}
            if good:
                cache.put([key for key, _ in good], np.stack([np.asarray(r) for _, r in good]))
            if bad:
                cache.put_errors(bad)
            known.update(good)
            known.update({key: DataError(text) for key, text in bad.items()})
            self.advance(len(indices))
        return [known[key] for key in keys]

    def _computed(
        self, fn: Callable[[bytes], Any], items: Items, todo: list[int]
    ) -> Iterator[tuple[list[int], list[Any]]]:
        chunks = [todo[i : i + CHUNK] for i in range(0, len(todo), CHUNK)]
        if self.workers == 1 or len(todo) < POOL_FROM:
            for chunk in chunks:
                yield chunk, _apply_chunk(fn, items, chunk)
            return
        pool = ProcessPoolExecutor(self.workers, mp_context=get_context("spawn"))
        try:
            futures = [pool.submit(_apply_chunk, fn, items, chunk) for chunk in chunks]
            for chunk, future in zip(chunks, futures, strict=True):
                yield chunk, future.result()
        finally:
            pool.shutdown(wait=True, cancel_futures=True)
