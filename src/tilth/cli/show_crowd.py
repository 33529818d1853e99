"""How agreement and consensus look on a terminal and as JSON."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tilth.cli import terminal

if TYPE_CHECKING:
    from tilth.workflows.crowd.agree import Agreed
    from tilth.workflows.crowd.consensus import Settled


def _f(value: float | None, digits: int = 3) -> str:
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def _range(low: float | None, high: float | None, digits: int = 3) -> str:
    return f"{_f(low, digits)} to {_f(high, digits)}" if low is not None and math.isfinite(low) else "-"


def show_agreement(found: Agreed, page: Path, guideline: Path | None, *, as_json: bool, quiet: bool) -> None:
    """What to do first, every statistic, classes, raters, confused pairs and split items."""
    from tilth.workflows.crowd.agreement_page import NAMES, advise_agreement

    data = found.to_dict()
    if as_json:
        data["summary"] |= {"report": str(page), "guideline": str(guideline) if guideline else None}
        data["summary"]["actions"] = list(advise_agreement(found))
        terminal.print_json(data)
        return
    summary, out, votes = data["summary"], terminal.out(), found.table.votes
    terminal.notes(found.notes, quiet)
    out.print(
        f"{found.name}: {votes.n_votes:,} votes of {votes.n_raters:,} raters on {votes.n_items:,} items\n", markup=False
    )
    why = found.rule.why.replace(found.rule.agreement.statistic, NAMES[found.rule.agreement.statistic][0])
    out.print(f"{'Enough' if found.rule.passed else 'Not enough'} agreement: {why}.\n", markup=False, style="bold")
    _actions(out, advise_agreement(found))
    rows = [
        (NAMES[s["statistic"]][0], _f(s["estimate"]), _range(s["low"], s["high"]), s["scale"], f"{s['items']:,}")
        for s in summary["statistics"]
    ]
    columns = [
        ("statistic", "left"),
        ("estimate", "right"),
        ("95% interval", "right"),
        ("scale", "left"),
        ("items", "right"),
    ]
    out.print(terminal.table("Agreement", columns, rows))
    for limit in dict.fromkeys(limit for s in found.statistics for limit in s.limits):
        out.print(f"  {limit}", markup=False, style="dim")
    _detail(out, summary)
    split = [(row["row_id"], row["why"]) for row in found.findings.to_dicts()[:8]]
    if split:
        out.print()
        out.print(terminal.table("Items that split the raters", [("item", "left"), ("votes", "left")], split))
    out.print(f"\nReport: {page}", markup=False)
    if guideline:
        out.print(f"Guideline to write: {guideline}", markup=False)


def _actions(out: Any, actions: tuple[str, ...]) -> None:
    out.print("What to do first", style="bold")
    for number, action in enumerate(actions, 1):
        out.print(f"  {number}. {action}", markup=False)
    out.print()


def _detail(out: Any, summary: dict[str, Any]) -> None:
    classes = sorted(summary["by_class"], key=lambda c: 2.0 if c["kappa"] is None else c["kappa"])
    if classes:
        rows = [(c["class"], f"{c['votes']:,}", _f(c["agreement"]), _f(c["kappa"])) for c in classes[:12]]
        columns = [("class", "left"), ("votes", "right"), ("confirmed", "right"), ("kappa", "right")]
        out.print()
        out.print(terminal.table("Classes, the least agreed first", columns, rows))
    if summary["confused"]:
        rows = [
            (f"{p['first']} / {p['second']}", f"{p['share']:.1%}", _f(p["lift"], 2), ", ".join(p["items"][:4]))
            for p in summary["confused"][:8]
        ]
        columns = [("mixed up", "left"), ("of all", "right"), ("times chance", "right"), ("settle it on", "left")]
        out.print()
        out.print(terminal.table("Classes that raters mix up", columns, rows))
    raters = [
        (
            r["rater"],
            f"{r['votes']:,}",
            _f(r["agreement"]),
            _range(r["low"], r["high"]),
            f"{r['contradicts_self'] or ''}",
        )
        for r in summary["by_rater"][:10]
    ]
    if raters:
        columns = [("rater", "left"), ("votes", "right"), ("agreement", "right"), ("95% interval", "right")]
        columns.append(("contradicts self", "right"))
        out.print()
        out.print(terminal.table("Raters, the least agreeing first", columns, raters))


def show_consensus(made: Settled, page: Path, *, as_json: bool, quiet: bool) -> None:
    """Whose labels and why, every method beside the trivial one, raters, what was written."""
    from tilth.workflows.crowd.consensus_page import advise_consensus, why_method

    data = made.to_dict()
    if as_json:
        data["summary"] |= {"report": str(page), "why": why_method(made), "actions": list(advise_consensus(made))}
        terminal.print_json(data)
        return
    summary, out, votes = data["summary"], terminal.out(), made.table.votes
    terminal.notes(made.notes, quiet)
    out.print(
        f"{made.name}: {votes.n_votes:,} votes of {votes.n_raters:,} raters on {votes.n_items:,} items\n", markup=False
    )
    out.print(why_method(made) + "\n", markup=False, style="bold")
    _actions(out, advise_consensus(made))
    out.print(terminal.table(*_methods(summary)))
    for m in summary["methods"]:
        if m["outcome"] != "ran":
            out.print(f"  {m['method']}: {m['outcome']}, {m['reason']}", markup=False, style="dim")
    worst = summary["worst_raters"][:8]
    if worst and not votes.numeric:
        rows = [
            (r["rater"], f"{r['votes']:,}", _f(r["quality"]), _range(r["low"], r["high"]), r["worst_class"] or "")
            for r in worst
        ]
        columns = [
            ("rater", "left"),
            ("votes", "right"),
            ("quality", "right"),
            ("right, 95%", "right"),
            ("worst on", "left"),
        ]
        out.print()
        out.print(terminal.table("Raters, the least reliable first", columns, rows))
    out.print(f"\nFiles in {made.folder}: {', '.join(made.files)}\nReport: {page}", markup=False)
    if made.recorded is not None and made.dataset is not None:
        here = _named(made)
        out.print(
            f"Recorded {made.recorded.votes:,} votes and {made.recorded.relabels:,} labels; snapshot "
            f"{made.recorded.snapshot.id}.\nNext: tilth log {here} (what was done), tilth undo {here} (take it back)",
            markup=False,
        )


def _named(made: Settled) -> str:
    import shlex

    name = made.dataset.name if made.dataset is not None else ""
    inside = made.folder / name
    beside = made.dataset.workspace.parent / name if made.dataset is not None else inside
    return shlex.quote(str(inside if inside.exists() else beside if beside.exists() else name))


def _methods(summary: dict[str, Any]) -> tuple[str, list[tuple[str, str]], list[tuple[str, ...]]]:
    """Title, columns and rows of the methods that ran."""
    gold = any(m["accuracy_on_gold"] is not None for m in summary["methods"])
    rows = []
    for m in summary["methods"]:
        if m["outcome"] != "ran":
            continue
        said = "used" if m["used"] else "recommended" if m["recommended"] else ""
        interval = _range(m["low"], m["high"], 4)
        cells = [m["method"], _f(m["score"], 4), _f(m["difference"], 4), interval]
        cells += ["-" if m["better"] is None else "yes" if m["better"] else "no", said]
        rows.append(tuple([cells[0], _f(m["accuracy_on_gold"], 4), *cells[1:]] if gold else cells))
    columns = [("method", "left"), ("score", "right"), ("gain", "right"), ("interval", "right")]
    columns += [("better", "left"), ("", "left")]
    if gold:
        columns.insert(1, ("on gold", "right"))
    measure = summary["measure"] or "not measured"
    return f"Methods beside the first, by {measure} (n = {summary['measured_on']:,})", columns, rows
