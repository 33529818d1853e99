"""Votes on tokens: functions that mark spans in sequences, joined by majority or by a hidden Markov model."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from operator import index
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError
from tilth.numerics.weak_supervision.matrix import label_matrix
from tilth.numerics.weak_supervision.model import WeakModel

__all__ = ["SequenceModel", "hidden_markov", "spans_of", "token_matrix"]

FloatArray = npt.NDArray[np.float64]
IntArray = npt.NDArray[np.int64]


def token_matrix(
    spans: Sequence[Sequence[Sequence[tuple[int, int, int]]]], lengths: Sequence[int], *, n_classes: int
) -> IntArray:
    """Turn the spans that functions marked into a label matrix with one row a token.

    Parameters
    ----------
    spans : nested sequence [function][sequence] of (start, end, class)
        Token positions; `end` is past the last. A token outside a function's spans is an abstention.
    lengths : sequence of int
        Tokens of each sequence.
    n_classes : int
        Class 0 is by custom "outside"; a function says it by a span of class 0.

    Returns
    -------
    ndarray of shape (sum of lengths, number of functions), int64

    Raises
    ------
    LabelError
        A span outside its sequence, empty, of a class that does not exist, or not three whole numbers.
    AlignmentError
        A function marked another number of sequences.

    Examples
    --------
    >>> token_matrix([[[(0, 2, 1)], []], [[(1, 2, 1)], [(0, 1, 0)]]], [3, 1], n_classes=2).tolist()
    [[1, -1], [1, 1], [-1, -1], [-1, 0]]
    """
    starts = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    made = np.full((int(starts[-1]), len(spans)), -1, dtype=np.int64)
    for j, sequences in enumerate(spans):
        if len(sequences) != len(lengths):
            raise AlignmentError(
                "a function marked another number of sequences", where=f"function {j}",
                found=f"{len(sequences)}, wanted {len(lengths)}",
            )  # fmt: skip
        for s, marked in enumerate(sequences):
            for span in marked:
                first, last, value = _span(span, j, s)
                if not 0 <= first < last <= lengths[s] or not 0 <= value < n_classes:
                    raise LabelError(
                        "a span lies outside its sequence or names a class that does not exist",
                        where=f"function {j}, sequence {s}",
                        found=f"({first}, {last}, {value}) of {lengths[s]} tokens and {n_classes} classes",
                    )
                made[starts[s] + first : starts[s] + last, j] = value
    return made


def _span(span: Any, function: int, sequence: int) -> tuple[int, int, int]:
    """The three whole numbers of a span."""
    wrong = LabelError(
        "a span is no (start, end, class) of whole numbers",
        where=f"function {function}, sequence {sequence}",
        found=repr(span),
        fix="give token positions, the end past the last, and a class index",
    )
    try:
        first, last, value = (index(part) for part in span)
    except (TypeError, ValueError):
        raise wrong from None
    return first, last, value


def spans_of(labels: npt.ArrayLike, *, outside: int = 0) -> list[tuple[int, int, int]]:
    """Runs of equal labels as (start, end, class), those of `outside` and -1 left out.

    Examples
    --------
    >>> spans_of([0, 1, 1, 0, 2])
    [(1, 3, 1), (4, 5, 2)]
    """
    values = np.asarray(labels, dtype=np.int64)
    if not values.size:
        return []
    edges = np.concatenate([[0], np.flatnonzero(np.diff(values)) + 1, [values.size]])
    return [(int(a), int(b), int(values[a])) for a, b in pairwise(edges.tolist()) if values[a] not in (outside, -1)]


@dataclass(frozen=True, eq=False)
class SequenceModel:
    """Beliefs about tokens by a hidden Markov model.

    Attributes
    ----------
    beliefs : ndarray of shape (tokens, k)
    labels : ndarray of shape (tokens,)
        The likeliest path of each sequence.
    transition : ndarray of shape (k, k)
        Row: class of a token, column: class of the next.
    start : ndarray of shape (k,)
    emission : ndarray of shape (m, k, k)
        P(votes this class | true class) given that the function votes.
    iterations : int
    """

    beliefs: FloatArray
    labels: IntArray
    transition: FloatArray
    start: FloatArray
    emission: FloatArray
    iterations: int


def hidden_markov(
    L: Any, lengths: Sequence[int], model: WeakModel | None = None, *, precision: float = 0.8, strength: float = 20.0,
    max_iter: int = 20, tol: float = 1e-3,
) -> SequenceModel:  # fmt: skip
    """Join votes on tokens by a hidden Markov model over the true classes.

    Parameters
    ----------
    L : label matrix of shape (tokens, m) or Votes
        Sequences one after the other; -1 where a function says nothing about a token.
    lengths : sequence of int
        Tokens of each sequence; their sum is the number of rows.
    model : WeakModel, optional
        Start from its accuracies; default `precision` for all.
    precision : float, default=0.8
    strength : float, default=20
        Votes that the start is worth for each function and class.
    max_iter, tol : int and float

    Returns
    -------
    SequenceModel

    Raises
    ------
    AlignmentError
        Lengths that do not sum to the number of tokens.
    LabelError
        No function voted.

    References
    ----------
    Lison, Barnes and Hubin (2021), "skweak: weak supervision made easy for NLP".

    Examples
    --------
    >>> L = [[1, 1], [1, -1], [-1, 1], [0, 0], [0, 0], [-1, -1]]
    >>> hidden_markov(L, [3, 3]).labels.tolist()
    [1, 1, 1, 0, 0, 0]
    """
    from tilth.numerics.weak_supervision.model import weak_votes

    votes = weak_votes(label_matrix(L))
    if int(np.sum(lengths)) != votes.n_items or min(lengths, default=1) < 0:
        raise AlignmentError(
            "lengths must sum to the number of tokens", found=f"{int(np.sum(lengths))} and {votes.n_items}"
        )
    k, m = votes.n_classes, votes.n_raters
    values = votes.values.astype(np.int64, copy=False)
    emission = _emission(model, m, k, precision)
    pseudo = strength * emission
    transition = np.full((k, k), 0.3 / k) + 0.7 * np.eye(k)
    start = np.full(k, 1 / k)
    gamma = np.zeros((votes.n_items, k))
    steps = 0
    bounds = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    for steps in range(1, max_iter + 1):  # noqa: B007 - reported below
        scores = _scores(votes, emission)
        new, moves, firsts = _smooth(scores, bounds, transition, start)
        moved, gamma = float(np.abs(new - gamma).max(initial=0.0)), new
        transition = (moves + 1.0) / (moves + 1.0).sum(axis=1, keepdims=True)
        start = (firsts + 1.0) / (firsts + 1.0).sum()
        counts = pseudo.copy()
        np.add.at(counts, (votes.raters, values), gamma[votes.items])
        emission = counts / counts.sum(axis=1, keepdims=True)
        if moved < tol:
            break
    labels = _paths(_scores(votes, emission), bounds, transition, start)
    return SequenceModel(gamma, labels, transition, start, emission, steps)


def _emission(model: WeakModel | None, m: int, k: int, precision: float) -> FloatArray:
    """P(voted class | true class), shape (m, voted, true)."""
    skill = np.full(m, precision)
    if model is not None:
        skill = np.clip(np.nan_to_num(model.accuracies, nan=precision), 1 / k + 0.01, 0.99)
    wrong = (1 - skill) / (k - 1)
    return np.asarray(wrong[:, None, None] + (skill - wrong)[:, None, None] * np.eye(k), dtype=np.float64)


def _scores(votes: Any, emission: FloatArray) -> FloatArray:
    made = np.zeros((votes.n_items, emission.shape[2]))
    np.add.at(made, votes.items, np.log(np.clip(emission, 1e-12, None))[votes.raters, votes.values])
    return made


def _smooth(
    scores: FloatArray, bounds: IntArray, transition: FloatArray, start: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Forward and backward passes: beliefs, expected moves and expected first classes."""
    like = np.exp(scores - scores.max(axis=1, keepdims=True))
    gamma = np.zeros_like(like)
    moves = np.zeros_like(transition)
    firsts = np.zeros_like(start)
    for a, b in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if a == b:
            continue
        ahead = np.empty((b - a, start.size))
        ahead[0] = start * like[a]
        ahead[0] /= ahead[0].sum()
        for t in range(1, b - a):
            ahead[t] = (ahead[t - 1] @ transition) * like[a + t]
            ahead[t] /= ahead[t].sum()
        back = np.ones(start.size)
        gamma[b - 1] = ahead[-1]
        for t in range(b - a - 2, -1, -1):
            carried = like[a + t + 1] * back
            joint = ahead[t][:, None] * transition * carried[None, :]
            moves += joint / joint.sum()
            back = transition @ carried
            back /= back.sum()
            here = ahead[t] * back
            gamma[a + t] = here / here.sum()
        firsts += gamma[a]
    return gamma, moves, firsts


def _paths(scores: FloatArray, bounds: IntArray, transition: FloatArray, start: FloatArray) -> IntArray:
    """The likeliest path of each sequence (Viterbi)."""
    labels = np.zeros(len(scores), dtype=np.int64)
    logs = np.log(np.clip(transition, 1e-300, None))
    for a, b in zip(bounds[:-1].tolist(), bounds[1:].tolist(), strict=True):
        if a == b:
            continue
        best = np.log(start) + scores[a]
        came = np.zeros((b - a, start.size), dtype=np.int64)
        for t in range(1, b - a):
            reach = best[:, None] + logs
            came[t] = reach.argmax(axis=0)
            best = reach.max(axis=0) + scores[a + t]
        labels[b - 1] = int(best.argmax())
        for t in range(b - a - 1, 0, -1):
            labels[a + t - 1] = came[t, labels[a + t]]
    return labels
