"""What confident learning needs to know of every row, gathered in one pass over the probabilities."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.numerics.confident.probabilities import ROUNDING, ProbabilityBlocks, check_labels, open_blocks
from tilth.numerics.statistics.threads import run_threads

__all__ = ["RowStatistics", "confident_class", "row_statistics"]

Array = npt.NDArray[Any]

_GROUP_ROWS = 2_000_000
_PIECE_ROWS = 500_000


@dataclass(frozen=True)
class RowStatistics:
    """Per-row figures; arrays have shape (n,), in row order.

    Parameters
    ----------
    source : ProbabilityBlocks
        Where the rows are read again if they must be.
    labels : ndarray of an unsigned int dtype
        Given class, in the smallest dtype that holds K.
    top : ndarray of an unsigned int dtype
        Most probable class (the first, if several tie).
    self_prob : ndarray of float
        Probability of the given class, in the dtype of the probabilities.
    rival_prob : ndarray of float, shape (number of rows where `top` is not the given class,)
        Probability of the most probable class of only those rows; in the others it is `self_prob`.
    """

    source: ProbabilityBlocks
    labels: Array
    top: Array
    self_prob: Array
    rival_prob: Array

    @cached_property
    def counts(self) -> Array:
        """Number of rows given each class, int64, shape (K,)."""
        return sum(
            np.bincount(self.labels[i : i + _GROUP_ROWS], minlength=self.source.n_classes)
            for i in range(0, len(self.labels), _GROUP_ROWS)
        )  # type: ignore[return-value]

    @cached_property
    def starts(self) -> Array:
        """Where each class begins in `grouped_rows`, int64, shape (K + 1,)."""
        return np.concatenate([[0], np.cumsum(self.counts)])

    @cached_property
    def grouped_rows(self) -> Array:
        """Row numbers, class after class, ascending within a class."""
        n = len(self.labels)
        out = np.empty(n, np.uint32 if n < 2**32 else np.int64)
        cursor = self.starts[:-1].copy()
        for begin in range(0, n, _GROUP_ROWS):
            piece = self.labels[begin : begin + _GROUP_ROWS]
            order = np.argsort(piece, kind="stable")
            stops = np.cumsum(np.bincount(piece, minlength=len(cursor)))
            first = 0
            for k in np.flatnonzero(np.diff(stops, prepend=0)):
                size = int(stops[k]) - first
                out[cursor[k] : cursor[k] + size] = order[first : int(stops[k])] + begin
                cursor[k] += size
                first = int(stops[k])
        return out

    def rows_of(self, k: int) -> Array:
        """Row numbers given class `k`, ascending."""
        return self.grouped_rows[self.starts[k] : self.starts[k + 1]]

    @cached_property
    def agrees(self) -> Array:
        """Whether the most probable class is the given one, or is ahead of it by no more than `ROUNDING`."""
        result = np.empty(len(self.labels), dtype=bool)
        for span, rivals in self.pieces():
            top, labels = self.top[span], self.labels[span]
            agrees = top == labels
            apart = ~agrees
            raised = self.self_prob[span][apart] + ROUNDING
            agrees[apart] = (raised > rivals) | ((raised == rivals) & (top[apart] > labels[apart]))
            result[span] = agrees
        return result

    def pieces(self) -> Iterator[tuple[slice, Array]]:
        """Runs of rows, each with its part of `rival_prob`; row-wise work on them keeps temporary arrays small."""
        used = 0
        for begin in range(0, len(self.labels), _PIECE_ROWS):
            span = slice(begin, begin + _PIECE_ROWS)
            count = int(np.count_nonzero(self.top[span] != self.labels[span]))
            yield span, self.rival_prob[used : used + count]
            used += count


def row_statistics(labels: npt.ArrayLike, pred_probs: Any) -> RowStatistics:
    """Check `labels` and `pred_probs` and read the probabilities once.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Given classes, see `tilth.numerics.confident.probabilities.check_labels`.
    pred_probs : array_like of float, shape (n, K), or re-iterable of blocks
        See `tilth.numerics.confident.probabilities.open_blocks`.

    Raises
    ------
    LabelError, ProbabilityError, AlignmentError
        If the input cannot be used.

    Examples
    --------
    >>> found = row_statistics([0, 1], [[0.9, 0.1], [0.6, 0.4]])
    >>> found.top.tolist(), found.self_prob.tolist(), found.agrees.tolist()
    ([0, 0], [0.9, 0.4], [True, False])
    """
    given = check_labels(labels)
    source = open_blocks(pred_probs, len(given))
    check_labels(given, source.n_classes)
    small = np.min_scalar_type(source.n_classes - 1)
    y = given.astype(small, copy=False)
    n, k = source.n_rows, source.n_classes
    top = np.empty(n, small)
    self_prob = np.empty(n, source.dtype)

    def visit(start: int, block: Array) -> Array:
        if not block.min() >= 0:
            block = source.admit(start, block)
        best = block.argmax(axis=1)
        offsets = np.arange(0, block.size, k)
        flat = block.ravel()
        highest = flat.take(best + offsets)
        if highest.max() > 1:
            block = source.admit(start, block)
            best = block.argmax(axis=1)
            flat = block.ravel()
            highest = flat.take(best + offsets)
        span = slice(start, start + len(block))
        top[span] = best
        self_prob[span] = flat.take(y[span] + offsets)
        return np.asarray(highest[best != y[span]])

    rivals = source.map_blocks(visit)
    return RowStatistics(source, y, top, self_prob, np.concatenate(rivals))


def confident_class(stats: RowStatistics, thresholds: Array) -> tuple[Array, Array]:
    """Return which class every row confidently belongs to.

    A row is confident in class j if its probability reaches the threshold of j, less `ROUNDING`. With several such
    classes the most probable class of all counts.

    Parameters
    ----------
    stats : RowStatistics
        Of the rows.
    thresholds : ndarray of float, shape (K,)
        Per class.

    Returns
    -------
    guess : ndarray of an unsigned int dtype, shape (n,)
        The class; meaningless where `confident` is False.
    confident : ndarray of bool, shape (n,)
        Whether there is one.

    Examples
    --------
    >>> import numpy as np
    >>> stats = row_statistics([0, 1, 1], [[0.9, 0.1], [0.6, 0.4], [0.1, 0.9]])
    >>> guess, confident = confident_class(stats, np.array([0.9, 0.4]))
    >>> guess.tolist(), confident.tolist()
    ([0, 1, 1], [True, True, True])
    """
    limits = thresholds - ROUNDING
    lowest = limits.min()
    pending: list[Array] = []
    confident = np.empty(len(stats.labels), dtype=bool)
    guess = stats.top.copy()
    for span, rivals in stats.pieces():
        top = stats.top[span]
        top_prob = stats.self_prob[span].copy()
        top_prob[top != stats.labels[span]] = rivals
        confident[span] = top_prob >= limits.take(top)
        unclear = np.flatnonzero(~confident[span] & (top_prob >= lowest)) + span.start
        if not stats.source.in_memory:
            pending.append(unclear)
            continue
        _settle(stats, unclear, limits, guess, confident)
    if pending:
        _settle(stats, np.concatenate(pending), limits, guess, confident)
    return guess, confident


def _settle(stats: RowStatistics, rows: Array, limits: Array, guess: Array, confident: Array) -> None:
    """Fill in `guess` and `confident` of rows whose most probable class is not a confident one."""
    source = stats.source
    step = max(1, source.gather_bytes // (source.n_classes * source.dtype.itemsize) // (8 if source.in_memory else 1))

    def visit(begin: int) -> None:
        part = rows[begin : begin + step]
        reached = source.take(part) >= limits
        first = reached.argmax(axis=1)
        each = np.arange(len(part))
        any_reached = reached[each, first]
        reached[each, first] = False
        several = reached[each, reached.argmax(axis=1)]
        confident[part] = any_reached
        guess[part] = np.where(several, guess[part], first)

    run_threads(visit, range(0, len(rows), step), serial=source.serial)
