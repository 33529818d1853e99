"""Writes docs/augmentation/table.md: every recipe for tables with what it makes of a few rows, by running it."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import Any

from tilth.errors import MissingExtraError
from tilth.plugin import Run, Shelf
from tilth.records import Sample

ROWS = [
    ("p0", 23, 31_000, "Ulm", "no"),
    ("p1", 31, 42_500, "Bonn", "no"),
    ("p2", 38, 51_000, "Ulm", "no"),
    ("p3", 45, None, "Kiel", "no"),
    ("p4", 29, 38_000, "Bonn", "no"),
    ("p5", 52, 88_000, "Ulm", "yes"),
    ("p6", 58, 95_500, "Kiel", "yes"),
    ("p7", 61, 79_000, "Kiel", "yes"),
]
#: Part, new rows, parameters.
SHOWN: list[tuple[str, int, dict[str, Any]]] = [
    ("swap_noise", 4, {"magnitude": 1.0}),
    ("quantile_jitter", 4, {"magnitude": 0.5}),
    ("inject_missing", 4, {"magnitude": 1.0}),
    ("smote", 4, {}),
    ("gaussian_copula", 4, {}),
]
HEAD = """\
# Tables

The rows below are what the code of this version makes of eight people with two classes, with seed 0. They are written
by `python scripts/gallery.py table`. Bold is what changed.

What holds for all of them:

- No number leaves the range that its column has in the training rows, no category is invented, and whole numbers stay
  whole. `ranges` narrows that further: `{age: [0, 120], town: [Ulm, Bonn]}`. A range for a column that is not there,
  two numbers for a column of categories, and a range in which no training row lies are errors; rows outside of theirs
  are counted in a note, and their copies are brought into it.
- `quantile_jitter` leaves infinite numbers alone, and moves no other number towards them.
- A missing cell is a cell like any other: it can be swapped in, it stays a gap where numbers move, and new rows have
  gaps as often as old ones.
- What an operation knows of the training rows (their values, column by column) it takes from them alone: `fit(rows)`
  gives a copy that holds it, and [`augment`](../augmentation.md) does that by itself.
- SMOTE and the copula make rows from many, so they stand first in a policy. Their rows carry their parents: two
  neighbours for SMOTE, all rows of the class for the copula.
- SMOTE needs imbalanced-learn: `pip install 'tilth[tables]'`.

MixUp of rows is shown in [mixing](mixing.md).

The same as functions on arrays: `swap_noise`, `quantile_jitter`, `inject_missing`, `gaussian_copula_sample`, `smote`.

Balancing helps weak models; a strong one with a tuned threshold often gains nothing, and may lose. Let
[a search](search.md) or a proof say whether a recipe pays.
"""


def samples() -> list[Sample]:
    """The eight people."""
    return [Sample("table", {"age": a, "pay": p, "town": t}, name, label) for name, a, p, t, label in ROWS]


def write(docs: Path) -> None:
    """Write the page."""
    rows = samples()
    pieces = [HEAD, "## The rows\n", table([(row, None) for row in rows])]
    shelf = Shelf("generators")
    for name, count, params in SHOWN:
        part = shelf.make(name, **params)
        first = (inspect.getdoc(type(part)) or "").split("\n\n")[0].replace("\n", " ")
        said = ", ".join(f"{key}={value}" for key, value in params.items())
        pieces += [f"\n## {name}\n", first + "\n"]
        try:
            made = part.generate(rows, count, Run(0, "gallery"))
        except MissingExtraError as reason:
            print(f"docs/augmentation/table.md stays as it is: {reason}")
            return
        pieces += [f"`{name}({said})`:\n", table([(new, origin(new, rows)) for new in made])]
    (docs / "table.md").write_text("\n".join(pieces) + "\n", encoding="utf-8")


def origin(new: Sample, rows: list[Sample]) -> Sample | None:
    """The row that a new one is a change of; None where it was made from several."""
    return next(row for row in rows if row.row_id == new.parents[0]) if len(new.parents) == 1 else None


def table(pairs: list[tuple[Sample, Sample | None]]) -> str:
    """Rows as a Markdown table, changed cells in bold."""
    lines = ["| row | age | pay | town | label |", "|---|---|---|---|---|"]
    for row, old in pairs:
        cells = []
        for name, value in row.value.items():
            text = "" if value is None else f"{value:.6g}" if isinstance(value, float) else str(value)
            changed = old is not None and old.value[name] != value
            cells.append(f"**{text or '(empty)'}**" if changed else text)
        label = " ".join(f"{name} {share:.2f}" for name, share in row.soft.items()) or row.label
        title = row.row_id if not row.parents else "of " + short(row.parents)
        lines.append(f"| {title} | {' | '.join(cells)} | {label} |")
    return "\n".join(lines)


def short(parents: tuple[str, ...]) -> str:
    """A few names."""
    return ", ".join(parents) if len(parents) < 4 else f"{parents[0]} and {len(parents) - 1} more"
