"""The page of ``consensus``: which method and why, how sure the labels are, the raters, and whom to ask next."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np

from tilth.workflows.crowd.agreement_page import made_with
from tilth.workflows.crowd.consensus_tables import method_rows, raters_table
from tilth.workflows.crowd.figures import Dot, dots
from tilth.workflows.crowd.page import Figure, Page, Section, Table, save_page, table
from tilth.workflows.crowd.settled import Settled
from tilth.workflows.report.figures import Bar, Whisker, class_bars, score_histogram, value_histogram, whiskers
from tilth.workflows.report.svg import number

__all__ = ["advise_consensus", "report_consensus", "why_method"]


def _f(value: float | None, digits: int = 4) -> str:
    return "–" if value is None or not math.isfinite(value) else f"{value:.{digits}f}".replace("-", "−")


def why_method(made: Settled) -> str:
    """One sentence on whose labels were taken and on what grounds."""
    choice = made.choice
    trivial = "mean" if made.table.votes.numeric else "majority"
    if choice is None:
        return f"Labels by {made.method}: no method could be compared."
    measured = {c.name: c for c in choice.contenders}
    if made.method == trivial:
        if choice.recommended == trivial:
            return f"Labels by {trivial}: no method is significantly better by {choice.measure} (n = {choice.n:,})."
        return f"Labels by {trivial}, as asked; {choice.recommended} is significantly better by {choice.measure}."
    c = measured[made.method]
    interval = f"{c.difference.estimate:+.4f} [{c.difference.low:+.4f}, {c.difference.high:+.4f}]"
    if c.better:
        return f"Labels by {made.method}: better than {trivial} by {interval} in {choice.measure} (n = {choice.n:,})."
    return f"Labels by {made.method}, as asked; not shown to be better than {trivial}: {interval} in {choice.measure}."


def advise_consensus(made: Settled) -> tuple[str, ...]:
    """What to do next, the most valuable first."""
    said = []
    rows = made.findings.flagged().to_dicts()
    names = made.table.votes.rater_names
    if rows:
        said.append(f"Ask for another vote on {len(rows):,} items, {rows[0]['row_id']} first: {rows[0]['why']}.")
    if made.raters is not None and made.table.votes.n_classes > 1:
        r = made.raters
        constant = [str(names[i]) for i in np.flatnonzero(r.constant)]
        if constant:
            listed = ", ".join(constant[:4]) + (f" and {len(constant) - 4} more" if len(constant) > 4 else "")
            said.append(f"Talk to {listed}: always the same answer.")
        chance = 1.0 / made.table.votes.n_classes
        bad = np.flatnonzero((r.n_votes >= 10) & (r.low <= chance) & (r.high < 0.7) & ~r.constant)
        bad = bad[np.argsort(r.agreement[bad], kind="stable")]
        if bad.size:
            listed = ", ".join(f"{names[i]} ({r.agreement[i]:.0%})" for i in bad[:4].tolist())
            more = f" and {bad.size - 4} more" if bad.size > 4 else ""
            said.append(f"Look at {listed}{more}: perhaps no better than chance ({chance:.0%}).")
    if made.choice is not None and made.choice.measure != "accuracy on gold" and not made.table.votes.numeric:
        said.append("Have an expert label 100 items and give them with --gold: only that shows which method is right.")
    return tuple(said) or ("Nothing: the labels are sure.",)


def report_consensus(made: Settled, path: Path, *, seed: int = 0) -> Path:
    """Write the page of ``consensus``; returns its absolute path."""
    votes, choice = made.table.votes, made.choice
    better = choice is not None and any(c.better for c in choice.contenders if c.name == made.method)
    page = Page(
        "Consensus report",
        made.name,
        "up" if better else "",
        made.method,
        why_method(made),
        (
            ("votes", number(votes.n_votes)),
            ("items", number(votes.n_items)),
            ("raters", number(votes.n_raters)),
            *((("classes", number(votes.n_classes)),) if votes.n_classes else ()),
            ("worth another vote", number(made.findings.n_flagged)),
        ),
        advise_consensus(made),
        (_methods(made), _labels(made), _raters(made), _items(made), _record(made)),
        made_with(f"tilth consensus {made.name}", seed),
        made.notes,
    )
    return save_page(page, path)


def _methods(made: Settled) -> Section:
    rows = method_rows(made)
    choice = made.choice
    marks = {True: "yes", False: "no", None: "–"}
    gold = any(row["accuracy_on_gold"] is not None for row in rows)
    head = ["method", "score#", "gain#", "interval#", "better"]
    lines: list[list[Any]] = []
    for row in rows:
        said = f"{row['method']}{' (used)' if row['used'] else ''}"
        if row["outcome"] != "ran":
            lines.append([said, *(["–"] * (4 if gold else 3)), f"{row['outcome']}: {row['reason']}"])
            continue
        interval = f"{_f(row['low'])} to {_f(row['high'])}" if row["low"] is not None else "–"
        line = [said, _f(row["score"]), _f(row["difference"]), interval, marks[row["better"]]]
        lines.append([line[0], _f(row["accuracy_on_gold"]), *line[1:]] if gold else line)
    if gold:
        head.insert(1, "on gold#")
    ran = [line for line in lines if not str(line[-1]).startswith(("not applicable", "failed"))]
    idle = tuple(f"{line[0]}: {line[-1]!s}" for line in lines if line not in ran)
    if choice is None:
        return Section("methods", "Methods", empty="No method could be compared; see the notes.", remarks=idle)
    bars = [
        Whisker(c.name, 100 * c.difference.estimate, 100 * c.difference.low, 100 * c.difference.high)
        for c in sorted(choice.contenders, key=lambda c: -c.difference.estimate)
    ]
    unit = "points of accuracy" if choice.measure == "accuracy on gold" else "1/100 nat a vote"
    unit = "1/100 of the unit" if made.table.votes.numeric else unit
    figure = whiskers("methods", bars, f"{unit}; right is better", "Methods beside the trivial one")
    return Section(
        "methods",
        "Methods",
        f"Measured by {choice.measure}, on {choice.n:,}; intervals hold for all methods together (95%). A method is "
        f"recommended only where its whole interval lies above 0.",
        figures=(Figure(f"Every method beside {choice.baseline}", figure, "Hollow: the interval holds 0."),),
        beside=(table("Methods", head, ran, quiet=True),),
        remarks=idle,
    )


def _labels(made: Settled) -> Section:
    votes = made.table.votes
    if votes.numeric:
        values = made.chosen.values[np.isfinite(made.chosen.values)]
        figure = value_histogram("values", values, "Values")
        return Section("labels", "Labels", figures=(Figure("The consensus values", figure),))
    counts: dict[str, int] = {}
    for label in made.labels:
        if label is not None:
            counts[label] = counts.get(label, 0) + 1
    shown = sorted(counts.items(), key=lambda pair: -pair[1])
    hidden = f"{len(shown) - 30:,} smaller classes are left out" if len(shown) > 30 else ""
    bars = class_bars("labels", [Bar(name, n) for name, n in shown[:30]], hidden, "Items of each class")
    table_ = made.findings.table
    flagged = np.asarray(table_.column("flagged").to_numpy(zero_copy_only=False), dtype=bool)
    sure = score_histogram("sure", made.findings.scores, flagged, float("nan"), "How sure the labels are")
    return Section(
        "labels",
        "Labels",
        "Score: 1 minus the belief in the label.",
        figures=(
            Figure("Items of each class", bars),
            Figure("How unsure the labels are", sure, "Orange: another vote is worth asking for."),
        ),
    )


def _raters(made: Settled) -> Section:
    rows = raters_table(made).to_pylist()
    tables: list[Table] = []
    if made.raters is None:
        lines = [[r["rater"], number(r["votes"]), _f(r["bias"]), _f(r["spread"])] for r in rows]
        tables.append(
            table("Raters, the most scattered first", ["rater", "votes#", "bias#", "spread#"], lines, most=100)
        )
        return Section("raters", "Raters", "Bias: median distance from the consensus.", tables=tuple(tables))
    shown = [
        Dot(r["rater"], _nan(r["agreement"]), _nan(r["low"]), _nan(r["high"]), f"{r['votes']} votes") for r in rows
    ]
    chance = 1.0 / made.table.votes.n_classes
    figure = dots(
        "raters",
        shown[:20],
        "Agreement of each rater with the consensus",
        axis=(0.0, 1.0),
        ticks=(0.0, 0.2, 0.4, 0.6, 0.8, 1.0),
        unit="expected share of right votes",
        target=round(chance, 2),
        line="guessing",
    )
    lines = [
        [r["rater"], number(r["votes"]), _f(r["quality"], 3), _f(r["agreement"], 3), _f(r["agreement_with_others"], 3),
         r["worst_class"] or "–", _f(r["worst_class_accuracy"], 3), "yes" if r["always_the_same"] else "",
         r["contradicts_self"] or ""]
        for r in rows
    ]  # fmt: skip
    head = [
        "rater",
        "votes#",
        "quality#",
        "with consensus#",
        "with others#",
        "worst class",
        "right there#",
        "constant",
        "contradicts self#",
    ]
    tables.append(table("All raters, the least reliable first", head, lines, most=200, fold=True))
    remark = "The 20 least reliable raters." if len(shown) > 20 else ""
    return Section(
        "raters",
        "Raters",
        "A rater's own votes helped to form the consensus, which flatters where items have few votes; agreement with "
        "others is free of that.",
        figures=(Figure("Agreement with the consensus", figure, remark),),
        tables=tuple(tables),
    )


def _nan(value: float | None) -> float:
    return float("nan") if value is None else value


def _items(made: Settled) -> Section:
    rows = [(r["row_id"], f"{r['score']:.2f}", r["why"]) for r in made.findings.flagged().to_dicts()[:200]]
    if not rows:
        return Section("ask", "Whom to ask next", empty="No item needs another vote.")
    lead = "Expected gain in bits about the true class, from the rater who can tell most and has not voted yet."
    tables = [table("Items worth another vote", ["item", "score#", "why"], rows[:15], quiet=True)]
    if len(rows) > 15:
        tables.append(table("More of them", ["item", "score#", "why"], rows[15:], most=185, fold=True))
    return Section("ask", "Whom to ask next", lead if not made.table.votes.numeric else "", tables=tuple(tables))


def _record(made: Settled) -> Section:
    said = [f"files in {made.folder.name}: {', '.join(made.files)}"]
    if made.recorded is None or made.dataset is None:
        said.append("nothing was recorded in the ledger")
    else:
        said.append(
            f"recorded now: {made.recorded.votes:,} votes and {made.recorded.relabels:,} labels of "
            f"{made.dataset.name}; snapshot {made.recorded.snapshot.id}; tilth undo takes them back"
        )
    return Section("record", "What was written", remarks=tuple(said))
