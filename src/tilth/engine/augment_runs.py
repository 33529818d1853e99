"""Many samples through a policy: in this process or in worker processes, always in the same order."""

from __future__ import annotations

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context
from typing import Any

from tilth.engine.augment import Augmenter
from tilth.engine.sample_rows import SampleRows
from tilth.errors import ParameterError
from tilth.plugin import Run
from tilth.records import Sample

__all__ = ["Workers", "changed_samples"]

#: Samples that a worker process makes at a time.
CHUNK = 32
#: Chunks that each worker is ahead of whoever reads.
AHEAD = 2

Finish = Callable[[Sample], Any]
_here: dict[str, Any] = {}


def _start(augmenter: Augmenter, rows: SampleRows, finish: Finish | None, prefix: str) -> None:
    """Get a worker process ready."""
    _here.update(augmenter=augmenter, rows=rows, finish=finish, prefix=prefix)


def _make(augmenter: Augmenter, rows: SampleRows, finish: Finish | None, prefix: str, at: int, epoch: int) -> Any:
    made = augmenter(rows[at], epoch, prefix=prefix)
    return made if finish is None else finish(made)


def _chunk(tasks: Sequence[tuple[int, int]]) -> list[Any]:
    return [
        _make(_here["augmenter"], _here["rows"], _here["finish"], _here["prefix"], at, epoch) for at, epoch in tasks
    ]


class Workers:
    """Worker processes that change the samples of some rows; they live until `close`.

    Parameters
    ----------
    augmenter : Augmenter
    rows : SampleRows
    jobs : int
        Worker processes; 1 stays in this process, 0 takes one a core. The answer is the same for any number. A script
        that asks for more than 1 needs Python's usual guard, ``if __name__ == "__main__":``.
    finish : callable, optional
        A module-level function of a changed sample, run where the sample is made; what it returns takes its place.
    prefix : str
        Begins the path of every step.
    """

    def __init__(
        self, augmenter: Augmenter, rows: SampleRows, *, jobs: int = 1, finish: Finish | None = None, prefix: str = ""
    ) -> None:
        if jobs < 0:
            raise ParameterError("the number of jobs cannot be negative", found=str(jobs), fix="use 0 for one a core")
        self._made = (augmenter, rows, finish, prefix)
        self.jobs = jobs or os.cpu_count() or 1
        self._pool: ProcessPoolExecutor | None = None

    def __enter__(self) -> Workers:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def close(self) -> None:
        """Let the worker processes end."""
        if self._pool is not None:
            self._pool.shutdown(wait=True, cancel_futures=True)
            self._pool = None

    def __call__(self, tasks: Sequence[tuple[int, int]]) -> Iterator[Any]:
        """What becomes of each (position, epoch), in order."""
        if self.jobs == 1 or len(tasks) <= CHUNK:
            for at, epoch in tasks:
                yield _make(*self._made, at, epoch)
            return
        if self._pool is None:
            self._pool = ProcessPoolExecutor(
                self.jobs, mp_context=get_context("spawn"), initializer=_start, initargs=self._made
            )
        waiting: deque[Future[list[Any]]] = deque()
        chunks = iter([tasks[i : i + CHUNK] for i in range(0, len(tasks), CHUNK)])
        try:
            for chunk in chunks:
                waiting.append(self._pool.submit(_chunk, chunk))
                if len(waiting) > AHEAD * self.jobs:
                    yield from waiting.popleft().result()
            while waiting:
                yield from waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()


def changed_samples(
    augmenter: Augmenter,
    rows: SampleRows,
    tasks: Sequence[tuple[int, int]],
    run: Run,
    *,
    jobs: int = 1,
    finish: Finish | None = None,
    prefix: str = "",
) -> Iterator[Any]:
    """What becomes of each (position of a row, epoch), in order, telling `run` how far it is.

    Parameters
    ----------
    augmenter, rows, jobs, finish, prefix
        As for `Workers`.
    tasks : sequence of (int, int)
    run : Run
    """
    run.expect(len(tasks))
    with Workers(augmenter, rows, jobs=jobs, finish=finish, prefix=prefix) as workers:
        for made in workers(tasks):
            yield made
            run.advance()
