"""What the commands share: the app, the options, and how an error becomes an exit code."""

from __future__ import annotations

import inspect
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Annotated, Any

import typer

from tilth.errors import TilthError

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
Memory = Annotated[
    str,
    typer.Option(help="Memory to plan for, such as 500MB or 2GB: block sizes, batches and worker processes follow it."),
]
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
Encoding = Annotated[
    str, typer.Option(help="Encoding of a text file; default: the one given the last time, else utf-8.")
]
Model = Annotated[str | None, typer.Option(help="Classifier as package.module:factory; default: logistic regression.")]
Embedder = Annotated[
    str, typer.Option(help="NAME or NAME:param=value of an embedder; default: one that needs no download.")
]
Csv = Annotated[Path | None, typer.Option("--csv", help="Write the findings to this CSV file.")]
ReportPath = Annotated[Path | None, typer.Option("--report", help="Where to write the HTML report.")]


def guard(command: Callable[..., None]) -> Callable[..., None]:
    """Turn errors that tilth raises on purpose into one line and an exit code."""

    @wraps(command)
    def guarded(*args: Any, **kwargs: Any) -> None:
        from tilth.cli import terminal

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
        except OSError as error:
            reason = error.strerror or str(error)
            terminal.fail(f"{error.filename or 'a file'}: {reason}. Choose a place that exists and can be written")
            raise typer.Exit(2) from error

    return guarded


def reads_columns(command: Callable[..., None]) -> Callable[..., None]:
    """Give a command the options that say which column is what; it takes them, read, as ``reading``."""
    own = inspect.signature(command, eval_str=True)

    @wraps(command)
    def with_columns(**given: Any) -> None:
        said = {name: given.pop(option.name) for name, option in _COLUMN_OPTIONS.items()}
        encoding = said.pop("encoding")
        command(reading={"overrides": read_overrides(**said), "encoding": encoding}, **given)

    parameters: list[inspect.Parameter] = []
    for parameter in own.parameters.values():
        if parameter.name == "reading":
            parameters += _COLUMN_OPTIONS.values()
        else:
            parameters.append(parameter.replace(kind=inspect.Parameter.KEYWORD_ONLY))
    with_columns.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    return with_columns


def _option(name: str, kind: Any, default: Any) -> inspect.Parameter:
    return inspect.Parameter(name, inspect.Parameter.KEYWORD_ONLY, default=default, annotation=kind)


_COLUMN_OPTIONS = {
    "label": _option("label", Label, None),
    "id": _option("id_", IdColumn, None),
    "group": _option("group", Group, None),
    "split": _option("split", Split, None),
    "time": _option("time", Time, None),
    "text": _option("text", Text, []),
    "image": _option("image", Image, []),
    "audio": _option("audio", Audio, []),
    "drop": _option("drop", Drop, []),
    "encoding": _option("encoding", Encoding, ""),
}


def read_overrides(**said: Any) -> Any:
    """What the user said about columns, or None where nothing was said."""
    if not any(said.values()):
        return None
    from tilth.records import RoleOverrides

    return RoleOverrides.from_dict(said)


def read_params(said: list[str]) -> dict[str, dict[str, Any]]:
    """Parameters of checks, from ``check.param=value``."""
    from tilth.errors import ParameterError
    from tilth.plugin import Shelf

    shelf = Shelf("detectors")
    params: dict[str, dict[str, Any]] = {}
    for text in said:
        place, equals, value = text.partition("=")
        check, dot, param = place.partition(".")
        if not equals or not dot:
            raise ParameterError(
                "a parameter is written check.param=value",
                found=repr(text),
                fix="for instance --set near_duplicate.max_bits=6",
            )
        params.setdefault(check, {}).update(shelf.typed(check, {param: value}))
    return params


def model_options(name: str | None) -> dict[str, Any]:
    from tilth.workflows.models import load_model

    return {"model": load_model(name), "model_name": name} if name and name != "default" else {}


def _version(wanted: bool) -> None:
    if wanted:
        from tilth import __version__

        typer.echo(__version__)
        raise typer.Exit


@app.callback()
def root(
    version: Annotated[
        bool, typer.Option("--version", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Find what is wrong with a labelled dataset, fix it, and prove that the fix helped."""
    del version
