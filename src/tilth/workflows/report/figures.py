"""The figures of the report, drawn as inline SVG. Numbers and names in, markup out."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tilth.workflows.report.svg import Svg, figure, fit, number, percent, tag, text_width

__all__ = [
    "Bar",
    "Whisker",
    "class_bars",
    "heat_map",
    "meter",
    "pair_bars",
    "score_histogram",
    "value_histogram",
    "waveform",
    "whiskers",
]

W = 380.0  # width of every figure in user units: about one phone screen, so text keeps its size
SIZE = 11.0  # font size of labels


@dataclass(frozen=True)
class Bar:
    """One bar: a name, a total and the part of it that is marked."""

    name: str
    total: int
    marked: int = 0


@dataclass(frozen=True)
class Whisker:
    """One difference with its interval, in the unit of the axis."""

    name: str
    estimate: float
    low: float
    high: float


def _gutter(names: Sequence[str], most: float) -> float:
    return min(most, max([text_width(name, SIZE) for name in names], default=0.0) + 14)


def _label(name: str, x: float, y: float, width: float, anchor: str = "end", **more: object) -> Svg:
    return tag("text", tag("title", name), fit(name, width, SIZE), x=x, y=y, text_anchor=anchor, **more)


def class_bars(
    key: str, bars: Sequence[Bar], hidden: str, title: str, *, marked: str = "flagged", rest: str = ""
) -> Svg:
    """Horizontal bars, one a class; `hidden` is a line that stands in the middle for classes left out.

    `marked` says what the marked part of a bar is; with `rest`, a word for the other part, a legend stands above.
    """
    row, top = 20.0, 24.0 if rest else 4.0
    left = _gutter([bar.name for bar in bars], 150)
    right = max([text_width(number(bar.total), SIZE) for bar in bars], default=20) + 10
    most = max([bar.total for bar in bars], default=1) or 1
    span = W - left - right
    parts: list[Svg] = []
    if rest:
        other = left + 24 + text_width(marked, SIZE)
        for x, kind, word in ((left, "mark", marked), (other, "bar", rest)):
            parts += [
                tag("rect", x=x, y=5.0, width=10.0, height=10.0, class_=kind),
                tag("text", word, x=x + 15, y=14.0),
            ]
    middle = (len(bars) + 1) // 2 if hidden else -1
    y = top
    for index, bar in enumerate(bars):
        if index == middle:
            parts.append(tag("text", hidden, x=left, y=y + 14, class_="muted"))
            y += row
        parts.append(_label(bar.name, left - 8, y + 14, left - 8))
        full = span * bar.total / most
        parts.append(
            tag("rect", x=left, y=y + 4, width=max(full, 1.0) if bar.total else 0, height=row - 7, class_="bar")
        )
        if bar.marked:
            part = max(span * bar.marked / most, 1.5)
            note = tag("title", f"{number(bar.marked)} of {number(bar.total)} {marked}")
            parts.append(tag("rect", note, x=left, y=y + 4, width=part, height=row - 7, class_="mark"))
        parts.append(tag("text", number(bar.total), x=left + full + 6, y=y + 14, class_="value"))
        y += row
    shown = "; ".join(f"{bar.name}: {number(bar.total)}" for bar in bars[:30])
    return figure(key, title, f"{shown}. {hidden}".strip(), (W, y + 4), parts)


def pair_bars(key: str, pairs: Sequence[tuple[str, str, int]], title: str) -> Svg:
    """Horizontal bars of the most frequent (given, suggested) pairs, names above each bar."""
    row = 38.0
    most = max([n for _, _, n in pairs], default=1) or 1
    parts: list[Svg] = []
    for index, (given, suggested, n) in enumerate(pairs):
        y = index * row
        half = (W - 40) / 2
        line = f"{fit(given, half, SIZE)} → {fit(suggested, half, SIZE)}"
        note = tag("title", f"{given} → {suggested}: {number(n)}")
        parts.append(tag("text", note, line, x=0, y=y + 13))
        full = (W - 44) * n / most
        parts.append(tag("rect", x=0, y=y + 18, width=max(full, 1.5), height=10, class_="mark"))
        parts.append(tag("text", number(n), x=max(full, 1.5) + 6, y=y + 27, class_="value"))
    said = "; ".join(f"{a} to {b}: {n}" for a, b, n in pairs)
    return figure(key, title, said, (W, max(len(pairs) * row, 10)), parts)


def heat_map(
    key: str,
    rows: Sequence[str],
    columns: Sequence[str],
    counts: npt.NDArray[np.int64],
    title: str,
    indexes: Sequence[int] = (),
) -> Svg:
    """Counts of given (rows) against suggested (columns) classes; darker is more.

    With the class `indexes` of rows and columns, each cell that holds something names its pair, so that the
    page's script can make it a control.
    """
    left, top = _gutter(rows, 118) + 16, _gutter(columns, 100) + 22
    upright = max([text_width(name, SIZE) for name in columns], default=0) <= 26
    if upright:
        top = 36.0
    side = min(34.0, (W - left - 4) / max(len(columns), 1))
    most = max(int(counts.max(initial=0)), 1)
    parts = [
        tag("text", "suggested →", x=left, y=11, class_="muted"),
        tag("text", "given", x=10, y=top + side * len(rows) / 2, class_="muted", text_anchor="middle",
            transform=f"rotate(-90 10 {top + side * len(rows) / 2:.1f})"),
    ]  # fmt: skip
    for j, name in enumerate(columns):
        x = left + side * (j + 0.5)
        if upright:
            parts.append(_label(name, x, top - 6, 28, "middle"))
        else:
            parts.append(
                _label(name, x + 4, top - 5, top - 24, "start", transform=f"rotate(-90 {x + 4:.1f} {top - 5:.1f})")
            )
    for i, name in enumerate(rows):
        parts.append(_label(name, left - 5, top + side * (i + 0.5) + 4, left - 22))
        for j, other in enumerate(columns):
            pair = {"data_pair": f"{indexes[i]} {indexes[j]}"} if len(indexes) else {}
            place = (left + side * j, top + side * i, side)
            parts.append(_cell(place, int(counts[i, j]), most, f"{name} → {other}", pair))
    pairs = [(int(counts[i, j]), i, j) for i in range(len(rows)) for j in range(len(columns)) if counts[i, j]]
    pairs.sort(key=lambda p: (-p[0], p[1], p[2]))
    said = "; ".join(f"{rows[i]} to {columns[j]}: {n}" for n, i, j in pairs[:12])
    return figure(key, title, said or "no counts", (W, top + side * len(rows) + 4), parts)


def _cell(place: tuple[float, float, float], n: int, most: int, name: str, pair: dict[str, str]) -> Svg:
    x, y, side = place
    if not n:
        return tag("rect", x=x + 0.5, y=y + 0.5, width=side - 1, height=side - 1, class_="cell")
    share = math.sqrt(n / most)
    note = tag("title", f"{name}: {number(n)}")
    box = tag("rect", note, x=x + 0.5, y=y + 0.5, width=side - 1, height=side - 1, class_=f"heat h{_step(share)}")
    size = min(SIZE, side * 0.46) if n < 1000 else side * 0.3
    step = _step(share)
    shade = "on-light" if step < 4 else "on-four" if step == 4 else "on-dark"
    text = tag("text", f"{n}", x=x + side / 2, y=y + side / 2 + size * 0.36, text_anchor="middle",
               font_size=size, class_=shade)  # fmt: skip
    return tag("g", box, text, **pair)


def _step(share: float) -> int:
    return min(6, max(1, math.ceil(share * 6)))


def _ticks(most: int, log: bool) -> list[int]:
    if log:
        return [10**power for power in range(int(math.log10(most)) + 1)]
    step = 10 ** int(math.log10(max(most, 1)))
    step = step if most / step >= 2 else max(step // 2, 1)
    step = step if most / step <= 5 else step * 2
    return list(range(step, most + 1, step))


def score_histogram(
    key: str, scores: npt.NDArray[np.float64], flagged: npt.NDArray[np.bool_], threshold: float, title: str
) -> Svg:
    """Stacked histogram of scores in [0, 1]: flagged rows above the rest, the threshold as a line."""
    edges = np.linspace(0, 1, 41)
    every = np.histogram(scores, edges)[0]
    marked = np.histogram(scores[flagged], edges)[0]
    lines = [(threshold, f"threshold {threshold:.2f}")] if 0 <= threshold <= 1 else []
    said = f"{number(len(scores))} rows scored, {number(int(flagged.sum()))} flagged"
    said += f"; flagged from a score of {threshold:.3f}" if lines else ""
    axis = ("0", "0.5", "1")
    return _histogram(key, every, marked, lines, axis, "score: 1 = look here first", title, said)


def value_histogram(key: str, values: npt.NDArray[np.float64], title: str) -> Svg:
    """Histogram of a numeric label; values are finite, at least one."""
    low, high = float(values.min()), float(values.max())
    high = high if high > low else low + 1.0
    every = np.histogram(values, np.linspace(low, high, 41))[0]
    said = f"{number(len(values))} values from {low:g} to {high:g}, median {float(np.median(values)):g}"
    axis = (f"{low:.4g}", f"{(low + high) / 2:.4g}", f"{high:.4g}")
    return _histogram(key, every, np.zeros_like(every), [], axis, "value of the label", title, said)


def _histogram(
    key: str,
    every: npt.NDArray[np.int64],
    marked: npt.NDArray[np.int64],
    lines: Sequence[tuple[float, str]],
    axis: tuple[str, str, str],
    caption: str,
    title: str,
    said: str,
) -> Svg:
    left, top, bottom, height = 40.0, 36.0, 36.0, 110.0
    most = max(int(every.max(initial=0)), 1)
    log = most > 60
    base = top + height

    def rise(n: float) -> float:
        if n <= 0:
            return 0.0
        return height * (math.log10(n) + 0.25) / (math.log10(most) + 0.25) if log else height * n / most

    parts = [tag("text", "rows, log scale" if log else "rows", x=0, y=11, class_="muted")]
    for tick in _ticks(most, log):
        y = base - rise(tick)
        parts.append(tag("line", x1=left, x2=W - 4, y1=y, y2=y, class_="grid"))
        parts.append(tag("text", f"{tick:,}", x=left - 5, y=y + 4, text_anchor="end", class_="muted"))
    wide = (W - 4 - left) / len(every)
    for index, (n, m) in enumerate(zip(every.tolist(), marked.tolist(), strict=True)):
        if not n:
            continue
        x, whole, rest = left + index * wide, rise(n), rise(n - m)
        if n - m:
            parts.append(tag("rect", x=x + 0.6, y=base - rest, width=wide - 1.2, height=rest, class_="bar"))
        if m:
            parts.append(tag("rect", x=x + 0.6, y=base - whole, width=wide - 1.2, height=whole - rest, class_="mark"))
    parts.append(tag("line", x1=left, x2=W - 4, y1=base, y2=base, class_="axis"))
    for share, name, anchor in zip((0.0, 0.5, 1.0), axis, ("start", "middle", "end"), strict=True):
        x = left + share * (W - 4 - left)
        parts.append(tag("text", name, x=x, y=base + 14, text_anchor=anchor, class_="muted"))
    parts.append(tag("text", caption, x=(left + W - 4) / 2, y=base + 30, text_anchor="middle", class_="muted"))
    for share, name in lines:
        x = left + share * (W - 4 - left)
        parts.append(tag("line", x1=x, x2=x, y1=top - 8, y2=base, class_="threshold"))
        anchor = "end" if share > 0.6 else "start"
        parts.append(tag("text", name, x=x + (-4 if share > 0.6 else 4), y=top - 11, text_anchor=anchor))
    return figure(key, title, said, (W, base + bottom), parts)


def whiskers(key: str, rows: Sequence[Whisker], unit: str, title: str) -> Svg:
    """Dot-and-whisker plot of differences around a zero line."""
    row, top = 44.0, 8.0
    low = min([0.0, *[r.low for r in rows]])
    high = max([0.0, *[r.high for r in rows]])
    room = (high - low) * 0.06 or 1.0
    low, high = low - room, high + room
    left, right = 6.0, W - 6

    def place(value: float) -> float:
        return left + (value - low) / (high - low) * (right - left)

    base = top + row * len(rows)
    parts = [tag("line", x1=left, x2=right, y1=base, y2=base, class_="axis")]
    for tick in _nice_ticks(low, high):
        x = place(tick)
        parts.append(tag("line", x1=x, x2=x, y1=top, y2=base + 4, class_="zero" if tick == 0 else "grid"))
        name = f"{tick:+g}".replace("-", "−") if tick else "0"
        parts.append(tag("text", name, x=x, y=base + 16, text_anchor="middle", class_="muted"))
    for index, item in enumerate(rows):
        y = top + row * index
        kind = "sure" if item.low > 0 or item.high < 0 else "unsure"
        said = f"{item.estimate:+.2f} ({item.low:+.2f} to {item.high:+.2f})".replace("-", "−")
        parts.append(
            tag(
                "text", fit(item.name, right - text_width(said, SIZE) - 8, SIZE), x=left, y=y + 12, class_="strong halo"
            )
        )
        parts.append(tag("text", said, x=right, y=y + 12, text_anchor="end", class_="value halo"))
        a, b, dot = place(item.low), place(item.high), place(item.estimate)
        parts.append(tag("line", x1=a, x2=b, y1=y + 26, y2=y + 26, class_=f"whisker {kind}"))
        parts += [tag("line", x1=x, x2=x, y1=y + 21, y2=y + 31, class_=f"whisker {kind}") for x in (a, b)]
        parts.append(tag("circle", cx=dot, cy=y + 26, r=5, class_=f"dot {kind}"))
    parts.append(tag("text", fit(unit, W - 8, SIZE), x=W / 2, y=base + 32, text_anchor="middle", class_="muted"))
    said = "; ".join(f"{r.name}: {r.estimate:+.2f}, interval {r.low:+.2f} to {r.high:+.2f}" for r in rows)
    return figure(key, title, f"{said}. Unit: {unit}.", (W, base + 38), parts)


def _nice_ticks(low: float, high: float) -> list[float]:
    raw = (high - low) / 5
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(factor * power for factor in (1, 2, 5, 10) if factor * power >= raw)
    first = math.ceil(low / step)
    return [round(index * step, 10) for index in range(first, math.floor(high / step) + 1)]


def meter(key: str, name: str, value: float) -> Svg:
    """A bar from 0 to 1."""
    full = 200.0 * min(max(value, 0.0), 1.0) if math.isfinite(value) else 0.0
    parts = [
        tag("rect", x=0, y=0, width=200, height=8, rx=4, class_="track"),
        tag("rect", x=0, y=0, width=full, height=8, rx=4, class_="bar"),
    ]
    said = f"{percent(value, 1)} of 1" if math.isfinite(value) else "not measured"
    return figure(key, name, said, (200, 8), parts)


def waveform(key: str, peaks: npt.NDArray[np.float64], name: str) -> Svg:
    """Peaks of a sound in [0, 1], one bar each."""
    wide = 240.0 / max(len(peaks), 1)
    points = "".join(
        f"M{(index + 0.5) * wide:.1f} {20 - 19 * peak:.1f}V{20 + 19 * peak + 0.5:.1f}"
        for index, peak in enumerate(peaks.tolist())
    )
    line = tag("path", d=points, class_="wave", stroke_width=round(wide * 0.6, 2))
    return figure(key, name, "loudness over time", (240, 40), [line])
