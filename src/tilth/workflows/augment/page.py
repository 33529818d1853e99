"""The page of ``augment``: what is made of the rows, what keeps labels true, and how far the samples move."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tilth.workflows.augment.figures import contact_sheet, map_of_both, text_pairs
from tilth.workflows.augment.guard import FeatureShift, grouped
from tilth.workflows.augment.policies import policy_to_yaml
from tilth.workflows.augment.verb import Augmentation
from tilth.workflows.crowd.agreement_page import made_with
from tilth.workflows.crowd.page import Figure, Page, Section, save_page, table
from tilth.workflows.report.figures import Bar, class_bars
from tilth.workflows.report.svg import number

__all__ = ["advise_augmentation", "augmentation_dict", "grouped", "report_augmentation", "shown_distance"]

#: From this distance of a feature on, the page says so, where it is beyond chance.
FAR = 0.3


def _number(value: float) -> float | None:
    return value if value == value else None


def shown_distance(shift: FeatureShift) -> str:
    """A distance as people read it: the estimate for the embedding is without bias, so that it can fall below 0."""
    return f"{max(shift.shift.distance, 0.0):.3f}"


def augmentation_dict(made: Augmentation) -> dict[str, Any]:
    """The ``--json`` form of an augmentation."""
    return {
        "verb": "augment",
        "snapshot": made.after.id if made.after is not None else made.before.id,
        "summary": {
            "dataset": made.dataset.name,
            "written": made.written,
            "medium": made.medium,
            "times": made.times,
            "seed": made.seed,
            "job": made.job,
            "folder": str(made.folder),
            "command": made.command,
            "added": made.added,
            "unchanged": made.unchanged,
            "policy": made.policy.to_dict(),
            "classes": [{"class": c, "before": old, "after": new} for c, (old, new) in made.counts.items()],
            "label_check": {
                "judged": made.check.judged,
                "operations": list(made.check.operations),
                "note": made.check.note,
                "limits": [
                    {"operation": v.operation, "class": v.label, "limit": v.limit, "by": v.by, "why": v.why}
                    for v in made.check.vetoes
                ],
            },
            "shifts": [
                {
                    "feature": s.name,
                    "kind": s.what,
                    "distance": _number(s.shift.distance),
                    "p": _number(s.shift.p),
                    "before": _number(s.shift.before),
                    "after": _number(s.shift.after),
                }
                for s in made.shifts
            ],
            "notes": list(made.notes),
        },
    }


def advise_augmentation(made: Augmentation) -> tuple[str, ...]:
    """What to do, the most valuable first."""
    said = []
    name = made.subject
    never = grouped([v for v in made.check.vetoes if v.limit == 0])
    if never:
        said.append(
            f"Look at {never[0].operation} on {never[0].label}: it is left out, since {never[0].why}."
            + (f" So are {len(never) - 1} more." if len(never) > 1 else "")
        )
    far = [s for s in made.shifts if s.what != "vectors" and s.shift.distance >= FAR and s.shift.p < 0.001]
    if far:
        worst = max(far, key=lambda s: s.shift.distance)
        said.append(
            f"Ask whether new data will look like this: {worst.name} moved from {worst.shift.before:.3g} to "
            f"{worst.shift.after:.3g} (distance {worst.shift.distance:.2f})."
        )
    if made.written:
        said.append(f"Prove it: tilth prove {name} --augmentation. Nothing is an improvement before that.")
        said.append(f"Take it back where it did not help: tilth undo {name}.")
    else:
        said.append(f"Add the rows: {made.command} --write, then tilth prove {name} --augmentation.")
    return tuple(said)


def _samples(made: Augmentation) -> Section:
    lead = "Drawn evenly from the classes; above or left as they are, below or right as the policy makes them."
    if made.medium in ("image", "audio"):
        shown = "spectrograms" if made.medium == "audio" else "pictures"
        sheet = Figure(f"Some {shown} and what becomes of them", contact_sheet(made.examples, "Samples"))
        return Section("samples", "Samples", lead, figures=(sheet,))
    head = ["label", "as it is", "changed"]
    return Section("samples", "Samples", lead, tables=(table("Some rows", head, text_pairs(made.examples)),))


def _classes(made: Augmentation) -> Section:
    if not made.counts:
        return Section("classes", "Classes", empty="There is no class label.")
    bars = [Bar(name, new, new - old) for name, (old, new) in list(made.counts.items())[:40]]
    hidden = f"{len(made.counts) - 40} more classes" if len(made.counts) > 40 else ""
    rows = [(name, number(old), number(new)) for name, (old, new) in made.counts.items()]
    return Section(
        "classes",
        "Classes",
        "Labelled training rows after the augmentation.",
        figures=(
            Figure(
                "Training rows by class",
                class_bars("classes-f", bars, hidden, "Training rows by class", marked="new", rest="as they were"),
            ),
        ),
        beside=(table("Class counts", ["class", "before#", "after#"], rows, most=40, quiet=True),),
    )


def _labels(made: Augmentation) -> Section:
    lead = (
        "Rules know what names of classes say about operations; a model that has not seen a row judges its changed "
        "versions. An operation is limited for a class where clearly more than 10% of its rows land among the rows of "
        "another class."
    )
    rows = [(v.operation, v.label, "never" if v.limit == 0 else f"{v.limit:g}", v.by, v.why) for v in made.check.vetoes]
    why = (
        made.check.note or f"No limit: {made.check.judged:,} changed samples of {len(made.check.operations)} operations"
    )
    if made.check.operations and not rows:
        why = f"No limit is called for: {made.check.judged:,} changed samples judged, none clearly of another class."
    head = ["operation", "class", "highest#", "by", "why"]
    return Section(
        "labels", "Do labels stay true?", lead, empty="" if rows else why,
        tables=(table("Limits", head, rows, most=100),) if rows else (),
    )  # fmt: skip


def _moved(made: Augmentation) -> Section:
    def cell(value: float) -> str:
        return f"{value:.3g}" if value == value else "–"

    rows = [
        (s.name, cell(s.shift.before), cell(s.shift.after), shown_distance(s), f"{s.shift.p:.3f}") for s in made.shifts
    ]
    head = ["feature", "original#", "changed#", "distance#", "p#"]
    n = len(made.vectors) - len(made.examples)
    figures: tuple[Figure, ...] = ()
    if n >= 3:
        svg = map_of_both(made.vectors, n, "Original and changed samples", made.seed)
        figures = (Figure("Original samples (grey) and changed ones (colour)", svg, "Near each other means alike."),)
    return Section(
        "moved",
        "How far samples move",
        "Medians of each feature and its Kolmogorov-Smirnov or total variation distance, from 0 to 1; for the "
        "embedding the median distance to the nearest original row and the squared maximum mean discrepancy (0 where "
        "both come from one distribution; an estimate, shown as 0 where it falls below).",
        figures=figures,
        beside=(table("Features", head, rows, most=60, quiet=True),) if figures else (),
        tables=() if figures else (table("Features", head, rows, most=60),),
    )


def report_augmentation(made: Augmentation, path: Path | None = None) -> Path:
    """Write the page; default: ``reports/NAME-augment.html`` in the workspace. Returns its absolute path."""
    target = path or made.dataset.workspace / "reports" / f"{made.dataset.name}-augment.html"
    target.parent.mkdir(parents=True, exist_ok=True)
    did = f"{number(made.added)} rows added" if made.written else f"Up to {number(made.added)} rows would be added"
    first = advise_augmentation(made)
    numbers = [
        ("training rows", number(sum(old for old, _ in made.counts.values()) or made.added // made.times)),
        ("new rows", number(made.added)),
        ("medium", made.medium),
        ("limits", number(len(made.check.vetoes))),
    ]
    if made.written:
        numbers.append(("left out as unchanged", number(made.unchanged)))
    policy = Section(
        "policy", "Policy", text=policy_to_yaml(made.policy), text_title="As a policy file, limits included", open=True
    )
    command = f"{made.command} --write" if made.written else made.command
    page = Page(
        "Augmentation", made.dataset.name, "", did, first[0], tuple(numbers), first,
        (_samples(made), _classes(made), _labels(made), _moved(made), policy),
        (*made_with(command, made.seed), ("augmentation", made.job)), made.notes,
    )  # fmt: skip
    return save_page(page, target)
