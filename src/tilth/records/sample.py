"""Sample: one row in its decoded form, as generators read and make it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError

__all__ = ["Sample"]

_MEDIA = ("image", "text", "audio", "table")


@dataclass(frozen=True, eq=False)
class Sample:
    """One row, decoded.

    Parameters
    ----------
    medium : {"image", "text", "audio", "table"}
    value : object
        An image is (h, w) or (h, w, c) uint8 or float32; a text is str; a sound is (n,) float32 in [-1, 1]; a row of a
        table is a mapping of column name to number, str, bool or None (None is a missing value).
    row_id : str
        The row it is or comes from.
    label : object
        Class name or number; None where unlabelled.
    soft : mapping of class name to float, optional
        Weights that sum to one, where a label is mixed; `label` is then None.
    rate : int
        Samples a second, for sounds only.
    boxes : (m, 4) float32, optional
        Pixel corners x0, y0, x1, y1 of objects in an image.
    box_labels : tuple of str
        One for each box.
    mask : (h, w) integer array, optional
        Class of each pixel.
    parents : tuple of str
        Row ids that a generated sample was made from; empty for an original one.
    recipe : str
        What made it, as text that a policy can read; empty for an original one.
    """

    medium: str
    value: Any
    row_id: str = ""
    label: Any = None
    soft: Mapping[str, float] = field(default_factory=dict)
    rate: int = 0
    boxes: npt.NDArray[np.float32] | None = None
    box_labels: tuple[str, ...] = ()
    mask: npt.NDArray[Any] | None = None
    parents: tuple[str, ...] = ()
    recipe: str = ""

    def __post_init__(self) -> None:
        if self.medium not in _MEDIA:
            raise ParameterError("no such medium", found=repr(self.medium), fix=f"use one of {', '.join(_MEDIA)}")
        if self.medium == "audio" and self.rate <= 0:
            raise ParameterError("a sound needs its sample rate", where=self.row_id, fix="give rate, samples a second")

    def changed(self, value: Any = None, **more: Any) -> Sample:
        """A copy with another value, and whatever else is named.

        Examples
        --------
        >>> Sample("text", "good", row_id="7").changed("fine").value
        'fine'
        """
        fields = self.__dict__ | more if value is None else {**self.__dict__, **more, "value": value}
        if len(fields) != len(self.__dict__):
            return replace(self, **more)  # which says what is wrong
        made = object.__new__(type(self))  # a policy copies every sample several times: `replace` is slow
        made.__dict__.update(fields)
        made.__post_init__()
        return made
