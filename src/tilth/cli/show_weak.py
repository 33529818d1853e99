"""How weak supervision looks on a terminal and as JSON."""

from __future__ import annotations

import math
import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tilth.cli import terminal

if TYPE_CHECKING:
    from tilth.workflows.weak.verbs import WeakAnalysis, WeakFit, WeakLabels, WeakVotes

_BAR = 10


def _f(value: float | None, digits: int = 3) -> str:
    return "-" if value is None or not math.isfinite(value) else f"{value:.{digits}f}"


def _bar(share: float, marked: float = 0.0) -> str:
    """A bar of blocks, its marked part solid."""
    full = 0 if share <= 0 else max(1, round(share * _BAR))
    solid = 0 if marked <= 0 else min(full, max(1, round(marked * _BAR)))
    return ("█" * solid + "░" * (full - solid)).ljust(_BAR)


def _head(out: Any, data: dict[str, Any]) -> None:
    s = data["summary"]
    share = s["covered"] / s["rows"] if s["rows"] else 0.0
    out.print(
        f"{s['dataset']}: {len(s['rules'])} rules, {s['votes']:,} votes; {s['covered']:,} of {s['rows']:,} rows "
        f"({share:.1%}) have one; {s['gold']:,} labelled rows to judge by\n",
        markup=False,
    )


def _faults(data: dict[str, Any]) -> list[str]:
    return [
        f"{fault['rule']} failed on {fault['count']:,} rows, first on {fault['first']}"
        for fault in data["summary"]["faults"]
    ]


def show_votes(said: WeakVotes, path: Path | None, *, as_json: bool, quiet: bool) -> None:
    """How often each rule votes."""
    from tilth.workflows.weak.page import votes_dict

    data = votes_dict(said)
    if as_json:
        data["summary"]["file"] = str(path) if path else None
        terminal.print_json(data)
        return
    terminal.notes(said.notes, quiet)
    terminal.notes(_faults(data), False)
    out = terminal.out()
    _head(out, data)
    most = max([row["votes"] for row in data["summary"]["by_rule"]], default=0) or 1
    rows = [(row["rule"], f"{row['votes']:,}", _bar(row["votes"] / most)) for row in data["summary"]["by_rule"]]
    out.print(terminal.table("Votes", [("rule", "left"), ("votes", "right"), ("", "left")], rows))
    if path:
        out.print(f"\nVotes: {path}", markup=False)


def show_analysis(found: WeakAnalysis, page: Path, suggest: Path | None, *, as_json: bool, quiet: bool) -> None:
    """What each rule hits, gets wrong and adds; pairs, disputed rows and suggestions."""
    from tilth.workflows.weak.page import advise_rules, analysis_dict

    data = analysis_dict(found)
    summary = data["summary"]
    if as_json:
        summary |= {"report": str(page), "actions": list(advise_rules(found))}
        summary["suggested_rules"] = str(suggest) if suggest else None
        terminal.print_json(data)
        return
    terminal.notes(found.said.notes, quiet)
    terminal.notes(_faults(data), False)
    out = terminal.out()
    _head(out, data)
    _actions(out, advise_rules(found))
    out.print(terminal.table(*_rules(summary)))
    _more(out, data)
    if suggest:
        out.print(f"\nSuggested rules: {suggest}", markup=False)
    out.print(f"\nReport: {page}", markup=False)


def _rules(summary: dict[str, Any]) -> tuple[str, list[tuple[str, str]], list[tuple[str, ...]]]:
    """Title, columns and rows of the table of rules; narrow enough for 80 columns."""
    most = max([r["Coverage"] for r in summary["by_rule"]], default=0.0) or 1.0
    rows: list[tuple[str, ...]] = [
        (
            r["rule"],
            r["Polarity"] or "never",
            _bar(r["Coverage"] / most, r["Conflicts"] / most),
            f"{r['Coverage']:.1%}",
            f"{r['Conflicts']:.1%}",
            f"{r['Incorrect']}/{r['Correct'] + r['Incorrect']}",
            "-" if r["low"] is None else f"{r['low']:.2f}-{r['high']:.2f}",
            f"{r['alone']:,}",
            "-" if r["gain"] is None else f"{r['gain']:+.3f}",
        )
        for r in summary["by_rule"]
    ]
    names = ["rule", "for", "hits", "", "differ", "wrong", "right", "alone", "adds"]
    columns = [(name, "left" if at < 3 else "right") for at, name in enumerate(names)]
    title = (
        "Rules. Hits: share of rows; solid, and differ: another rule votes otherwise.\n"
        "Wrong: of votes on labelled rows; right: 95% interval. Alone: rows that only it\n"
        "votes on. Adds: accuracy of majority vote with it less without it."
    )
    return title, columns, rows


def _more(out: Any, data: dict[str, Any]) -> None:
    summary = data["summary"]
    rows: list[tuple[str, ...]]
    if summary["dependent"]:
        rows = [(p["first"], p["second"], f"{p['strength']:.2f}") for p in summary["dependent"][:6]]
        columns = [("rule", "left"), ("rule", "left"), ("correlation", "right")]
        out.print()
        out.print(terminal.table("Rules that fire together", columns, rows))
    if data["findings"]:
        said = [row["content"] for row in summary["disputed"]]
        rows = [(f["row_id"], text, f["why"]) for f, text in zip(data["findings"][:6], said, strict=False)]
        out.print()
        columns = [("row", "left"), ("what it says", "left"), ("votes", "left")]
        out.print(terminal.table("Rows on which rules differ most", columns, rows))
    if summary["suggestions"]:
        rows = [
            (s["words"], s["label"], f"{s['precision']:.0%} of {s['gold_rows']}", f"{s['low']:.2f} to {s['high']:.2f}",
             f"{s['coverage']:.1%}", f"{s['adds']:.1%}")
            for s in summary["suggestions"]
        ]  # fmt: skip
        columns = [("words", "left"), ("class", "left"), ("right", "right"), ("95% interval", "right")]
        columns += [("in", "right"), ("of them without a vote", "right")]
        out.print()
        out.print(terminal.table("Words that could become rules", columns, rows))


def _actions(out: Any, actions: tuple[str, ...]) -> None:
    out.print("What to do first", style="bold")
    for number, action in enumerate(actions, 1):
        out.print(f"  {number}. {action}", markup=False)
    out.print()


def show_fit(made: WeakFit, page: Path, path: Path | None, *, as_json: bool, quiet: bool) -> None:
    """Which method and why, every method beside majority vote, scores on the test part, what to do with the rows."""
    from tilth.workflows.weak.page import advise_fit, fit_dict

    data = fit_dict(made)
    summary = data["summary"]
    if as_json:
        summary |= {"report": str(page), "actions": list(advise_fit(made)), "file": str(path) if path else None}
        terminal.print_json(data)
        return
    terminal.notes(made.notes, quiet)
    terminal.notes(_faults(data), False)
    out = terminal.out()
    _head(out, data)
    out.print(f"Labels by {made.why}.\n", markup=False, style="bold")
    _actions(out, advise_fit(made))
    _tables(out, summary)
    out.print(f"\n{summary['train']:,} rows to train on, {summary['drop']:,} to leave out", markup=False)
    if path:
        out.print(f"Beliefs: {path}", markup=False)
    out.print(f"Report: {page}", markup=False)


def _tables(out: Any, summary: dict[str, Any]) -> None:
    better = {None: "", True: "yes", False: "no"}
    rows: list[tuple[str, ...]]
    if summary["methods"]:
        rows = [
            (m["method"], _f(m["score"], 4), *_difference(m["difference"]), better[m["better"]])
            for m in summary["methods"]
        ]  # fmt: skip
        columns = [("method", "left"), ("score", "right"), ("gain", "right"), ("interval", "right"), ("better", "left")]
        title = f"Methods beside majority vote, by {summary['measure']} (n = {summary['measured_on']:,})"
        out.print(terminal.table(title, columns, rows))
        out.print()
    if summary["scores"]:
        rows = [
            (name, _f(i["estimate"]), f"{_f(i['low'])} to {_f(i['high'])}", f"{i['n']:,}")
            for name, i in summary["scores"].items()
        ]
        columns = [("labels of", "left"), ("accuracy", "right"), ("95% interval", "right"), ("rows", "right")]
        out.print(terminal.table("On hand labels of the test part", columns, rows))
    if summary["slices"]:
        rows = [
            (s["slice"], f"{s['n']:,}", _f((s["accuracy"] or {}).get("estimate")), _f(s["gap"]), "worse" * s["worse"])
            for s in summary["slices"]
        ]  # fmt: skip
        columns = [
            ("slice", "left"),
            ("rows", "right"),
            ("accuracy", "right"),
            ("less the rest", "right"),
            ("", "left"),
        ]
        out.print()
        out.print(terminal.table("Slices", columns, rows))


def _difference(found: dict[str, Any] | None) -> tuple[str, str]:
    if found is None:
        return "-", "-"
    return f"{found['estimate']:+.4f}", f"{_f(found['low'], 4)} to {_f(found['high'], 4)}"


def show_labels(made: WeakLabels, target: str, *, as_json: bool, quiet: bool) -> None:
    """How many votes and labels stand in the ledger now."""
    from tilth.workflows.weak.page import labels_dict

    data = labels_dict(made)
    if as_json:
        terminal.print_json(data)
        return
    terminal.notes(made.fit.notes, quiet)
    terminal.notes(_faults(data), False)
    done, out, here = made.recorded, terminal.out(), shlex.quote(target)
    _head(out, data)
    out.print(f"Labels by {made.fit.why}.\n", markup=False, style="bold")
    spared = f"; {done.spared:,} rows of the test and validation part were left alone" if done.spared else ""
    out.print(
        f"Recorded {done.votes:,} votes and {done.relabels:,} labels{spared}; snapshot {done.snapshot.id}.\n"
        f"Next: tilth prove {here} (what that does to a model), tilth undo {here} (take it back)",
        markup=False,
    )
