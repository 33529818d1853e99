"""From a snapshot to what embedders read: texts, media files, tables."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.errors import NotApplicable, ParameterError, PartError
from tilth.numerics.cross_fitting.folds import merge_groups
from tilth.plugin import Embedder, Shelf
from tilth.records import Snapshot, digest, split_part
from tilth.records.snapshot import FAMILIES
from tilth.sources import MediaFiles

__all__ = [
    "canonical_split",
    "check_embedder",
    "default_embedder",
    "group_ids",
    "input_blocks",
    "inputs_key",
    "media_files",
]

TABLE_MEDIA = ("number", "category")


def inputs_key(snapshot: Snapshot) -> str:
    """Hash of the input side of a snapshot: ids and contents, no labels. Survives a relabel."""
    return digest([snapshot.row_ids.tolist(), snapshot.items.tolist(), [c.name for c in snapshot.schema.inputs]])


def canonical_split(snapshot: Snapshot) -> npt.NDArray[np.object_]:
    """ "train", "val" or "test" of each row, shape (n,); empty where the snapshot has no split."""
    values = snapshot.values("split")
    if values is None:
        return np.full(len(snapshot), "", dtype=object)
    return np.asarray([split_part(v) for v in values], dtype=object)


def group_ids(snapshot: Snapshot) -> npt.NDArray[np.int64]:
    """Group index of each row, shape (n,); -1 where it has none. A generated row is in the group of its parent."""
    values = snapshot.values("group")
    if values is None:
        groups = np.full(len(snapshot), -1, dtype=np.int64)
    else:
        names = {name: i for i, name in enumerate(dict.fromkeys(v for v in values if v is not None))}
        groups = np.asarray([-1 if v is None else names[v] for v in values], dtype=np.int64)
    above = snapshot.recipe.get(FAMILIES)
    if not above:
        return groups
    heads = {parent: i for i, parent in enumerate(dict.fromkeys(above.values()))}
    families = [heads.get(above.get(row, row), -1) for row in snapshot.row_ids]
    return merge_groups(groups, np.asarray(families, dtype=np.int64))


def media_files(snapshot: Snapshot, medium: str) -> list[MediaFiles]:
    """The lazily read files of each input column of a medium."""
    columns = [c.name for c in snapshot.schema.inputs if c.media == medium]
    keys = snapshot.items.tolist()
    return [
        MediaFiles(
            snapshot.root,
            [p or "" for p in snapshot.table.column(name).to_pylist()],
            keys if len(columns) == 1 else [digest([key, name]) for key in keys],
        )
        for name in columns
    ]


def default_embedder(medium: str, wanted: str = "") -> Embedder:
    """The embedder of a medium: the wanted one (``name:param=value``) where it accepts it, else the default."""
    shelf = Shelf("embedders")
    if wanted:
        chosen: Embedder = shelf.parse(wanted)
        if not chosen.accepts or medium in chosen.accepts:
            return chosen
    fitting = [cls for cls in shelf if cls.default and medium in cls.accepts]
    if len(fitting) != 1:
        raise PartError(
            f"there must be exactly one default embedder for {medium}",
            found=", ".join(cls.name for cls in fitting) or "none",
        )
    made: Embedder = fitting[0]()
    return made


def check_embedder(snapshot: Snapshot, wanted: str) -> None:
    """Raise `ParameterError` where a named embedder reads none of the media of a snapshot."""
    chosen: Embedder = Shelf("embedders").parse(wanted)
    media = [c.media for c in snapshot.schema.inputs]
    if chosen.accepts and media and not set(media) & set(chosen.accepts):
        raise ParameterError(
            f"the embedder {chosen.name!r} reads {' and '.join(chosen.accepts)}, and there is none",
            found=f"input columns of {', '.join(dict.fromkeys(media))}",
            fix="leave --embedder out, or name the column with --text, --image or --audio",
        )


def input_blocks(snapshot: Snapshot) -> list[tuple[str, Any]]:
    """(medium, items) of each block of inputs that one embedder reads.

    All text columns make one text a row, joined by a line break; each image and audio column is a
    block; numbers and categories together are one table.
    """
    inputs = snapshot.schema.inputs
    if not inputs:
        raise NotApplicable(
            "there are no input columns to look at",
            where=f"columns {', '.join(c.name for c in snapshot.schema.columns)}",
            fix="name one with --text, --image or --audio, or keep a number or category column",
        )
    blocks: list[tuple[str, Any]] = []
    texts = [snapshot.table.column(c.name).to_pylist() for c in inputs if c.media == "text"]
    if texts:
        joined = ["\n".join(str(cell) for cell in row if cell is not None) or None for row in zip(*texts, strict=True)]
        blocks.append(("text", joined))
    for medium in ("image", "audio"):
        blocks += [(medium, files) for files in media_files(snapshot, medium)]
    columns = [c.name for c in inputs if c.media in TABLE_MEDIA]
    if columns:
        table: pa.Table = snapshot.table.select(columns)
        kinds = {c.media for c in inputs if c.media in TABLE_MEDIA}
        blocks.append(("number" if "number" in kinds else "category", table))
    return blocks
