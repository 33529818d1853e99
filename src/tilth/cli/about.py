"""Commands about tilth itself: demo, doctor."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tilth.cli.options import (
    Json,
    Quiet,
    Seed,
    app,
    guard,
)


@app.command()
@guard
def demo(
    folder: Annotated[Path, typer.Argument(help="Where to put the demonstration.")] = Path("tilth-demo"),
    repeats: Annotated[int, typer.Option(help="Repeats of the proof.")] = 10,
    json: Json = False,
    quiet: Quiet = False,
    seed: Seed = 0,
) -> None:
    """Plant faults in real scans of digits, find them, fix them, and prove what that did."""
    from tilth.cli import show, terminal
    from tilth.workflows.demo import demo as run

    with terminal.progress(quiet or json) as listener:
        made = run(folder, repeats=repeats, options=terminal.options(listener, seed=seed))
    show.show_demo(made, as_json=json)


@app.command()
@guard
def doctor(json: Json = False) -> None:
    """Tell what is installed, which extras are missing and how to install them."""
    from tilth.cli import show
    from tilth.workflows.doctor import doctor as run

    checkup = run()
    show.show_checkup(checkup, as_json=json)
    if checkup.missing_core:
        raise typer.Exit(1)
