"""What the operations of every medium ask of their settings."""

from __future__ import annotations

from typing import Any

from tilth.errors import ParameterError

__all__ = ["check_setting"]


def check_setting(part: Any, name: str, low: float = 0.0, high: float = 1.0) -> None:
    """Raise `ParameterError` where an optional number of a part is given and not from `low` to `high`."""
    value = getattr(part, name)
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float) or not low <= value <= high:
        raise ParameterError(
            f"must be a number from {low:g} to {high:g}",
            where=f"{part.name or type(part).__name__}.{name}",
            found=repr(value),
        )
