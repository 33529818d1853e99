"""Boxes and masks that stand beside an image in a table: which columns hold them, what is in them, and back again.

A column called ``boxes`` holds JSON, a list of ``[x1, y1, x2, y2]`` or ``[x1, y1, x2, y2, class]`` in pixels; a column
called ``mask`` the path of an image of one number a pixel. An empty cell says that nobody looked; ``[]`` that there is
nothing.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import DataError, ParameterError, SourceError
from tilth.numerics.media.masks import decode_mask
from tilth.records import Snapshot
from tilth.records.roles import BOXES_NAME, MASK_NAME
from tilth.sources import read_media

__all__ = ["Annotations", "annotation_columns", "boxes_text", "parse_boxes", "read_mask"]

_FORM = 'give a JSON list of boxes, [[x1, y1, x2, y2, "class"], ...], in pixels with x1 < x2 and y1 < y2'


@dataclass(frozen=True)
class Annotations:
    """The columns that hold boxes and masks; an empty name where there is none.

    Parameters
    ----------
    boxes, mask : str
    """

    boxes: str = ""
    mask: str = ""

    @property
    def columns(self) -> tuple[str, ...]:
        """The names that there are."""
        return tuple(name for name in (self.boxes, self.mask) if name)

    def note(self) -> tuple[str, ...]:
        """What to tell a user; nothing where there are no such columns."""
        what = " and ".join(kind for kind, name in (("boxes", self.boxes), ("masks", self.mask)) if name)
        return (f"{what} follow their images (--no-follow leaves them as they are)",) if what else ()


def annotation_columns(snapshot: Snapshot, medium: str, columns: Sequence[str], follow: bool = True) -> Annotations:
    """The columns of a snapshot that follow the images of `columns`.

    Raises
    ------
    ParameterError
        Several columns of images change: whose boxes they are is not known.
    """
    if medium != "image" or not follow:
        return Annotations()
    free = {c.name.lower(): c for c in snapshot.schema.columns if c.role == "meta" and c.name not in columns}
    mask = free.get(MASK_NAME)
    boxes = free.get(BOXES_NAME)
    found = Annotations(boxes.name if boxes else "", mask.name if mask and mask.media == "image" else "")
    if found.columns and len(columns) > 1:
        raise ParameterError(
            "boxes and masks belong to one column of images",
            where=f"column {found.columns[0]!r}",
            found=f"several: {', '.join(columns)}",
            fix="say which one with --column, or leave boxes and masks as they are with --no-follow",
        )
    return found


def _wrong(where: str, found: Any) -> DataError:
    said = found if isinstance(found, str) else json.dumps(found, ensure_ascii=False, default=str)
    return DataError("these are no boxes", where=where, found=said[:80], fix=_FORM)


def _listed(cell: Any, where: str) -> list[tuple[list[float], Any]] | None:
    """Corners and class of each box of a cell; None where the cell is empty."""
    if cell is None or cell == "":
        return None
    try:
        given = json.loads(cell) if isinstance(cell, str) else cell
    except ValueError:
        raise _wrong(where, cell) from None
    if not isinstance(given, list):
        raise _wrong(where, given)
    made = []
    for box in given:
        if not isinstance(box, list) or len(box) not in (4, 5):
            raise _wrong(where, box)
        corners, name = box[:4], box[4] if len(box) == 5 else None
        plain = all(isinstance(v, (int, float)) and not isinstance(v, bool) and math.isfinite(v) for v in corners)
        if not plain or not (corners[0] < corners[2] and corners[1] < corners[3]):
            raise _wrong(where, box)
        if isinstance(name, (bool, float, list, dict)):
            raise _wrong(where, box)
        made.append(([float(v) for v in corners], name))
    return made


def parse_boxes(
    cell: Any, where: str = "", size: tuple[int, int] | None = None
) -> tuple[npt.NDArray[np.float32] | None, tuple[str, ...]]:
    """Boxes of a cell, (m, 4) float32, and the class of each; None and () where the cell is empty.

    Parameters
    ----------
    cell : str, list or None
        JSON text, or the list itself.
    where : str
        Row and column, for errors.
    size : (height, width), optional
        Of the image: boxes are cut at its edges, and one that lies outside is an error.

    Raises
    ------
    DataError
        Anything else than boxes: says what, and the form that is wanted.

    Examples
    --------
    >>> boxes, names = parse_boxes('[[2, 5, 8, 10, "cup"]]')
    >>> boxes.tolist(), names
    ([[2.0, 5.0, 8.0, 10.0]], ('cup',))
    """
    listed = _listed(cell, where)
    if listed is None:
        return None, ()
    boxes = np.asarray([corners for corners, _ in listed], dtype=np.float32).reshape(-1, 4)
    if size is not None:
        height, width = size
        cut = np.clip(boxes, 0, np.asarray([width, height, width, height], dtype=np.float32))
        for before, after in zip(boxes.tolist(), cut.tolist(), strict=True):
            if after[0] >= after[2] or after[1] >= after[3]:
                raise DataError(
                    "this box lies outside of its image", where=where, found=f"{before}, image {width} x {height}",
                    fix=_FORM,
                )  # fmt: skip
        boxes = cut
    named = any(name is not None for _, name in listed)
    return boxes, tuple("" if name is None else str(name) for _, name in listed) if named else ()


def boxes_text(boxes: Any, names: Sequence[str], above: Iterable[Any] = ()) -> str | None:
    """Boxes as the JSON of a cell; None for None.

    Parameters
    ----------
    boxes : (m, 4) array or None
    names : sequence of str
        Classes; () where they have none.
    above : iterable
        Cells of the parents: a class that is a number there is one here.

    Examples
    --------
    >>> boxes_text([[2, 5, 8.5, 10]], ["7"], ['[[0, 0, 1, 1, 7]]'])
    '[[2, 5, 8.5, 10, 7]]'
    """
    if boxes is None:
        return None
    known = {str(name): name for cell in above for _, name in _listed(cell, "") or [] if name is not None}
    corners = [[_short(v) for v in box] for box in np.asarray(boxes, dtype=np.float64).tolist()]
    if names:
        corners = [
            [*box, known.get(name, name)] if name else box for box, name in zip(corners, names, strict=True)
        ]  # fmt: skip
    return json.dumps(corners, ensure_ascii=False)


def _short(value: float) -> Any:
    near = round(value, 3)
    return int(near) if near == int(near) else near


def read_mask(root: str, cell: Any, where: str, size: tuple[int, int] | None = None) -> npt.NDArray[Any] | None:
    """The mask that a cell names; None where the cell is empty.

    Raises
    ------
    SourceError
        It is missing, or lies outside of the folder.
    DataError
        It is no mask, or of another size than its image.
    """
    if not cell:
        return None
    mask = decode_mask(mask_bytes(root, cell, where), where=where)
    if size is not None and mask.shape != tuple(size):
        raise DataError(
            "this mask is of another size than its image",
            where=where,
            found=f"mask {mask.shape[1]} x {mask.shape[0]}, image {size[1]} x {size[0]}",
            fix="make the mask anew at the size of the image, or leave the cell empty",
        )
    return mask


def mask_bytes(root: str, cell: str, where: str) -> bytes:
    """Bytes of the file of a mask; `SourceError` naming row and column where there is none."""
    try:
        return read_media(root, cell)
    except SourceError as error:
        raise SourceError(error.what, where=where, found=f"{cell}: {error.found}", fix=error.fix) from error
