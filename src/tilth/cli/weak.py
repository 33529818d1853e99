"""Commands of weak supervision: weak apply, analyze, fit, label."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tilth.cli.options import (
    Csv,
    Drop,
    Embedder,
    Encoding,
    IdColumn,
    Jobs,
    Json,
    Label,
    Quiet,
    ReportPath,
    Seed,
    Split,
    Target,
    Text,
    Workspace,
    app,
    guard,
    model_options,
    read_overrides,
)

if TYPE_CHECKING:
    from tilth.workflows.project import RunOptions
    from tilth.workflows.weak.verbs import WeakOptions, WeakVotes

weak_app = typer.Typer(
    help="Write rules, not labels: apply them, see what each does, join their votes, train a model.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
app.add_typer(weak_app, name="weak")

Rules = Annotated[Path, typer.Argument(help="File of rules: .yaml, or .py with @labeling_function (it is run).")]
Classes = Annotated[list[str], typer.Option("--class", help="A class, in order; default: as the rules or data say.")]
Tolerant = Annotated[bool, typer.Option("--fault-tolerant", help="Count failures of a rule as abstentions.")]
Method = Annotated[str, typer.Option(help="Label model; auto takes majority vote unless another is shown better.")]
Balance = Annotated[list[float], typer.Option(help="Share of each class, in order; default: estimated.")]
Out = Annotated[Path | None, typer.Option("--out", "-o", help="Write the result to this file: .csv or .parquet.")]
Force = Annotated[bool, typer.Option("--force", help="Overwrite files that are there.")]
EndModel = Annotated[bool, typer.Option("--end-model/--no-end-model", help="Train a model on the beliefs.")]
Classifier = Annotated[
    str | None,
    typer.Option(help="The model trained on beliefs, as package.module:factory; default: noise-aware logistic."),
]
Ask = Annotated[int, typer.Option(min=0, help="Rows named for people at most; rows in doubt only.")]


def _apply(
    target: str, rules: Path, options: WeakOptions, run: RunOptions, encoding: str, roles: dict[str, Any]
) -> WeakVotes:
    from tilth.workflows.weak.verbs import weak_apply

    return weak_apply(
        target, rules, options, overrides=read_overrides(**roles), encoding=encoding, run_options=run
    )  # fmt: skip


def _classifier(name: str | None) -> Any:
    return model_options(name).get("model")


@weak_app.command("apply")
@guard
def apply_(
    target: Target,
    rules: Rules,
    class_: Classes = [],  # noqa: B006
    fault_tolerant: Tolerant = False,
    out: Out = None,
    force: Force = False,
    label: Label = None,
    id_: IdColumn = None,
    split: Split = None,
    text: Text = [],  # noqa: B006
    drop: Drop = [],  # noqa: B006
    encoding: Encoding = "utf-8",
    workspace: Workspace = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
    jobs: Jobs = 1,
) -> None:
    """Let rules vote on every row, and count the votes. Changes nothing."""
    from tilth.cli import show_weak, terminal
    from tilth.workflows.weak.verbs import WeakOptions

    options = WeakOptions(fault_tolerant=fault_tolerant, classes=tuple(class_), workspace=workspace)
    roles = {"label": label, "id": id_, "split": split, "text": text, "drop": drop}
    with terminal.progress(quiet or json) as listener:
        said = _apply(target, rules, options, terminal.options(listener, seed=seed, jobs=jobs), encoding, roles)
    path = said.write(out, force=force) if out else None
    show_weak.show_votes(said, path, as_json=json, quiet=quiet)


@weak_app.command()
@guard
def analyze(
    target: Target,
    rules: Rules,
    class_: Classes = [],  # noqa: B006
    fault_tolerant: Tolerant = False,
    suggest: Annotated[
        Path | None, typer.Option(help="Write suggested rules to this YAML file; delete those you refuse.")
    ] = None,
    suggestions: Annotated[int, typer.Option(min=0, help="Words suggested at most.")] = 10,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", help="Write the table of rules to .csv or .parquet.")
    ] = None,
    force: Force = False,
    label: Label = None,
    id_: IdColumn = None,
    split: Split = None,
    text: Text = [],  # noqa: B006
    drop: Drop = [],  # noqa: B006
    encoding: Encoding = "utf-8",
    workspace: Workspace = None,
    report: ReportPath = None,
    csv: Csv = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
    jobs: Jobs = 1,
) -> None:
    """Show what each rule hits, gets wrong and adds to the others, and suggest rules. Changes nothing."""
    from tilth.cli import show_weak, terminal
    from tilth.workflows.weak.page import publish_analysis
    from tilth.workflows.weak.verbs import WeakOptions, weak_analyze

    options = WeakOptions(fault_tolerant=fault_tolerant, classes=tuple(class_), workspace=workspace)
    roles = {"label": label, "id": id_, "split": split, "text": text, "drop": drop}
    with terminal.progress(quiet or json) as listener:
        said = _apply(target, rules, options, terminal.options(listener, seed=seed, jobs=jobs), encoding, roles)
        found = weak_analyze(said, suggestions=suggestions)
    page = publish_analysis(found, report=report, csv=csv, table=out, suggest=suggest, force=force, seed=seed)
    show_weak.show_analysis(found, page, suggest, as_json=json, quiet=quiet)


@weak_app.command()
@guard
def fit(
    target: Target,
    rules: Rules,
    method: Method = "auto",
    class_: Classes = [],  # noqa: B006
    class_balance: Balance = [],  # noqa: B006
    fault_tolerant: Tolerant = False,
    end_model: EndModel = True,
    classifier: Classifier = None,
    embedder: Embedder = "",
    ask: Ask = 50,
    out: Out = None,
    force: Force = False,
    label: Label = None,
    id_: IdColumn = None,
    split: Split = None,
    text: Text = [],  # noqa: B006
    drop: Drop = [],  # noqa: B006
    encoding: Encoding = "utf-8",
    workspace: Workspace = None,
    report: ReportPath = None,
    csv: Csv = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
    jobs: Jobs = 1,
) -> None:
    """Join the votes by the method that is shown to work, train a model on the beliefs, score both. Changes nothing."""
    from tilth.cli import show_weak, terminal
    from tilth.workflows.weak.page import publish_fit
    from tilth.workflows.weak.verbs import WeakOptions, weak_fit

    options = WeakOptions(
        method=method, fault_tolerant=fault_tolerant, classes=tuple(class_), class_balance=tuple(class_balance),
        workspace=workspace,
    )  # fmt: skip
    roles = {"label": label, "id": id_, "split": split, "text": text, "drop": drop}
    with terminal.progress(quiet or json) as listener:
        run = terminal.options(listener, seed=seed, jobs=jobs)
        trained = _classifier(classifier)
        said = _apply(target, rules, options, run, encoding, roles)
        made = weak_fit(
            said, options, end_model=end_model, ask=ask, embedder=embedder, model=trained, run_options=run
        )  # fmt: skip
    page = publish_fit(made, report=report, csv=csv, beliefs=out, force=force, seed=seed)
    show_weak.show_fit(made, page, out, as_json=json, quiet=quiet)


@weak_app.command("label")
@guard
def label_(
    target: Target,
    rules: Rules,
    method: Method = "auto",
    class_: Classes = [],  # noqa: B006
    class_balance: Balance = [],  # noqa: B006
    fault_tolerant: Tolerant = False,
    model: Annotated[
        str, typer.Option(help="Whose labels: 'label' model, or the 'end' model trained on it.")
    ] = "label",
    threshold: Annotated[float, typer.Option(help="Belief from which on a label is written.")] = 0.5,
    relabel: Annotated[bool, typer.Option("--relabel", help="Also write over labels that are there.")] = False,
    include_test: Annotated[
        bool, typer.Option("--include-test", help="Also label the test and validation part.")
    ] = False,
    classifier: Classifier = None,
    embedder: Embedder = "",
    label: Label = None,
    id_: IdColumn = None,
    split: Split = None,
    text: Text = [],  # noqa: B006
    drop: Drop = [],  # noqa: B006
    encoding: Encoding = "utf-8",
    workspace: Workspace = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
    jobs: Jobs = 1,
) -> None:
    """Write the rules' votes and the labels to the ledger, where agree, consensus, prove and undo know them."""
    from tilth.cli import show_weak, terminal
    from tilth.workflows.weak.verbs import WeakOptions, weak_fit, weak_label

    options = WeakOptions(
        method=method, fault_tolerant=fault_tolerant, classes=tuple(class_), class_balance=tuple(class_balance),
        threshold=threshold, model=model, relabel=relabel, include_test=include_test, workspace=workspace,
    )  # fmt: skip
    roles = {"label": label, "id": id_, "split": split, "text": text, "drop": drop}
    with terminal.progress(quiet or json) as listener:
        run = terminal.options(listener, seed=seed, jobs=jobs)
        said = _apply(target, rules, options, run, encoding, roles)
        made = weak_fit(
            said, options, end_model=model == "end", embedder=embedder, model=_classifier(classifier), run_options=run
        )  # fmt: skip
        done = weak_label(made, options)
    show_weak.show_labels(done, target, as_json=json, quiet=quiet)
