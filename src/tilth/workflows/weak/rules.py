"""Labelling functions written in Python or YAML: the decorators, and reading a file of rules."""

from __future__ import annotations

import hashlib
import importlib.util
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.engine.labelling import Applied, apply_labelers
from tilth.errors import LabelError, NotApplicable, ParameterError, PartError, SourceError, TilthError
from tilth.plugin import Labeler, Run, Shelf
from tilth.records import RowBatch

__all__ = [
    "RuleSet", "SlicingFunction", "apply_labeling_functions", "labeling_function", "read_rules", "rule",
    "slicing_function",
]  # fmt: skip


@dataclass(frozen=True, eq=False)
class RuleSet:
    """Rules and what they vote for.

    Parameters
    ----------
    labelers : tuple of Labeler
    classes : tuple of str
        In order; empty where the file does not say.
    slices : tuple of SlicingFunction
    files : tuple of (module name, path)
        Python files that worker processes load to find the functions.
    """

    labelers: tuple[Labeler, ...]
    classes: tuple[str, ...] = ()
    slices: tuple[SlicingFunction, ...] = ()
    files: tuple[tuple[str, str], ...] = ()


def labeling_function(
    name: str = "",
    *,
    resources: Mapping[str, Any] | None = None,
    pre: Sequence[Callable[[Any], Any]] = (),
    seconds: float = 10.0,
) -> Callable[[Callable[..., Any]], Any]:
    """Make a labelling function of a function of one row.

    Parameters
    ----------
    name : str, optional
        Default: the function's own name.
    resources : mapping of str to object, optional
        Passed to the function by name at every call.
    pre : sequence of callable, optional
        Functions of the row; each is read as a field of its own name and computed once a row, however many labelling
        functions read it.
    seconds : float, default=10
        Longest time on one row.

    Returns
    -------
    decorator
        The function becomes a labeler; calling it still answers for one row.

    Examples
    --------
    >>> @labeling_function()
    ... def asks_to_subscribe(row):
    ...     return "spam" if "subscribe" in row.text.lower() else None
    >>> from types import SimpleNamespace
    >>> asks_to_subscribe(SimpleNamespace(text="Subscribe!"))
    'spam'
    """
    if callable(name):
        raise ParameterError("labeling_function is called before it decorates", fix="write @labeling_function()")

    def decorate(fn: Callable[..., Any]) -> Any:
        return Shelf("labelers").make(
            "function",
            rule=name or fn.__name__,
            fn=fn,
            resources=dict(resources or {}),
            pre=tuple(pre),
            seconds=seconds,
        )

    return decorate


def rule(form: str, name: str = "", **params: Any) -> Labeler:
    """Make a labelling function of a declared form, which looks at whole columns at once.

    Parameters
    ----------
    form : str
        keywords, regex, dictionary, comparison, sql, model, neighbors or prompt; see docs/checks.md.
    name : str, optional
        Default: the form's.
    **params
        Parameters of the form, such as `label`, `column` and `words`.

    Returns
    -------
    Labeler

    Raises
    ------
    PartError
        An unknown form or parameter.

    Examples
    --------
    >>> link = rule("regex", "link", pattern="https?:", label="spam")
    >>> found = apply_labeling_functions([link], {"text": ["see http://x.y", "nice"]}, classes=["ham", "spam"])
    >>> found.votes.n_votes, found.votes.classes
    (1, ('ham', 'spam'))
    """
    made: Labeler = Shelf("labelers").make(form, rule=name or form, **params)
    return made


def apply_labeling_functions(
    functions: Any,
    rows: Any,
    *,
    classes: Sequence[Any] = (),
    fault_tolerant: bool = False,
    jobs: int = 1,
) -> Applied:
    """Let labelling functions vote on a table in memory, with no workspace.

    Parameters
    ----------
    functions : path, RuleSet, Labeler or sequence of Labeler
        As `read_rules` takes them.
    rows : pyarrow.Table, pandas or polars frame, mapping of columns, or file
    classes : sequence, optional
        Names of the classes in order. Default: those of the rules' file, else what the functions say.
    fault_tolerant : bool, default=False
        Count a function's failures as abstentions; ``.faults`` tells how many, and the first with its row.
    jobs : int, default=1
        Worker processes. The votes are the same for any number.

    Returns
    -------
    Applied
        ``.votes`` is the sparse label matrix, for `LabelModel`, `lf_summary` and the label models.

    Raises
    ------
    DataError, LabelError, ParameterError
        A function failed, named a class that does not exist, or two have the same name.
    """
    from tilth.sources import choose_source

    said = read_rules(functions)
    if isinstance(rows, Mapping):
        table = pa.table(dict(rows))
    else:
        table = choose_source(rows).read(rows, Run()).table
    return apply_labelers(
        said.labelers, table, Run(), classes=tuple(classes) or said.classes, fault_tolerant=fault_tolerant, jobs=jobs,
        files=said.files,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class SlicingFunction:
    """A named group of rows: those on which a function of the row is true.

    Parameters
    ----------
    name : str
    fn : callable
    """

    name: str
    fn: Callable[[Any], Any]

    def __call__(self, row: Any) -> bool:
        """Whether a row is in the slice."""
        return bool(self.fn(row))

    def mask(self, rows: RowBatch) -> npt.NDArray[np.bool_]:
        """Rows of the slice, shape (n,); `LabelError` with the row on which the function fails."""
        made = np.zeros(len(rows), dtype=bool)
        for at, row in enumerate(rows.rows()):
            try:
                made[at] = bool(self.fn(row))
            except Exception as error:
                raise LabelError(
                    "a slicing function failed", where=f"{self.name!r}, row {rows.start + at}",
                    found=f"{type(error).__name__}: {error}",
                ) from error  # fmt: skip
        return made


def slicing_function(name: str = "") -> Callable[[Callable[[Any], Any]], SlicingFunction]:
    """Make a slice of a function of one row: the rows on which it is true are scored by themselves.

    Parameters
    ----------
    name : str, optional
        Default: the function's own name.

    Returns
    -------
    decorator

    Examples
    --------
    >>> @slicing_function()
    ... def short(row):
    ...     return len(row.text) < 20
    >>> short.name
    'short'
    """

    def decorate(fn: Callable[[Any], Any]) -> SlicingFunction:
        return SlicingFunction(name or str(getattr(fn, "__name__", "slice")), fn)

    return decorate


def read_rules(source: Any) -> RuleSet:
    """Rules from a Python file, a YAML file, or a sequence of labelers.

    Parameters
    ----------
    source : path, Labeler, RuleSet or sequence of Labeler and SlicingFunction
        A Python file is run, so take only files that you trust; all labelling and slicing functions in it are taken in
        their order, and ``CLASSES`` names the classes. A YAML file is only read.

    Returns
    -------
    RuleSet

    Raises
    ------
    SourceError
        The file is missing or cannot be read, naming the rule.
    ParameterError
        It holds no rule, or two rules have the same name.
    """
    if isinstance(source, RuleSet):
        return _checked(source, "rules")
    if isinstance(source, (str, Path)):
        path = Path(source)
        if not path.is_file():
            raise SourceError("there is no such file of rules", where=str(path), fix="give a .py or .yaml file")
        if path.suffix == ".py":
            return _checked(_from_python(path), str(path))
        if path.suffix in (".yaml", ".yml"):
            return _checked(_from_yaml(path), str(path))
        raise SourceError("rules are read from .py and .yaml files", where=str(path), found=path.suffix or "no suffix")
    parts = [source] if isinstance(source, (Labeler, SlicingFunction)) else list(source)
    labelers = tuple(part for part in parts if isinstance(part, Labeler))
    slices = tuple(part for part in parts if isinstance(part, SlicingFunction))
    other = [part for part in parts if not isinstance(part, (Labeler, SlicingFunction))]
    if other:
        raise ParameterError(
            "this is no labelling function", found=repr(other[0])[:80], fix="decorate it with @labeling_function()"
        )
    return _checked(RuleSet(labelers, (), slices), "rules")


def _checked(rules: RuleSet, where: str) -> RuleSet:
    if not rules.labelers:
        raise ParameterError("there are no labelling functions", where=where, fix="write at least one rule")
    titles = [labeler.title for labeler in rules.labelers]
    twice = next((title for at, title in enumerate(titles) if title in titles[:at]), None)
    if twice is not None:
        raise ParameterError(
            "two labelling functions have the same name", where=where, found=repr(twice), fix="rename one of them"
        )
    return rules


def _from_python(path: Path) -> RuleSet:
    name = f"tilth_rules_{hashlib.sha256(str(path.resolve()).encode()).hexdigest()[:12]}"
    spec = importlib.util.spec_from_file_location(name, path)
    if spec is None or spec.loader is None:
        raise SourceError("this file cannot be loaded", where=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[name] = module
    try:
        spec.loader.exec_module(module)
    except TilthError:
        raise
    except Exception as error:
        line = getattr(error, "lineno", None) or _line_in(error, path)
        raise SourceError(
            "this file of rules fails when it is run", where=f"{path}, line {line}" if line else str(path),
            found=f"{type(error).__name__}: {error}",
        ) from error  # fmt: skip
    held = [value for value in vars(module).values() if isinstance(value, (Labeler, SlicingFunction))]
    found = read_rules(held) if any(isinstance(value, Labeler) for value in held) else RuleSet(())
    classes = tuple(str(c) for c in getattr(module, "CLASSES", ()))
    return replace(found, classes=classes, files=((name, str(path.resolve())),))


def _line_in(error: Exception, path: Path) -> int | None:
    at, line = error.__traceback__, None
    while at is not None:
        if at.tb_frame.f_code.co_filename == str(path):
            line = at.tb_lineno
        at = at.tb_next
    return line


def _from_yaml(path: Path) -> RuleSet:
    import yaml

    try:
        data = yaml.safe_load(path.read_text(encoding="utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise SourceError("this is no YAML file", where=str(path), found=str(error).replace("\n", " ")[:200]) from error
    if not isinstance(data, Mapping) or not isinstance(data.get("rules"), list):
        raise SourceError("a file of rules holds a list called rules", where=str(path), found=type(data).__name__)
    unknown = [key for key in data if key not in ("rules", "classes")]
    if unknown:
        raise SourceError("unknown key", where=str(path), found=repr(unknown[0]), fix="use classes and rules")
    labelers = [_rule(entry, at, path) for at, entry in enumerate(data["rules"])]
    return RuleSet(tuple(labelers), tuple(str(c) for c in data.get("classes") or ()))


def _rule(entry: Any, at: int, path: Path) -> Labeler:
    """One rule of a YAML file: the form's name with its main value, and the other parameters."""
    shelf = Shelf("labelers")
    where = f"{path}, rule {at + 1}"
    if not isinstance(entry, Mapping):
        raise SourceError("a rule is a mapping", where=where, found=repr(entry)[:80])
    where += f" ({entry['name']})" if "name" in entry else ""
    forms = [key for key in entry if key in shelf.names()]
    if len(forms) != 1 or forms == ["function"]:
        raise SourceError(
            "a rule names one form", where=where, found=", ".join(map(str, entry)),
            fix=f"use one of {', '.join(name for name in shelf.names() if name != 'function')}",
        )  # fmt: skip
    form = forms[0]
    cls = shelf.get(form)
    params: dict[str, Any] = {"rule": str(entry.get("name", f"{form}_{at + 1}"))}
    value = entry[form]
    params |= dict(value) if isinstance(value, Mapping) and cls.main != "entries" else {cls.main: value}
    params |= {key: given for key, given in entry.items() if key not in (form, "name")}
    for key, given in params.items():
        if isinstance(given, list):
            params[key] = tuple(given)
    known = [f.name for f in fields(cls)]
    wrong = [key for key in params if key not in known]
    if wrong:
        raise SourceError(
            f"{form} has no parameter {wrong[0]!r}", where=where, fix=f"its parameters are {', '.join(known)}"
        )
    try:
        made: Labeler = shelf.make(form, **params)
    except (PartError, NotApplicable, TypeError) as error:
        raise SourceError("this rule cannot be made", where=where, found=str(error)) from error
    return made
