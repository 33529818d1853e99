"""A set of rules, and the checks that hold before any row is read."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import LabelError, ParameterError
from tilth.plugin import Labeler
from tilth.records import RowBatch

__all__ = ["RuleSet", "SlicingFunction", "checked_classes", "checked_rules"]


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
                    found=" ".join(f"{type(error).__name__}: {error}".split()),
                ) from error  # fmt: skip
        return made


def checked_rules(rules: RuleSet, where: str) -> RuleSet:
    """The rules; an error where there is none, two share a name, or one's parameters make no rule."""
    if not rules.labelers:
        raise ParameterError("there are no labelling functions", where=where, fix="write at least one rule")
    titles = [labeler.title for labeler in rules.labelers]
    twice = next((title for at, title in enumerate(titles) if title in titles[:at]), None)
    if twice is not None:
        raise ParameterError(
            "two labelling functions have the same name", where=where, found=repr(twice), fix="rename one of them"
        )
    for labeler in rules.labelers:
        labeler.validate()
        if labeler.labelled and (isinstance(labeler.label, bool) or not isinstance(labeler.label, (int, str))):
            raise ParameterError(
                "a rule votes for a class by its name or index", where=f"{where}, {labeler.title}",
                found=repr(labeler.label), fix="give label; in YAML put yes, no, true and false in quotes",
            )  # fmt: skip
    return rules


def checked_classes(given: Any, where: str) -> tuple[Any, ...]:
    """The classes in order, as they were given; none for None or an empty list.

    Raises
    ------
    ParameterError
        No list, one class only, a class twice, or a value that is no name.
    """
    if given is None:
        return ()
    if isinstance(given, (str, bytes)) or not isinstance(given, Iterable):
        raise ParameterError("classes is a list of names", where=where, found=repr(given), fix="write [ham, spam]")
    classes = tuple(given)
    wrong = next((c for c in classes if c is None or c == "" or isinstance(c, (bool, float, list, tuple, dict))), None)
    if wrong is not None or None in classes:
        raise ParameterError(
            "a class is named by a word or a whole number", where=where, found=repr(wrong),
            fix="put names such as yes, no, true, false and null in quotes",
        )  # fmt: skip
    names = [str(c) for c in classes]
    twice = next((name for at, name in enumerate(names) if name in names[:at]), None)
    if twice is not None:
        raise ParameterError("a class is named twice", where=where, found=repr(twice), fix="name each class once")
    if len(classes) == 1:
        raise ParameterError(
            "one class is none to tell apart", where=where, found=repr(names[0]),
            fix="name all classes, also the one that no rule votes for",
        )  # fmt: skip
    return classes
