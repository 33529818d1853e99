"""The public conformance suite: what every part must keep, shipped or written by you.

In a test file of your own::

    import pytest
    from tilth.testing import check_part
    from my_package import MyDetector

    @pytest.mark.parametrize("check", check_part(MyDetector), ids=str)
    def test_my_detector(check):
        check()

`parametrize_parts` does the same for every part of a room. A check that cannot be made here, since a library
is not installed, raises `Skipped` of pytest where pytest runs it, else `NotApplicable`.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from tilth.errors import MissingExtraError, NotApplicable
from tilth.plugin import Part, Shelf
from tilth.testing.checks import ABOUT_ALL, BY_ROOM

__all__ = ["PartCheck", "check_part", "parametrize_parts"]


@dataclass(frozen=True)
class PartCheck:
    """One named check of one part; call it to make it.

    Parameters
    ----------
    part : type
        The part's class.
    name : str
    fn : callable
        Takes the class; returns an empty string, or what is wrong.
    """

    part: type[Part]
    name: str
    fn: Callable[[type[Part]], str]

    def __str__(self) -> str:
        return f"{self.part.name or self.part.__name__}-{self.name}"

    def __call__(self) -> None:
        """Raise `AssertionError` with what is wrong; skip where the part cannot run here."""
        try:
            wrong = self.fn(self.part)
        except (MissingExtraError, NotApplicable) as reason:
            pytest = sys.modules.get("pytest")
            if pytest is None:
                raise
            pytest.skip(str(reason))
        if wrong:
            raise AssertionError(f"{self}: {wrong}")


def check_part(part: type[Part]) -> Iterator[PartCheck]:
    """The checks of one part, each with a name.

    Parameters
    ----------
    part : type
        A sub-class of `tilth.plugin.Part` in the room that its base class names.

    Yields
    ------
    PartCheck

    Examples
    --------
    >>> from tilth.plugin import Shelf
    >>> for check in check_part(Shelf("detectors").get("unreadable")):
    ...     check()
    """
    checks = [*ABOUT_ALL, *BY_ROOM.get(part.room, [])]
    for fn in checks:
        yield PartCheck(part, fn.__name__.removeprefix("_check_"), fn)


def parametrize_parts(room: str) -> Any:
    """A pytest decorator: the test gets ``check``, once for every check of every part of a room.

    Parameters
    ----------
    room : str
        "sources", "embedders", "detectors", "strategies", "label_models", "labelers", "generators"; with installed
        parts.
    """
    import pytest

    checks = [check for part in Shelf(room) for check in check_part(part)]
    return pytest.mark.parametrize("check", checks, ids=str)
