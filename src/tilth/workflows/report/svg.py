"""Safe pieces of SVG and of text: everything that comes from data is cleaned and escaped here."""

from __future__ import annotations

import math
import unicodedata
from collections.abc import Iterable
from html import escape

__all__ = ["NOTHING", "Svg", "clean", "clean_line", "figure", "fit", "number", "percent", "tag", "text_width"]

_BIDI = dict.fromkeys([0x061C, 0x200E, 0x200F, *range(0x202A, 0x202F), *range(0x2066, 0x206A)], None)
_CONTROL = {code: 0x2400 + code for code in range(32) if code not in (9, 10)} | {127: 0x2421}
_C1 = dict.fromkeys(range(0x80, 0xA0), 0xFFFD)
_NONCHARACTERS = {0xFFFE: 0xFFFD, 0xFFFF: 0xFFFD}
_WIDTH = 0.64  # mean advance of a proportional face, in units of its size


class Svg(str):
    """Markup that is already escaped; `tag` escapes every child that is not one."""

    __slots__ = ()


NOTHING = Svg("")


def clean(text: object) -> str:
    """Text that can be shown and written: control characters visible, lone surrogates replaced.

    Examples
    --------
    >>> clean("a\\x00b")
    'a␀b'
    """
    value = str(text).replace("\r\n", "\n").translate(_CONTROL | _C1 | _NONCHARACTERS)
    return value.encode("utf-8", "replace").decode() if any("\ud800" <= c <= "\udfff" for c in value) else value


def clean_line(text: object) -> str:
    """`clean` on one line and without direction marks, for places that cannot isolate them.

    Examples
    --------
    >>> clean_line("a\\n  b")
    'a b'
    """
    return " ".join(clean(text).translate(_BIDI).split())


def tag(name: str, *children: str, **attributes: object) -> Svg:
    """One element. ``_`` in an attribute's name stands for ``-``; a trailing one is dropped.

    Examples
    --------
    >>> tag("text", "a<b", x=1.5, class_="label")
    '<text x="1.5" class="label">a&lt;b</text>'
    """
    written = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{escape(_attribute(value))}"' for key, value in attributes.items()
    )
    inner = "".join(child if isinstance(child, Svg) else escape(clean_line(child)) for child in children)
    return Svg(f"<{name}{written}>{inner}</{name}>")


def _attribute(value: object) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else clean_line(value)


def figure(key: str, title: str, description: str, size: tuple[float, float], children: Iterable[Svg]) -> Svg:
    """A figure that a screen reader can name and describe; `key` must be unique on the page."""
    width, height = size
    return tag(
        "svg",
        tag("title", title, id=f"{key}-t"),
        tag("desc", description, id=f"{key}-d"),
        *children,
        role="img",
        aria_labelledby=f"{key}-t {key}-d",
        viewBox=f"0 0 {width:g} {height:g}",
        class_="figure",
    )


def _advance(text: str) -> float:
    wide = sum(unicodedata.east_asian_width(c) in "WF" for c in text)
    flat = sum(bool(unicodedata.combining(c)) for c in text)
    return _WIDTH * (len(text) - flat) + (1.05 - _WIDTH) * wide


def fit(text: object, width: float, size: float) -> str:
    """`text` with its middle cut out so that it fits `width` at font size `size`, both in user units.

    Names that share their beginning stay apart, since the end is kept.

    Examples
    --------
    >>> fit("short", 100, 11), fit("a very long class name", 60, 11)
    ('short', 'a ver…me')
    """
    line = clean_line(text)[:200]
    if _advance(line) * size <= width:
        return line
    for kept in range(len(line) - 1, 0, -1):
        head = (2 * kept + 2) // 3
        cut = f"{line[:head].rstrip()}…{line[len(line) - kept + head :].lstrip()}"
        if _advance(cut) * size <= width:
            return cut
    return "…"


def text_width(text: object, size: float) -> float:
    """Estimated width of a line in user units."""
    return _advance(clean_line(text)) * size


def number(value: float, digits: int = 0) -> str:
    """A number with thousands separators; "not measured" for NaN.

    Examples
    --------
    >>> number(12345), number(0.5, 2), number(float("nan"))
    ('12,345', '0.50', 'not measured')
    """
    return f"{value:,.{digits}f}" if math.isfinite(value) else "not measured"


def percent(part: float, whole: float) -> str:
    """A share for people: never 0% where something is there, never 100% where something is missing.

    Examples
    --------
    >>> percent(1, 10_000), percent(1, 3), percent(9_999, 10_000), percent(0, 0)
    ('<0.1%', '33.3%', '>99.9%', '0%')
    """
    if whole <= 0 or part <= 0:
        return "0%"
    share = 100 * part / whole
    if share < 0.1:
        return "<0.1%"
    if 99.9 < share < 100:
        return ">99.9%"
    return f"{share:.1f}".removesuffix(".0") + "%"
