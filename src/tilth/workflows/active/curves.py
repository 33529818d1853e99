"""Learning curves as one SVG, and as a page with their table."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tilth.errors import ParameterError
from tilth.workflows.outputs import check_output
from tilth.workflows.report.page import asset, content_policy
from tilth.workflows.report.svg import Svg, clean_line, figure, tag

__all__ = ["Curve", "CurveTable", "check_picture", "curves_page", "curves_svg"]

#: Colours that stay apart for most eyes; random is grey.
_COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#b8860b", "#56b4e9", "#7b3294", "#a6611a")
_STYLE = (
    "text{font:11px system-ui,sans-serif;fill:#222}.axis{stroke:#999}.grid{stroke:#e5e5e5}"
    "@media(prefers-color-scheme:dark){text{fill:#ddd}.grid{stroke:#333}}"
)
#: One picture for wide pages and one for narrow ones, whose text stays readable.
_PAGE_STYLE = (
    ".wide .figure{max-width:860px}.tall{display:none}@media (max-width:640px){.wide{display:none}.tall{display:block}}"
)


@dataclass(frozen=True)
class Curve:
    """One strategy's mean scores, at label counts or amounts of money, with the half-width of their interval."""

    name: str
    counts: list[float]
    mean: list[float]
    half: list[float]
    verdict: str
    baseline: bool = False


@dataclass(frozen=True)
class CurveTable:
    """Head and rows of the table; the first column is the strategy, the last its verdict, the others figures."""

    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True)
class _Frame:
    """Where things stand in a picture; the legend is beside the curves, or below them."""

    width: float
    height: float
    left: float
    right: float
    bottom: float
    beside: bool
    top: float = 14.0

    @property
    def foot(self) -> float:
        return self.height - self.bottom

    @property
    def edge(self) -> float:
        return self.width - self.right


def check_picture(path: Path, *, force: bool = False) -> None:
    """Whether curves can be written here; asked before the work, not after it."""
    if path.suffix.lower() not in (".svg", ".html"):
        raise ParameterError("the picture is .svg or .html", where=str(path), found=path.suffix or "no ending")
    check_output(path, force=force)


def _ticks(low: float, high: float, most: int = 6) -> list[float]:
    raw = (high - low) / most or 1.0
    power = 10.0 ** math.floor(math.log10(raw))
    step = next(f * power for f in (1, 2, 5, 10) if f * power >= raw)
    return [round(i * step, 10) for i in range(math.ceil(low / step), math.floor(high / step) + 1)]


def _counts(least: float, most: float) -> list[float]:
    found = [f * 10.0**p for p in range(-6, 13) for f in (1, 2, 5) if least <= f * 10.0**p <= most]
    return found or [least, most]


def curves_svg(
    curves: Sequence[Curve], full: float, title: str, *, unit: str = "labels", page: bool = False, tall: bool = False
) -> str:
    """A picture of curves with interval bands; the dashed line is the score with all labels.

    `page` leaves style and name space to the page around it; `tall` is for narrow screens.
    """
    frame = (
        _Frame(360.0, 320.0 + 18 * len(curves), 48.0, 8.0, 52.0 + 18 * len(curves), beside=False)
        if tall
        else _Frame(640.0, 380.0, 60.0, 150.0, 40.0, beside=True)
    )
    most = max(c.counts[-1] for c in curves)
    least = max(min(c.counts[0] for c in curves), most * 1e-6)
    lows = [m - h for c in curves for m, h in zip(c.mean, c.half, strict=True)]
    highs = [m + h for c in curves for m, h in zip(c.mean, c.half, strict=True)]
    bottom, top = max(min([*lows, full]), 0.0), min(max([*highs, full]) + 0.01, 1.0)
    top = max(top, bottom + 0.01)
    logs = math.log(max(most / least, 1.0001))

    def x(count: float) -> float:
        return frame.left + (frame.edge - frame.left) * math.log(max(count, least) / least) / logs

    def y(score: float) -> float:
        return frame.top + (frame.foot - frame.top) * (top - min(max(score, bottom), top)) / (top - bottom)

    parts = [] if page else [tag("style", Svg(_STYLE))]
    parts += _axes(frame, x, y, _ticks(bottom, top), _counts(least, most), unit)
    parts.append(
        tag("line", x1=frame.left, x2=frame.edge, y1=y(full), y2=y(full), stroke="#888", stroke_dasharray="5 4")
    )
    said_full = f"all labels {full:.3f}"
    if frame.beside:
        parts.append(tag("text", said_full, x=frame.edge + 6, y=y(full) + 4))
    else:
        parts.append(tag("text", said_full, x=frame.left + 6, y=y(full) + 13, class_="muted halo"))
    for place, (curve, colour) in enumerate(_coloured(curves)):
        parts += _drawn(curve, colour, x, y)
        row = frame.top + 60 + 18.0 * place if frame.beside else frame.foot + 50 + 18.0 * place
        start = frame.edge + 6 if frame.beside else frame.left
        parts.append(tag("line", x1=start, x2=start + 18, y1=row, y2=row, stroke=colour, stroke_width="3"))
        parts.append(tag("text", curve.name, x=start + 24, y=row + 4))
    said = "; ".join(f"{c.name}: {c.mean[-1]:.3f} at {c.counts[-1]:,.0f} {unit}, {c.verdict}" for c in curves)
    made = figure("curves-tall" if tall else "curves", title, said, (frame.width, frame.height), parts)
    return made if page else made.replace("<svg ", '<svg xmlns="http://www.w3.org/2000/svg" ', 1)


def _axes(
    frame: _Frame,
    x: Callable[[float], float],
    y: Callable[[float], float],
    scores: Sequence[float],
    counts: Sequence[float],
    unit: str,
) -> list[Svg]:
    parts: list[Svg] = []
    for value in scores:
        parts.append(tag("line", x1=frame.left, x2=frame.edge, y1=y(value), y2=y(value), class_="grid"))
        parts.append(tag("text", f"{value:g}", x=frame.left - 6, y=y(value) + 4, text_anchor="end"))
    for count in counts:
        parts.append(tag("text", f"{count:,.10g}", x=x(count), y=frame.foot + 16, text_anchor="middle"))
        parts.append(tag("line", x1=x(count), x2=x(count), y1=frame.foot, y2=frame.foot + 4, class_="axis"))
    parts.append(tag("line", x1=frame.left, x2=frame.edge, y1=frame.foot, y2=frame.foot, class_="axis"))
    middle, half = (frame.left + frame.edge) / 2, (frame.top + frame.foot) / 2
    below = "labels (logarithmic)" if unit == "labels" else f"{unit} spent (logarithmic)"
    parts.append(tag("text", below, x=middle, y=frame.foot + 34, text_anchor="middle"))
    side = "accuracy on test rows"
    parts.append(tag("text", side, x=14, y=half, text_anchor="middle", transform=f"rotate(-90 14 {half:.0f})"))
    return parts


def _coloured(curves: Sequence[Curve]) -> list[tuple[Curve, str]]:
    """Random first, below the others, in grey."""
    colours = iter(_COLOURS * (len(curves) // len(_COLOURS) + 1))
    ordered = sorted(curves, key=lambda c: not c.baseline)
    return [(curve, "#777" if curve.baseline else next(colours)) for curve in ordered]


def _drawn(curve: Curve, colour: str, x: Callable[[float], float], y: Callable[[float], float]) -> list[Svg]:
    upper = [(x(c), y(m + h)) for c, m, h in zip(curve.counts, curve.mean, curve.half, strict=True)]
    lower = [(x(c), y(m - h)) for c, m, h in zip(curve.counts, curve.mean, curve.half, strict=True)]
    band = " ".join(f"{a:.1f},{b:.1f}" for a, b in [*upper, *reversed(lower)])
    line = " ".join(f"{x(c):.1f},{y(m):.1f}" for c, m in zip(curve.counts, curve.mean, strict=True))
    note = tag("title", f"{curve.name}: {curve.verdict}")
    return [
        tag("polygon", points=band, fill=colour, fill_opacity="0.12"),
        tag("polyline", note, points=line, fill="none", stroke=colour, stroke_width="2"),
    ]


def _table(table: CurveTable) -> Svg:
    last = len(table.columns) - 1
    kinds = ["short" if place in (0, last) else "n" for place in range(last + 1)]
    head = tag(
        "tr", *(tag("th", name, scope="col", class_=kind) for name, kind in zip(table.columns, kinds, strict=True))
    )
    body = []
    for row in table.rows:
        cells = [tag("td", tag("span", cell), class_=kind) for cell, kind in zip(row[1:], kinds[1:], strict=True)]
        body.append(tag("tr", tag("th", row[0], scope="row", class_="short"), *cells))
    inner = tag("table", tag("caption", "Strategies"), tag("thead", head), tag("tbody", *body))
    return tag("div", inner, class_="table", role="region", aria_label="Strategies", tabindex="0")


def curves_page(
    name: str,
    verdict: str,
    curves: Sequence[Curve],
    full: float,
    table: CurveTable,
    numbers: Mapping[str, str],
    notes: Sequence[str],
    *,
    unit: str = "labels",
) -> str:
    """A self-contained page: the picture, the table, and what has to be known to read them."""
    style = asset("report.css") + _PAGE_STYLE
    title = f"{name}: learning curves"
    by = ""
    if unit != "labels":
        by = (
            f" Everything goes by {unit} spent: a point of a curve is a round, at the mean of what it cost; areas run "
            "from nothing up to what every strategy of a split spent, and start at a guess among the classes."
        )
    explain = (
        "Every curve starts from no labels. Bands are 95% intervals of the mean over the splits; the dashed line is "
        "the score with all labels. The area is the mean height of a curve. A strategy beats random only where the "
        f"interval of its gain in area is above 0.{by}"
    )
    pictures = [
        tag("div", Svg(curves_svg(curves, full, title, unit=unit, page=True)), class_="wide"),
        tag("div", Svg(curves_svg(curves, full, title, unit=unit, page=True, tall=True)), class_="tall"),
    ]
    facts = [tag("div", tag("dt", key), tag("dd", value)) for key, value in numbers.items()]
    head = tag(
        "head",
        _void("meta", charset="utf-8"),
        _void("meta", http_equiv="Content-Security-Policy", content=content_policy(style)),
        _void("meta", name_="viewport", content="width=device-width, initial-scale=1"),
        _void("meta", name_="color-scheme", content="light dark"),
        tag("title", title),
        tag("style", Svg(style)),
    )
    top = tag(
        "header",
        tag("p", "Active learning, replayed", class_="kind"),
        tag("h1", name),
        tag("p", verdict, class_="verdict"),
        tag("dl", *facts, class_="numbers"),
        class_="page",
    )
    main = tag(
        "main",
        tag("section", tag("h2", "Learning curves"), *pictures, tag("p", explain, class_="lead"), _table(table)),
        tag("section", tag("h2", "Notes"), tag("ul", *(tag("li", clean_line(n)) for n in notes), class_="notes")),
    )
    return "<!doctype html>\n" + tag("html", head, tag("body", top, main), lang="en") + "\n"


def _void(name: str, **attributes: object) -> Svg:
    """An element without an end."""
    return Svg(tag(name, **attributes).removesuffix(f"</{name}>"))
