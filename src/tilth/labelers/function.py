"""Function: any Python function of a row as a labelling function."""

from __future__ import annotations

import hashlib
import inspect
import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from tilth.errors import LabelError, ParameterError, TilthError
from tilth.labelers._guard import guarded_map
from tilth.labelers._patterns import check_seconds
from tilth.plugin import Example, Labeler, Run
from tilth.records import Ballot, RowBatch

__all__ = ["Function"]


def _restore(module: str, name: str) -> Any:
    return getattr(sys.modules.get(module) or __import__(module, fromlist=["_"]), name)


@dataclass(frozen=True)
class Function(Labeler):
    """Vote as a Python function of one row says: a class name, a class index, or None or -1 to abstain.

    Usually made by ``@tilth.labeling_function()``. The row gives its fields by attribute (``row.text``) or by name
    (``row["text"]``); NaN arrives as None. `pre` names functions of the row whose results the function reads as
    fields; they are computed once a row, however many functions read them.

    Parameters
    ----------
    rule : str
        Name of this labelling function; default the function's own.
    label : str or int, default=1
        Not used: the function names the class.
    column : str
        Not used: the function gets the whole row.
    fn : callable
        Called with the row and the resources.
    resources : mapping of str to object
        Passed to the function by name.
    pre : tuple of callable, or mapping of name to callable
        Each a function of the row; read as the field of its own name.
    seconds : float, default=10
        Longest time on one row.

    Examples
    --------
    >>> rows = RowBatch(pa.table({"text": ["my song", "buy now", None]}))
    >>> said = Function(fn=lambda row: "spam" if row.text and "buy" in row.text else None).vote(rows, Run())
    >>> said.codes.tolist(), said.labels
    ([-1, 0, -1], ('spam',))
    """

    fn: Any = None
    resources: Any = field(default_factory=dict)
    pre: Any = ()
    seconds: float = 10.0
    main: ClassVar[str] = "fn"
    by_row: ClassVar[bool] = True

    def validate(self) -> None:
        """There must be a function and a limit of time."""
        if not callable(self.fn):
            raise ParameterError("function needs a function", where=self.title, found=repr(self.fn))
        check_seconds(self.seconds, self.title)

    @property
    def title(self) -> str:
        """Name of this labelling function."""
        return self.rule or str(getattr(self.fn, "__name__", "function"))

    def __call__(self, row: Any) -> Any:
        """What the function says about one row."""
        return self.fn(row, **dict(self.resources))

    def __reduce__(self) -> Any:
        module, name = getattr(self.fn, "__module__", ""), getattr(self.fn, "__qualname__", "")
        if module and getattr(sys.modules.get(module), name, None) is self:
            return (_restore, (module, name))
        return (_build, ({f: getattr(self, f) for f in self.__dataclass_fields__},))

    def spec(self) -> dict[str, Any]:
        """Room, name, version and parameters; functions by their source, resources by their form."""
        made = super().spec()
        if self.fn is not None:
            made["params"] = {
                "rule": self.title,
                "fn": _source_digest(self.fn),
                "pre": [_source_digest(f) for f in self._pre().values()],
                "resources": hashlib.sha256(repr(sorted(dict(self.resources).items(), key=str)).encode()).hexdigest(),
            }
        return made

    def _pre(self) -> Mapping[str, Callable[..., Any]]:
        if isinstance(self.pre, Mapping):
            return self.pre
        return {f.__name__: f for f in self.pre}

    def vote(self, rows: RowBatch, run: Run) -> Ballot:
        """What the function says about each row; a row on which it raises is a fault."""
        del run
        self.validate()
        resources = dict(self.resources)
        fn = self.fn if not resources else lambda row: self.fn(row, **resources)
        faults: list[str] = []

        def failed(at: int, error: Exception) -> None:
            said = str(error) if isinstance(error, TilthError) else f"{type(error).__name__}: {error}"
            faults.append(f"row {rows.start + at}: {' '.join(said.split())}")

        answers = guarded_map(fn, rows.rows(self._pre()), self.seconds, failed)
        codes, labels = self._coded(answers, rows.start)
        return Ballot(codes, labels, len(faults), faults[0] if faults else "")

    def _coded(self, answers: list[Any], start: int) -> tuple[np.ndarray[Any, np.dtype[np.int64]], tuple[Any, ...]]:
        codes = np.full(len(answers), -1, dtype=np.int64)
        seen: dict[Any, int] = {}
        for at, answer in enumerate(answers):
            if answer is None:
                continue
            kind = type(answer)
            if kind is int or kind is str:
                key = answer
            elif isinstance(answer, np.integer):
                key = int(answer)
            elif isinstance(answer, str):
                key = str(answer)
            else:
                raise LabelError(
                    "a labelling function must return a class name, a class index, or None or -1 to abstain",
                    where=f"function {self.title!r}, row {start + at}",
                    found=f"{answer!r} of type {kind.__name__}",
                    fix="round, compare or look up inside the function so that it names a class",
                )
            if key == -1:
                continue
            if key not in seen:
                seen[key] = len(seen)
            codes[at] = seen[key]
        return codes, tuple(seen)

    @classmethod
    def example(cls) -> Example:
        """A function that names classes."""
        rows = RowBatch(pa.table({"text": ["my song", "buy now", None]}))
        return Example(
            rows,
            lambda found: "" if found.codes.tolist() == [0, 1, -1] else f"it said {found.codes.tolist()}",
            "Two classes by name; None abstains.",
            {"fn": _example_rule},
        )


def _build(params: dict[str, Any]) -> Function:
    return Function(**params)


def _example_rule(row: Any) -> str | None:
    if row.text is None:
        return None
    return "spam" if "buy" in row.text else "ham"


def _source_digest(fn: Any) -> str:
    try:
        text = inspect.getsource(fn)
    except (OSError, TypeError):
        code = getattr(fn, "__code__", None)
        text = repr((code.co_code, code.co_consts)) if code is not None else repr(fn)
    return hashlib.sha256(text.encode()).hexdigest()[:32]
