"""The writer lock: one process at a time writes the data of a workspace, and the lock dies with its holder."""

from __future__ import annotations

import fcntl
import os
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tilth.errors import BusyError
from tilth.store.faults import guarded

__all__ = ["WriterLock"]

_POLL_SECONDS = 0.02
_held: set[int] = set()
_fork_guard_set = False


def _forget_after_fork() -> None:
    """A forked child must not keep its parent's lock alive."""
    for descriptor in list(_held):
        os.close(descriptor)
    _held.clear()


def _set_fork_guard() -> None:
    global _fork_guard_set
    if not _fork_guard_set:
        os.register_at_fork(after_in_child=_forget_after_fork)
        _fork_guard_set = True


class WriterLock:
    """An advisory lock on a file, held by one open file of one process; re-entrant within a thread.

    Parameters
    ----------
    path : Path
        The lock file. It is never deleted; while held it names the holder's process id.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._threads = threading.RLock()
        self._depth = 0
        self._pid = os.getpid()

    @contextmanager
    def hold(self, timeout: float) -> Iterator[None]:
        """Hold the lock; `BusyError` that names the holder where it stays taken for `timeout` seconds."""
        if self._pid != os.getpid():  # a forked child starts without its parent's lock
            self._threads, self._depth, self._pid = threading.RLock(), 0, os.getpid()
        deadline = time.monotonic() + timeout
        if not self._threads.acquire(timeout=max(timeout, 0)):
            raise self._busy(timeout)
        try:
            if self._depth:
                yield from self._nested()
                return
            descriptor = self._acquire(deadline, timeout)
            self._depth = 1
            try:
                yield
            finally:
                self._depth = 0
                if descriptor in _held:
                    _held.discard(descriptor)
                    os.ftruncate(descriptor, 0)
                    os.close(descriptor)
        finally:
            self._threads.release()

    def _nested(self) -> Iterator[None]:
        self._depth += 1
        try:
            yield
        finally:
            self._depth -= 1

    def _acquire(self, deadline: float, timeout: float) -> int:
        _set_fork_guard()
        with guarded(str(self._path)):
            descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o644)
        while True:
            try:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
                break
            except BlockingIOError:
                if time.monotonic() >= deadline:
                    os.close(descriptor)
                    raise self._busy(timeout) from None
                time.sleep(_POLL_SECONDS)
        _held.add(descriptor)
        os.ftruncate(descriptor, 0)
        # ENOSPC must not stop a command that may be about to free space: the name is only a courtesy.
        try:
            os.pwrite(descriptor, str(os.getpid()).encode(), 0)
        except OSError:
            os.ftruncate(descriptor, 0)
        return descriptor

    def _busy(self, timeout: float) -> BusyError:
        try:
            holder = self._path.read_text().strip()
        except OSError:
            holder = ""
        return BusyError(
            "another process is writing this workspace",
            where=str(self._path.parent),
            found=f"process {holder or 'unknown'} holds the lock, waited {timeout:g} s",
            fix="wait until it ends and run the same command again"
            + (f", or stop it: kill {holder}" if holder and holder != str(os.getpid()) else ""),
        )
