"""Which source reads a uri or object."""

from __future__ import annotations

import dataclasses
import difflib
import inspect
import os
from pathlib import Path
from typing import Any

from tilth.errors import SourceError
from tilth.plugin import Shelf, Source

__all__ = ["choose_source"]

_SHOWN = 6


def choose_source(uri: Any, *, encoding: str = "utf-8") -> Source:
    """The source that claims a uri or object; see `tilth.sources.choose_source`."""
    if isinstance(uri, (str, Path)) and "://" not in str(uri):
        _check_there(uri)
    shelf = Shelf("sources")
    claiming = [cls for cls in shelf if cls.claims(uri)]
    if not claiming:
        raise _unclaimed(uri, shelf)
    best = max(_rank(cls) for cls in claiming)
    chosen = [cls for cls in claiming if _rank(cls) == best]
    if len(chosen) > 1:
        raise SourceError(
            "several sources claim this",
            where=_called(uri),
            found=", ".join(cls.name for cls in chosen),
            fix="give their class fact rank different values",
        )
    takes = {field.name for field in dataclasses.fields(chosen[0])}
    params = {"encoding": encoding} if "encoding" in takes else {}
    made: Source = shelf.make(chosen[0].name, **params)
    return made


def _rank(cls: type[Source]) -> int:
    """How specific a source is: its class fact ``rank``, 0 where it has none."""
    return int(getattr(cls, "rank", 0))


def _called(uri: Any) -> str:
    return str(uri) if isinstance(uri, (str, Path)) else f"an object of type {type(uri).__name__}"


def _check_there(uri: str | Path) -> None:
    path = Path(uri)
    if not str(uri).strip() or "\0" in str(uri):
        raise SourceError("this is no path", found=repr(str(uri)), fix="name a file or folder")
    try:
        there = path.exists()
    except OSError as error:
        raise SourceError("cannot read this path", where=str(path), found=error.strerror or str(error)) from error
    if there:
        return
    above = path.parent
    while not above.is_dir() and above != above.parent:
        above = above.parent
    if above != path.parent:
        missing = path.relative_to(above).parts[0]
        raise SourceError(
            "no such file or folder", where=str(path), found=f"no {missing!r} in {above}", fix=_near(missing, above)
        )
    raise SourceError("no such file or folder", where=str(path), fix=_near(path.name, above))


def _near(name: str, folder: Path) -> str:
    try:
        names = sorted(entry.name for entry in os.scandir(folder) if not entry.name.startswith("."))
    except OSError:
        return "check the path"
    lower = {n.lower(): n for n in names}
    near = [lower[n] for n in difflib.get_close_matches(name.lower(), lower, n=3, cutoff=0.5)]
    if near:
        return f"did you mean {' or '.join(str(folder / n) for n in near)}?"
    listed = ", ".join(names[:_SHOWN]) + (", ..." if len(names) > _SHOWN else "")
    return f"{folder} holds {listed}" if names else f"{folder} is empty"


def _unclaimed(uri: Any, shelf: Shelf) -> SourceError:
    known = "; ".join(
        (inspect.getdoc(cls) or cls.name).splitlines()[0].rstrip(".").replace("A", "a", 1) for cls in shelf
    )
    fix = f"what can be read: {known}"
    found = ""
    if isinstance(uri, (str, Path)) and Path(uri).is_dir():
        names = sorted(entry.name for entry in os.scandir(uri) if not entry.name.startswith("."))
        tables = [name for name in names if any(cls.claims(Path(uri, name)) for cls in shelf)]
        if not names:
            return SourceError("the folder is empty", where=str(uri), fix="check the path")
        found = f"a folder with {', '.join(names[:_SHOWN])}" + (", ..." if len(names) > _SHOWN else "")
        if tables:
            fix = f"name what is in it, for instance {Path(uri, tables[0])}"
    elif isinstance(uri, (str, Path)):
        found = f"a file that ends in {Path(uri).suffix or 'nothing'}"
    return SourceError("no source understands this", where=_called(uri), found=found, fix=fix)
