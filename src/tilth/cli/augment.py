"""The command augment."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Any

import typer

from tilth.cli.options import (
    Embedder,
    Jobs,
    Json,
    Memory,
    Model,
    Quiet,
    ReportPath,
    Seed,
    Target,
    Workspace,
    app,
    guard,
    model_options,
    reads_columns,
)

Policy = Annotated[
    str | None,
    typer.Option(help="YAML file, name of a policy that comes with tilth, or YAML text such as '[rotate: 0.3]'."),
]
Times = Annotated[int, typer.Option(help="New rows for each training row.")]
Write = Annotated[bool, typer.Option("--write", help="Write the rows and record them.")]
Stream = Annotated[bool, typer.Option("--stream", help="Print --times epochs of samples as JSON lines.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Folder for the files; default: in the workspace.")]
Part = Annotated[str, typer.Option(help="Only 'train': the test and validation part are refused.")]
Medium = Annotated[str, typer.Option(help="image, text, audio or table, where the dataset holds several.")]
ColumnName = Annotated[str, typer.Option("--column", help="Which of several columns; default: all of the medium.")]
Limit = Annotated[
    list[str], typer.Option(help="CLASS:OPERATION=HIGHEST, such as 6:rotate=0.2; * for all classes; may be repeated.")
]
Check = Annotated[bool, typer.Option("--check/--no-check", help="Find which magnitudes keep labels true.")]
Follow = Annotated[
    bool, typer.Option("--follow/--no-follow", help="Let the columns boxes and mask of an image follow it.")
]

Search = Annotated[bool, typer.Option("--search", help="Find the policy that pays on held-out folds, or none.")]
BudgetText = Annotated[
    str | None,
    typer.Option("--budget", help="What --search may cost: 10m (the default), 90s, 1h, or a number of trials."),
]
Save = Annotated[Path | None, typer.Option("--save", help="Where --search writes the policy that it found.")]


@app.command()
@guard
@reads_columns
def augment(
    target: Target,
    *,
    policy: Policy = None,
    times: Times = 4,
    search: Search = False,
    budget: BudgetText = None,
    save: Save = None,
    write: Write = False,
    stream: Stream = False,
    out: Out = None,
    part: Part = "train",
    limit: Limit = [],  # noqa: B006 - typer copies it
    check: Check = True,
    follow: Follow = True,
    medium: Medium = "",
    column: ColumnName = "",
    model: Model = None,
    embedder: Embedder = "",
    reading: dict[str, Any],
    workspace: Workspace = None,
    report: ReportPath = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
    jobs: Jobs = 0,
    memory: Memory = "2GB",
) -> None:
    """Make more training rows from those that are there; without --write, show what would be made."""
    from tilth.cli import show_augment, terminal
    from tilth.cli.show_search import show_search
    from tilth.errors import ParameterError
    from tilth.workflows.augment.policies import parse_limits, policy_to_yaml

    if search and (policy or stream):
        raise ParameterError("--search finds a policy itself", fix="leave out --policy and --stream, or --search")
    if not search and (budget is not None or save is not None):
        given = "--budget" if budget is not None else "--save"
        raise ParameterError(f"{given} is for --search", fix=f"add --search, or leave out {given}")
    if write and stream:
        raise ParameterError("--write and --stream exclude each other", fix="leave one of them out")
    chosen: dict[str, Any] = {"part": part, "medium": medium, "column": column, "limits": parse_limits(limit)}
    chosen |= {"workspace": workspace, **reading}
    with terminal.progress(quiet or json or stream) as listener:
        options = terminal.options(listener, seed=seed, jobs=jobs, memory=memory)
        if search:
            from tilth.cli.show_search import search_first

            found = search_first(
                target, budget or "10m", times, part, {**model_options(model), "embedder": embedder}, chosen, options
            )
            show_search(found, save, as_json=json and not write, quiet=quiet)
            if found.policy is None or not write:
                return
            policy = policy_to_yaml(found.policy)
        if stream:
            from tilth.workflows.augment.stream import stream as run_stream

            show_augment.show_stream(run_stream(target, policy, follow=follow, **chosen, options=options), times)
            return
        from tilth.workflows.augment.verb import augment as run

        made = run(
            target,
            policy=policy,
            times=times,
            write=write,
            out=out,
            check=check,
            follow=follow,
            model=model_options(model).get("model"),
            embedder=embedder,
            **chosen,
            options=options,
        )
    from tilth.workflows.augment.page import report_augmentation

    show_augment.show_augmentation(made, report_augmentation(made, report), as_json=json, quiet=quiet)
