"""Learning curves as one SVG, and as a page with their table."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from tilth.workflows.report.svg import Svg, clean_line, figure, number, tag

__all__ = ["Curve", "curves_page", "curves_svg"]

W, H, LEFT, TOP, BOTTOM, RIGHT = 640.0, 380.0, 48.0, 14.0, 40.0, 150.0
#: Colours that stay apart for most eyes; random is grey.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7b3294", "#a6611a")
_STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#222}.axis{stroke:#999}.grid{stroke:#e5e5e5}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#333}}"
)


@dataclass(frozen=True)
class Curve:
    """One strategy's mean scores with the half-width of their interval."""

    name: str
    counts: list[int]
    mean: list[float]
    half: list[float]
    verdict: str
    baseline: bool = False


def _ticks(low: float, high: float, most: int = 6) -> list[float]:
    raw = (high - low) / most or 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= raw)
    return [round(i * step, 10) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def curves_svg(curves: Sequence[Curve], full: float, title: str) -> str:
    """A picture of curves with interval bands; the dashed line is the score with all labels."""
    most = max(c.counts[-1] for c in curves)
    least = min(c.counts[0] for c in curves)
    lows = [m - h for c in curves for m, h in zip(c.mean, c.half, strict=True)]
    highs = [m + h for c in curves for m, h in zip(c.mean, c.half, strict=True)]
    bottom, top = max(min([*lows, full]), 0.0), min(max([*highs, full]) + 0.01, 1.0)
    top = max(top, bottom + 0.01)
    logs = math.log(max(most / max(least, 1), 1.0001))

    def x(count: float) -> float:
        return LEFT + (W - LEFT - RIGHT) * math.log(max(count, 1) / max(least, 1)) / logs

    def y(score: float) -> float:
        return TOP + (H - TOP - BOTTOM) * (top - min(max(score, bottom), top)) / (top - bottom)

    parts: list[Svg] = [tag("style", Svg(_STYLE))]
    for value in _ticks(bottom, top):
        parts.append(tag("line", x1=LEFT, x2=W - RIGHT, y1=y(value), y2=y(value), class_="grid"))
        parts.append(tag("text", f"{value:g}", x=LEFT - 6, y=y(value) + 4, text_anchor="end"))
    for count in _counts(least, most):
        parts.append(tag("text", number(count), x=x(count), y=H - BOTTOM + 16, text_anchor="middle"))
        parts.append(tag("line", x1=x(count), x2=x(count), y1=H - BOTTOM, y2=H - BOTTOM + 4, class_="axis"))
    parts.append(tag("line", x1=LEFT, x2=W - RIGHT, y1=H - BOTTOM, y2=H - BOTTOM, class_="axis"))
    middle = (LEFT + W - RIGHT) / 2
    parts.append(tag("text", "labels (logarithmic)", x=middle, y=H - 6, text_anchor="middle"))
    parts.append(tag("line", x1=LEFT, x2=W - RIGHT, y1=y(full), y2=y(full), stroke="#888", stroke_dasharray="5 4"))
    parts.append(tag("text", f"all labels {full:.3f}", x=W - RIGHT + 6, y=y(full) + 4))
    colours = iter(_COLOURS * (len(curves) // len(_COLOURS) + 1))
    for place, curve in enumerate(sorted(curves, key=lambda c: not c.baseline)):
        colour = "#777" if curve.baseline else next(colours)
        upper = [(x(c), y(m + h)) for c, m, h in zip(curve.counts, curve.mean, curve.half, strict=True)]
        lower = [(x(c), y(m - h)) for c, m, h in zip(curve.counts, curve.mean, curve.half, strict=True)]
        band = " ".join(f"{a:.1f},{b:.1f}" for a, b in [*upper, *reversed(lower)])
        parts.append(tag("polygon", points=band, fill=colour, fill_opacity="0.12"))
        line = " ".join(f"{x(c):.1f},{y(m):.1f}" for c, m in zip(curve.counts, curve.mean, strict=True))
        note = tag("title", f"{curve.name}: {curve.verdict}")
        parts.append(tag("polyline", note, points=line, fill="none", stroke=colour, stroke_width="2"))
        row = TOP + 60 + 18.0 * place
        parts.append(tag("line", x1=W - RIGHT + 6, x2=W - RIGHT + 24, y1=row, y2=row, stroke=colour, stroke_width="3"))
        parts.append(tag("text", curve.name, x=W - RIGHT + 30, y=row + 4))
    said = "; ".join(f"{c.name}: {c.mean[-1]:.3f} at {c.counts[-1]} labels, {c.verdict}" for c in curves)
    made = figure("curves", title, said, (W, H), parts)
    return made.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


def _counts(least: int, most: int) -> list[int]:
    found = [f * 10**p for p in range(8) for f in (1, 2, 5) if least <= f * 10**p <= most]
    return found or [least, most]


def curves_page(
    title: str, picture: str, columns: Sequence[str], rows: Sequence[Sequence[str]], notes: Sequence[str]
) -> str:
    """A self-contained page: the picture, the table, and what has to be known to read them."""
    head = tag("tr", *(tag("th", name) for name in columns))
    body = [tag("tr", *(tag("td", cell) for cell in row)) for row in rows]
    style = Svg(
        "body{font:15px/1.5 system-ui,sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem}"
        "table{border-collapse:collapse}td,th{padding:.3rem .8rem;text-align:left;border-bottom:1px solid #ccc}"
        "svg{width:100%;height:auto}:root{color-scheme:light dark}"
    )
    explain = (
        "Every curve starts from no labels. Bands are 95% intervals of the mean over the splits; the dashed line is "
        "the score with all labels. A strategy beats random only where the interval of its gain in area is above 0."
    )
    page = tag(
        "html",
        tag("head", tag("meta", charset="utf-8"), tag("title", title), tag("style", style)),
        tag(
            "body",
            tag("h1", title),
            Svg(picture),
            tag("p", explain),
            tag("table", tag("thead", head), tag("tbody", *body)),
            tag("ul", *(tag("li", clean_line(note)) for note in notes)),
        ),
        lang="en",
    )
    return "<!doctype html>\n" + page.replace("</meta>", "") + "\n"
