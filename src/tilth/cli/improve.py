"""Commands of the main job: ingest, audit, fix, prove."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from tilth.cli.options import (
    Csv,
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
    read_params,
    reads_columns,
)


@app.command()
@guard
@reads_columns
def ingest(
    target: Target,
    *,
    reading: dict[str, Any],
    workspace: Workspace = None,
    json: Json = False,
    quiet: Quiet = False,
) -> None:
    """Read rows and keep them as a snapshot; your files stay as they are."""
    from tilth.cli import show, terminal
    from tilth.workflows.ingest import ingest as run

    with terminal.progress(quiet or json) as listener:
        made = run(
            target,
            workspace=workspace,
            **reading,
            options=terminal.options(listener),
        )
    show.show_ingested(made, as_json=json, quiet=quiet)


@app.command()
@guard
@reads_columns
def audit(
    target: Target,
    *,
    issue: Annotated[list[str], typer.Option(help="Check to run; may be repeated. Default: all.")] = [],  # noqa: B006
    set_: Annotated[list[str], typer.Option("--set", help="Parameter as check.param=value; may be repeated.")] = [],  # noqa: B006
    model: Model = None,
    probs: Annotated[
        str | None, typer.Option(help="File of your own out-of-sample probabilities, one column a class.")
    ] = None,
    embedder: Embedder = "",
    folds: Annotated[int, typer.Option(help="Folds of the cross-fitting.")] = 5,
    reading: dict[str, Any],
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
    from tilth.cli import show, terminal
    from tilth.workflows.audit import audit as run
    from tilth.workflows.report.audit_page import report_audit

    with terminal.progress(quiet or json) as listener:
        found = run(
            target,
            workspace=workspace,
            **reading,
            issues=issue,
            params=read_params(set_),
            probs=probs,
            embedder=embedder,
            n_folds=folds,
            options=terminal.options(listener, seed=seed, jobs=jobs, memory=memory),
            **model_options(model),
        )
    path = report_audit(found, report)
    if csv is not None:
        show.write_csv(found, csv)
    show.show_audit(found, path, as_json=json, quiet=quiet)
    if found.failed:
        raise typer.Exit(1)


@app.command()
@guard
@reads_columns
def fix(
    target: Target,
    *,
    reading: dict[str, Any],
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Write the decisions and apply them.")] = False,
    auto: Annotated[
        bool, typer.Option("--auto", help="Fix label errors by what helps on held-out rows; the default.")
    ] = False,
    policy: Annotated[
        list[str],
        typer.Option(
            help="issue=auto|relabel|drop|keep[:floor]; may be repeated. Default: label_error=auto, copies dropped."
        ),
    ] = [],  # noqa: B006
    include_test: Annotated[bool, typer.Option(help="Change rows of the test and validation part too.")] = False,
    model: Model = None,
    embedder: Embedder = "",
    workspace: Workspace = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Show what a repair would change; with --yes, record it and make the repaired snapshot current."""
    from tilth.cli import show, terminal
    from tilth.workflows.fix import fix as run
    from tilth.workflows.fix import parse_policy

    with terminal.progress(quiet or json) as listener:
        made = run(
            target,
            yes=yes,
            policies=[parse_policy(text) for text in [*policy, *(["label_error=auto"] if auto and policy else [])]],
            include_test=include_test,
            workspace=workspace,
            embedder=embedder,
            **reading,
            **model_options(model),
            options=terminal.options(listener, seed=seed),
        )
    show.show_fix(made, as_json=json)


@app.command()
@guard
@reads_columns
def prove(
    target: Target,
    *,
    reading: dict[str, Any],
    before: Annotated[str, typer.Option(help="Snapshot id; default: the rows as first read.")] = "",
    after: Annotated[str, typer.Option(help="Snapshot id; default: the current one.")] = "",
    augmentation: Annotated[
        bool, typer.Option("--augmentation", help="Compare with the same rows less the augmented ones.")
    ] = False,
    orders: Annotated[
        bool, typer.Option("--orders", help="Which order of review would have paid first: by worth, or by score?")
    ] = False,
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
    from tilth.cli import terminal
    from tilth.cli.show_proof import show_proof
    from tilth.workflows.proof.prove import prove as run

    with terminal.progress(quiet or json) as listener:
        proof = run(
            target,
            before=before,
            after=after,
            augmentation=augmentation,
            orders=orders,
            repeats=repeats,
            metric=metric,
            slices=slice_,
            embedder=embedder,
            workspace=workspace,
            **reading,
            options=terminal.options(listener, seed=seed),
            **model_options(model),
        )
    show_proof(proof, as_json=json)
    if proof.verdict == "hurt":
        raise typer.Exit(3)
