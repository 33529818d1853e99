"""The command line: one thin command a verb.

Results go to standard output; bars, notes and errors go to standard error. Exit codes: 0 done, 1 a part
failed, 2 bad input or usage, 3 a proof says that the change hurt, 130 stopped.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from tilth.errors import TilthError

__all__ = ["app", "main"]

app = typer.Typer(
    name="tilth",
    help="Find what is wrong with a labelled dataset, fix it, and prove that the fix helped.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,
)

Target = Annotated[str, typer.Argument(help="A file, a folder of images or sounds, or a Lance dataset.")]
Workspace = Annotated[Path | None, typer.Option(help="Workspace folder; default: .tilth beside the data.")]
Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Quiet = Annotated[bool, typer.Option("--quiet", "-q", help="No progress bars and no notes.")]
Seed = Annotated[int, typer.Option(help="Seed of everything random.")]
Jobs = Annotated[int, typer.Option(help="Worker processes for media; 0 takes one a core.")]
Memory = Annotated[str, typer.Option(help="Memory that one step should stay under, such as 500MB or 2GB.")]
Column = str | None
Label = Annotated[Column, typer.Option(help="Label column, or 'none'.")]
IdColumn = Annotated[Column, typer.Option("--id", help="Column with row ids.")]
Group = Annotated[Column, typer.Option(help="Column whose equal values must stay in one fold.")]
Split = Annotated[Column, typer.Option(help="Column that says train, val or test.")]
Time = Annotated[Column, typer.Option(help="Column with times.")]
Text = Annotated[list[str], typer.Option(help="Text column; may be repeated.")]
Image = Annotated[list[str], typer.Option(help="Column with image paths; may be repeated.")]
Audio = Annotated[list[str], typer.Option(help="Column with sound paths; may be repeated.")]
Drop = Annotated[list[str], typer.Option(help="Column to leave out; may be repeated.")]
Encoding = Annotated[str, typer.Option(help="Encoding of text files.")]
Model = Annotated[str | None, typer.Option(help="Classifier as package.module:factory; default: logistic regression.")]
Embedder = Annotated[str, typer.Option(help="Embedder by name; default: one that needs no download.")]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write the findings to this CSV file.")]
ReportPath = Annotated[Path | None, typer.Option("--report", help="Where to write the HTML report.")]


def _guard(command: Callable[..., None]) -> Callable[..., None]:
    """Turn errors that tilth raises on purpose into one line and an exit code."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        from tilth import terminal

        try:
            command(*args, **kwargs)
        except TilthError as error:
            terminal.fail(str(error))
            raise typer.Exit(2) from error
        except KeyboardInterrupt as stop:
            terminal.fail("stopped; what was done is kept, and the same command goes on from there")
            raise typer.Exit(130) from stop
        except BrokenPipeError as error:
            raise typer.Exit(0) from error

    return guarded


def _overrides(**said: Any) -> Any:
    """What the user said about columns, or None where nothing was said."""
    if not any(said.values()):
        return None
    from tilth.records import RoleOverrides

    return RoleOverrides.from_dict(said)


def _model(name: str | None) -> dict[str, Any]:
    from tilth.workflows.predictions import load_model

    return {"model": load_model(name), "model_name": name} if name else {}


@app.command()
@_guard
def ingest(
    target: Target,
    label: Label = None,
    id_: IdColumn = None,
    group: Group = None,
    split: Split = None,
    time: Time = None,
    text: Text = [],  # noqa: B006 - typer copies it
    image: Image = [],  # noqa: B006
    audio: Audio = [],  # noqa: B006
    drop: Drop = [],  # noqa: B006
    encoding: Encoding = "utf-8",
    workspace: Workspace = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Read rows and keep them as a snapshot; your files stay as they are."""
    from tilth import show, terminal
    from tilth.workflows.ingest import ingest as run

    overrides = _overrides(
        label=label, id=id_, group=group, split=split, time=time, text=text, image=image, audio=audio, drop=drop
    )
    with terminal.progress(quiet or json) as listener:
        made = run(
            target,
            overrides=overrides,
            workspace=workspace,
            encoding=encoding,
            options=terminal.options(listener),
        )
    show.show_ingested(made, as_json=json, quiet=quiet)


@app.command()
@_guard
def audit(
    target: Target,
    issue: Annotated[list[str], typer.Option(help="Check to run; may be repeated. Default: all.")] = [],  # noqa: B006
    model: Model = None,
    probs: Annotated[
        str | None, typer.Option(help="File of your own out-of-sample probabilities, one column a class.")
    ] = None,
    embedder: Embedder = "",
    folds: Annotated[int, typer.Option(help="Folds of the cross-fitting.")] = 5,
    label: Label = None,
    id_: IdColumn = None,
    group: Group = None,
    split: Split = None,
    time: Time = None,
    text: Text = [],  # noqa: B006
    image: Image = [],  # noqa: B006
    audio: Audio = [],  # noqa: B006
    drop: Drop = [],  # noqa: B006
    encoding: Encoding = "utf-8",
    workspace: Workspace = None,
    report: ReportPath = None,
    csv: Csv = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
    jobs: Jobs = 0,
    memory: Memory = "2GB",
) -> None:
    """Find what is wrong with a dataset: wrong labels, outliers, duplicates, gaps. Changes nothing."""
    from tilth import show, terminal
    from tilth.workflows.audit import audit as run
    from tilth.workflows.reporting import report_audit

    overrides = _overrides(
        label=label, id=id_, group=group, split=split, time=time, text=text, image=image, audio=audio, drop=drop
    )
    with terminal.progress(quiet or json) as listener:
        found = run(
            target,
            overrides=overrides,
            workspace=workspace,
            encoding=encoding,
            issues=issue,
            probs=probs,
            embedder=embedder,
            n_folds=folds,
            options=terminal.options(listener, seed=seed, jobs=jobs, memory=memory),
            **_model(model),
        )
    path = report_audit(found, report)
    if csv is not None:
        show.write_csv(found, csv)
    show.show_audit(found, path, as_json=json, quiet=quiet)
    if found.failed:
        raise typer.Exit(1)


@app.command()
@_guard
def fix(
    target: Target,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write the decisions and apply them.")] = False,
    policy: Annotated[
        list[str],
        typer.Option(help="issue=relabel|drop|keep[:floor]; may be repeated. Default: label_error=relabel:0.5 ..."),
    ] = [],  # noqa: B006
    include_test: Annotated[bool, typer.Option(help="Change rows of the test and validation part too.")] = False,
    workspace: Workspace = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Show what a repair would change; with --yes, record it and make the repaired snapshot current."""
    from tilth import show, terminal
    from tilth.workflows.fix import fix as run
    from tilth.workflows.fix import parse_policy

    with terminal.progress(quiet or json) as listener:
        made = run(
            target,
            yes=yes,
            policies=[parse_policy(text) for text in policy],
            include_test=include_test,
            workspace=workspace,
            options=terminal.options(listener, seed=seed),
        )
    show.show_fix(made, as_json=json)


@app.command()
@_guard
def prove(
    target: Target,
    before: Annotated[str, typer.Option(help="Snapshot id; default: the rows as first read.")] = "",
    after: Annotated[str, typer.Option(help="Snapshot id; default: the current one.")] = "",
    repeats: Annotated[int, typer.Option(help="Splits, or subsamples of the training part.")] = 10,
    metric: Annotated[str, typer.Option(help="accuracy or balanced_accuracy.")] = "accuracy",
    slice_: Annotated[list[str], typer.Option("--slice", help="Column to report by; may be repeated.")] = [],  # noqa: B006
    model: Model = None,
    embedder: Embedder = "",
    workspace: Workspace = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Measure what the changes did to a fixed model, beside a placebo and a bigger model."""
    from tilth import show, terminal
    from tilth.workflows.prove import prove as run

    with terminal.progress(quiet or json) as listener:
        proof = run(
            target,
            before=before,
            after=after,
            repeats=repeats,
            metric=metric,
            slices=slice_,
            embedder=embedder,
            workspace=workspace,
            options=terminal.options(listener, seed=seed),
            **_model(model),
        )
    show.show_proof(proof, as_json=json)
    if proof.verdict == "hurt":
        raise typer.Exit(3)


@app.command()
@_guard
def log(
    target: Target,
    decisions: Annotated[bool, typer.Option(help="List every decision, not only batches.")] = False,
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Show snapshots and decisions, oldest first."""
    from tilth import show
    from tilth.workflows.history import history
    from tilth.workflows.project import locate

    show.show_history(history(locate(target, workspace=workspace)), each=decisions, as_json=json)


@app.command()
@_guard
def diff(
    target: Target,
    before: Annotated[str, typer.Argument(help="Snapshot id; default: the rows as first read.")] = "",
    after: Annotated[str, typer.Argument(help="Snapshot id; default: the current one.")] = "",
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Show what changed between two snapshots, row by row."""
    from tilth import show
    from tilth.workflows.history import compare
    from tilth.workflows.project import locate

    show.show_diff(*compare(locate(target, workspace=workspace), before, after), as_json=json)


@app.command()
@_guard
def undo(
    target: Target,
    id_: Annotated[list[str], typer.Option("--id", help="Decision to take back; may be repeated.")] = [],  # noqa: B006
    everything: Annotated[bool, typer.Option("--all", help="Take back everything that still stands.")] = False,
    who: Annotated[str, typer.Option(help="Who takes it back.")] = "person",
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Take back what the last command decided; nothing is erased."""
    from tilth import show
    from tilth.workflows.history import undo as run
    from tilth.workflows.project import locate

    made = run(locate(target, workspace=workspace), ids=id_, everything=everything, who=who)
    show.show_undone(made, as_json=json)


@app.command()
@_guard
def export(
    target: Target,
    path: Annotated[Path, typer.Argument(help="A .csv, .tsv, .parquet, .jsonl or .arrow file, or a folder.")],
    snapshot: Annotated[str, typer.Option(help="Snapshot id; default: the current one.")] = "",
    ids: Annotated[bool, typer.Option("--ids", help="Keep the row ids.")] = False,
    decisions: Annotated[
        bool, typer.Option("--decisions", help="Write the decisions as a JSONL patch instead.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Write the current rows, or the decisions as a patch file."""
    from tilth import show
    from tilth.workflows.export import export as run
    from tilth.workflows.export import export_patch
    from tilth.workflows.project import locate

    dataset = locate(target, workspace=workspace)
    if decisions:
        show.show_written(path, export_patch(dataset, path, force=force), "decisions", as_json=json)
    else:
        made = run(dataset, path, snapshot_id=snapshot, ids=ids, force=force)
        show.show_written(made.path, made.rows, "rows", as_json=json)


@app.command("apply")
@_guard
def apply_(
    target: Target,
    patch: Annotated[Path, typer.Argument(help="A JSONL patch file of decisions.")],
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Read decisions from a patch file and apply them."""
    from tilth import show
    from tilth.workflows.export import import_patch
    from tilth.workflows.project import locate

    new = import_patch(locate(target, workspace=workspace), patch)
    show.show_written(patch, new, "new decisions", as_json=json, verb="apply")


@app.command()
@_guard
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put the demonstration.")] = Path("tilth-demo"),
    repeats: Annotated[int, typer.Option(help="Repeats of the proof.")] = 10,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Plant faults in real scans of digits, find them, fix them, and prove what that did."""
    from tilth import show, terminal
    from tilth.workflows.demo import demo as run

    with terminal.progress(quiet or json) as listener:
        made = run(folder, repeats=repeats, options=terminal.options(listener, seed=seed))
    show.show_demo(made, as_json=json)


@app.command()
@_guard
def doctor(json: Json = False) -> None:
    """Tell what is installed, which extras are missing and how to install them."""
    from tilth import show
    from tilth.workflows.doctor import doctor as run

    checkup = run()
    show.show_checkup(checkup, as_json=json)
    if checkup.missing_core:
        raise typer.Exit(1)


def _version(wanted: bool) -> None:
    if wanted:
        from tilth import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find what is wrong with a labelled dataset, fix it, and prove that the fix helped."""
    del version


def main() -> None:
    """Entry point of the console script."""
    app(prog_name="tilth")


if __name__ == "__main__":
    main()
