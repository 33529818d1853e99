"""One page of sections with figures and tables: what the agreement and the consensus report share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from tilth.workflows.report.page import asset, content_policy, write_page
from tilth.workflows.report.svg import Svg, clean, clean_line

__all__ = ["Figure", "Page", "Section", "Table", "render_page", "save_page", "table"]


@dataclass(frozen=True)
class Figure:
    """A figure with its caption."""

    caption: str
    svg: Svg
    remark: str = ""


@dataclass(frozen=True)
class Table:
    """A table: head of (name, class of the column), rows of cells; `fold` hides it behind a line."""

    caption: str
    head: tuple[tuple[str, str], ...]
    rows: tuple[tuple[str, ...], ...]
    more: str = ""
    fold: bool = False
    quiet: bool = False


@dataclass(frozen=True)
class Section:
    """A section; `empty` says why there is nothing to show, tables `beside` stand next to the figures."""

    key: str
    title: str
    lead: str = ""
    empty: str = ""
    figures: tuple[Figure, ...] = ()
    beside: tuple[Table, ...] = ()
    tables: tuple[Table, ...] = ()
    remarks: tuple[str, ...] = ()
    text: str = ""
    text_title: str = ""
    open: bool = False


@dataclass(frozen=True)
class Page:
    """A page; `mood` is "up", "down" or ""."""

    kind: str
    name: str
    mood: str
    verdict: str
    why: str
    numbers: tuple[tuple[str, str], ...]
    actions: tuple[str, ...]
    sections: tuple[Section, ...]
    meta: tuple[tuple[str, str], ...]
    notes: tuple[str, ...] = ()


def table(
    caption: str,
    head: Sequence[str],
    rows: Sequence[Sequence[object]],
    *,
    most: int = 25,
    fold: bool = False,
    quiet: bool = False,
) -> Table:
    """A table of at most `most` rows; a name in `head` that ends in "#" is a column of numbers."""
    shown = tuple(tuple(clean_line(cell) for cell in row) for row in rows[:most])
    names = []
    for place, name in enumerate(head):
        short = max(len(name), *(len(row[place]) for row in shown), 0) <= 18
        kinds = (["n"] if name.endswith("#") else []) + (["short"] if short else ["long"] if place else [])
        names.append((name.removesuffix("#"), " ".join(kinds)))
    more = f"and {len(rows) - most:,} more" if len(rows) > most else ""
    return Table(caption, tuple(names), shown, more, fold, quiet)


def render_page(page: Page) -> str:
    """The page as one HTML document that needs nothing beside itself."""
    import jinja2
    from markupsafe import Markup

    def shown(value: object) -> object:
        return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    environment = jinja2.Environment(
        loader=jinja2.FunctionLoader(asset),
        autoescape=True,
        finalize=shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["draw"] = Markup
    style = asset("report.css")
    return (
        environment.get_template("crowd.html").render(page=page, style=Markup(style), policy=content_policy(style))
        + "\n"
    )


def save_page(page: Page, path: Path) -> Path:
    """Write the page, whole or not at all; returns its absolute path."""
    return write_page(render_page(page), path).resolve()
