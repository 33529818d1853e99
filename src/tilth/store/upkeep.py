"""Removing what killed runs left behind. The caller holds the writer lock."""

from __future__ import annotations

from pathlib import Path

from tilth.store import lance_io
from tilth.store.depot import Depot
from tilth.store.faults import guarded

__all__ = ["clean_depot", "clean_files"]


def clean_depot(depot: Depot, versions: dict[str, set[int]], evidence: set[str]) -> int:
    """Remove rows and evidence that no record names; returns the bytes freed."""
    freed = 0
    for folder in depot.children("rows"):
        if folder not in versions:
            freed += depot.remove("rows", folder)
            continue
        before = depot.size("rows", folder)
        lance_io.keep_only(depot.uri("rows", folder), versions[folder])
        freed += max(before - depot.size("rows", folder), 0)
    for folder in depot.children("evidence"):
        if folder not in evidence:
            freed += depot.remove("evidence", folder)
    return freed


def clean_files(path: Path, runs: set[str]) -> int:
    """Remove findings that no record names, and half-written files; returns the bytes freed."""
    freed = 0
    with guarded(str(path)):
        orphans = [file for file in path.glob("findings/*.arrow") if file.stem not in runs]
        for file in [*orphans, *path.glob(".tmp-*"), *path.glob("findings/.tmp-*")]:
            freed += file.stat().st_size
            file.unlink(missing_ok=True)
    return freed
