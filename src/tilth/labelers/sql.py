"""SQL expression: votes where an expression over the columns holds."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pyarrow as pa

from tilth.errors import ParameterError
from tilth.labelers._patterns import as_mask
from tilth.plugin import Example, Labeler, Run
from tilth.records import Ballot, RowBatch

__all__ = ["Sql"]


@dataclass(frozen=True)
class Sql(Labeler):
    """Vote by a SQL expression over the columns of a row, in DuckDB's dialect.

    A condition votes for `label` where it is true. An expression that gives words or whole numbers, such as
    ``CASE WHEN length(text) < 20 THEN 'ham' END``, votes for the class that it names; NULL abstains. Files and
    the network are out of its reach.

    Parameters
    ----------
    rule : str
        Name of this labelling function.
    label : str or int, default=1
        The class that a condition votes for.
    column : str
        Not used: the expression names its columns.
    expression : str
        One expression, without SELECT. It may use the functions and columns of a single row only.

    Examples
    --------
    >>> rows = RowBatch(pa.table({"text": ["hi", "a long text"], "likes": [3, 0]}))
    >>> Sql(expression="likes > 1 AND length(text) < 5").vote(rows, Run()).codes.tolist()
    [0, -1]
    """

    expression: str = ""
    main: ClassVar[str] = "expression"

    def validate(self) -> None:
        """There must be an expression."""
        if not isinstance(self.expression, str) or not self.expression.strip():
            raise ParameterError(
                "sql needs an expression", where=self.title, found=repr(self.expression), fix="give one, in quotes"
            )

    def vote(self, rows: RowBatch, run: Run) -> Ballot:
        """What the expression says."""
        del run
        self.validate()
        found = self._answers(rows)
        if pa.types.is_boolean(found.type):
            if self.label is None:
                raise ParameterError(
                    "a condition needs a label to vote for", where=self.title, found=repr(self.expression),
                    fix="give label, or an expression that names the class",
                )  # fmt: skip
            return Ballot.where(as_mask(found), self.label)
        if pa.types.is_string(found.type) or pa.types.is_integer(found.type):
            coded = found.combine_chunks().dictionary_encode()
            codes = coded.indices.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.int64)
            return Ballot(codes, tuple(coded.dictionary.to_pylist()))
        if pa.types.is_null(found.type):
            return Ballot(np.full(len(rows), -1, dtype=np.int64), (self.label,))
        raise ParameterError(
            "a rule must give a condition, a class name or a class index", where=self.title, found=str(found.type),
            fix="compare it with something, as in score > 0.5",
        )  # fmt: skip

    def _answers(self, rows: RowBatch) -> pa.ChunkedArray:
        duckdb = self.require("duckdb")
        connection = duckdb.connect(config={"threads": 1})
        try:
            connection.register("rows", rows.table)
            connection.execute("SET enable_external_access = false")
            connection.execute("SET lock_configuration = true")
            if len(connection.extract_statements(f"SELECT ({self.expression}\n) FROM rows")) != 1:
                raise ParameterError("sql takes one expression", where=self.title, found=repr(self.expression))
            table = connection.sql(f"SELECT ({self.expression}\n) AS said FROM rows").to_arrow_table()
        except duckdb.Error as error:
            raise ParameterError(
                f"this SQL expression cannot be run: {str(error).splitlines()[0]}", where=self.title,
                found=repr(self.expression), fix=f"the columns are {', '.join(rows.table.column_names)}",
            ) from error  # fmt: skip
        finally:
            connection.close()
        if len(table) != len(rows):
            raise ParameterError(
                "the expression does not give one answer a row", where=self.title,
                found=f"{len(table)} answers to {len(rows)} rows", fix="do not use aggregates or unnest",
            )  # fmt: skip
        column: pa.ChunkedArray = table.column(0)
        return column

    @classmethod
    def example(cls) -> Example:
        """A condition over two columns."""
        rows = RowBatch(pa.table({"text": ["win money", "nice", None], "links": [2, 0, 1]}))
        return Example(
            rows,
            lambda found: "" if found.codes.tolist() == [0, -1, -1] else f"it said {found.codes.tolist()}",
            "True votes, false and NULL abstain.",
            {"expression": "links > 0 AND text LIKE '%money%'"},
        )
