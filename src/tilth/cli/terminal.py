"""The terminal: progress bars, tables, errors, JSON; results to standard output, everything else to standard error."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tilth.errors import ParameterError

if TYPE_CHECKING:
    from rich.console import Console

    from tilth.engine import Event, Listener
    from tilth.workflows.project import RunOptions

_UNITS = {"KB": 2**10, "MB": 2**20, "GB": 2**30, "TB": 2**40}


def out() -> Console:
    from rich.console import Console

    return Console(highlight=False, soft_wrap=not sys.stdout.isatty())


def err() -> Console:
    from rich.console import Console

    return Console(stderr=True, highlight=False, soft_wrap=not sys.stderr.isatty())


def print_json(value: dict[str, Any]) -> None:
    """One JSON object on standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2, default=str, allow_nan=False) + "\n")


def fail(message: str) -> None:
    """An error on standard error."""
    from rich.text import Text

    err().print(Text("error: ", style="bold red"), Text(message), sep="")


def parse_memory(text: str) -> int:
    """Bytes that a size such as ``500MB`` means; `ParameterError` where it means none."""
    for unit, factor in _UNITS.items():
        if text.upper().endswith(unit):
            try:
                value = float(text[: -len(unit)]) * factor
            except ValueError:
                break
            if value > 0:
                return int(value)
    raise ParameterError("this is no size", where="--memory", found=repr(text), fix="write 500MB or 2GB")


def options(listener: Listener, *, seed: int = 0, jobs: int = 0, memory: str = "2GB") -> RunOptions:
    """Run options from command-line values."""
    from tilth.workflows.project import RunOptions

    return RunOptions(seed, jobs, parse_memory(memory), listener)


@contextmanager
def progress(quiet: bool) -> Iterator[Listener]:
    """A listener that draws bars on a terminal and is silent elsewhere."""
    if quiet or not sys.stderr.isatty():
        yield lambda _event: None
        return
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=err(), transient=True) as bars:
        tasks: dict[str, Any] = {}

        def listen(event: Event) -> None:
            if event.kind == "end":
                if event.path in tasks:
                    bars.remove_task(tasks.pop(event.path))
                return
            if event.path not in tasks:
                tasks[event.path] = bars.add_task(event.path, total=event.total or None)
            bars.update(tasks[event.path], completed=event.done, total=event.total or None)

        yield listen


def table(title: str, columns: Iterable[tuple[str, str]], rows: Iterable[Iterable[object]]) -> Any:
    from rich.table import Table
    from rich.text import Text

    made = Table(title=title or None, title_justify="left", box=None, pad_edge=False, header_style="bold")
    for name, justify in columns:
        made.add_column(name, justify=justify, overflow="fold")  # type: ignore[arg-type]
    for row in rows:
        made.add_row(*(Text(str(cell)) for cell in row))
    return made


def notes(lines: Iterable[str], quiet: bool) -> None:
    from rich.text import Text

    if not quiet:
        for note in lines:
            err().print(Text(f"note: {note}", style="dim"))
