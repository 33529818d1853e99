"""Candidate keyword rules, mined from a small labelled set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.statistics.intervals import wilson_interval

__all__ = ["Suggestion", "suggest_keywords"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]


@dataclass(frozen=True)
class Suggestion:
    """A word or phrase that could become a rule.

    Attributes
    ----------
    words : str
    label : int
        Class that it would vote for.
    precision, low, high : float
        Share of its labelled rows that are of the class, with its Wilson interval.
    n : int
        Labelled rows that it rests on.
    coverage : float
        Share of all rows that hold it.
    adds : float
        Share of all rows that hold it and on which no function votes yet.
    score : float
        Coverage times the lower end of the precision above the class's share; rows that no function covers yet count
        twice.
    """

    words: str
    label: int
    precision: float
    low: float
    high: float
    n: int
    coverage: float
    adds: float
    score: float


def suggest_keywords(
    texts: Sequence[str | None],
    gold: npt.ArrayLike,
    *,
    n_classes: int,
    covered: npt.ArrayLike | None = None,
    longest: int = 3,
    min_rows: int = 4,
    n: int = 20,
) -> list[Suggestion]:
    """Rank words and phrases by the rows that they cover and the precision that they gain.

    Parameters
    ----------
    texts : sequence of str or None, length N
    gold : array-like of shape (N,), int
        True classes, -1 where unknown. Some tens of labelled rows do.
    n_classes : int
    covered : array-like of bool, shape (N,), optional
        Rows on which a function votes already.
    longest : int, default=3
        Words a phrase at most.
    min_rows : int, default=4
        Labelled rows that must hold it.
    n : int, default=20
        Suggestions at most.

    Returns
    -------
    list of Suggestion
        Best first. Of phrases that stand in almost the same rows the best one is kept. Only those whose precision lies
        above the class's share beyond doubt.

    Raises
    ------
    LabelError
        No labelled rows.
    AlignmentError
        Different lengths.

    Examples
    --------
    >>> texts = ["buy now", "buy this", "buy it", "buy", "nice song", "good song", "song", "the song"]
    >>> [(s.words, s.label) for s in suggest_keywords(texts, [1, 1, 1, 1, 0, 0, 0, 0], n_classes=2)]
    [('buy', 1), ('song', 0)]
    """
    known = np.asarray(gold, dtype=np.int64)
    if known.shape != (len(texts),):
        raise AlignmentError("another number of true labels than texts", found=f"{known.shape} and {len(texts)}")
    if longest < 1 or min_rows < 1 or n < 1:
        raise ParameterError("longest, min_rows and n must be at least 1", found=f"{longest}, {min_rows}, {n}")
    seen = known >= 0
    if not seen.any():
        raise LabelError("no row has a true label to learn rules from", fix="label some tens of rows first")
    counts, words = _phrases(texts, np.flatnonzero(seen), longest, min_rows)
    if counts is None:
        return []
    open_rows = np.ones(len(texts), dtype=bool) if covered is None else ~np.asarray(covered, dtype=bool)
    share = np.bincount(known[seen], minlength=n_classes) / seen.sum()
    made = _score(counts, words, known, share, open_rows)
    return _distinct(made, counts, words, n)


def _phrases(texts: Sequence[str | None], labelled: IntArray, longest: int, min_rows: int) -> tuple[Any, list[str]]:
    """Sparse 0/1 matrix of rows by phrases that enough labelled rows hold, and the phrases."""
    from sklearn.feature_extraction.text import CountVectorizer

    plain = [text or "" for text in texts]
    find = CountVectorizer(
        binary=True, ngram_range=(1, longest), min_df=min_rows, token_pattern=r"(?u)\b\w+\b", dtype=np.int64
    )
    try:
        find.fit([plain[i] for i in labelled.tolist()])
    except ValueError:  # no phrase in enough rows
        return None, []
    return find.transform(plain).tocsc(), find.get_feature_names_out().tolist()


def _score(
    counts: Any, words: list[str], known: IntArray, share: npt.NDArray[np.float64], open_rows: BoolArray
) -> list[tuple[int, Suggestion]]:
    labelled = known >= 0
    total = len(known)
    held = np.asarray(counts[labelled].sum(axis=0)).ravel()
    per_class = np.stack(
        [np.asarray(counts[known == c].sum(axis=0)).ravel() for c in range(share.size)], axis=1
    )  # fmt: skip
    everywhere = np.asarray(counts.sum(axis=0)).ravel()
    fresh = np.asarray(counts[open_rows].sum(axis=0)).ravel()
    made = []
    for at, word in enumerate(words):
        label = int(per_class[at].argmax())
        found = wilson_interval(int(per_class[at, label]), int(held[at]))
        gain = found.low - float(share[label])
        if gain <= 0:
            continue
        coverage, adds = float(everywhere[at] / total), float(fresh[at] / total)
        one = Suggestion(
            word, label, found.estimate, found.low, found.high, int(held[at]), coverage, adds, (coverage + adds) * gain
        )
        made.append((at, one))
    made.sort(key=lambda pair: (-pair[1].score, len(pair[1].words), pair[1].words))
    return made


def _distinct(made: list[tuple[int, Suggestion]], counts: Any, words: list[str], n: int) -> list[Suggestion]:
    """The best suggestions, without those that stand in almost the rows of a better one."""
    del words
    kept: list[tuple[Suggestion, frozenset[int]]] = []
    for at, one in made:
        rows = frozenset(counts.indices[counts.indptr[at] : counts.indptr[at + 1]].tolist())
        if all(len(rows & other) < 0.8 * min(len(rows), len(other)) for _, other in kept):
            kept.append((one, rows))
        if len(kept) == n:
            break
    return [one for one, _ in kept]
