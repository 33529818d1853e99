"""Labelling functions written in Python or YAML: the decorators, and reading a file of rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa

from tilth.engine import EngineRun
from tilth.engine.cache import MemoryStore
from tilth.engine.labelling import Applied, apply_labelers
from tilth.errors import AlignmentError, ParameterError
from tilth.plugin import Labeler, Run, Shelf
from tilth.store import Workspace
from tilth.workflows.weak.rule_files import rules_from_file
from tilth.workflows.weak.rule_set import RuleSet, SlicingFunction, checked_classes, checked_rules

#: Answers of prompted models, for tables that have no workspace.
_KEPT = MemoryStore()

__all__ = [
    "RuleSet", "SlicingFunction", "apply_labeling_functions", "labeling_function", "read_rules", "rule",
    "slicing_function",
]  # fmt: skip


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
    workspace: str | Path | None = None,
) -> Applied:
    """Let labelling functions vote on a table in memory, which needs no workspace.

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
    workspace : path, optional
        A workspace folder, made where there is none, that keeps the answers of prompted models. Default: they are kept
        as long as the process lives.

    Returns
    -------
    Applied
        ``.votes`` is the sparse label matrix, for `LabelModel`, `lf_summary` and the label models.

    Raises
    ------
    AlignmentError
        Columns of different lengths.
    DataError, LabelError, ParameterError
        A function failed, named a class that does not exist, or two have the same name.
    """
    from tilth.sources import choose_source

    said = read_rules(functions)
    named = checked_classes(classes, "classes") or said.classes
    if isinstance(rows, Mapping):
        try:
            table = pa.table(dict(rows))
        except (pa.ArrowInvalid, pa.ArrowTypeError, TypeError) as error:
            raise AlignmentError(
                "these columns make no table", found=_lengths(rows) or " ".join(str(error).split())[:200],
                fix="give each column as a list of one value a row, of one kind",
            ) from error  # fmt: skip
    else:
        table = choose_source(rows).read(rows, Run()).table
    store = _KEPT if workspace is None else Workspace.open(workspace)
    try:
        run = EngineRun(store=store).child("apply")
        return apply_labelers(
            said.labelers, table, run, classes=named, fault_tolerant=fault_tolerant, jobs=jobs, files=said.files
        )
    finally:
        if isinstance(store, Workspace):
            store.close()


def _lengths(columns: Mapping[Any, Any]) -> str:
    sizes = {str(name): len(column) for name, column in columns.items() if hasattr(column, "__len__")}
    return ", ".join(f"{name}: {n} rows" for name, n in sizes.items()) if len(set(sizes.values())) > 1 else ""


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
        return checked_rules(source, "rules")
    if isinstance(source, (str, Path)):
        return rules_from_file(Path(source))
    parts = [source] if isinstance(source, (Labeler, SlicingFunction)) else list(source)
    labelers = tuple(part for part in parts if isinstance(part, Labeler))
    slices = tuple(part for part in parts if isinstance(part, SlicingFunction))
    other = [part for part in parts if not isinstance(part, (Labeler, SlicingFunction))]
    if other:
        raise ParameterError(
            "this is no labelling function", found=repr(other[0])[:80], fix="decorate it with @labeling_function()"
        )
    return checked_rules(RuleSet(labelers, (), slices), "rules")
