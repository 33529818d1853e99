"""Whether a file may be written where somebody wants it; asked before the work, not after it."""

from __future__ import annotations

import os
from pathlib import Path

from tilth.errors import ParameterError, StoreError

__all__ = ["check_output", "refuse_overwrite"]


def refuse_overwrite(path: Path, *, force: bool = False) -> None:
    """`ParameterError` where something stands there already, and `force` is off."""
    if path.exists() and not force:
        raise ParameterError("this would overwrite something", where=str(path), fix="choose another path, or --force")


def check_output(path: Path, *, force: bool = False) -> None:
    """`ParameterError` for a folder or a file that stands, `StoreError` where nothing can be written."""
    if path.is_dir():
        raise ParameterError("this is a folder", where=str(path), fix="name a file")
    refuse_overwrite(path, force=force)
    folder = next(p for p in path.absolute().parents if p.exists())
    if not folder.is_dir() or not os.access(folder, os.W_OK):
        raise StoreError("nothing can be written here", where=str(path), fix="choose another path")
