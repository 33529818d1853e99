"""Media files that cannot be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.errors import NotApplicable
from tilth.plugin import Detector, Example, Run, View
from tilth.records import Evidence, Findings

__all__ = ["Unreadable"]


@dataclass(frozen=True)
class Unreadable(Detector):
    """Find images and sounds that cannot be decoded: missing, empty, cut short, corrupt or absurdly large.

    Such a row has score 1, the decoder's error as its reason, and is suggested to be dropped; no other check can
    look at it. Readable rows are left out.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Unreadable().detect(Unreadable.example().given, Run()).to_dicts()[0]["why"]
    'cannot be read: the image is empty (found 0 bytes)'
    """

    needs: ClassVar[tuple[str, ...]] = ("readable",)
    accepts: ClassVar[tuple[str, ...]] = ("image", "audio")

    def detect(self, view: View, run: Run) -> Findings:
        """Findings about the rows that cannot be read."""
        del run
        if not len(view):
            raise NotApplicable("there are no media files to read")
        errors = [str(text) for text in view["readable"]]
        rows = [row for row, text in enumerate(errors) if text]
        return Findings.build(
            self.name or "unreadable",
            view.row_ids[rows],
            np.ones(len(rows)),
            np.ones(len(rows), dtype=bool),
            [f"cannot be read: {errors[row]}" for row in rows],
            suggestion=["drop"] * len(rows),
            threshold=1.0,
            summary={"rows": len(view), "flagged": len(rows), "readable": len(view) - len(rows)},
        )

    @classmethod
    def example(cls) -> Example:
        """Two files that can be read and an empty one."""
        ids = np.array(["a.png", "b.png", "c.png"], dtype=object)
        texts = np.array(["", "the image is empty (found 0 bytes)", ""], dtype=object)
        view = View(ids, ids, np.full(3, -1), evidence={"readable": Evidence("readable", "example", ids, texts)})

        def check(found: Findings) -> str:
            named = found.table.column("row_id").to_pylist()
            return "" if named == ["b.png"] else f"named {named}, expected ['b.png']"

        return Example(view, check, "An empty file is flagged, with the decoder's error as the reason.")
