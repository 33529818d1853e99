"""Comparison: votes where a column compares with a value."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import ParameterError, SchemaError
from tilth.labelers._patterns import as_mask
from tilth.plugin import Example, Labeler, Run
from tilth.records import Ballot, RowBatch

__all__ = ["Comparison"]

OPERATORS = {
    "<": pc.less, "<=": pc.less_equal, ">": pc.greater, ">=": pc.greater_equal, "==": pc.equal, "!=": pc.not_equal,
}  # fmt: skip
MEASURES = ("value", "length", "words")


@dataclass(frozen=True)
class Comparison(Labeler):
    """Vote for a class where a column, or the length of its text, compares with a number or a word.

    Parameters
    ----------
    rule : str
        Name of this labelling function.
    label : str or int, default=1
        The class that it votes for.
    column : str
        Column to compare; empty for the only text column.
    operator : {"<", "<=", ">", ">=", "==", "!="}
    value : number or str
        What to compare with. A gap or NaN in the column is an abstention.
    measure : {"value", "length", "words"}
        The cell itself, its number of letters, or its number of words.

    Examples
    --------
    >>> rows = RowBatch(pa.table({"age": [12, 40, None]}))
    >>> Comparison(column="age", operator="<", value=18).vote(rows, Run()).codes.tolist()
    [0, -1, -1]
    """

    operator: str = "<"
    value: Any = 0
    measure: str = "value"
    main: ClassVar[str] = "value"
    labelled: ClassVar[bool] = True

    def validate(self) -> None:
        """Operator, measure and value must be known and fit each other."""
        if self.operator not in OPERATORS or self.measure not in MEASURES:
            raise ParameterError(
                "unknown operator or measure", where=self.title, found=f"{self.operator!r}, {self.measure!r}",
                fix=f"operators: {' '.join(OPERATORS)}; measures: {', '.join(MEASURES)}",
            )  # fmt: skip
        if not isinstance(self.value, (int, float, str)):
            raise ParameterError(
                "comparison needs a number or a word to compare with", where=self.title, found=repr(self.value)
            )
        if self.measure != "value" and not (isinstance(self.value, (int, float)) and not isinstance(self.value, bool)):
            raise ParameterError(
                f"{self.measure} is compared with a number", where=self.title, found=repr(self.value),
                fix="give a number without quotes",
            )  # fmt: skip

    def vote(self, rows: RowBatch, run: Run) -> Ballot:
        """Rows for which the comparison holds."""
        del run
        self.validate()
        name = rows.text_column(self.column)
        column = rows.column(name)
        if self.measure != "value":
            column = self._measured(column, name)
        if pa.types.is_floating(column.type):
            column = pc.if_else(pc.is_nan(column), None, column)
        words = pa.types.is_string(column.type) or pa.types.is_large_string(column.type)
        if words != isinstance(self.value, str) or isinstance(self.value, bool) != pa.types.is_boolean(column.type):
            raise SchemaError(
                "a column and the value it is compared with are of different kinds",
                where=f"{self.title}, column {name!r}",
                found=f"{column.type} and {self.value!r}",
                fix="compare numbers with numbers and words with words, or set measure='length'",
            )
        value = pa.scalar(self.value)
        return Ballot.where(as_mask(OPERATORS[self.operator](column, value)), self.label)

    def _measured(self, column: pa.ChunkedArray, name: str) -> pa.ChunkedArray:
        if not (pa.types.is_string(column.type) or pa.types.is_large_string(column.type)):
            raise SchemaError(
                f"{self.measure} needs a text column", where=f"{self.title}, column {name!r}", found=str(column.type)
            )
        if self.measure == "length":
            return pc.utf8_length(column)
        return pc.if_else(
            pc.equal(pc.utf8_trim_whitespace(column), ""), 0, pc.list_value_length(
                pc.utf8_split_whitespace(pc.utf8_trim_whitespace(column))
            ),
        )  # fmt: skip

    @classmethod
    def example(cls) -> Example:
        """Short texts."""
        rows = RowBatch(pa.table({"text": ["cool video", "a much longer comment than that", None, ""]}))
        return Example(
            rows,
            lambda found: "" if found.codes.tolist() == [0, -1, -1, 0] else f"it said {found.codes.tolist()}",
            "Texts of fewer than five words; a gap is an abstention.",
            {"measure": "words", "value": 5},
        )
