"""A whole number that worker processes see changing, such as the epoch of a training loop."""

from __future__ import annotations

from typing import Any

__all__ = ["SharedNumber"]


class SharedNumber:
    """A whole number in memory that is shared with processes started from this one, forked or spawned.

    Sent elsewhere in any other way (pickled to a file, put into a queue, copied) it becomes a number of its own.

    Parameters
    ----------
    value : int

    Attributes
    ----------
    value : int
        In [-2**63, 2**63).

    Examples
    --------
    >>> import copy
    >>> epoch = SharedNumber(3)
    >>> other = copy.deepcopy(epoch)
    >>> epoch.value = 4
    >>> epoch.value, other.value
    (4, 3)
    """

    def __init__(self, value: int = 0) -> None:
        from ctypes import c_int64
        from multiprocessing.sharedctypes import RawValue

        self._raw: Any = RawValue(c_int64, value)

    @property
    def value(self) -> int:
        """The number now."""
        return int(self._raw.value)

    @value.setter
    def value(self, value: int) -> None:
        self._raw.value = value

    def __getstate__(self) -> dict[str, Any]:
        from multiprocessing.context import get_spawning_popen

        # shared memory can be handed on only while a process starts
        return {"raw": self._raw} if get_spawning_popen() is not None else {"value": self.value}

    def __setstate__(self, state: dict[str, Any]) -> None:
        if "raw" in state:
            self._raw = state["raw"]
        else:
            SharedNumber.__init__(self, state["value"])
