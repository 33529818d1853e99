"""Choosing the rows with the largest margins per pair of classes, or the lowest self-confidence per class.

Both choices equal sorting every class (and every pair of classes) in full, ties included, but read few rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.numerics.confident.row_statistics import RowStatistics
from tilth.numerics.statistics.threads import run_threads

__all__ = ["lowest", "prune_by_class", "prune_by_noise_rate"]

Array = npt.NDArray[Any]

# A row that agrees with its label within ROUNDING has no margin above this, in any floating dtype.
_AGREEING_MARGIN = 2.5e-6
_MAX_SLAB_BYTES = 8 * 1024 * 1024
_SORT_ROWS = 1500


def lowest(scores: Array, count: int) -> Array:
    """Return a mask of the `count` lowest scores; of equal scores, those that ``numpy.argsort`` puts first.

    Examples
    --------
    >>> lowest(np.array([0.3, 0.1, 0.2]), 2).tolist()
    [False, True, True]
    """
    mask = np.zeros(len(scores), dtype=bool)
    if count >= len(scores):
        mask[:] = True
    elif count > 0:
        limit = np.partition(scores, count - 1)[count - 1]
        chosen: Array = scores <= limit
        if np.count_nonzero(chosen) == count:
            return chosen
        mask[np.argsort(scores)[:count]] = True
    return mask


def prune_by_class(stats: RowStatistics, n_keep: Array, min_examples_per_class: int) -> Array:
    """Flag, per class k, all but `n_keep[k]` rows: those with the lowest probability of k.

    Parameters
    ----------
    stats : RowStatistics
        Of the rows.
    n_keep : ndarray of int, shape (K,)
        Rows of each class that stay.
    min_examples_per_class : int
        A class with no more rows than this, or fewer than two, stays whole.

    Returns
    -------
    ndarray of bool, shape (n,)
        Which rows are flagged.
    """
    mask = np.zeros(len(stats.labels), dtype=bool)
    for k in np.flatnonzero(stats.counts > max(1, min_examples_per_class)):
        rows = stats.rows_of(int(k))
        mask[rows[lowest(stats.self_prob.take(rows), int(stats.counts[k] - n_keep[k]))]] = True
    return mask


@dataclass(frozen=True)
class _Open:
    """Pairs of classes whose choice depends on rows not looked at yet."""

    given: int
    others: Array
    counts: Array


def prune_by_noise_rate(stats: RowStatistics, n_prune: Array, min_examples_per_class: int) -> Array:
    """Flag, per pair of classes (k given, j true), the `n_prune[k, j]` rows given k with the largest P(j) - P(k).

    Only rows whose prediction differs from their label are flagged. Such a row is certain to be chosen if its
    margin is positive and among the largest of its kind; only pairs that ask for more rows than that, or whose last
    place is tied, are sorted in full.

    Parameters
    ----------
    stats : RowStatistics
        Of the rows.
    n_prune : ndarray of int, shape (K, K)
        How many; row: given class, column: true class. The diagonal is ignored.
    min_examples_per_class : int
        A class with no more rows than this, or fewer than two, stays whole.

    Returns
    -------
    ndarray of bool, shape (n,)
        Which rows are flagged.
    """
    n_prune = n_prune.copy()
    np.fill_diagonal(n_prune, 0)
    n_prune[stats.counts <= max(1, min_examples_per_class)] = 0
    mask = np.zeros(len(stats.labels), dtype=bool)
    agrees = stats.agrees
    candidates = {
        int(k): (rows := stats.rows_of(int(k)))[~agrees.take(rows)] for k in np.flatnonzero((n_prune > 0).any(1))
    }
    groups = _groups(stats, [k for k, rows in candidates.items() if len(rows)], candidates)

    def visit(group: list[int]) -> list[_Open]:
        rows = [candidates[k] for k in group]
        gathered = stats.source.take(np.concatenate(rows)) if len(group) > 1 else None
        still_open = []
        begin = 0
        for k, own in zip(group, rows, strict=True):
            margins = None if gathered is None else gathered[begin : begin + len(own)]
            begin += len(own)
            still_open.append(_choose(stats, k, own, n_prune[k], margins, mask))
        return still_open

    results = run_threads(visit, groups, serial=stats.source.serial)
    _sort_in_full(stats, [cell for group in results for cell in group if len(cell.others)], mask)
    mask &= ~agrees
    return mask


def _groups(stats: RowStatistics, classes: list[int], rows: dict[int, Array]) -> list[list[int]]:
    """Put classes together until their rows fill one gather."""
    limit = stats.source.gather_bytes // (stats.source.n_classes * stats.source.dtype.itemsize)
    groups: list[list[int]] = []
    size = limit + 1
    for k in classes:
        if size + len(rows[k]) > limit:
            groups.append([])
            size = 0
        groups[-1].append(k)
        size += len(rows[k])
    return groups


def _choose(stats: RowStatistics, k: int, rows: Array, n_prune: Array, probs: Array | None, mask: Array) -> _Open:
    """Flag the certain rows of class `k` in `mask`, and return the pairs that are still open."""
    columns = np.flatnonzero(n_prune > 0)
    width = max(1, _MAX_SLAB_BYTES // (len(rows) * stats.source.dtype.itemsize))
    slabs = [columns[i : i + width] for i in range(0, len(columns), width)]
    own = stats.self_prob.take(rows)[:, np.newaxis]
    flagged = np.zeros(len(rows), dtype=bool)
    last_places = []
    margins: Array = np.empty((0, 0))
    for slab in slabs:
        margins = stats.source.take(rows, slab) if probs is None else probs.take(slab, axis=1)
        margins -= own
        last, limit = _limits(margins, n_prune[slab])
        last_places.append(last)
        flagged |= (margins >= limit).any(axis=1)
    mask[rows[flagged]] = True
    rest = np.flatnonzero(~flagged)
    if not len(rest):
        return _Open(k, columns[:0], columns[:0])
    open_columns = []
    for slab, last in zip(slabs, last_places, strict=True):
        if len(slabs) > 1:
            margins = stats.source.take(rows[rest], slab) - own[rest]
        else:
            margins = margins[rest]
        open_columns.append(slab[last <= margins.max(axis=0)])
    others = np.concatenate(open_columns)
    return _Open(k, others, n_prune[others])


def _limits(margins: Array, counts: Array) -> tuple[Array, Array]:
    """Margin in the last place among these rows, per column, and the margin from which on a row is certain."""
    n_rows = len(margins)
    columns = margins.T.copy(order="C")
    place = np.maximum(n_rows - counts, 0)
    before = np.maximum(place - 1, 0)
    each = np.arange(len(counts))
    if n_rows <= _SORT_ROWS:
        columns.sort(axis=1)
        last, following = columns[each, place], columns[each, before]
    else:
        for column, at in zip(columns, place, strict=True):
            column.partition(at)
        last = columns[each, place]
        following = np.array([column[: max(at, 1)].max() for column, at in zip(columns, place, strict=True)])
    last = np.where(counts <= n_rows, last, -np.inf).astype(margins.dtype)
    tied = (counts < n_rows) & (following == last)
    least = margins.dtype.type(_AGREEING_MARGIN)
    limit = np.where(last > least, last, least)
    above = np.nextafter(limit, margins.dtype.type(np.inf))
    return last, np.where(tied | (last <= least), above, limit)


def _sort_in_full(stats: RowStatistics, cells: list[_Open], mask: Array) -> None:
    """Sort whole columns of margins for the pairs that are open."""
    itemsize = stats.source.dtype.itemsize
    jobs: list[list[_Open]] = []
    room = 0
    for cell in cells:
        column_bytes = int(stats.counts[cell.given]) * itemsize
        width = max(1, stats.source.gather_bytes // column_bytes)
        for i in range(0, len(cell.others), width):
            part = _Open(cell.given, cell.others[i : i + width], cell.counts[i : i + width])
            if room < column_bytes * len(part.others):
                jobs.append([])
                room = stats.source.gather_bytes
            jobs[-1].append(part)
            room -= column_bytes * len(part.others)

    def visit(job: list[_Open]) -> list[Array]:
        chosen = []
        gathered = stats.source.take_many([(stats.rows_of(cell.given), cell.others) for cell in job])
        for cell, probs in zip(job, gathered, strict=True):
            rows = stats.rows_of(cell.given)
            own = stats.self_prob.take(rows)
            for column, count in enumerate(cell.counts):
                order = np.argsort(-(probs[:, column] - own))
                chosen.append(rows[order[:count]])
        return chosen

    for parts in run_threads(visit, jobs, serial=stats.source.serial):
        for rows in parts:
            mask[rows] = True
