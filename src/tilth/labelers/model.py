"""Model: another model's prediction as a vote, where it is sure enough."""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from tilth.errors import ParameterError, PartError
from tilth.plugin import Example, Labeler, Run
from tilth.records import Ballot, RowBatch

__all__ = ["Model"]


@dataclass(frozen=True)
class Model(Labeler):
    """Vote for the class that a model predicts, where its probability reaches a threshold.

    The predictions are columns of the table (one probability a class, named by `columns`), or come from a fitted model
    that `target` names: an object with ``predict_proba`` that reads a list of texts or a matrix of numbers.

    Parameters
    ----------
    rule : str
        Name of this labelling function.
    label : str or int, default=1
        Not used: the model names the class.
    column : str
        Text column that the model reads; empty for the only one. Not used with `columns`.
    target : str
        ``package.module:object``, a fitted model, or a function without arguments that gives one.
    columns : tuple of str
        Columns with probabilities; or, with `target`, columns of numbers that the model reads.
    classes : tuple
        Class of each probability; default the model's ``classes_``, or the names of `columns`.
    threshold : float, default=0.8
        Probability from which on it votes. A gap abstains.

    Examples
    --------
    >>> rows = RowBatch(pa.table({"ham": [0.9, 0.3, 0.5], "spam": [0.1, 0.7, 0.5]}))
    >>> Model(columns=("ham", "spam"), threshold=0.6).vote(rows, Run()).codes.tolist()
    [0, 1, -1]
    """

    target: str = ""
    columns: tuple[str, ...] = ()
    classes: tuple[Any, ...] = ()
    threshold: float = 0.8
    main: ClassVar[str] = "target"
    cost: ClassVar[str] = "model"

    def validate(self) -> None:
        """There must be predictions to read, and a threshold."""
        if isinstance(self.threshold, bool) or not 0 < self.threshold <= 1:
            raise ParameterError("threshold must lie in (0, 1]", where=self.title, found=str(self.threshold))
        if not self.target and not self.columns:
            raise ParameterError("model needs a target or columns of probabilities", where=self.title)
        columns: Any = self.columns
        if isinstance(columns, str):
            raise ParameterError("columns is a list of names", where=self.title, found=repr(self.columns))

    def vote(self, rows: RowBatch, run: Run) -> Ballot:
        """The predicted class where the model is sure."""
        del run
        self.validate()
        probs, classes = self._from_model(rows) if self.target else self._from_columns(rows)
        if probs.ndim != 2 or probs.shape[1] != len(classes) or len(probs) != len(rows):
            raise PartError(
                "a model must give one probability for each row and class", where=self.title,
                found=f"shape {probs.shape} for {len(rows)} rows and {len(classes)} classes",
            )  # fmt: skip
        filled = np.nan_to_num(probs, nan=-1.0)
        best = filled.argmax(axis=1) if len(filled) else np.zeros(0, dtype=np.int64)
        sure = filled.max(axis=1, initial=-1.0) >= self.threshold
        return Ballot(np.where(sure, best, -1).astype(np.int64), tuple(classes))

    def _from_columns(self, rows: RowBatch) -> tuple[Any, tuple[Any, ...]]:
        return _matrix(rows, self.columns), self.classes or self.columns

    def _from_model(self, rows: RowBatch) -> tuple[Any, tuple[Any, ...]]:
        fitted = self._load()
        if self.columns:
            given: Any = _matrix(rows, self.columns)
            read = np.isfinite(given).all(axis=1)
            given = given[read]
        else:
            texts = rows.values(rows.text_column(self.column))
            read = np.asarray([text is not None for text in texts], dtype=bool)
            given = [text for text in texts if text is not None]
        classes = self.classes or tuple(np.asarray(getattr(fitted, "classes_", ())).tolist())
        probs = np.full((len(rows), max(len(classes), 1)), np.nan)
        if read.any():
            said = np.asarray(fitted.predict_proba(given), dtype=np.float64)
            if said.ndim != 2 or said.shape != (int(read.sum()), len(classes)):
                return said, classes
            probs[read] = said
        return probs, classes

    def _load(self) -> Any:
        module, _, attribute = self.target.partition(":")
        try:
            found: Any = getattr(importlib.import_module(module), attribute)
        except (ImportError, AttributeError, ValueError) as error:
            raise PartError(
                "cannot import this model", where=f"{self.title}, {self.target}", found=str(error),
                fix="name it as package.module:object",
            ) from error  # fmt: skip
        made = found() if not hasattr(found, "predict_proba") or isinstance(found, type) else found
        if not hasattr(made, "predict_proba"):
            raise PartError("a model needs predict_proba", where=self.title, found=type(made).__name__)
        return made

    @classmethod
    def example(cls) -> Example:
        """Probabilities in columns."""
        rows = RowBatch(pa.table({"a": [0.95, 0.5, None], "b": [0.05, 0.5, None]}))
        return Example(
            rows,
            lambda found: "" if found.codes.tolist() == [0, -1, -1] else f"it said {found.codes.tolist()}",
            "Only a sure prediction votes.",
            {"columns": ("a", "b")},
        )


def _matrix(rows: RowBatch, names: tuple[str, ...]) -> Any:
    columns = []
    for name in names:
        column = rows.column(name)
        try:
            columns.append(column.cast(pa.float64()).to_numpy())
        except (pa.ArrowInvalid, pa.ArrowNotImplementedError) as error:
            raise ParameterError(
                "this column holds no numbers", where=f"column {name!r}", found=str(column.type)
            ) from error
    return np.column_stack(columns)
