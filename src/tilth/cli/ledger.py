"""Commands on what was done: log, diff, undo, export, apply."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tilth.cli.options import (
    Json,
    Target,
    Workspace,
    app,
    guard,
)


@app.command()
@guard
def log(
    target: Target,
    decisions: Annotated[bool, typer.Option(help="List every decision, not only batches.")] = False,
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Show snapshots and decisions, oldest first."""
    from tilth.cli import show
    from tilth.workflows.history import history
    from tilth.workflows.project import locate

    show.show_history(history(locate(target, workspace=workspace)), each=decisions, as_json=json)


@app.command()
@guard
def diff(
    target: Target,
    before: Annotated[str, typer.Argument(help="Snapshot id; default: the rows as first read.")] = "",
    after: Annotated[str, typer.Argument(help="Snapshot id; default: the current one.")] = "",
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Show what changed between two snapshots, row by row."""
    from tilth.cli import show
    from tilth.workflows.history import compare
    from tilth.workflows.project import locate

    show.show_diff(*compare(locate(target, workspace=workspace), before, after), as_json=json)


@app.command()
@guard
def undo(
    target: Target,
    id_: Annotated[list[str], typer.Option("--id", help="Decision to take back; may be repeated.")] = [],  # noqa: B006
    everything: Annotated[bool, typer.Option("--all", help="Take back everything that still stands.")] = False,
    who: Annotated[str, typer.Option(help="Who takes it back.")] = "person",
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Take back what the last command decided; nothing is erased."""
    from tilth.cli import show
    from tilth.workflows.history import undo as run
    from tilth.workflows.project import locate

    made = run(locate(target, workspace=workspace), ids=id_, everything=everything, who=who)
    show.show_undone(made, as_json=json)


@app.command()
@guard
def export(
    target: Target,
    path: Annotated[Path, typer.Argument(help="A .csv, .tsv, .parquet, .jsonl or .arrow file, or a folder.")],
    snapshot: Annotated[str, typer.Option(help="Snapshot id; default: the current one.")] = "",
    ids: Annotated[bool, typer.Option("--ids", help="Keep the row ids.")] = False,
    decisions: Annotated[
        bool, typer.Option("--decisions", help="Write the decisions as a JSONL patch instead.")
    ] = False,
    copy_media: Annotated[
        bool, typer.Option("--copy-media", help="Copy images and sounds beside the table, into STEM-COLUMN.")
    ] = False,
    force: Annotated[
        bool, typer.Option("--force", help="Overwrite what is there; of folders only those that an export made.")
    ] = False,
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Write the current rows, or the decisions as a patch file. Paths in a table start from its own folder."""
    from tilth.cli import show
    from tilth.workflows.export import export as run
    from tilth.workflows.export import export_patch
    from tilth.workflows.project import locate

    dataset = locate(target, workspace=workspace)
    if decisions:
        show.show_written(path, export_patch(dataset, path, force=force), "decisions", as_json=json)
    else:
        made = run(dataset, path, snapshot_id=snapshot, ids=ids, copy_media=copy_media, force=force)
        show.show_written(made.path, made.rows, "rows", as_json=json)


@app.command("apply")
@guard
def apply_(
    target: Target,
    patch: Annotated[Path, typer.Argument(help="A JSONL patch file of decisions.")],
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Read decisions from a patch file and apply them."""
    from tilth.cli import show
    from tilth.workflows.export import import_patch
    from tilth.workflows.project import locate

    new = import_patch(locate(target, workspace=workspace), patch)
    show.show_written(patch, new, "new decisions", as_json=json, verb="apply")
