"""How each verb's answer looks on a terminal and as JSON."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tilth.cli import terminal
from tilth.cli.show_proof import show_proof

if TYPE_CHECKING:
    from tilth.records import Snapshot, SnapshotDiff
    from tilth.workflows.active.review import ErrorReport
    from tilth.workflows.audit import Audit
    from tilth.workflows.demo import Demo
    from tilth.workflows.doctor import Checkup
    from tilth.workflows.fix import Fixed, Plan
    from tilth.workflows.history import History, Undone
    from tilth.workflows.ingest import Ingested


def show_ingested(made: Ingested, *, as_json: bool, quiet: bool) -> None:
    """What was read, and how every column is understood."""
    snapshot = made.snapshot
    if as_json:
        columns = [{"name": c.name, "role": c.role, "media": c.media} for c in snapshot.schema.columns]
        summary = {
            "rows": len(snapshot),
            "classes": list(snapshot.classes),
            "columns": columns,
            "workspace": str(made.dataset.workspace),
            "dataset": made.dataset.name,
            "notes": list(made.notes),
        }
        terminal.print_json({"verb": "ingest", "snapshot": snapshot.id, "summary": summary})
        return
    terminal.notes(made.notes, quiet)
    terminal.out().print(
        f"{len(snapshot):,} rows, {len(snapshot.classes)} classes: snapshot {snapshot.id} in {made.dataset.workspace}",
        markup=False,
    )
    terminal.out().print(
        terminal.table(
            "",
            [("column", "left"), ("role", "left"), ("holds", "left")],
            [(c.name, c.role, c.media) for c in snapshot.schema.columns],
        )
    )


def write_csv(found: Audit, path: Path) -> None:
    """All findings of an audit as a CSV file."""
    from tilth.workflows.report.audit_page import write_findings_csv

    write_findings_csv(found, path)


def show_audit(found: Audit, report: Path, *, as_json: bool, quiet: bool) -> None:
    """What to do first, the quality score, the outcome of every check, and where the report is."""
    if as_json:
        data = found.to_dict()
        data["summary"]["report"] = str(report)
        terminal.print_json(data)
        return
    out = terminal.out()
    terminal.notes(found.notes, quiet)
    out.print(
        f"{found.dataset.name}: {len(found.snapshot):,} rows, {len(found.snapshot.classes)} classes, "
        f"snapshot {found.snapshot.id}\n",
        markup=False,
    )
    out.print("What to do first", style="bold")
    for number, action in enumerate(found.actions, 1):
        out.print(f"  {number}. {action}", markup=False)
    out.print()
    out.print(
        terminal.table(
            "Quality (1 is perfect)",
            [("", "left"), ("", "right")],
            [(name.replace("_", " "), f"{value:.3f}") for name, value in found.quality.items()],
        )
    )
    out.print()
    rows = []
    for outcome in found.outcomes:
        flagged = f"{found.findings[outcome.part].n_flagged:,}" if outcome.part in found.findings else "-"
        said = "" if outcome.outcome == "ran" else f"{outcome.outcome}: {outcome.reason.strip().splitlines()[-1]}"
        rows.append((outcome.part, flagged, f"{outcome.seconds:.1f} s", said))
    out.print(
        terminal.table("Checks", [("check", "left"), ("flagged", "right"), ("took", "right"), ("", "left")], rows)
    )
    worst = _worst(found)
    if worst:
        out.print()
        out.print(terminal.table("Look at these first", [("row", "left"), ("issue", "left"), ("why", "left")], worst))
    out.print(f"\nReport: {report}\nNext:   tilth fix {_quoted(found)}   (shows a plan, changes nothing)", markup=False)


def _quoted(found: Audit) -> str:
    import shlex

    beside = found.dataset.workspace.parent / found.dataset.name
    return shlex.quote(str(beside) if beside.exists() else found.dataset.name)


def _worst(found: Audit, each: int = 3) -> list[tuple[str, str, str]]:
    """The worst flagged rows of every check; a row whose duplicate or whose sentence is there already is left out."""
    rows: list[tuple[str, str, str]] = []
    for findings in found.findings.values():
        shown: set[str] = set()
        said: set[str] = set()
        for row in findings.flagged().to_dicts():
            if len(said) < each and row["why"] not in said and not shown & set(row["related"]):
                rows.append((row["row_id"], row["issue"], row["why"]))
                shown.add(row["row_id"])
                said.add(row["why"])
    return rows


def show_fix(made: Plan | Fixed, *, as_json: bool) -> None:
    """A plan, or what was done."""
    from tilth.workflows.fix import Fixed

    plan = made.plan if isinstance(made, Fixed) else made
    applied = made.snapshot.id if isinstance(made, Fixed) else None
    if as_json:
        summary = {
            "applied": applied is not None,
            "counts": plan.counts(),
            "spared_test_rows": plan.spared,
            "notes": list(plan.notes),
            "before": plan.snapshot.id,
            "decisions": [d.to_dict() for d in plan.decisions],
        }
        terminal.print_json({"verb": "fix", "snapshot": applied or plan.snapshot.id, "summary": summary})
        return
    out = terminal.out()
    rows = [(what, f"{n:,}") for what, n in plan.counts().items()] or [("nothing to do", "0")]
    out.print(
        terminal.table(
            "Done" if applied and plan.decisions else "Plan (nothing is changed yet)",
            [("", "left"), ("rows", "right")],
            rows,
        )
    )
    for decision in plan.decisions[:5]:
        arrow = f" -> {decision.value}" if decision.value else ""
        out.print(f"  {decision.action} {decision.rows[0]}{arrow}", markup=False)
    if len(plan.decisions) > 5:
        out.print(f"  ... and {len(plan.decisions) - 5:,} more", markup=False)
    for note in plan.notes:
        out.print(note, markup=False)
    if plan.spared:
        out.print(f"{plan.spared:,} flagged rows of the test part are left alone (--include-test changes them)")
    if not plan.decisions:
        out.print(f"\nNothing was changed.{_nothing_done(plan)}", markup=False)
    elif applied:
        out.print(f"\nSnapshot {plan.snapshot.id} -> {applied}. Your files are as they were.", markup=False)
        out.print("Next: tilth prove (did it help?), tilth export (write the repaired rows), tilth undo (take it back)")
    else:
        out.print("\nAdd --yes to do it.")


def _nothing_done(plan: Plan) -> str:
    """Why a plan is empty, by its policies, and what would make it act."""
    if any(policy.action == "auto" for policy in plan.policies):
        return " To correct all suspect labels all the same: --policy label_error=relabel"
    told = " or ".join(p.issue + (f" (from a score of {p.floor:g} on)" if p.floor else "") for p in plan.policies)
    return f" No row that a policy may change is flagged by {told}."


def show_history(found: History, *, each: bool, as_json: bool) -> None:
    """Snapshots and decisions."""
    if as_json:
        summary = {
            "base": found.base,
            "snapshots": [
                {"id": s.id, "when": s.when, "parents": list(s.parents), "rows": s.rows, "recipe": s.recipe}
                for s in found.snapshots
            ],
            "decisions": [d.to_dict() for batch in found.batches for d in batch.decisions],
        }
        terminal.print_json({"verb": "log", "snapshot": found.head, "summary": summary})
        return
    out = terminal.out()
    rows = [
        (
            s.id,
            s.when[:19],
            f"{s.rows:,}",
            ", ".join(p[:8] for p in s.parents) or "-",
            " ".join(filter(None, ["current" if s.id == found.head else "", "as read" if s.id == found.base else ""])),
        )
        for s in found.snapshots
    ]
    columns = [("snapshot", "left"), ("made (UTC)", "left"), ("rows", "right"), ("from", "left"), ("", "left")]
    out.print(terminal.table("Snapshots", columns, rows))
    out.print()
    if each:
        listed = [
            (d.id, d.when[:19], d.who, d.action, " ".join(d.rows), d.value)
            for batch in found.batches
            for d in batch.decisions
        ]
        columns = [
            ("id", "left"),
            ("when", "left"),
            ("who", "left"),
            ("did", "left"),
            ("rows", "left"),
            ("value", "left"),
        ]
        out.print(terminal.table("Decisions", columns, listed))
        return
    batches = [(b.when[:19], b.who, b.action, f"{len(b.decisions):,}", f"{b.standing:,}") for b in found.batches]
    columns = [("when (UTC)", "left"), ("who", "left"), ("did", "left"), ("rows", "right"), ("still stand", "right")]
    out.print(terminal.table("Decisions", columns, batches or [("none yet", "", "", "", "")]))


def show_diff(found: SnapshotDiff, before: Snapshot, after: Snapshot, *, as_json: bool) -> None:
    """Every changed row."""
    if as_json:
        rows = [
            {"row_id": r.row_id, "change": r.change, "columns": {k: list(v) for k, v in r.columns.items()}}
            for r in found.rows
        ]
        summary = {"before": found.before, "changes": rows} | {
            change: found.count(change) for change in ("added", "removed", "changed")
        }
        terminal.print_json({"verb": "diff", "snapshot": found.after, "summary": summary})
        return
    out = terminal.out()
    for row in found.rows:
        sign = {"added": "+", "removed": "-", "changed": "~"}[row.change]
        cells = "; ".join(f"{name}: {old!r} -> {new!r}" for name, (old, new) in row.columns.items())
        out.print(f"{sign} {row.row_id}" + (f"  {cells}" if cells else ""), markup=False)
    out.print(
        f"{before.id} ({len(before):,} rows) -> {after.id} ({len(after):,} rows): {found.count('changed'):,} changed, "
        f"{found.count('removed'):,} removed, {found.count('added'):,} added",
        markup=False,
    )


def show_undone(made: Undone, *, as_json: bool) -> None:
    """What was taken back."""
    if as_json:
        summary = {"taken_back": [d.id for d in made.decisions]}
        terminal.print_json({"verb": "undo", "snapshot": made.snapshot.id, "summary": summary})
        return
    terminal.out().print(
        f"Took back {len(made.decisions):,} decisions; the current snapshot is {made.snapshot.id}.", markup=False
    )


def show_written(path: Path, count: int, what: str, *, as_json: bool, verb: str = "export") -> None:
    """What was written or read."""
    if as_json:
        terminal.print_json({"verb": verb, "summary": {"path": str(path), what.replace(" ", "_"): count}})
        return
    terminal.out().print(f"{path}: {count:,} {what}", markup=False)


def show_demo(made: Demo, *, as_json: bool) -> None:
    """Found against planted, and the proof."""
    if as_json:
        terminal.print_json(made.to_dict())
        return
    out = terminal.out()
    out.print(
        terminal.table(
            "Planted faults",
            [
                ("fault", "left"),
                ("planted", "right"),
                ("flagged", "right"),
                ("precision", "right"),
                ("recall", "right"),
            ],
            [(r.fault, r.planted, r.flagged, f"{r.precision:.2f}", f"{r.recall:.2f}") for r in made.found],
        )
    )
    out.print()
    show_proof(made.proof, as_json=False)
    out.print(f"\nReport: {made.report}\nThe images, with the planted faults: {made.folder}", markup=False)


def show_checkup(found: Checkup, *, as_json: bool) -> None:
    """What is installed."""
    if as_json:
        summary = {
            "tilth": found.tilth,
            "python": found.python,
            "system": found.system,
            "free_gb": found.free_gb,
            "extras": found.extras(),
            "requirements": [vars(r) for r in found.requirements],
        }
        terminal.print_json({"verb": "doctor", "summary": summary})
        return
    out = terminal.out()
    out.print(f"tilth {found.tilth}, Python {found.python}, {found.system}, {found.free_gb} GB free\n", markup=False)
    rows = [(r.extra or "core", r.name, r.wanted, r.installed or "missing") for r in found.requirements]
    columns = [("part of", "left"), ("library", "left"), ("wanted", "left"), ("installed", "left")]
    out.print(terminal.table("", columns, rows))
    out.print()
    for extra, complete in found.extras().items():
        out.print(f"{extra}: " + ("complete" if complete else f"missing; {found.install_line(extra)}"), markup=False)


def show_count(found: ErrorReport, *, as_json: bool) -> None:
    """How many labels are wrong, overall and per class."""
    if as_json:
        terminal.print_json(found.to_dict())
        return
    out = terminal.out()
    total, more = found.total, found.next_50
    out.print(
        f"{found.dataset.name}: about {total.estimate:,.0f} of {found.n_labelled:,} labels are wrong "
        f"(95% interval {total.low:,.0f} to {total.high:,.0f})",
        markup=False,
        style="bold",
    )
    out.print(
        f"Reviewing the 50 most suspect labels next is expected to find {more.low:.0f} to {more.high:.0f} errors."
    )
    if found.n_verdicts:
        out.print(f"{found.n_verdicts:,} labels judged so far, {found.n_found:,} of them wrong.")
    if found.precision is not None:
        p = found.precision
        out.print(f"Of the judged labels that were flagged, {p.estimate:.0%} are wrong ({p.low:.0%} to {p.high:.0%}).")
    worst = sorted(found.by_class.items(), key=lambda item: -item[1].estimate)[:12]
    rows = [(name, f"{i.estimate:,.0f}", f"{i.low:,.0f} to {i.high:,.0f}") for name, i in worst]
    out.print()
    out.print(
        terminal.table("By given class", [("class", "left"), ("wrong", "right"), ("95% interval", "right")], rows)
    )
    terminal.notes(found.notes, False)
