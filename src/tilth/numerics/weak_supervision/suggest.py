"""Candidate keyword rules, mined from a small labelled set."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.statistics.intervals import wilson_interval
from tilth.numerics.weak_supervision.matrix import label_matrix

__all__ = ["Suggestion", "suggest_keywords"]

IntArray = npt.NDArray[np.int64]
BoolArray = npt.NDArray[np.bool_]

#: English words that hold a sentence together and by themselves tell little of what it is about.
_JOINT_WORDS = (
    "a about after all also am an and any are as at be because been before being but by can could did do does doing "
    "down for from had has have he her here him his how i if in into is it its just me more most my no not now of off "
    "on one only or other our out over own s same she should so some such t than that the their them then there these "
    "they this those through to too under up us very was we were what when where which while who whom why will with "
    "would you your"
)
_JOINTS = frozenset(_JOINT_WORDS.split())
#: Lower end of the precision from which even such a word is offered.
_SURE = 0.9


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
        Coverage times precision gained over the rules that there are: over the rows that no function covers yet, the
        lower end of the precision above the class's share; over the others, above how often the functions are right.
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
    votes: Any = None,
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
        Rows on which a function votes already. A word that stands in such rows only has nothing to gain there, unless
        `votes` say that the functions are often wrong on them.
    votes : label matrix of shape (N, m) or Votes, optional
        What the functions say; gives `covered` too.
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
        above the class's share beyond doubt; English words that only hold a sentence together (on, to, a, of) only
        where the lower end of their precision is 0.9 or more.

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
    open_rows, right = _so_far(len(texts), known, covered, votes)
    share = np.bincount(known[seen], minlength=n_classes) / seen.sum()
    made = _score(counts, words, known, share, open_rows, right)
    return _distinct(made, counts, n)


def _so_far(
    size: int, known: IntArray, covered: npt.ArrayLike | None, votes: Any
) -> tuple[BoolArray, npt.NDArray[np.float64]]:
    """Rows without a vote, and how right the majority of the functions is on each row; NaN where not known."""
    right = np.full(size, np.nan)
    open_rows = np.ones(size, dtype=bool) if covered is None else ~np.asarray(covered, dtype=bool)
    if votes is not None:
        made = label_matrix(votes)
        if made.n_items != size:
            raise AlignmentError("another number of rows in votes than texts", found=f"{made.n_items} and {size}")
        table = made.count_table()
        open_rows = made.votes_per_item == 0 if covered is None else open_rows
        at = np.flatnonzero((known >= 0) & (known < made.n_classes) & (made.votes_per_item > 0))
        best = table[at] == table[at].max(axis=1, keepdims=True)
        right[at] = best[np.arange(at.size), known[at]] / best.sum(axis=1)
    if open_rows.shape != (size,):
        raise AlignmentError("covered must hold one value for each text", found=f"shape {open_rows.shape}")
    return open_rows, right


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
    counts: Any,
    words: list[str],
    known: IntArray,
    share: npt.NDArray[np.float64],
    open_rows: BoolArray,
    right: npt.NDArray[np.float64],
) -> list[tuple[int, Suggestion]]:
    labelled = known >= 0
    total = len(known)

    def held(rows: Any) -> npt.NDArray[np.float64]:
        return np.asarray(counts[rows].sum(axis=0), dtype=np.float64).ravel()

    per_class = np.stack([held(known == c) for c in range(share.size)], axis=1)
    n_labelled, everywhere, fresh = held(labelled), held(np.arange(total)), held(open_rows)
    judged = np.isfinite(right)
    n_judged = held(judged)
    said_right = np.asarray(counts.T @ np.where(judged, right, 0.0)).ravel() / np.maximum(n_judged, 1.0)
    # where nothing is known of the rules on these rows, they are taken to be as right as a new one
    said_right[n_judged == 0] = 1.0
    made = []
    for at, word in enumerate(words):
        label = int(per_class[at].argmax())
        found = wilson_interval(int(per_class[at, label]), int(n_labelled[at]))
        gain = found.low - float(share[label])
        if gain <= 0 or (found.low < _SURE and all(part in _JOINTS for part in word.split())):
            continue
        coverage, adds = float(everywhere[at] / total), float(fresh[at] / total)
        score = adds * gain + (coverage - adds) * max(found.low - float(said_right[at]), 0.0)
        one = Suggestion(word, label, found.estimate, found.low, found.high, int(n_labelled[at]), coverage, adds, score)
        made.append((at, one))
    made.sort(key=lambda pair: (-pair[1].score, -pair[1].low, len(pair[1].words), pair[1].words))
    return made


def _distinct(made: list[tuple[int, Suggestion]], counts: Any, n: int) -> list[Suggestion]:
    """The best suggestions, without those that stand in almost the rows of a better one."""
    kept: list[tuple[Suggestion, frozenset[int]]] = []
    for at, one in made:
        rows = frozenset(counts.indices[counts.indptr[at] : counts.indptr[at + 1]].tolist())
        if all(len(rows & other) < 0.8 * min(len(rows), len(other)) for _, other in kept):
            kept.append((one, rows))
        if len(kept) == n:
            break
    return [one for one, _ in kept]
