"""Rows of a snapshot as samples that generators read, and samples as cells and files."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.engine.annotations import Annotations, annotation_columns, mask_bytes, parse_boxes, read_mask
from tilth.engine.inputs import TABLE_MEDIA
from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.media.images import decode_pixels
from tilth.numerics.media.sounds import decode_audio
from tilth.records import Sample, Snapshot
from tilth.sources import hash_bytes, read_media

__all__ = ["ENDINGS", "SampleRows", "encode_sample", "medium_columns", "sample_media", "sample_rows"]

#: File ending of the media that `encode_sample` writes.
ENDINGS = {"image": ".png", "audio": ".wav"}


def sample_media(snapshot: Snapshot) -> tuple[str, ...]:
    """Media of samples that the inputs of a snapshot can be read as."""
    found = {"table" if column.media in TABLE_MEDIA else column.media for column in snapshot.schema.inputs}
    return tuple(medium for medium in ("image", "audio", "text", "table") if medium in found)


def medium_columns(snapshot: Snapshot, medium: str) -> tuple[str, ...]:
    """The input columns that hold a medium; for ``table``, all columns of numbers and categories."""
    wanted = TABLE_MEDIA if medium == "table" else (medium,)
    names = tuple(column.name for column in snapshot.schema.inputs if column.media in wanted)
    if not names:
        raise NotApplicable(
            f"this dataset has no {medium} to change",
            found=", ".join(sample_media(snapshot)) or "no inputs",
            fix="choose operations for what it has, or name a column with --text, --image or --audio",
        )
    return names


@dataclass(frozen=True, eq=False)
class SampleRows:
    """Rows as samples, decoded one at a time: ``rows[i]``. Picklable.

    Parameters
    ----------
    medium : {"image", "text", "audio", "table"}
    columns : tuple of str
        One, but for a table.
    row_ids : tuple of str, length n
    labels : tuple, length n
        Class names, numbers, or None.
    table : pyarrow.Table of n rows
    root : str
        Folder that media paths start from.
    follow : Annotations
        Columns of boxes and masks that the samples carry.
    """

    medium: str
    columns: tuple[str, ...]
    row_ids: tuple[str, ...]
    labels: tuple[Any, ...]
    table: pa.Table
    root: str = ""
    follow: Annotations = field(default_factory=Annotations)

    def __len__(self) -> int:
        return len(self.row_ids)

    def __getitem__(self, at: int) -> Sample:
        """The sample of one row; `DataError` naming the row where its file cannot be read."""
        row_id, label = self.row_ids[at], self.labels[at]
        if self.medium == "table":
            cells = {name: self.table.column(name)[at].as_py() for name in self.columns}
            return Sample("table", {name: None if v != v else v for name, v in cells.items()}, row_id, label)
        cell = self.table.column(self.columns[0])[at].as_py()
        if self.medium == "text":
            return Sample("text", cell or "", row_id, label)
        data = read_media(self.root, cell or "")
        if self.medium == "image":
            return self._annotated(Sample("image", decode_pixels(data, where=row_id), row_id, label), at)
        samples, rate = decode_audio(data, where=row_id)
        return Sample("audio", samples, row_id, label, rate=rate)

    def _said(self, at: int, name: str) -> tuple[Any, str]:
        """A cell, and how errors name it."""
        return self.table.column(name)[at].as_py(), f"row {self.row_ids[at]}, column {name!r}"

    def _annotated(self, sample: Sample, at: int) -> Sample:
        """An image with its boxes and mask, where there are any."""
        size = sample.value.shape[:2]
        more: dict[str, Any] = {}
        if self.follow.boxes:
            more["boxes"], more["box_labels"] = parse_boxes(*self._said(at, self.follow.boxes), size)
        if self.follow.mask:
            more["mask"] = read_mask(self.root, *self._said(at, self.follow.mask), size)
        return sample.changed(**more) if more else sample

    def annotation_marks(self) -> list[list[str]]:
        """What tells the boxes and masks of each row apart; empty where none follow.

        Raises
        ------
        DataError
            Boxes that are none, or a mask that is missing or outside of the folder: before any sample is made.
        """
        marks = []
        for at in range(len(self) if self.follow.columns else 0):
            mark = []
            if self.follow.boxes:
                cell, where = self._said(at, self.follow.boxes)
                parse_boxes(cell, where)
                mark.append(str(cell))
            if self.follow.mask:
                cell, where = self._said(at, self.follow.mask)
                mark.append(hash_bytes(mask_bytes(self.root, cell, where)) if cell else "")
            marks.append(mark)
        return marks


def sample_rows(
    snapshot: Snapshot,
    medium: str,
    rows: npt.NDArray[np.int64] | Sequence[int],
    column: str = "",
    follow: bool = False,
) -> SampleRows:
    """Some rows of a snapshot as samples of a medium.

    Parameters
    ----------
    snapshot : Snapshot
    medium : {"image", "text", "audio", "table"}
    rows : (m,) int64
        Positions.
    column : str
        Which of several columns of the medium; default: the only one.
    follow : bool
        Whether images carry the boxes and the mask that stand beside them.
    """
    names = medium_columns(snapshot, medium)
    if medium != "table":
        if column and column not in names:
            raise ParameterError(f"this column holds no {medium}", found=repr(column), fix=f"use {', '.join(names)}")
        if not column and len(names) > 1:
            raise ParameterError(
                f"there are several columns of {medium}", found=", ".join(names), fix="say which one with column"
            )
        names = (column or names[0],)
    taken = snapshot.table.take(pa.array(np.asarray(rows, dtype=np.int64)))
    beside = annotation_columns(snapshot, medium, names, follow)
    label = snapshot.schema.label
    labels = taken.column(label).to_pylist() if label else [None] * len(taken)
    return SampleRows(
        medium,
        names,
        tuple(taken.column("row_id").to_pylist()),
        tuple(labels),
        taken.select([*names, *beside.columns]),
        snapshot.root,
        beside,
    )


def encode_sample(sample: Sample) -> bytes:
    """A changed image as PNG, a changed sound as 16-bit WAV; the same bytes always.

    An image keeps its depth and its opacity, and is grey where all its colours agree. A sound beyond full scale is
    clipped.

    Raises
    ------
    ParameterError
        The pixels are no longer whole numbers of 8 or 16 bits, as after ``normalize``: no file holds them.
    """
    buffer = io.BytesIO()
    if sample.medium == "image":
        from PIL import Image

        Image.fromarray(_storable(sample)).save(buffer, "PNG")
    elif sample.medium == "audio":
        import soundfile

        whole = np.rint(np.clip(np.asarray(sample.value, dtype=np.float64), -1, 1) * 32767).astype(np.int16)
        soundfile.write(buffer, whole, sample.rate, format="WAV", subtype="PCM_16")
    else:
        raise ParameterError("only images and sounds are written as files", found=sample.medium)
    return buffer.getvalue()


def _storable(sample: Sample) -> npt.NDArray[Any]:
    """Pixels that a PNG holds: (h, w), (h, w, 3) or with opacity (h, w, 2) or (h, w, 4) uint8, or (h, w) uint16."""
    pixels = np.asarray(sample.value)
    if pixels.ndim == 3 and pixels.shape[2] != 2:
        colour = pixels[..., :3]
        if bool((colour == colour[..., :1]).all()):
            pixels = pixels[..., [0, 3]] if pixels.shape[2] == 4 else pixels[..., 0]
    if pixels.dtype != np.uint8 and not (pixels.dtype == np.uint16 and pixels.ndim == 2):
        raise ParameterError(
            "an image like this cannot be written as a file",
            where=f"row {sample.row_id}",
            found=f"{pixels.dtype} of shape {pixels.shape}",
            fix="leave out normalize and whatever else answers with floats: tilth.stream in Python carries them",
        )
    return np.ascontiguousarray(pixels)
