"""What each rule adds, as dots with whiskers: names in a column of their own, so that none crosses the line at 0."""

from __future__ import annotations

from collections.abc import Sequence

from tilth.workflows.crowd.figures import Dot
from tilth.workflows.report.figures import SIZE, W
from tilth.workflows.report.svg import Svg, figure, fit, tag, text_width

__all__ = ["gains"]


def gains(key: str, rows: Sequence[Dot], unit: str, title: str) -> Svg:
    """Differences from 0 with their intervals, a row each: name, dot and whisker, figures."""
    height, top = 24.0, 8.0
    said = [f"{r.estimate:+.1f} ({r.low:+.1f} to {r.high:+.1f})".replace("-", "\u2212") for r in rows]
    gutter = min(max(text_width(r.name, SIZE) for r in rows) * 1.08 + 10, 0.3 * W)
    left, right = gutter + 4, W - max(text_width(text, SIZE) for text in said) - 12
    most = max(max(abs(r.low), abs(r.high), abs(r.estimate)) for r in rows) * 1.05 or 1.0

    def place(value: float) -> float:
        return (left + right) / 2 + value / most * (right - left) / 2

    base = top + height * len(rows)
    parts = [tag("line", x1=left, x2=right, y1=base, y2=base, class_="axis")]
    parts.append(tag("line", x1=place(0.0), x2=place(0.0), y1=top, y2=base + 4, class_="zero"))
    parts.append(tag("text", "0", x=place(0.0), y=base + 16, text_anchor="middle", class_="muted"))
    for index, (row, text) in enumerate(zip(rows, said, strict=True)):
        y = top + height * index + height / 2
        kind = "sure" if row.low > 0 or row.high < 0 else "unsure"
        name = fit(row.name, gutter, SIZE)
        parts.append(tag("text", tag("title", row.name), name, x=2.0, y=y + 4, class_="strong"))
        parts.append(tag("text", text, x=W - 4, y=y + 4, text_anchor="end", class_="value"))
        parts.append(tag("line", x1=place(row.low), x2=place(row.high), y1=y, y2=y, class_=f"whisker {kind}"))
        note = tag("title", f"{row.name}: {text}{f'. {row.remark}' if row.remark else ''}")
        parts.append(tag("circle", note, cx=place(row.estimate), cy=y, r=4, class_=f"dot {kind}"))
    parts.append(tag("text", fit(unit, W - 8, SIZE), x=W / 2, y=base + 32, text_anchor="middle", class_="muted"))
    told = "; ".join(f"{row.name}: {text}" for row, text in zip(rows, said, strict=True))
    return figure(key, title, f"{told}. Unit: {unit}.", (W, base + 38), parts)
