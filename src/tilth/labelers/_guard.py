"""Calls on one value after another, with a limit of time for each that holds even inside a regular expression."""

from __future__ import annotations

import signal
import threading
import time
from collections.abc import Callable, Sequence
from typing import Any

from tilth.errors import DataError

__all__ = ["TimeLimitError", "guarded_map"]


class TimeLimitError(BaseException):
    """Raised inside a call that ran over its time; a function's own ``except Exception`` does not catch it."""


def guarded_map(
    fn: Callable[[Any], Any], values: Sequence[Any], seconds: float, failed: Callable[[int, Exception], Any]
) -> list[Any]:
    """``fn`` of every value; what raises or runs longer than `seconds` is answered by ``failed(position, error)``.

    The clock ticks every `seconds`: a call is stopped at the second tick that finds it at work, so after one to two
    times `seconds`. It needs the main thread of a process, where worker processes run their work too; in another
    thread a call is judged when it returns.
    """
    if not seconds > 0 or threading.current_thread() is not threading.main_thread() or not hasattr(signal, "setitimer"):
        return _unguarded(fn, values, seconds, failed)
    out: list[Any] = [None] * len(values)
    at = 0
    seen = -1

    def tick(number: int, frame: object) -> None:
        nonlocal seen
        del number, frame
        if seen == at:
            seen = -1
            raise TimeLimitError
        seen = at

    before = signal.signal(signal.SIGALRM, tick)
    timer = signal.setitimer(signal.ITIMER_REAL, seconds, seconds)
    try:
        while at < len(values):
            try:
                while at < len(values):
                    out[at] = fn(values[at])
                    at += 1
            except TimeLimitError:
                error = DataError("it ran over its time", found=f"more than {seconds:g} s on one row")
                out[at] = failed(at, error)
                at += 1
            except Exception as error:  # noqa: BLE001 - a user's function may raise anything; it is reported
                out[at] = failed(at, error)
                at += 1
    finally:
        signal.setitimer(signal.ITIMER_REAL, *timer)
        signal.signal(signal.SIGALRM, before)
    return out


def _unguarded(
    fn: Callable[[Any], Any], values: Sequence[Any], seconds: float, failed: Callable[[int, Exception], Any]
) -> list[Any]:
    out: list[Any] = []
    for at, value in enumerate(values):
        start = time.monotonic()
        try:
            answer = fn(value)
        except Exception as error:  # noqa: BLE001
            answer = failed(at, error)
        if seconds > 0 and time.monotonic() - start > 2 * seconds:
            answer = failed(at, DataError("it ran over its time", found=f"more than {seconds:g} s on one row"))
        out.append(answer)
    return out
