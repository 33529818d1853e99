"""What ``tilth prove`` prints."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tilth.cli import terminal

if TYPE_CHECKING:
    from tilth.records import Proof


def show_proof(proof: Proof, *, as_json: bool) -> None:
    """The verdict, the arms with their intervals, and the classes that changed most."""
    if as_json:
        terminal.print_json({"verb": "prove", "snapshot": proof.after, "summary": proof.to_dict()})
        return
    out = terminal.out()
    out.print(f"{proof.verdict.capitalize()}: {proof.why}.\n", markup=False, style="bold")
    _print_arms(proof)
    _print_groups(proof)
    _print_orders(proof)
    out.print(
        f"\n{proof.n_changed:,} rows changed; trained on {proof.n_train:,}, tested on {proof.n_test:,}; "
        f"model {proof.model}, bigger model {proof.bigger_model}, seed {proof.seed}",
        markup=False,
    )
    terminal.notes(proof.notes, False)


def _points(value: float) -> str:
    return f"{100 * value:+.2f}"


def _print_arms(proof: Proof) -> None:
    rows = []
    for arm in proof.arms:
        effect = arm.against_before
        rows.append(
            (
                arm.name,
                f"{100 * arm.score:.2f}",
                _points(effect.estimate) if effect else "",
                f"{_points(effect.low)} to {_points(effect.high)}" if effect else "",
            )
        )
    title = f"{proof.metric.replace('_', ' ')} in %, mean of {proof.repeats} repeats"
    columns = [("arm", "left"), ("score", "right"), ("against before", "right"), ("95% interval", "right")]
    terminal.out().print(terminal.table(title, columns, rows))


def _print_groups(proof: Proof) -> None:
    """The classes that moved most, and the slices."""
    out = terminal.out()
    moved = sorted(proof.classes, key=lambda c: -abs(c.effect.estimate))[:8]
    if moved:
        out.print()
        out.print(
            terminal.table(
                "Classes that moved most",
                [("class", "left"), ("test rows", "right"), ("before", "right"), ("after", "right"), ("95%", "right")],
                [
                    (
                        c.name,
                        c.n,
                        f"{100 * c.before:.1f}",
                        f"{100 * c.after:.1f}",
                        f"{_points(c.effect.low)} to {_points(c.effect.high)}",
                    )
                    for c in moved
                ],
            )
        )
    if proof.slices:
        out.print()
        columns = [("slice", "left"), ("test rows", "right"), ("before", "right"), ("after", "right")]
        out.print(
            terminal.table(
                "Slices",
                columns,
                [(s.name, s.n, f"{100 * s.before:.1f}", f"{100 * s.after:.1f}") for s in proof.slices],
            )
        )


def _print_orders(proof: Proof) -> None:
    if not proof.orders:
        return
    out = terminal.out()
    out.print()
    out.print(
        terminal.table(
            "Which order of review would have paid first: points gained",
            [
                ("reviewed", "right"),
                ("by worth", "right"),
                ("plain", "right"),
                ("95% of the gap", "right"),
                ("wins", "left"),
            ],
            [
                (
                    f"{o.reviewed:,}",
                    _points(o.worth),
                    _points(o.plain),
                    f"{_points(o.difference.low)} to {_points(o.difference.high)}",
                    o.winner,
                )
                for o in proof.orders
            ],
        )
    )
