"""Failures of disks and files, said in the words of this package."""

from __future__ import annotations

import errno
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyarrow as pa

from tilth.errors import StoreError, TilthError

__all__ = ["explain", "guarded"]

_FULL = ("no space left", "disk is full", "os error 28", "os error 122", "quota exceeded", "disk quota")
#: Free bytes below which SQLite's "disk I/O error" means a full disk.
_LITTLE = 1 << 16
_READ_ONLY = (
    "read-only file system",
    "readonly database",
    "permission denied",
    "os error 30",
    "os error 13",
    "unable to open database file",
)
_CORRUPT = ("malformed", "not a database", "corrupt", "invalid arrow", "not an arrow file", "magic")


def _free_bytes(where: str) -> float:
    """Free space where a file stands; infinite where that cannot be told."""
    try:
        return shutil.disk_usage(Path(where).parent).free
    except (OSError, ValueError):
        return float("inf")


def explain(error: Exception, where: str) -> StoreError:
    """The `StoreError` that tells what `error` means for a user and what to do about it."""
    text = str(error).lower()
    code = error.errno if isinstance(error, OSError) else None
    found = str(error).splitlines()[0][:300] if str(error) else type(error).__name__
    full = "disk i/o error" in text and _free_bytes(where) < _LITTLE
    if full or code in (errno.ENOSPC, errno.EDQUOT) or any(sign in text for sign in _FULL):
        return StoreError(
            "the disk is full, and nothing of this step was kept",
            where=where,
            found=found,
            fix="free some space and run the same command again",
        )
    if code in (errno.EROFS, errno.EACCES, errno.EPERM) or any(sign in text for sign in _READ_ONLY):
        return StoreError(
            "the workspace cannot be written",
            where=where,
            found=found,
            fix="make the folder writable, or copy the workspace to a place that is",
        )
    if isinstance(error, pa.ArrowInvalid) or any(sign in text for sign in _CORRUPT):
        return StoreError(
            "a file of the workspace is corrupt",
            where=where,
            found=found,
            fix="bring the file back from a backup, or ingest the data into a new workspace",
        )
    return StoreError("the workspace cannot be read or written", where=where, found=found)


@contextmanager
def guarded(where: str) -> Iterator[None]:
    """Turn errors of the file system, Arrow and Lance into `StoreError`; ours pass as they are."""
    try:
        yield
    except TilthError:
        raise
    except (OSError, ValueError, RuntimeError, pa.ArrowException) as error:
        raise explain(error, where) from error
