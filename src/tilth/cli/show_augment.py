"""How an augmentation looks on a terminal, as JSON, and as a stream of samples."""

from __future__ import annotations

import base64
import json
import math
import sys
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

from tilth.cli import terminal

if TYPE_CHECKING:
    from tilth.records import Sample
    from tilth.workflows.augment.stream import AugmentedDataset
    from tilth.workflows.augment.verb import Augmentation


def show_augmentation(made: Augmentation, report: Path, *, as_json: bool, quiet: bool) -> None:
    """Counts by class, what the label check found, and how far the samples move."""
    from tilth.workflows.augment.page import augmentation_dict, grouped, shown_distance

    data = augmentation_dict(made)
    summary = data["summary"]
    if as_json:
        terminal.print_json({**data, "summary": {**summary, "report": str(report)}})
        return
    terminal.notes([*made.notes, *([made.check.note] if made.check.note else [])], quiet)
    out = terminal.out()
    did = f"{made.added:,} rows added" if made.written else f"up to {made.added:,} rows would be added"
    out.print(f"{made.dataset.name}: {did} ({made.medium}, seed {made.seed})\n", markup=False, style="bold")
    if made.counts:
        rows = [(name, f"{old:,}", f"{new:,}") for name, (old, new) in made.counts.items()]
        columns = [("class", "left"), ("training rows", "right"), ("after", "right")]
        out.print(terminal.table("Classes", columns, rows[:30]))
    if made.check.vetoes:
        out.print()
        limits = [
            (v.operation, v.label, "never" if v.limit == 0 else f"up to {v.limit:g}", v.by, v.why)
            for v in grouped(made.check.vetoes)
        ]
        columns = [("operation", "left"), ("class", "left"), ("allowed", "left"), ("by", "left"), ("why", "left")]
        out.print(terminal.table("Limits that keep labels true", columns, limits[:40]))
    elif made.check.operations:
        out.print(f"\nLabels: no operation turned rows into another class ({made.check.judged:,} judged)", markup=False)
    out.print()
    moved = [(s.name, f"{s.shift.before:.3g}", f"{s.shift.after:.3g}", shown_distance(s)) for s in made.shifts]
    columns = [("feature", "left"), ("original", "right"), ("changed", "right"), ("distance", "right")]
    out.print(terminal.table("How far samples move", columns, moved))
    out.print(
        "Distances: 0 alike, 1 apart (Kolmogorov-Smirnov, total variation); of the embedding the squared maximum mean "
        "discrepancy.",
        markup=False,
    )
    if made.written:
        out.print(f"\nFiles: {made.folder}\nReport: {report}", markup=False)
        out.print(f"Prove it: tilth prove {made.subject} --augmentation", markup=False, soft_wrap=True)
    else:
        out.print(f"\nReport: {report}\nDo it: {made.command} --write", markup=False, soft_wrap=True)


def show_stream(data: AugmentedDataset, epochs: int) -> None:
    """The samples of some epochs as JSON lines on standard output; images as PNG and sounds as WAV in base64."""
    from tilth.workflows.augment.rows import check_writable
    from tilth.workflows.augment.selection import passed_over

    check_writable(data.augmenter)
    terminal.notes((*data.rows.follow.note(), *passed_over(data.skipped)), quiet=False)
    gaps: Counter[str] = Counter()
    with data:
        for epoch in range(epochs):
            for sample in data.epoch(epoch):
                line = json.dumps(_line(sample, epoch, gaps), ensure_ascii=False, allow_nan=False, default=str)
                sys.stdout.write(line + "\n")
    said = "of numbers that are not finite, which JSON cannot hold, are null"
    terminal.notes([f"{name}: {count} cells {said}" for name, count in gaps.items()], quiet=False)


def _line(sample: Sample, epoch: int, gaps: Counter[str]) -> dict[str, Any]:
    """A sample as JSON holds it; counts the cells by column that it cannot hold."""
    from tilth.workflows.augment.stream import encoded, encoded_annotations

    value = encoded(sample)
    if sample.medium == "table":
        endless = [name for name, v in value.items() if isinstance(v, float) and not math.isfinite(v)]
        gaps.update(endless)
        value = {**value, **dict.fromkeys(endless)}
    label = sample.label
    if isinstance(label, float) and not math.isfinite(label):
        gaps.update(["label"])
        label = None
    said: dict[str, Any] = {"row_id": sample.row_id, "epoch": epoch, "label": label}
    if sample.soft:
        said["soft"] = dict(sample.soft)
    kind = "png" if sample.medium == "image" else "wav"
    said |= (
        {f"{kind}_base64": base64.b64encode(value).decode("ascii")}
        if isinstance(value, bytes)
        else {"cells" if sample.medium == "table" else "text": value}
    )
    boxes, mask = encoded_annotations(sample)
    if boxes is not None:
        said["boxes"] = json.loads(boxes)
    if mask is not None:
        said["mask_png_base64"] = base64.b64encode(mask).decode("ascii")
    return {**said, "parents": list(sample.parents), "recipe": sample.recipe}
