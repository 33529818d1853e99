"""Commands of active learning: select, label, teach, simulate."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tilth.cli.options import (
    Audio,
    Drop,
    Embedder,
    Encoding,
    Group,
    IdColumn,
    Image,
    Jobs,
    Json,
    Label,
    Model,
    Quiet,
    Seed,
    Split,
    Target,
    Text,
    Time,
    Workspace,
    app,
    guard,
    model_options,
    read_overrides,
)

if TYPE_CHECKING:
    from tilth.workflows.active.stopping import StopOptions, Stopping
    from tilth.workflows.active.teach import Taught

Queue = Annotated[Path, typer.Argument(help="A queue: .csv, .jsonl, or .json of Label Studio.")]
Data = Annotated[str | None, typer.Option("--data", help="The data; default: the dataset that the queue names.")]
Who = Annotated[str, typer.Option(help="Who gives the labels.")]
Param = Annotated[list[str], typer.Option("--param", help="Parameter of the strategy as name=value; may be repeated.")]
Goal = Annotated[float | None, typer.Option(help="Accuracy that is good enough, such as 0.9: a rule to stop.")]
More = Annotated[int, typer.Option(help="Further labels that the expected gain speaks of.")]
Ask = Annotated[bool, typer.Option("--stopping/--no-stopping", help="Say what the stopping rules say of the labels.")]
Cost = Annotated[str, typer.Option(help="Column with what each label costs; no input, and simulate counts by it.")]


def strategy_params(strategy: str, said: list[str]) -> dict[str, Any]:
    """Parameters of a strategy, from ``name=value``, in the types of its fields."""
    from tilth.errors import ParameterError
    from tilth.plugin import Shelf

    pairs = [text.partition("=") for text in said]
    for text, (name, equals, _) in zip(said, pairs, strict=True):
        if not equals or not name:
            raise ParameterError("a parameter is written name=value", where="--param", found=repr(text))
    return Shelf("strategies").typed(strategy, {name: value for name, _, value in pairs})


def stop_options(ask: bool, more: int, goal: float | None) -> StopOptions:
    from tilth.workflows.active.stopping import StopOptions

    return StopOptions(ask, more, goal)


def show_stopping(stopping: Stopping | None) -> None:
    """What each stopping rule says, one row a rule."""
    from tilth.cli import terminal

    if stopping is None:
        return
    console = terminal.out()
    console.print(f"\nStop? {stopping.verdict}", markup=False)
    if stopping.checks:
        rows = [(check.rule, "stop" if check.stop else "go on", check.why) for check in stopping.checks]
        console.print(terminal.table("", [("rule", "left"), ("says", "left"), ("why", "left")], rows))
        silent = [f"{rule} {reason}" for rule, reason in stopping.silent.items()]
        judged = [f"accuracy measured on {stopping.judged_on}"] if stopping.judged_on else []
        terminal.notes([*judged, *silent], False)


@app.command()
@guard
def select(
    target: Target,
    budget: Annotated[int, typer.Option(help="How many rows to ask for.")] = 100,
    strategy: Annotated[str, typer.Option(help="How to pick: priority, margin, typiclust, random ...")] = "priority",
    param: Param = [],  # noqa: B006
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Queue file: .csv, .jsonl or .json.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the queue file.")] = False,
    cost: Cost = "",
    goal: Goal = None,
    more: More = 200,
    stopping: Ask = True,
    model: Model = None,
    embedder: Embedder = "",
    label: Label = None,
    id_: IdColumn = None,
    group: Group = None,
    split: Split = None,
    time: Time = None,
    text: Text = [],  # noqa: B006
    image: Image = [],  # noqa: B006
    audio: Audio = [],  # noqa: B006
    drop: Drop = [],  # noqa: B006
    encoding: Encoding = "",
    workspace: Workspace = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Pick the rows to label next, with a reason each, as a queue for `tilth label` or Label Studio."""
    from tilth.cli import terminal
    from tilth.workflows.active.queue import check_queue_path
    from tilth.workflows.active.select import select as run

    place = out or (None if json else Path("queue.csv"))
    if place:
        check_queue_path(place, force=force)
    overrides = read_overrides(
        label=label, id=id_, group=group, split=split, time=time, text=text, image=image, audio=audio, drop=drop
    )
    with terminal.progress(quiet or json) as listener:
        made = run(
            target,
            budget=budget,
            strategy=strategy,
            params=strategy_params(strategy, param),
            cost=cost,
            embedder=embedder,
            overrides=overrides,
            workspace=workspace,
            encoding=encoding,
            stop=stop_options(stopping, more, goal),
            options=terminal.options(listener, seed=seed),
            **model_options(model),
        )
    path = made.write(place, force=force) if place else None
    if json:
        data = made.to_dict()
        data["summary"]["queue"] = str(path) if path else None
        terminal.print_json(data)
        return
    terminal.notes(made.notes, quiet)
    rows = [(row["row_id"], row["why"]) for row in made.findings.to_dicts()[:5]]
    console = terminal.out()
    console.print(f"{len(made.findings):,} of {made.pool:,} rows without a label, by {made.strategy}\n", markup=False)
    console.print(terminal.table("Ask first", [("row", "left"), ("why", "left")], rows))
    if made.weights:
        console.print(
            f"Weights: {', '.join(f'{name} {value:.2g}' for name, value in made.weights.items())}", markup=False
        )
    show_stopping(made.stopping)
    console.print(f"\nQueue: {path}\nNext:  tilth label {path}", markup=False)


@app.command("label")
@guard
def label_(
    queue: Queue,
    data: Data = None,
    who: Who = "person",
    goal: Goal = None,
    more: More = 200,
    stopping: Ask = True,
    model: Model = None,
    embedder: Embedder = "",
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Answer a queue in the terminal, one key a row; each answer is kept at once."""
    from tilth.cli import keys
    from tilth.workflows.active.label import label_queue

    made = label_queue(
        queue,
        data,
        talk=keys.talk,
        who=who,
        workspace=workspace,
        embedder=embedder,
        stop=stop_options(stopping, more, goal),
        **model_options(model),
    )
    show_taught(made, "label", as_json=json)


@app.command()
@guard
def teach(
    labels: Queue,
    data: Data = None,
    who: Who = "person",
    new_classes: Annotated[bool, typer.Option("--new-classes", help="Declare classes that the data lack.")] = False,
    goal: Goal = None,
    more: More = 200,
    stopping: Ask = True,
    model: Model = None,
    embedder: Embedder = "",
    workspace: Workspace = None,
    json: Json = False,
) -> None:
    """Take labels from a file: a queue with its column label filled in, or Label Studio's export."""
    from tilth.workflows.active.teach import teach as run

    made = run(
        labels,
        data,
        who=who,
        new_classes=new_classes,
        workspace=workspace,
        embedder=embedder,
        stop=stop_options(stopping, more, goal),
        **model_options(model),
    )
    show_taught(made, "teach", as_json=json)


def show_taught(made: Taught, verb: str, *, as_json: bool) -> None:
    """How many labels were taken, how many rows have one now, and whether that is enough."""
    from tilth.cli import terminal

    if as_json:
        terminal.print_json(made.to_dict(verb))
        return
    new = f", new classes: {', '.join(made.new_classes)}" if made.new_classes else ""
    labelled = int((made.snapshot.labels >= 0).sum())
    terminal.out().print(
        f"{made.taught:,} labels taken, {made.unanswered:,} rows unanswered{new}: "
        f"{labelled:,} of {len(made.snapshot):,} rows have a label, snapshot {made.snapshot.id}",
        markup=False,
    )
    show_stopping(made.stopping)


@app.command()
@guard
def simulate(
    target: Target,
    strategy: Annotated[list[str], typer.Option(help="Strategy to replay; may be repeated.")] = ["priority", "margin"],  # noqa: B006
    seeds: Annotated[int, typer.Option(help="Replays of each strategy, on another split each.")] = 5,
    budget: Annotated[int, typer.Option(help="Labels at the end; 0 takes 1,000 or the whole pool.")] = 0,
    batch: Annotated[int, typer.Option(help="Labels a round; 0 grows from 10 on.")] = 0,
    noise: Annotated[float, typer.Option(help="Share of wrong answers of the oracle.")] = 0.0,
    cost: Cost = "",
    out: Annotated[Path | None, typer.Option("--out", "-o", help="Page or picture: .html or .svg.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Overwrite the page or picture.")] = False,
    model: Model = None,
    embedder: Embedder = "",
    label: Label = None,
    id_: IdColumn = None,
    group: Group = None,
    split: Split = None,
    time: Time = None,
    text: Text = [],  # noqa: B006
    image: Image = [],  # noqa: B006
    audio: Audio = [],  # noqa: B006
    drop: Drop = [],  # noqa: B006
    encoding: Encoding = "",
    workspace: Workspace = None,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
    jobs: Jobs = 0,
) -> None:
    """Replay labelled data as if the labels had to be asked for: which strategy needs fewest, and against random."""
    from tilth.cli import terminal
    from tilth.workflows.active.curves import check_picture
    from tilth.workflows.active.simulate import simulate as run

    if out:
        check_picture(out, force=force)
    overrides = read_overrides(
        label=label, id=id_, group=group, split=split, time=time, text=text, image=image, audio=audio, drop=drop
    )
    with terminal.progress(quiet or json) as listener:
        made = run(
            target,
            strategies=strategy,
            seeds=seeds,
            budget=budget,
            batch=batch,
            noise=noise,
            cost=cost,
            embedder=embedder,
            overrides=overrides,
            workspace=workspace,
            encoding=encoding,
            options=terminal.options(listener, seed=seed, jobs=jobs),
            **model_options(model),
        )
    path = made.write(out, force=force) if out else None
    if json:
        data = made.to_dict()
        data["summary"]["picture"] = str(path) if path else None
        terminal.print_json(data)
        return
    terminal.notes(made.notes, quiet)
    console = terminal.out()
    columns = [(name, "left" if i in (0, len(made.columns) - 1) else "right") for i, name in enumerate(made.columns)]
    console.print(terminal.table(made.title, columns, made.table()))
    console.print(f"\n{made.verdict}", markup=False)
    if path:
        console.print(f"\nCurves: {path}", markup=False)
