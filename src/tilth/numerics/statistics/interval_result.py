"""The record that every interval function returns."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from tilth.errors import ParameterError

__all__ = ["Interval", "check_level"]


@dataclass(frozen=True)
class Interval:
    """An estimate with its confidence interval.

    Attributes
    ----------
    estimate : float
        The figure itself; NaN if there was nothing to compute it from.
    low, high : float
        Ends of the interval, ``low <= high``.
    level : float
        Nominal coverage, in (0, 1).
    n : int
        Number of independent things it rests on (splits, rows, trials).
    method : str
        How it was computed.
    """

    estimate: float
    low: float
    high: float
    level: float
    n: int
    method: str

    @property
    def verdict(self) -> Literal["helped", "hurt", "cannot tell"]:
        """For a difference where more is better: "helped" above 0, "hurt" below 0, else "cannot tell"."""
        if self.low > 0:
            return "helped"
        return "hurt" if self.high < 0 else "cannot tell"

    def __str__(self) -> str:
        return f"{self.estimate:+.4f} [{self.low:+.4f}, {self.high:+.4f}] ({self.level:.0%}, n={self.n})"


def check_level(level: float) -> None:
    """Raise ParameterError unless `level` lies strictly between 0 and 1."""
    if not 0 < level < 1:
        raise ParameterError("level must be between 0 and 1", found=str(level), fix="use 0.95 for 95 %")
