"""Thumbnails in a table of rows, so that a person can judge rows of images as well as rows of texts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from tilth.engine.inputs import media_files
from tilth.workflows.crowd.page import Table
from tilth.workflows.report.media import Media
from tilth.workflows.weak.results import WeakVotes

__all__ = ["with_pictures"]


def with_pictures(made: Table, said: WeakVotes, rows: Sequence[int], place: int = 1) -> Table:
    """The table with a thumbnail before the text in column `place`; `rows` are the positions of its rows."""
    names = [c.name for c in said.snapshot.schema.inputs if c.media == "image"]
    if not names or not rows:
        return made
    from markupsafe import Markup

    files = media_files(said.snapshot, "image")
    media = Media(lambda row, column: files[names.index(column)][row])
    image = Markup('<img src="{}" alt="{}" width="72">')
    lines = []
    for line, row in zip(made.rows, rows, strict=False):
        shown = [media.picture(row, name, f"row {line[0]}") for name in names]
        tags = [image.format(one.uri, one.alt) if one.uri else Markup("{}").format(one.problem) for one in shown]
        cell = Markup(" ").join([*tags, Markup("<br>{}").format(line[place])])
        lines.append((*line[:place], cell, *line[place + 1 :]))
    return replace(made, rows=tuple(lines))
