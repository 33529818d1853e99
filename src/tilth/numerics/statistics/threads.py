"""Running numpy work in threads; numpy lets go of the interpreter lock in its loops."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any, TypeVar

__all__ = ["MAX_THREADS", "one_blas_thread", "run_threads"]

T = TypeVar("T")

MAX_THREADS = 8
"""More threads than this only wait for memory."""


def run_threads(fn: Callable[[T], Any], items: Iterable[T], *, serial: bool = False) -> list[Any]:
    """Call `fn` on every item, in threads, and return the results in order; the earliest item's error wins.

    Examples
    --------
    >>> run_threads(abs, [-1, 2])
    [1, 2]
    """
    todo = list(items)
    workers = min(_cpu_count(), MAX_THREADS, len(todo))
    if serial or workers < 2:
        return [fn(item) for item in todo]
    with ThreadPoolExecutor(workers) as pool:
        return list(pool.map(fn, todo))


@contextmanager
def one_blas_thread() -> Iterator[None]:
    """Let linear algebra use one thread within the block.

    A fit of a small model makes thousands of tiny products. Sharing each among threads gains nothing on an idle
    machine, and on a busy one the threads wait for each other: the same fit was seen to take sixty times as long.
    """
    from threadpoolctl import threadpool_limits

    with threadpool_limits(1, user_api="blas"):
        yield


def _cpu_count() -> int:
    affinity = getattr(os, "sched_getaffinity", None)
    return len(affinity(0)) if affinity else (os.cpu_count() or 1)
