"""Keywords: votes where a text holds one of some words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import pyarrow as pa

from tilth.errors import ParameterError
from tilth.labelers._patterns import check_seconds, find_pattern, word_pattern
from tilth.plugin import Example, Labeler, Run
from tilth.records import Ballot, RowBatch

__all__ = ["Keywords"]


@dataclass(frozen=True)
class Keywords(Labeler):
    """Vote for a class where a text holds one of some words or phrases, over a whole column at once.

    Parameters
    ----------
    rule : str
        Name of this labelling function.
    label : str or int, default=1
        The class that it votes for.
    column : str
        Text column; empty for the only one.
    words : tuple of str
        Words or phrases.
    whole_words : bool, default=True
        Whether a word must stand by itself: "my" is then not found in "army".
    ignore_case : bool, default=True
    seconds : float, default=5
        Longest time on one row.

    Examples
    --------
    >>> rows = RowBatch(pa.table({"text": ["Subscribe now", "subscribed", None]}))
    >>> Keywords(words=("subscribe",)).vote(rows, Run()).codes.tolist()
    [0, -1, -1]
    """

    words: tuple[str, ...] = ()
    whole_words: bool = True
    ignore_case: bool = True
    seconds: float = 5.0
    main: ClassVar[str] = "words"
    labelled: ClassVar[bool] = True

    def validate(self) -> None:
        """Words must be there, and be words."""
        words = self._listed()
        if not words or not all(word if isinstance(word, str) else True for word in words):
            raise ParameterError(
                "keywords needs at least one word, and no empty one", where=self.title, found=repr(self.words),
                fix="give words, as in keywords: [subscribe, my channel]",
            )  # fmt: skip
        wrong = next((word for word in words if not isinstance(word, str)), None)
        if wrong is not None:
            raise ParameterError(
                "a keyword must be text", where=self.title, found=f"{wrong!r} of type {type(wrong).__name__}",
                fix="put it in quotes: YAML reads a bare 5 as a number, a bare yes or no as true or false",
            )  # fmt: skip
        check_seconds(self.seconds, self.title)

    def _listed(self) -> tuple[Any, ...]:
        given: Any = self.words
        return tuple(given) if isinstance(given, (list, tuple, set, frozenset)) else () if given is None else (given,)

    def vote(self, rows: RowBatch, run: Run) -> Ballot:
        """Rows that hold a word."""
        del run
        self.validate()
        found = find_pattern(
            rows.column(rows.text_column(self.column)), word_pattern(self._listed(), self.whole_words),
            ignore_case=self.ignore_case, seconds=self.seconds, start=rows.start, where=self.title,
        )  # fmt: skip
        made = Ballot.where(found.mask, self.label)
        return Ballot(made.codes, made.labels, found.faults, found.first_fault)

    @classmethod
    def example(cls) -> Example:
        """Two of four texts hold a word."""
        rows = RowBatch(pa.table({"text": ["check out my channel", "an army", None, "MY video"]}))
        return Example(
            rows,
            lambda found: "" if found.codes.tolist() == [0, -1, -1, 0] else f"it said {found.codes.tolist()}",
            "A word is found by itself and in any case; a gap is an abstention.",
            {"words": ("my",)},
        )
