"""The pages of ``agree`` and ``consensus``: what to do first, then figures and tables, in one file each."""

from __future__ import annotations

import math
import platform
from collections.abc import Sequence
from importlib.metadata import version
from pathlib import Path

import numpy as np

from tilth.workflows.crowd.agree import Agreed
from tilth.workflows.crowd.agreement_tables import day, pair_items
from tilth.workflows.crowd.figures import Dot, dots, grid, timeline
from tilth.workflows.crowd.guideline import draft_guideline
from tilth.workflows.crowd.page import Figure, Page, Section, save_page, table
from tilth.workflows.report.svg import number

__all__ = ["NAMES", "advise_agreement", "made_with", "report_agreement"]

#: How a statistic is called in a report, and what it is.
NAMES = {
    "percent_agreement": ("Percent agreement", "share of pairs of votes that agree; luck included"),
    "cohen_kappa": ("Cohen's kappa", "two raters, beyond chance, each with their own habits"),
    "cohen_kappa_quadratic": ("Cohen's kappa, weighted", "near misses count in part (quadratic weights)"),
    "scott_pi": ("Scott's pi", "two raters, beyond chance, habits pooled"),
    "fleiss_kappa": ("Fleiss' kappa", "any number of raters, beyond chance"),
    "gwet_ac1": ("Gwet's AC1", "beyond chance, steady where one class is rare"),
    "gwet_ac2": ("Gwet's AC2", "AC1 with near misses counted in part"),
    "krippendorff_alpha_nominal": ("Krippendorff's alpha", "any raters, any gaps; labels are names"),
    "krippendorff_alpha_ordinal": ("Krippendorff's alpha, ordinal", "any raters, any gaps; labels are in order"),
    "krippendorff_alpha_interval": ("Krippendorff's alpha, interval", "any raters, any gaps; labels are numbers"),
    "krippendorff_alpha_ratio": ("Krippendorff's alpha, ratio", "any raters, any gaps; numbers with a true zero"),
}
_TICKS = (-0.2, 0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def _f(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}".replace("-", "−") if math.isfinite(value) else "–"


def _range(low: float, high: float, digits: int = 3) -> str:
    return f"{_f(low, digits)} to {_f(high, digits)}" if math.isfinite(low) and math.isfinite(high) else "–"


def made_with(command: str, seed: int) -> tuple[tuple[str, str], ...]:
    """Facts for the foot of a page."""
    return (
        ("command", command),
        ("seed", str(seed)),
        ("tilth", version("tilth")),
        ("python", platform.python_version()),
        ("numpy", version("numpy")),
    )


def advise_agreement(found: Agreed) -> tuple[str, ...]:
    """What to do about disagreement, the most valuable first."""
    said: list[str] = []
    names = found.table.votes.rater_names
    if found.raters is not None and found.classed is not None and found.classed.n_classes > 1:
        r = found.raters
        constant = [str(names[i]) for i in np.flatnonzero((r.n_answers == 1) & (r.n_votes >= 5))]
        if constant:
            said.append(f"Set aside or talk to {_listed(constant)}: always the same answer, so no information.")
    if found.confused is not None and found.classed is not None and len(found.confused.first) and not found.rule.passed:
        pairs, classes = found.confused, found.classed.classes
        first, second = int(pairs.first[0]), int(pairs.second[0])
        items = pair_items(found, first, second, 3)
        said.append(
            f"Write down what tells {str(classes[first])!r} from {str(classes[second])!r}: "
            f"{pairs.share[0]:.0%} of all disagreement is between them. Settle it on {_listed(items)}."
        )
    if found.findings.n_flagged:
        worst = found.findings.to_dicts()[0]["row_id"]
        said.append(
            f"Discuss the {found.findings.n_flagged:,} items on which most pairs of votes differ, {worst} first."
            if found.classed is not None
            else f"Discuss the {found.findings.n_flagged:,} items whose votes spread most, {worst} first."
        )
    if found.raters is not None:
        r = found.raters
        usual = float(np.average(r.agreement[r.n_compared > 0], weights=r.n_compared[r.n_compared > 0]))
        low = np.flatnonzero((r.high < usual) & (r.n_compared >= 5) & (r.n_answers > 1))
        low = low[np.argsort(r.agreement[low], kind="stable")]
        if low.size:
            listed = _listed([f"{names[i]} ({r.agreement[i]:.0%})" for i in low.tolist()])
            said.append(f"Train again: {listed}, who agree with the others clearly less than is usual ({usual:.0%}).")
    twice = np.flatnonzero(found.table.contradictions)
    if twice.size:
        said.append(f"Ask {_listed([str(names[i]) for i in twice])} why they answered one item in two ways.")
    if found.rule.passed and found.rule.sure:
        said.append("Go on labelling: the raters follow one guideline. Measure again when raters or data change.")
    elif found.rule.passed:
        said.append("Label some more items twice: the target is met, but the interval still holds values below it.")
    else:
        said.append("Then have 50 to 100 fresh items labelled by all, and measure again.")
    return tuple(said)


def _listed(names: Sequence[str], most: int = 4) -> str:
    shown = list(names[:most])
    rest = len(names) - len(shown)
    return ", ".join(shown) + (f" and {rest} more" if rest else "")


def report_agreement(found: Agreed, path: Path, *, seed: int = 0) -> Path:
    """Write the page of ``agree``; returns its absolute path."""
    votes, rule = found.table.votes, found.rule
    sections = [_statistics(found), _classes(found), _raters(found), _items(found), _time(found), _guideline(found)]
    page = Page(
        "Agreement report",
        found.name,
        "up" if rule.passed else "down",
        "▲ enough" if rule.passed else "▼ not enough",
        _sentence(found),
        (
            ("votes", number(votes.n_votes)),
            ("items", number(votes.n_items)),
            ("raters", number(votes.n_raters)),
            *((("classes", number(votes.n_classes)),) if votes.n_classes else ()),
            ("votes an item", f"{votes.n_votes / max(votes.n_items, 1):.1f}"),
        ),
        advise_agreement(found),
        tuple(section for section in sections if section is not None),
        made_with(f"tilth agree {found.name}", seed),
        found.notes,
    )
    return save_page(page, path)


def _sentence(found: Agreed) -> str:
    rule = found.rule
    name = NAMES[rule.agreement.statistic][0]
    if math.isnan(rule.agreement.estimate):
        return f"{name} is undefined: all votes are the same."
    held = "above" if rule.passed else "not above"
    return (
        f"{name} is {_f(rule.agreement.estimate)} ({rule.agreement.confidence:.0%} interval "
        f"{_range(rule.agreement.low, rule.agreement.high)}), {held} the target of {rule.target:g}."
    )


def _statistics(found: Agreed) -> Section:
    shown = [Dot(NAMES[s.statistic][0], s.estimate, s.low, s.high, s.scale) for s in found.statistics]
    lowest = min([s.low for s in found.statistics if math.isfinite(s.low)], default=0.0)
    low = -0.2 if -0.2 <= lowest < 0 else 0.0 if lowest >= 0 else -1.0
    figure = dots(
        "statistics",
        shown,
        "Agreement statistics",
        axis=(low, 1.0),
        ticks=[t for t in (-1.0, *_TICKS) if t >= low],
        unit="0 is chance, 1 is perfect",
        target=found.rule.target,
    )
    rows = [(NAMES[s.statistic][0], _f(s.estimate), _range(s.low, s.high), s.scale or "–") for s in found.statistics]
    head = ["statistic", "estimate#", f"{found.rule.agreement.confidence:.0%} interval#", "scale"]
    meaning = [
        (NAMES[s.statistic][0], NAMES[s.statistic][1], number(s.n_items), number(s.n_votes)) for s in found.statistics
    ]
    said = table("What each statistic is", ["statistic", "what it is", "items#", "votes#"], meaning, fold=True)
    limits = tuple(dict.fromkeys(limit for s in found.statistics for limit in s.limits))
    limits = tuple(_named(limit) for limit in limits)
    return Section(
        "statistics",
        "Statistics",
        "Estimates rest on the items with two or more votes. The words (slight to almost perfect) are Landis and "
        "Koch's convention, not a test.",
        figures=(Figure("How far raters agree", figure, "Hollow: the interval holds the target."),),
        beside=(table("Every statistic", head, rows, quiet=True),),
        tables=(said,),
        remarks=tuple(f"Read with care: {limit}." for limit in limits),
    )


def _named(text: str) -> str:
    for key in sorted(NAMES, key=len, reverse=True):
        text = text.replace(key, NAMES[key][0])
    return text


def _classes(found: Agreed) -> Section | None:
    if found.classed is None or found.classes is None or found.confused is None:
        return None
    votes, c, pairs = found.classed, found.classes, found.confused
    names = [str(name) for name in votes.classes]
    order = np.argsort(np.nan_to_num(c.kappa, nan=2.0), kind="stable").tolist()
    rows = [(names[i], number(int(c.n_votes[i])), _f(c.agreement[i]), _f(c.kappa[i])) for i in order]
    confused = [
        (f"{names[int(pairs.first[i])]} / {names[int(pairs.second[i])]}", f"{pairs.share[i]:.1%}", _f(pairs.lift[i], 2),
         _listed(pair_items(found, int(pairs.first[i]), int(pairs.second[i])), 5))
        for i in range(min(len(pairs.first), 25))
    ]  # fmt: skip
    shown = np.sort(np.argsort(-c.n_votes, kind="stable")[:20])
    part = found.together[np.ix_(shown, shown)]
    share = part / np.maximum(part.sum(axis=1, keepdims=True), 1e-300)
    texts = [[f"{share[i, j]:.0%}" for j in range(len(shown))] for i in range(len(shown))]
    figure = grid(
        "together", [names[i] for i in shown], share, "Confusion between raters", texts=texts, shares=share, between="→"
    )  # fmt: skip
    remark = "Row: the class of a vote. Column: what a second rater says of the same item, as a share of the row."
    if len(names) > 20:
        remark += f" The 20 classes with most votes of {len(names)}."
    each = table("Each class, the least agreed first", ["class", "votes#", "confirmed#", "kappa#"], rows)
    mixed = table(
        "Classes that raters mix up, with their share of all disagreement",
        ["pair", "of all#", "times chance#", "settle it on"],
        confused or [("no two classes were mixed up", "–", "–", "–")],
    )
    return Section(
        "classes",
        "Classes",
        "A class with a low figure is one whose meaning raters do not share. Confirmed: how often a second rater "
        "of the item says the same.",
        figures=(Figure("Confusion between raters", figure, remark),),
        beside=(each,),
        tables=(mixed,),
    )


def _raters(found: Agreed) -> Section | None:
    names = [str(name) for name in found.table.votes.rater_names.tolist()]
    if found.raters is None or found.pairs is None:
        return None
    r = found.raters
    order = np.lexsort((np.arange(len(names)), np.nan_to_num(r.agreement, nan=2.0))).tolist()
    shown = [Dot(names[i], r.agreement[i], r.low[i], r.high[i], f"{r.n_votes[i]} votes") for i in order]
    usual = float(np.average(r.agreement[r.n_compared > 0], weights=r.n_compared[r.n_compared > 0]))
    figure = dots(
        "raters",
        shown[:20],
        "Agreement of each rater with the others",
        axis=(0.0, 1.0),
        ticks=_TICKS[1:],
        unit="share of fellow votes that agree",
        target=round(usual, 2),
        line="usual",
    )
    pairs = found.pairs
    who = [names[i] for i in pairs.raters.tolist()]
    matrix = pairs.kappa.matrix.copy()
    matrix[np.diag_indices_from(matrix)] = np.nan
    texts = [[_f(v, 2) for v in line] for line in matrix.tolist()]
    heat = grid(
        "pairs", who, matrix, "Kappa of each pair of raters", texts=texts, shares=np.nan_to_num(np.clip(matrix, 0, 1))
    )
    lines = [
        (names[i], number(int(r.n_votes[i])), _f(r.agreement[i]), _range(r.low[i], r.high[i]), int(r.n_answers[i]),
         int(found.table.contradictions[i]))
        for i in order
    ]  # fmt: skip
    head = ["rater", "votes#", "agreement#", "95% interval#", "classes used#", "contradicts self#"]
    remark = (
        "The 20 raters who agree least. Line: the usual agreement." if len(shown) > 20 else "Line: the usual agreement."
    )
    gaps = " A gap: no item in common." if np.isnan(matrix).sum() > len(who) else ""
    return Section(
        "raters",
        "Raters",
        "Agreement with fellow raters is limited by the fellows' errors too: it compares raters, not grades them.",
        figures=(
            Figure("Agreement with the other raters", figure, remark),
            Figure(
                "Cohen's kappa of each pair",
                heat,
                f"The stronger the colour, the better.{gaps} Point at a cell for its figure.",
            ),
        ),
        tables=(table("All raters, the least agreeing first", head, lines, most=200, fold=True),),
    )


def _items(found: Agreed) -> Section:
    rows = [(row["row_id"], f"{row['score']:.2f}", row["why"]) for row in found.findings.to_dicts()[:200]]
    if not rows:
        return Section("items", "Items that split the raters", empty="Raters agree on every item that two of them saw.")
    flagged, differ = found.findings.n_flagged, len(found.findings)
    lead = f"{flagged:,} items are flagged, {differ:,} have votes that differ. Score: 1 is worst."
    head = ["item", "score#", "votes"]
    tables = [table("The most split items", head, rows[:15], quiet=True)]
    if len(rows) > 15:
        tables.append(table("More of them", head, rows[15:], most=185, fold=True))
    return Section("items", "Items that split the raters", lead, tables=tuple(tables))


def _time(found: Agreed) -> Section:
    if not found.over_time:
        why = "No column of times was named, or it is the same for all. Name it with --time COLUMN."
        if found.table.item_times.size:
            why = "Too few items with times and two votes: 30 are needed."
        return Section("time", "Over time", empty=why)
    shown = [
        Dot(day(b.start), b.agreement.estimate, b.agreement.low, b.agreement.high, f"{b.agreement.n_items} items")
        for b in found.over_time
    ]
    name = NAMES[found.over_time[0].agreement.statistic][0]
    figure = timeline(
        "time", shown, "Agreement over time", f"{name}, equally many items a point", target=found.rule.target
    )
    rows = [
        (f"{day(b.start)} to {day(b.end)}", number(b.agreement.n_items), _f(b.agreement.estimate),
         _range(b.agreement.low, b.agreement.high))
        for b in found.over_time
    ]  # fmt: skip
    return Section(
        "time",
        "Over time",
        "A fall says that the guideline, the raters or the items have changed.",
        figures=(Figure("Agreement over time", figure, "Each point has a 95% interval; the line is the target."),),
        tables=(table("Agreement over time", ["time", "items#", "estimate#", "95% interval#"], rows, fold=True),),
    )


def _guideline(found: Agreed) -> Section:
    return Section(
        "guideline",
        "Guideline to write",
        "A draft in Markdown, with a question where the votes show a gap. Also as a file: --guideline FILE.",
        text=draft_guideline(found),
        text_title="The draft",
    )
