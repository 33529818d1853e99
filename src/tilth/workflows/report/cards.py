"""Example cards of the report: what a row holds, what is said about it, and the rows it relates to."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from tilth.errors import AlignmentError
from tilth.records import Column, Snapshot
from tilth.workflows.report.media import Media, Picture, Sound
from tilth.workflows.report.svg import clean, clean_line

__all__ = ["Card", "Cell", "Facts", "Reader", "class_marks", "make_cards"]

TEXT_SHOWN = 420
CELL_SHOWN = 80
CELLS_SHOWN = 10
RELATED_SHOWN = 3


@dataclass(frozen=True)
class Cell:
    """One cell of a table row as shown."""

    name: str
    value: str
    missing: bool = False


@dataclass(frozen=True)
class Facts:
    """What is shown of one row."""

    row_id: str
    label: str = ""
    known: bool = True
    pictures: tuple[Picture, ...] = ()
    sounds: tuple[Sound, ...] = ()
    texts: tuple[tuple[str, str], ...] = ()
    cells: tuple[Cell, ...] = ()
    more_cells: int = 0
    remark: str = ""


@dataclass(frozen=True)
class Card:
    """One flagged row: its facts, the finding, and its related rows.

    `classes` holds the class indexes given and suggested, `pair` the two in this order where both are known,
    `rows` the ids of all rows on the card as the data have them.
    """

    issue: str
    score: str
    why: str
    suggestion: str
    changes_label: bool
    row: Facts
    related: tuple[Facts, ...]
    more_related: int
    classes: str
    pair: str
    rows: tuple[str, ...]


def show_value(value: Any) -> str:
    """A cell as short text.

    Examples
    --------
    >>> show_value(3.0), show_value(0.123456789), show_value("a")
    ('3', '0.123457', 'a')
    """
    if isinstance(value, float):
        return f"{value:.6g}"
    text = clean(value)
    return text if len(text) <= CELL_SHOWN else text[: CELL_SHOWN - 1].rstrip() + "…"


def is_missing(value: Any) -> bool:
    """Whether a cell holds nothing: null, NaN or blank text."""
    return value is None or (isinstance(value, float) and math.isnan(value)) or value == ""


class Reader:
    """Turns rows of a snapshot into `Facts`."""

    def __init__(self, snapshot: Snapshot, media: Media) -> None:
        self.snapshot = snapshot
        self.media = media
        inputs = snapshot.schema.inputs
        self.pictures = [c.name for c in inputs if c.media == "image"]
        self.sounds = [c.name for c in inputs if c.media == "audio"]
        self.texts = [c.name for c in inputs if c.media == "text"]
        self.tabular: list[Column] = [c for c in inputs if c.media in ("number", "category")]

    def position(self, row_id: str) -> int:
        """Index of a row, -1 where this snapshot does not hold it."""
        try:
            return int(self.snapshot.positions([row_id])[0])
        except AlignmentError:
            return -1

    def class_of(self, row: int) -> int:
        """Class index of a row, -1 where it has none."""
        return int(self.snapshot.labels[row]) if row >= 0 else -1

    def label(self, row: int) -> str:
        """The given label as text, an empty string where there is none."""
        name = self.snapshot.schema.label
        if not name or row < 0:
            return ""
        value = self._cell(name, row)
        return "" if is_missing(value) else show_value(value)

    def facts(self, row_id: str, beside: int = -1) -> Facts:
        """What to show of a row; of a table row beside another one, only the cells that differ."""
        row = self.position(row_id)
        shown = clean_line(row_id)
        if row < 0:
            return Facts(shown, known=False, remark="not a row of this snapshot")
        alt = f"row {row_id}"
        label = self.label(row)
        alt += f", labelled {label}" if label else ""
        cells, more, remark = self._cells(row) if beside < 0 else self._difference(row, beside)
        return Facts(
            shown,
            label,
            True,
            tuple(self.media.picture(row, name, alt) for name in self.pictures),
            tuple(self.media.sound(row, name, alt) for name in self.sounds),
            tuple((clean_line(name), _shorten(self._cell(name, row))) for name in self.texts),
            cells,
            more,
            remark,
        )

    def _cell(self, name: str, row: int) -> Any:
        return self.snapshot.table.column(name)[row].as_py()

    def _show(self, names: Sequence[str], row: int) -> tuple[Cell, ...]:
        values = [(name, self._cell(name, row)) for name in names]
        return tuple(
            Cell(clean_line(name), "missing" if is_missing(value) else show_value(value), is_missing(value))
            for name, value in values
        )

    def _cells(self, row: int) -> tuple[tuple[Cell, ...], int, str]:
        names = [column.name for column in self.tabular]
        if len(names) > CELLS_SHOWN:
            gaps = [name for name in names if is_missing(self._cell(name, row))][:CELLS_SHOWN]
            kept = set(gaps + [name for name in names if name not in gaps][: CELLS_SHOWN - len(gaps)])
            names = [name for name in names if name in kept]
        return self._show(names, row), len(self.tabular) - len(names), ""

    def _difference(self, row: int, beside: int) -> tuple[tuple[Cell, ...], int, str]:
        names = [column.name for column in self.tabular]
        if not names:
            return (), 0, ""
        other = [n for n in names if show_value(self._cell(n, row)) != show_value(self._cell(n, beside))]
        if not other:
            return (), 0, f"equal in all {len(names)} columns" if len(names) > 1 else "equal in its column"
        remark = f"differs in {len(other)} of {len(names)} columns"
        return self._show(other[:CELLS_SHOWN], row), len(other) - len(other[:CELLS_SHOWN]), remark


def _shorten(value: Any) -> str:
    if is_missing(value):
        return ""
    text = clean(value)
    return text if len(text) <= TEXT_SHOWN else text[: TEXT_SHOWN - 1].rstrip() + "…"


def make_cards(
    findings: Sequence[dict[str, Any]], reader: Reader, most: int
) -> tuple[tuple[Card, ...], list[dict[str, Any]]]:
    """Cards of the first rows, at most `most`, and the rows that got none.

    A row whose group of related rows is on a card already gets none: the card shows both sides.
    """
    made: list[Card] = []
    left: list[dict[str, Any]] = []
    groups: set[frozenset[str]] = set()
    for finding in findings:
        group = frozenset([finding["row_id"], *finding["related"]])
        if len(made) == most or (len(group) > 1 and group in groups):
            left.append(finding)
            continue
        groups.add(group)
        made.append(_card(finding, reader))
    return tuple(made), left


def _card(finding: dict[str, Any], reader: Reader) -> Card:
    suggestion = finding["suggestion"]
    row = reader.position(finding["row_id"])
    classes, pair = class_marks(finding, reader)
    related = [other for other in finding["related"] if other != finding["row_id"]]
    return Card(
        clean_line(finding["issue"]),
        f"{finding['score']:.3f}",
        clean_line(finding["why"]),
        clean_line(suggestion or ""),
        suggestion in reader.snapshot.classes,
        reader.facts(finding["row_id"]),
        tuple(reader.facts(other, row) for other in related[:RELATED_SHOWN]),
        max(len(related) - RELATED_SHOWN, 0),
        classes,
        pair,
        (finding["row_id"], *related[:RELATED_SHOWN]),
    )


def class_marks(finding: dict[str, Any], reader: Reader) -> tuple[str, str]:
    """Class indexes given and suggested, ascending, and the pair in its order where both are known."""
    classes = reader.snapshot.classes
    given = reader.class_of(reader.position(finding["row_id"]))
    suggested = classes.index(finding["suggestion"]) if finding["suggestion"] in classes else -1
    known = sorted({given, suggested} - {-1})
    return " ".join(map(str, known)), f"{given} {suggested}" if min(given, suggested) >= 0 else ""
