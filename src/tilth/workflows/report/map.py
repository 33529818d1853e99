"""The map of the report: rows placed by their embeddings, coloured by what is wrong with them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from tilth.engine import Resolver
from tilth.errors import TilthError
from tilth.numerics.similarity.projection import project_2d
from tilth.plugin import Detector
from tilth.records import Evidence, Findings, Snapshot
from tilth.workflows.report.svg import Svg, clean_line, figure, number, tag

__all__ = ["MapSection", "lay_out", "map_rows", "map_section", "map_vectors"]

POINTS = 3000  # on the map where few rows are flagged
PLAIN = 600  # rows without a flag that are on the map at least, to show where the others are
FLAGGED = 6000  # flagged rows on the map at most
TOO_COMMON = 0.5  # a part that flags more of the rows than this says nothing about places
COLOURS = 5
W, H, EDGE = 380.0, 270.0, 6.0

#: Parts whose colour wins where a row has several issues; any other part comes after these.
FIRST = ("label_error", "outlier", "near_duplicate")

#: One shape a colour, so that colour is never the only sign; each is drawn from its middle.
SHAPES = (
    "m-2.5 0a2.5 2.5 0 1 0 5 0a2.5 2.5 0 1 0-5 0z",
    "m0-3.8l3.8 3.8l-3.8 3.8l-3.8-3.8z",
    "m-2.3-2.3h4.6v4.6h-4.6z",
    "m0-3l3.1 5.4h-6.2z",
    "m0 3l3.1-5.4h-6.2z",
    "m-.9-3h1.8v2.1h2.1v1.8h-2.1v2.1h-1.8v-2.1h-2.1v-1.8h2.1z",
)

_EMBEDDED = {"embeddings", "neighbors", "duplicates", "probs", "label_errors"}


@dataclass(frozen=True)
class MapSection:
    """The map, ready to draw: its figure, its key as (class, name, points), and what was left out."""

    figure: Svg
    key: tuple[tuple[str, str, str], ...]
    shown: str
    rows: str
    left_out: str


def _marked(snapshot: Snapshot, findings: Mapping[str, Findings]) -> dict[str, npt.NDArray[np.int64]]:
    """Positions of flagged rows by part, worst first; parts in the order in which their colour wins."""
    place = {name: index for index, name in enumerate(snapshot.row_ids.tolist())}
    found: dict[str, npt.NDArray[np.int64]] = {}
    for part, table in findings.items():
        rows = [place[row] for row in table.flagged().table.column("row_id").to_pylist() if row in place]
        rows = list(dict.fromkeys(rows))
        if rows and (part in FIRST or len(rows) <= TOO_COMMON * len(snapshot)):
            found[part] = np.asarray(rows, dtype=np.int64)
    rank = {part: index for index, part in enumerate(FIRST)}
    order = sorted(found, key=lambda part: (rank.get(part, len(FIRST)), len(found[part]), part))
    return {part: found[part] for part in order}


def map_rows(
    snapshot: Snapshot, findings: Mapping[str, Findings], available: npt.NDArray[np.int64]
) -> npt.NDArray[np.int64]:
    """Positions of the rows to draw, ascending: every flagged one, and an even sample of the others.

    Up to 3,000 rows; where more than 2,400 are flagged, all of those (at most 6,000, worst first by part)
    and 600 others.
    """
    at_hand = np.zeros(len(snapshot), dtype=bool)
    at_hand[available] = True
    marked = _marked(snapshot, findings)
    depth = np.full(len(snapshot), np.inf)
    for rows in marked.values():
        depth[rows] = np.minimum(depth[rows], np.arange(len(rows)))
    flagged = np.flatnonzero(at_hand & np.isfinite(depth))
    flagged = flagged[np.argsort(depth[flagged], kind="stable")][:FLAGGED]
    plain = np.flatnonzero(at_hand & ~np.isfinite(depth))
    room = max(POINTS - len(flagged), PLAIN)
    if len(plain) > room:
        plain = plain[np.linspace(0, len(plain) - 1, room).round().astype(np.int64)]
    return np.sort(np.concatenate([flagged, plain]))


def map_vectors(resolver: Resolver, findings: Mapping[str, Findings], parts: Sequence[Detector]) -> Evidence | None:
    """Embeddings of the rows to draw; None where no part needed embeddings, or they cannot be made."""
    if not any(_EMBEDDED & set(part.needs) for part in parts):
        return None
    try:
        whole = resolver.get("embeddings")
    except TilthError:
        return None
    at = resolver.snapshot.positions(list(whole.row_ids))
    kept = np.isin(at, map_rows(resolver.snapshot, findings, at))
    return replace(whole, row_ids=whole.row_ids[kept], values=whole.values[kept], extra={})


def lay_out(snapshot: Snapshot, vectors: Evidence | None, seed: int = 0) -> npt.NDArray[np.float64] | None:
    """Coordinates (n, 2) in [-1, 1] of a snapshot's rows, NaN for rows that are not on the map.

    None where fewer than 3 rows have an embedding.
    """
    if vectors is None or len(vectors.row_ids) < 3:
        return None
    places = np.full((len(snapshot), 2), np.nan)
    places[snapshot.positions(list(vectors.row_ids))] = project_2d(vectors.values, random_state=seed)
    return places


def map_section(
    snapshot: Snapshot,
    findings: Mapping[str, Findings],
    places: npt.NDArray[np.float64] | None,
    names: Mapping[str, str],
    anchors: Mapping[str, Mapping[str, str]],
) -> MapSection | None:
    """The map.

    Parameters
    ----------
    places : (n, 2) array of float or None
        NaN for rows that are not drawn.
    names : mapping of part to what it is called on the page
    anchors : mapping of part to mapping of row id to the id of its card
    """
    if places is None:
        return None
    placed = np.flatnonzero(np.isfinite(places).all(axis=1))
    rows = map_rows(snapshot, findings, placed)
    if not len(rows):
        return None
    marked = _marked(snapshot, findings)
    owner = np.full(len(snapshot), -1, dtype=np.int64)
    for index, part in reversed(list(enumerate(marked))):
        owner[marked[part]] = min(index, COLOURS)
    drawn = _points(snapshot, findings, places[rows], rows, owner[rows], anchors)
    groups = [tag("g", *marks, class_=_class(index)) for index, marks in drawn.items() if marks]
    key = _key(list(marked), {index: len(marks) for index, marks in drawn.items()}, names)
    said = f"{number(len(rows))} of {number(len(snapshot))} rows. " + "; ".join(f"{n}: {count}" for _, n, count in key)
    n_flagged = int((owner[placed] >= 0).sum())
    left = n_flagged - int((owner[rows] >= 0).sum())
    return MapSection(
        figure("map-of-rows", "Map of the rows by their embeddings", said, (W, H), groups),
        key,
        number(len(rows)),
        number(len(snapshot)),
        f"{number(left)} flagged rows are left out to keep this file small." if left else "",
    )


def _points(
    snapshot: Snapshot,
    findings: Mapping[str, Findings],
    places: npt.NDArray[np.float64],
    rows: npt.NDArray[np.int64],
    owner: npt.NDArray[np.int64],
    anchors: Mapping[str, Mapping[str, str]],
) -> dict[int, list[Svg]]:
    """Marks by colour, in the order in which they are drawn: the rarest lie on top."""
    issues = _issues(findings)
    parts = sorted(anchors, key=lambda part: FIRST.index(part) if part in FIRST else len(FIRST))
    sizes = {index: int((owner == index).sum()) for index in range(COLOURS + 1)}
    drawn: dict[int, list[Svg]] = {index: [] for index in (-1, *sorted(sizes, key=lambda index: -sizes[index]))}
    listed = zip(rows.tolist(), owner.tolist(), _on_paper(places).tolist(), _labels(snapshot, rows), strict=True)
    for row, colour, (x, y), label in listed:
        row_id = str(snapshot.row_ids[row])
        said = f"{clean_line(row_id)[:80]}{f', labelled {label}' if label else ''}: {issues.get(row_id, 'not flagged')}"
        mark = _mark(x, y, colour, said)
        card = next((anchors[part][row_id] for part in parts if row_id in anchors[part]), "") if colour >= 0 else ""
        drawn[colour].append(tag("a", mark, href=f"#{card}", tabindex=-1) if card else mark)
    return drawn


def _class(owner: int) -> str:
    return "plain" if owner < 0 else f"p{owner}"


def _mark(x: float, y: float, owner: int, said: str) -> Svg:
    note = tag("title", said)
    if owner < 0:
        return tag("circle", note, cx=round(x, 1), cy=round(y, 1), r=1.6)
    return tag("path", note, d=f"M{x:.1f} {y:.1f}{SHAPES[owner]}")


def _on_paper(places: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Coordinates in user units: as large as the paper allows, scaled alike in both directions."""
    low, high = places.min(axis=0), places.max(axis=0)
    room = np.asarray([W - 2 * EDGE, H - 2 * EDGE])
    spans = np.where(high > low, high - low, 1e-9)
    scale = float((room / spans).min())
    flipped = (places - (low + high) / 2) * np.asarray([scale, -scale])
    return np.asarray(flipped + np.asarray([W / 2, H / 2]), dtype=np.float64)


def _issues(findings: Mapping[str, Findings]) -> dict[str, str]:
    """Names of all issues of each flagged row."""
    said: dict[str, dict[str, None]] = {}
    for found in findings.values():
        table = found.flagged().table
        for row, issue in zip(table.column("row_id").to_pylist(), table.column("issue").to_pylist(), strict=True):
            said.setdefault(row, {})[clean_line(issue).replace("_", " ")] = None
    return {row: ", ".join(names) for row, names in said.items()}


def _labels(snapshot: Snapshot, rows: npt.NDArray[np.int64]) -> list[str]:
    name = snapshot.schema.label
    if not name:
        return [""] * len(rows)
    values = snapshot.table.column(name).take(rows).to_pylist()
    return ["" if value is None else clean_line(value)[:60] for value in values]


def _key(parts: list[str], counts: Mapping[int, int], names: Mapping[str, str]) -> tuple[tuple[str, str, str], ...]:
    entries = [(f"p{index}", names.get(part, clean_line(part)), index) for index, part in enumerate(parts[:COLOURS])]
    entries += [(f"p{COLOURS}", "other issues", COLOURS)] if len(parts) > COLOURS else []
    entries += [("plain", "not flagged", -1)]
    return tuple((shown, name, number(counts[index])) for shown, name, index in entries if counts.get(index))
