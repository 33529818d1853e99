"""``report``: one HTML file that shows what an audit found, what to do first, and what a proof measured.

The file stands by itself: pictures, sounds, style and script are inside, a content security policy
forbids any request, and whatever comes from data is escaped. Equal inputs give an equal file, byte for
byte, so a report can be compared and kept beside the data.
"""

from __future__ import annotations

import base64
import hashlib
import math
import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import StoreError
from tilth.records import Findings, Outcome, Proof, Snapshot
from tilth.workflows.report.cards import Reader
from tilth.workflows.report.figures import meter
from tilth.workflows.report.map import map_section
from tilth.workflows.report.media import Media
from tilth.workflows.report.sections import IssueSection, class_section, confusion, issue_section, proof_section
from tilth.workflows.report.svg import Svg, clean, clean_line, number, percent

__all__ = ["ReportData", "asset", "content_policy", "render_report", "write_page", "write_report"]

#: One line on each quality score, in the order they are shown.
QUALITY_MEANINGS = {
    "overall": "share of rows in which no fault was found: nothing missing, no surplus copy, no label error",
    "completeness": "share of input and label cells that are not missing",
    "uniqueness": "share of rows that would stay if each set of copies kept one",
    "balance": "entropy of the class shares over its maximum: 1 where all classes are equally large",
    "label_health": "share of labelled rows whose label is not thought wrong",
}


@dataclass(frozen=True)
class ReportData:
    """Everything a report shows.

    Parameters
    ----------
    snapshot : Snapshot
    findings : mapping of part name to Findings
        Any part; those that tilth ships have a headline of their own.
    outcomes : sequence of Outcome
    quality : mapping of str to float
        ``completeness``, ``uniqueness``, ``balance``, ``label_health``, ``overall`` in [0, 1]; a
        score that does not apply is absent or NaN.
    actions : sequence of str
        What to do first and why, most valuable first.
    proof : Proof, optional
    notes : sequence of str
    meta : mapping of str to str
        How it was made: ``dataset`` (its name, the headline), seed, versions, machine, command.
    media : callable, optional
        (row index, column) -> encoded bytes of an image or audio cell; may raise `TilthError`.
    map : (n, 2) array of float, optional
        Where each row stands on the map; NaN for rows that are not on it. None: no map.
    """

    snapshot: Snapshot
    findings: Mapping[str, Findings]
    outcomes: Sequence[Outcome]
    quality: Mapping[str, float]
    actions: Sequence[str]
    proof: Proof | None = None
    notes: Sequence[str] = ()
    meta: Mapping[str, str] = field(default_factory=dict)
    media: Callable[[int, str], bytes] | None = None
    map: npt.NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Quality:
    """One quality score, ready to draw."""

    name: str
    value: str
    meaning: str
    figure: Svg


def _qualities(quality: Mapping[str, float]) -> list[Quality]:
    names = [name for name in QUALITY_MEANINGS if name in quality]
    names += [name for name in quality if name not in QUALITY_MEANINGS]
    return [
        Quality(
            clean_line(name).replace("_", " "),
            number(quality[name], 3),
            QUALITY_MEANINGS.get(name, ""),
            meter(f"quality-{index}", clean_line(name).replace("_", " "), quality[name]),
        )
        for index, name in enumerate(names)
    ]


def _context(data: ReportData) -> dict[str, Any]:
    snapshot = data.snapshot
    reader = Reader(snapshot, Media(data.media))
    ranked = sorted(data.findings.items(), key=lambda item: item[1].n_flagged == 0)
    issues: list[IssueSection] = [
        issue_section(f"issue-{index}", name, found, reader) for index, (name, found) in enumerate(ranked)
    ]
    heat, pairs, left_out = confusion(snapshot, data.findings)
    labels = class_section(snapshot, data.findings)
    flagged = {row for found in data.findings.values() for row in found.flagged().table.column("row_id").to_pylist()}
    marks = [one.classes for issue in issues for one in issue.cards] + [
        one.classes for issue in issues for one in issue.listed
    ]
    shown = {index for classes in marks for index in classes.split()}
    keys = {name: issue.key for (name, _), issue in zip(ranked, issues, strict=True)}
    names = {name: issue.title for (name, _), issue in zip(ranked, issues, strict=True)}
    anchors = {name: issue.anchors for (name, _), issue in zip(ranked, issues, strict=True)}
    return {
        "name": clean_line(data.meta.get("dataset") or Path(snapshot.root.partition("\n")[0]).name or "dataset"),
        "snapshot": snapshot.id,
        "rows": number(len(snapshot)),
        "n_classes": len(snapshot.classes),
        "media": ", ".join(snapshot.schema.media) or "no inputs",
        "n_flagged": len(flagged),
        "flagged": number(len(flagged)),
        "flagged_share": percent(len(flagged), len(snapshot)),
        "label": clean_line(snapshot.schema.label),
        "actions": [clean_line(action) for action in data.actions],
        "quality": _qualities(data.quality),
        "measured": any(math.isfinite(value) for value in data.quality.values()),
        "classes": labels,
        "heat": heat,
        "heat_issue": keys.get("label_error", ""),
        "map": map_section(snapshot, data.findings, data.map, names, anchors),
        "pairs": pairs,
        "broad": snapshot.schema.media != ("image",),
        "left_out": left_out,
        "issues": issues,
        "class_options": [(i, clean_line(c)) for i, c in enumerate(snapshot.classes) if str(i) in shown],
        "proof": None if data.proof is None else proof_section(data.proof),
        "outcomes": [(o, clean_line(o.part), clean(o.reason).strip()) for o in data.outcomes],
        "notes": [clean_line(note) for note in data.notes],
        "meta": [(clean_line(k), clean_line(v)) for k, v in data.meta.items() if k != "dataset"],
    }


def asset(name: str) -> str:
    """Text of a file that ships beside the templates."""
    return (resources.files("tilth.workflows.report") / "templates" / name).read_text(encoding="utf-8")


def content_policy(style: str, script: str = "") -> str:
    """A policy that lets exactly our own style and script run, and nothing be fetched."""

    def allowed(text: str) -> str:
        return f"'sha256-{base64.b64encode(hashlib.sha256(text.encode()).digest()).decode()}'"

    scripts = allowed(script) if script else "'none'"
    return (
        f"default-src 'none'; img-src data:; media-src data:; style-src {allowed(style)}; "
        f"script-src {scripts}; base-uri 'none'; form-action 'none'"
    )


def render_report(data: ReportData) -> str:
    """The report as one HTML document.

    Parameters
    ----------
    data : ReportData

    Returns
    -------
    str
        A document that needs nothing beside itself. It holds at most 24 example cards and 200 more
        listed rows a part, thumbnails of at most 12 KiB and sounds of at most 64 KiB, and no more
        than 10 MiB of encoded media; what was left out is said.

    Examples
    --------
    >>> import pyarrow as pa
    >>> from tilth.records import Column, Findings, Schema, Snapshot
    >>> table = pa.table({"row_id": ["a", "b"], "item": ["h1", "h2"], "position": [0, 1],
    ...                   "text": ["fine", "<b>?</b>"], "y": ["pos", "neg"]})
    >>> schema = Schema((Column("text", "input", "text"), Column("y", "label", "category")), ("neg", "pos"))
    >>> found = Findings.build("label_error", ["b"], [0.9], [True], ["looks like pos (0.90)"], suggestion=["pos"])
    >>> page = render_report(ReportData(Snapshot(table, schema), {"label_error": found}, [], {}, ["Review one row."]))
    >>> "looks like pos (0.90)" in page, "<b>?</b>" in page
    (True, False)
    """
    import jinja2
    from markupsafe import Markup

    def draw(figure: Svg) -> Markup:
        return Markup(figure)

    def shown(value: object) -> object:
        return clean(value) if isinstance(value, str) and not isinstance(value, Markup) else value

    loader = jinja2.FunctionLoader(asset)
    environment = jinja2.Environment(
        loader=loader,
        autoescape=True,
        finalize=shown,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters["draw"] = draw
    environment.filters["number"] = number
    style, script = asset("report.css"), asset("report.js")
    page = environment.get_template("report.html").render(
        **_context(data), style=Markup(style), script=Markup(script), policy=content_policy(style, script)
    )
    return page + "\n"


def write_report(data: ReportData, path: Path) -> Path:
    """Write the report; the file is either the whole new one or what was there before.

    Parameters
    ----------
    data : ReportData
    path : pathlib.Path
        The folder is made where it does not exist.

    Returns
    -------
    pathlib.Path
        `path`.

    Raises
    ------
    StoreError
        The file cannot be written.
    """
    return write_page(render_report(data), path)


def write_page(text: str, path: Path) -> Path:
    """Write a page; the file is either the whole new one or what was there before.

    Parameters
    ----------
    text : str
    path : pathlib.Path
        The folder is made where it does not exist.

    Raises
    ------
    StoreError
        The file cannot be written.
    """
    page = text.encode("utf-8")
    temporary = ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile(dir=path.parent, prefix=f".{path.name[:40]}.", delete=False) as out:
            temporary = out.name
            out.write(page)
            out.flush()
            os.fsync(out.fileno())
        Path(temporary).chmod(0o644)
        Path(temporary).replace(path)
    except OSError as error:
        if temporary:
            Path(temporary).unlink(missing_ok=True)
        raise StoreError(
            "the report cannot be written",
            where=str(path),
            found=error.strerror or str(error),
            fix="choose another path that you may write to, or free some space",
        ) from error
    return path
