"""Neighbours: votes by the labelled rows that a row is most alike."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa

from tilth.errors import NotApplicable, ParameterError, SchemaError
from tilth.plugin import Example, Labeler, Run
from tilth.records import Ballot, RowBatch

__all__ = ["Neighbors"]

_BLOCK = 4096


@dataclass(frozen=True)
class Neighbors(Labeler):
    """Vote for the class on which the nearest labelled rows agree.

    Text is compared by its words and word parts (TF-IDF, cosine); a column of vectors by cosine. A labelled row is not
    its own neighbour. It sees all rows at once.

    Parameters
    ----------
    rule : str
        Name of this labelling function.
    label : str or int, default=1
        Not used: the neighbours name the class.
    column : str
        Text column or column of vectors; empty for the only text column.
    labels : str
        Column with the known classes; gaps where unknown.
    k : int, default=5
        Neighbours asked.
    agreement : float, default=0.8
        Share of them that must be of one class.
    similarity : float, default=0.2
        Neighbours less alike than this, in [-1, 1], are not asked; fewer than k/2 left means abstaining.

    Examples
    --------
    >>> rows = RowBatch(pa.table({"text": ["red apple", "apple red", "blue sea", "sea blue", "a red apple"],
    ...                           "known": ["fruit", "fruit", "water", "water", None]}))
    >>> said = Neighbors(labels="known", k=2, column="text").vote(rows, Run())
    >>> said.labels[said.codes[4]]
    'fruit'
    """

    labels: str = ""
    k: int = 5
    agreement: float = 0.8
    similarity: float = 0.2
    main: ClassVar[str] = "labels"
    cost: ClassVar[str] = "model"
    whole: ClassVar[bool] = True

    def validate(self) -> None:
        """There must be a column of labels and numbers in their ranges."""
        if not isinstance(self.k, int) or self.k < 1 or not 0 < self.agreement <= 1:
            raise ParameterError(
                "k must be at least 1 and agreement in (0, 1]", where=self.title, found=f"{self.k}, {self.agreement}"
            )
        if not isinstance(self.labels, str) or not self.labels:
            raise ParameterError(
                "neighbors needs a column of known labels", where=self.title, found=repr(self.labels),
                fix="name it, as in neighbors: label",
            )  # fmt: skip

    def vote(self, rows: RowBatch, run: Run) -> Ballot:
        """The class of the nearest labelled rows."""
        self.validate()
        known = rows.values(self.labels)
        marked = np.asarray([i for i, value in enumerate(known) if value is not None and value != ""], dtype=np.int64)
        if marked.size < 2:
            raise NotApplicable(f"{self.title} needs labelled rows, and column {self.labels!r} holds {marked.size}")
        classes = tuple(dict.fromkeys(known[i] for i in marked.tolist()))
        codes = np.asarray([classes.index(known[i]) for i in marked.tolist()], dtype=np.int64)
        vectors = self._vectors(rows)
        k = min(self.k, marked.size - 1)
        made = np.full(len(rows), -1, dtype=np.int64)
        base = vectors[marked]
        for start in range(0, len(rows), _BLOCK):
            stop = min(start + _BLOCK, len(rows))
            alike = vectors[start:stop] @ base.T
            alike = np.asarray(alike.todense() if hasattr(alike, "todense") else alike)
            own = np.flatnonzero((marked >= start) & (marked < stop))
            alike[marked[own] - start, own] = -np.inf
            made[start:stop] = self._agreed(alike, codes, len(classes), k)
            run.check()
        return Ballot(made, classes)

    def _agreed(self, alike: Any, codes: Any, n_classes: int, k: int) -> Any:
        order = np.argsort(-alike, axis=1, kind="stable")[:, :k]
        close = np.take_along_axis(alike, order, axis=1) >= self.similarity
        counts = np.zeros((len(alike), n_classes))
        for place in range(k):
            np.add.at(counts, (np.arange(len(alike)), codes[order[:, place]]), close[:, place])
        total = counts.sum(axis=1)
        sure = (total >= k / 2) & (counts.max(axis=1) >= self.agreement * np.maximum(total, 1))
        return np.where(sure, counts.argmax(axis=1), -1)

    def _vectors(self, rows: RowBatch) -> Any:
        name = self.column or rows.text_column("")
        kind = rows.column(name).type
        if pa.types.is_string(kind) or pa.types.is_large_string(kind):
            from sklearn.feature_extraction.text import TfidfVectorizer

            texts = [text or "" for text in rows.values(name)]
            try:
                words = TfidfVectorizer(sublinear_tf=True, token_pattern=r"(?u)\b\w+\b", dtype=np.float32)
                return words.fit_transform(texts)
            except ValueError as error:
                raise NotApplicable(f"{self.title}: column {name!r} holds no words") from error
        if not (pa.types.is_list(kind) or pa.types.is_fixed_size_list(kind) or pa.types.is_large_list(kind)):
            raise SchemaError(
                "neighbors needs a text column or a column of vectors", where=f"column {name!r}", found=str(kind)
            )
        listed = rows.values(name)
        if len({len(v) for v in listed if v is not None}) > 1:
            raise SchemaError("vectors must be of one length", where=f"{self.title}, column {name!r}")
        width = next((len(v) for v in listed if v is not None), 0)
        table = np.asarray([v if v is not None else [np.nan] * width for v in listed], dtype=np.float32)
        norms = np.linalg.norm(table, axis=1, keepdims=True)
        return np.nan_to_num(table / np.maximum(norms, 1e-12))

    @classmethod
    def example(cls) -> Example:
        """One unlabelled row beside two kinds of labelled ones."""
        texts = [
            "red apple",
            "apple red",
            "the apple is red",
            "blue sea",
            "sea blue",
            "the sea is blue",
            "an apple red",
        ]
        rows = RowBatch(pa.table({"text": texts, "known": ["fruit"] * 3 + ["water"] * 3 + [None]}))
        return Example(
            rows,
            lambda found: "" if found.codes[6] == 0 else f"it said {found.codes.tolist()}",
            "A text is labelled as its nearest labelled texts.",
            {"labels": "known", "column": "text", "k": 2},
        )
