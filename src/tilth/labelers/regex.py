"""Regular expression: votes where a text matches a pattern."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import pyarrow as pa

from tilth.errors import ParameterError
from tilth.labelers._patterns import check_seconds, compiled, find_pattern
from tilth.plugin import Example, Labeler, Run
from tilth.records import Ballot, RowBatch

__all__ = ["Regex"]


@dataclass(frozen=True)
class Regex(Labeler):
    """Vote for a class where a text matches a regular expression, as Python's ``re.search`` understands it.

    A linear-time engine looks at whole columns. Look-around, back-references and letters outside ASCII go to Python's
    engine under a limit of time for each row, so that a pattern which backtracks for ever is a named failure.

    Parameters
    ----------
    rule : str
        Name of this labelling function.
    label : str or int, default=1
        The class that it votes for.
    column : str
        Text column; empty for the only one.
    pattern : str
        The regular expression.
    ignore_case : bool, default=True
    seconds : float, default=5
        Longest time on one row.

    Examples
    --------
    >>> rows = RowBatch(pa.table({"text": ["check this out", "check", None]}))
    >>> Regex(pattern=r"check.*out").vote(rows, Run()).codes.tolist()
    [0, -1, -1]
    """

    pattern: str = ""
    ignore_case: bool = True
    seconds: float = 5.0
    main: ClassVar[str] = "pattern"
    labelled: ClassVar[bool] = True

    def validate(self) -> None:
        """The pattern must be a regular expression."""
        if not isinstance(self.pattern, str) or not self.pattern:
            raise ParameterError(
                "regex needs a pattern", where=self.title, found=repr(self.pattern),
                fix="give one in quotes: YAML reads a bare 5 as a number, a bare yes as true",
            )  # fmt: skip
        compiled(self.pattern, self.ignore_case, self.title)
        check_seconds(self.seconds, self.title)

    def vote(self, rows: RowBatch, run: Run) -> Ballot:
        """Rows that match."""
        del run
        self.validate()
        found = find_pattern(
            rows.column(rows.text_column(self.column)), self.pattern, ignore_case=self.ignore_case,
            seconds=self.seconds, start=rows.start, where=self.title,
        )  # fmt: skip
        made = Ballot.where(found.mask, self.label)
        return Ballot(made.codes, made.labels, found.faults, found.first_fault)

    @classmethod
    def example(cls) -> Example:
        """Links are found."""
        rows = RowBatch(pa.table({"text": ["see http://a.b", "no link", None, "HTTPS://C.D"]}))
        return Example(
            rows,
            lambda found: "" if found.codes.tolist() == [0, -1, -1, 0] else f"it said {found.codes.tolist()}",
            "Links in any case are found.",
            {"pattern": r"https?://"},
        )
