"""The layout of a workspace on disk: its version, its names, and the small records that callers get."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tilth.errors import ParameterError, StoreError
from tilth.records import Snapshot, digest
from tilth.records.hashing import column_digest
from tilth.store.cells import schema_text
from tilth.store.depot import replace_file
from tilth.store.faults import guarded

__all__ = [
    "FORMAT",
    "SnapshotRecord",
    "SourceRecord",
    "check_format",
    "check_name",
    "corrupt",
    "folder_name",
    "places",
]

#: Version of the layout on disk; a workspace of a newer one is refused.
FORMAT = 1


@dataclass(frozen=True)
class SnapshotRecord:
    """One line of a dataset's history: a snapshot, when and how it was made."""

    id: str
    when: str
    parents: tuple[str, ...]
    recipe: dict[str, Any]
    rows: int
    is_head: bool
    is_base: bool
    decisions_hash: str = ""


@dataclass(frozen=True)
class SourceRecord:
    """Where a dataset was last ingested from, and how the user said to read it."""

    uri: str
    root: str
    overrides: dict[str, Any]
    encoding: str = ""


def check_format(folder: Path, create: bool) -> None:
    mark = folder / "format"
    with guarded(str(folder)):
        if not mark.is_file():
            if not create:
                raise StoreError("no workspace here", where=str(folder), fix="run tilth ingest first")
            folder.mkdir(parents=True, exist_ok=True)
            replace_file(folder / ".gitignore", b"*\n")
            replace_file(mark, f"{FORMAT}\n".encode())
        text = mark.read_text().strip()
    if not text.isdigit():
        raise StoreError("this is no workspace, or it is corrupt", where=str(mark), found=repr(text[:40]))
    if int(text) > FORMAT:
        raise StoreError(
            "this workspace was made by a newer version of tilth",
            where=str(folder),
            found=f"format {text}, this version knows {FORMAT}",
            fix="run: pip install --upgrade tilth",
        )


def check_name(dataset: str) -> None:
    if not dataset.strip() or len(dataset) > 255:
        raise ParameterError("a dataset needs a name of 1 to 255 characters", found=repr(dataset[:40]))


def folder_name(dataset: str) -> str:
    if re.fullmatch(r"[a-z0-9][a-z0-9_-]{0,63}", dataset):
        return f"{dataset}.lance"
    slug = re.sub(r"[^a-z0-9_-]+", "-", dataset.lower()).strip("-")[:40]
    return f"{slug or 'data'}.{digest(dataset)[:10]}.lance"


def places(snapshot: Snapshot) -> str:
    """Hash of what a snapshot's id leaves out but a reader needs: positions and paths of media."""
    hidden = ["position", *(c.name for c in snapshot.schema.columns if c.media in ("image", "audio"))]
    ordered = snapshot.table.select(hidden).sort_by("position")
    types = schema_text(snapshot.table.schema.remove_metadata())
    return digest([types, *(column_digest(ordered.column(name)).hex() for name in hidden)])


def corrupt(snapshot_id: str, where: str, found: str) -> StoreError:
    return StoreError(
        f"snapshot {snapshot_id} is corrupt: its rows are not the ones that were kept",
        where=where,
        found=found,
        fix="ingest the data again, or bring the folder back from a backup",
    )
