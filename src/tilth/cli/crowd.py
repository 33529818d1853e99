"""Commands on votes: agree, consensus."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tilth.cli.options import (
    Csv,
    Embedder,
    Encoding,
    Json,
    Model,
    Quiet,
    ReportPath,
    Seed,
    Workspace,
    app,
    guard,
    model_options,
)

VotesFile = Annotated[str, typer.Argument(help="Votes: one a row (item, rater, label), or one column a rater.")]
Item = Annotated[str, typer.Option(help="Column with the names of the items.")]
Rater = Annotated[list[str], typer.Option(help="Column with the raters' names; or, repeated, each rater's column.")]
LabelColumn = Annotated[str, typer.Option("--label", help="Column with the labels, in a table with one vote a row.")]
TimeColumn = Annotated[str, typer.Option("--time", help="Column with the times of the votes, or 'none'.")]
Gold = Annotated[str, typer.Option(help="Column with true labels, or a file with items and true labels.")]
Level = Annotated[str, typer.Option(help="What labels are: nominal, ordinal, interval or ratio.")]
Classes = Annotated[list[str], typer.Option("--class", help="An allowed label, in order; any other is an error.")]
Missing = Annotated[list[str], typer.Option(help="Label that means 'no vote'; default -1. Empty cells always do.")]


def _reading(
    item: str,
    rater: list[str],
    label: str,
    time: str,
    gold: str,
    level: str,
    classes: list[str],
    missing: list[str],
    encoding: str,
) -> dict[str, object]:
    """How the votes are read, as fields of `VoteOptions`."""
    return {
        "item": item,
        "label": label,
        "time": time,
        "raters": tuple(rater),
        "gold": gold,
        "level": level,
        "classes": tuple(classes),
        "missing": tuple(missing) or None,
        "encoding": encoding,
    }


@app.command()
@guard
def agree(
    votes: VotesFile,
    item: Item = "",
    rater: Rater = [],  # noqa: B006 - typer copies it
    label: LabelColumn = "",
    time: TimeColumn = "",
    level: Level = "nominal",
    class_: Classes = [],  # noqa: B006
    missing: Missing = [],  # noqa: B006
    min_kappa: Annotated[
        float | None, typer.Option(help="Exit with code 3 unless kappa is above this; 0.8 is usual.")
    ] = None,
    guideline: Annotated[
        Path | None, typer.Option(help="Write a draft of the guideline to this Markdown file.")
    ] = None,
    resamples: Annotated[int, typer.Option(help="Bootstrap resamples of the intervals; 0 for none.")] = 1000,
    encoding: Encoding = "utf-8",
    workspace: Workspace = None,
    report: ReportPath = None,
    csv: Csv = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Measure how far raters agree, and where the guideline is silent. Changes nothing."""
    from tilth.cli import show_crowd
    from tilth.workflows.crowd.agree import agree as run
    from tilth.workflows.crowd.agree import publish_agreement
    from tilth.workflows.crowd.votes import VoteOptions

    options = VoteOptions(**_reading(item, rater, label, time, "", level, class_, missing, encoding))  # type: ignore[arg-type]
    target = 0.8 if min_kappa is None else min_kappa
    found = run(votes, options, target_kappa=target, n_resamples=resamples, seed=seed, workspace=workspace)
    page = publish_agreement(found, votes, report=report, csv=csv, guideline=guideline, workspace=workspace, seed=seed)
    show_crowd.show_agreement(found, page, guideline, as_json=json, quiet=quiet)
    if min_kappa is not None and not found.rule.passed:
        raise typer.Exit(3)


@app.command()
@guard
def consensus(
    votes: VotesFile,
    item: Item = "",
    rater: Rater = [],  # noqa: B006
    label: LabelColumn = "",
    time: TimeColumn = "",
    gold: Gold = "",
    level: Level = "nominal",
    class_: Classes = [],  # noqa: B006
    missing: Missing = [],  # noqa: B006
    method: Annotated[str, typer.Option(help="Label model whose labels to take; default: the recommended one.")] = "",
    dataset: Annotated[str | None, typer.Option(help="Data whose row ids are the items.")] = None,
    probs: Annotated[
        str | None, typer.Option(help="File of your own out-of-sample probabilities, one column a class.")
    ] = None,
    model: Model = None,
    embedder: Embedder = "",
    out: Annotated[Path | None, typer.Option(help="Folder for the files; default: NAME-consensus.")] = None,
    parquet: Annotated[bool, typer.Option("--parquet", help="Write Parquet files instead of CSV.")] = False,
    record: Annotated[bool, typer.Option("--record/--no-record", help="Write votes and labels to the ledger.")] = True,
    include_test: Annotated[
        bool, typer.Option("--include-test", help="Change labels of the test and validation part too.")
    ] = False,
    force: Annotated[bool, typer.Option("--force", help="Overwrite what is there.")] = False,
    encoding: Encoding = "utf-8",
    workspace: Workspace = None,
    report: ReportPath = None,
    csv: Csv = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Settle one label an item from many votes, by the method that is shown to work on them."""
    from tilth.cli import show_crowd, terminal
    from tilth.workflows.crowd.consensus import ConsensusOptions, publish_consensus
    from tilth.workflows.crowd.consensus import consensus as run
    from tilth.workflows.crowd.votes import VoteOptions

    reading = VoteOptions(**_reading(item, rater, label, time, gold, level, class_, missing, encoding))  # type: ignore[arg-type]
    options = ConsensusOptions(
        method=method,
        dataset=dataset,
        probs=probs,
        embedder=embedder,
        out=out,
        workspace=workspace,
        record=record,
        include_test=include_test,
        force=force,
        parquet=parquet,
        **model_options(model),
    )
    with terminal.progress(quiet or json) as listener:
        made = run(votes, reading, options, run_options=terminal.options(listener, seed=seed))
    page = publish_consensus(made, report=report, csv=csv, seed=seed)
    show_crowd.show_consensus(made, page, as_json=json, quiet=quiet)
    if made.failed:
        raise typer.Exit(1)
