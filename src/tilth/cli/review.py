"""Commands on how many labels are wrong and which to look at: count, review."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tilth.cli.options import Json, Quiet, Seed, Target, Workspace, app, guard, reads_columns


@app.command()
@guard
@reads_columns
def count(
    target: Target,
    *,
    reading: dict[str, Any],
    workspace: Workspace = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Estimate how many labels are wrong, with an interval, and what reviewing more would find."""
    from tilth.cli import show, terminal
    from tilth.workflows.active.review import count as run

    with terminal.progress(quiet or json) as listener:
        found = run(target, workspace=workspace, **reading, options=terminal.options(listener, seed=seed))
    show.show_count(found, as_json=json)


@app.command()
@guard
@reads_columns
def review(
    target: Target,
    *,
    reading: dict[str, Any],
    path: Annotated[Path, typer.Argument(help="Where to write the queue: .csv, .jsonl, or .json of Label Studio.")],
    budget: Annotated[int, typer.Option(help="How many rows.")] = 50,
    by: Annotated[str, typer.Option(help="score, worth (to the model), or count (sharpens it).")] = "score",
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    workspace: Workspace = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Write a queue of labels to check; answer it with `tilth label` or `tilth teach`."""
    from tilth.cli import show, terminal
    from tilth.workflows.active.review import review as run

    with terminal.progress(quiet or json) as listener:
        made = run(
            target,
            path,
            budget=budget,
            by=by,
            force=force,
            workspace=workspace,
            **reading,
            options=terminal.options(listener, seed=seed),
        )
    show.show_written(made.path, len(made.rows), "labels to check", as_json=json, verb="review")
