"""The figures of the agreement and consensus pages, as inline SVG: intervals, grids, agreement over time."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tilth.workflows.report.svg import Svg, figure, fit, number, tag, text_width

__all__ = ["Dot", "dots", "grid", "timeline"]

W = 380.0
SIZE = 11.0


@dataclass(frozen=True)
class Dot:
    """One estimate with its interval; NaN where there is none."""

    name: str
    estimate: float
    low: float
    high: float
    remark: str = ""


def _said(row: Dot, digits: int) -> str:
    if not math.isfinite(row.estimate):
        return "undefined"
    text = f"{row.estimate:.{digits}f}"
    if math.isfinite(row.low) and math.isfinite(row.high):
        text += f" ({row.low:.{digits}f} to {row.high:.{digits}f})"
    return text.replace("-", "−")


def dots(
    key: str,
    rows: Sequence[Dot],
    title: str,
    *,
    axis: tuple[float, float],
    ticks: Sequence[float],
    unit: str,
    target: float | None = None,
    line: str = "target",
    digits: int = 2,
) -> Svg:
    """Dots with whiskers on one scale; a line at `target`. Hollow where the interval holds the target (or 0)."""
    row_height, top, low, high = 38.0, 24.0 if target is not None else 8.0, axis[0], axis[1]
    left, right = 6.0, W - 6.0
    base = top + row_height * len(rows)

    def place(value: float) -> float:
        share = (min(max(value, low), high) - low) / (high - low)
        return left + share * (right - left)

    parts = [tag("line", x1=left, x2=right, y1=base, y2=base, class_="axis")]
    for tick in ticks:
        x = place(tick)
        parts.append(tag("line", x1=x, x2=x, y1=top, y2=base + 4, class_="zero" if tick == 0 and low < 0 else "grid"))
        anchor = "start" if x < left + 8 else "end" if x > right - 8 else "middle"
        parts.append(tag("text", f"{tick:g}".replace("-", "−"), x=x, y=base + 16, text_anchor=anchor, class_="muted"))
    if target is not None and low <= target <= high:
        x = place(target)
        parts.append(tag("line", x1=x, x2=x, y1=top - 6, y2=base, class_="threshold"))
        parts.append(tag("text", f"{line} {target:g}", x=x, y=top - 10, text_anchor="middle"))
    centre = target if target is not None else 0.0
    for index, row in enumerate(rows):
        parts += _dot(row, top + row_height * index, place, centre, digits, right)
    parts.append(tag("text", fit(unit, W - 8, SIZE), x=W / 2, y=base + 32, text_anchor="middle", class_="muted"))
    told = "; ".join(f"{row.name}: {_said(row, digits)}" for row in rows[:40])
    return figure(key, title, f"{told}. {unit}.", (W, base + 38), parts)


def _dot(row: Dot, y: float, place: object, centre: float, digits: int, right: float) -> list[Svg]:
    at = place if callable(place) else float
    said = _said(row, digits)
    room = right - text_width(said, SIZE) - 14
    name = tag("text", tag("title", row.name), fit(row.name, room, SIZE), x=6, y=y + 13, class_="strong halo")
    parts = [name, tag("text", said, x=right, y=y + 13, text_anchor="end", class_="value halo")]
    if not math.isfinite(row.estimate):
        return parts
    kind = "unsure" if not math.isfinite(row.low) or row.low <= centre <= row.high else "sure"
    if math.isfinite(row.low) and math.isfinite(row.high):
        a, b = at(row.low), at(row.high)
        parts.append(tag("line", x1=a, x2=b, y1=y + 25, y2=y + 25, class_=f"whisker {kind}"))
    note = tag("title", f"{row.name}: {said}{f'. {row.remark}' if row.remark else ''}")
    parts.append(tag("circle", note, cx=at(row.estimate), cy=y + 25, r=5, class_=f"dot {kind}"))
    return parts


def grid(
    key: str,
    names: Sequence[str],
    values: npt.NDArray[np.float64],
    title: str,
    *,
    texts: Sequence[Sequence[str]],
    shares: npt.NDArray[np.float64],
    between: str = "and",
) -> Svg:
    """A square table of numbers, darker for a larger share in [0, 1]; NaN is a gap. `texts` stand in the cells."""
    left = min(110.0, max([text_width(name, SIZE) for name in names], default=0.0) + 12)
    top = min(96.0, max([text_width(name, SIZE) for name in names], default=0.0) + 10)
    upright = max([text_width(name, SIZE) for name in names], default=0.0) <= 24
    top = 20.0 if upright else top
    side = min(46.0, (W - left - 2) / max(len(names), 1))
    parts: list[Svg] = []
    for place, name in enumerate(names):
        x, y = left + side * (place + 0.5), top + side * (place + 0.5) + 4
        parts.append(tag("text", tag("title", name), fit(name, left - 8, SIZE), x=left - 6, y=y, text_anchor="end"))
        if upright:
            parts.append(tag("text", tag("title", name), name, x=x, y=top - 6, text_anchor="middle"))
        else:
            turn = f"rotate(-90 {x + 4:.1f} {top - 6:.1f})"
            short = fit(name, top - 10, SIZE)
            parts.append(tag("text", tag("title", name), short, x=x + 4, y=top - 6, transform=turn))
    told = []
    for i, name in enumerate(names):
        for j, other in enumerate(names):
            if not math.isfinite(values[i, j]):
                continue
            note = f"{name} {between} {other}: {texts[i][j]}"
            parts.append(_square(left + side * j, top + side * i, side, float(shares[i, j]), texts[i][j], note))
            if j > i:
                told.append((float(values[i, j]), note))
    told.sort(key=lambda pair: -pair[0])
    said = "; ".join(note for _, note in told[:12])
    return figure(key, title, said or "no pairs", (W, top + side * len(names) + 4), parts)


def _square(x: float, y: float, side: float, share: float, text: str, note: str) -> Svg:
    step = min(6, max(1, math.ceil(share * 6))) if share > 0 else 0
    kind = f"heat h{step}" if step else "cell"
    box = tag("rect", tag("title", note), x=x + 0.5, y=y + 0.5, width=side - 1, height=side - 1, class_=kind)
    size = min(SIZE, (side - 3) / max(0.6 * len(text), 1.0))
    if size < 6.5:
        return box
    shade = "muted" if not step else "on-light" if step < 4 else "on-four" if step == 4 else "on-dark"
    middle = {"x": x + side / 2, "y": y + side / 2 + size * 0.36, "text_anchor": "middle"}
    return tag("g", box, tag("text", text, font_size=round(size, 1), class_=shade, **middle))


def timeline(key: str, rows: Sequence[Dot], title: str, unit: str, *, target: float) -> Svg:
    """Estimates with whiskers from left to right, the oldest first."""
    left, top, height = 34.0, 14.0, 150.0
    finite = [v for row in rows for v in (row.low, row.estimate, row.high) if math.isfinite(v)]
    low = min(0.0, math.floor(min(finite, default=0.0) * 5) / 5)
    base = top + height

    def rise(value: float) -> float:
        return base - (min(max(value, low), 1.0) - low) / (1.0 - low) * height

    parts: list[Svg] = []
    tick = low
    while tick <= 1.0001:
        y = rise(tick)
        parts.append(
            tag("line", x1=left, x2=W - 4, y1=y, y2=y, class_="zero" if abs(tick) < 1e-9 and low < 0 else "grid")
        )
        parts.append(
            tag("text", f"{tick:.1f}".replace("-", "−"), x=left - 5, y=y + 4, text_anchor="end", class_="muted")
        )
        tick += 0.2
    parts.append(tag("line", x1=left, x2=W - 4, y1=rise(target), y2=rise(target), class_="threshold"))
    wide = (W - 8 - left) / max(len(rows), 1)
    middles = [left + 2 + wide * (index + 0.5) for index in range(len(rows))]
    points = [(x, rise(row.estimate)) for x, row in zip(middles, rows, strict=True) if math.isfinite(row.estimate)]
    if len(points) > 1:
        path = "M" + "L".join(f"{x:.1f} {y:.1f}" for x, y in points)
        parts.append(tag("path", d=path, class_="wave", stroke_width=1.5))
    for x, row in zip(middles, rows, strict=True):
        if not math.isfinite(row.estimate):
            continue
        kind = "unsure" if not math.isfinite(row.low) or row.low <= target <= row.high else "sure"
        if math.isfinite(row.low):
            parts.append(tag("line", x1=x, x2=x, y1=rise(row.low), y2=rise(row.high), class_=f"whisker {kind}"))
        note = tag("title", f"{row.name}: {_said(row, 2)}{f', {row.remark}' if row.remark else ''}")
        parts.append(tag("circle", note, cx=x, cy=rise(row.estimate), r=5, class_=f"dot {kind}"))
    ends = [(0, "start", left), (len(rows) - 1, "end", W - 4)] if rows else []
    for index, anchor, x in ends:
        parts.append(tag("text", rows[index].name, x=x, y=base + 16, text_anchor=anchor, class_="muted"))
    parts.append(tag("text", fit(unit, W - 8, SIZE), x=W / 2, y=base + 32, text_anchor="middle", class_="muted"))
    told = "; ".join(f"{row.name}: {_said(row, 2)}" for row in rows)
    return figure(key, title, f"{told}. Target {number(target, 2)}.", (W, base + 38), parts)
