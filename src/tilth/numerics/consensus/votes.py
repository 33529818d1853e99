"""Votes: who said what about which item, as sparse triples.

Every agreement statistic and every consensus method starts from a :class:`Votes`, made by :func:`as_votes` from a
matrix with gaps or from three parallel columns, and grown by :func:`add_votes`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError, ParameterError
from tilth.numerics.consensus.votes_reading import (
    DEFAULT_MISSING,
    Where,
    class_codes,
    extend_names,
    flat_column,
    index_names,
    is_missing,
    missing_values,
    numbers,
    read_matrix,
)

__all__ = ["Votes", "add_votes", "as_votes", "merge_votes", "new_votes", "replaced_note"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
AnyArray = npt.NDArray[Any]


@dataclass(frozen=True, eq=False)
class Votes:
    """Sparse votes, one row per (item, rater), sorted by item and then by rater.

    Attributes
    ----------
    items, raters : ndarray of shape (m,), int64
        Positions into ``item_names`` and ``rater_names``.
    values : ndarray of shape (m,), int64 or float64
        Position into ``classes``; for numeric votes the number itself.
    n_items, n_raters, n_classes : int
        Sizes. Items and raters without a vote are allowed and counted. ``n_classes`` is 0 for numeric votes.
    classes : tuple
        Names of the classes in index order; empty for numeric votes.
    item_names, rater_names : ndarray of shape (n_items,) and (n_raters,)
        Names in index order.
    notes : tuple of str
        What was repaired or decided while reading, in plain words.
    """

    items: IntArray
    raters: IntArray
    values: IntArray | FloatArray
    n_items: int
    n_raters: int
    n_classes: int
    classes: tuple[Any, ...]
    item_names: AnyArray
    rater_names: AnyArray
    notes: tuple[str, ...] = ()

    @property
    def n_votes(self) -> int:
        """Number of votes."""
        return int(self.items.size)

    @property
    def numeric(self) -> bool:
        """Whether the votes are numbers rather than classes."""
        return self.n_classes == 0

    @property
    def votes_per_item(self) -> IntArray:
        """Number of votes of each item, shape (n_items,)."""
        return np.bincount(self.items, minlength=self.n_items).astype(np.int64, copy=False)

    @property
    def votes_per_rater(self) -> IntArray:
        """Number of votes of each rater, shape (n_raters,)."""
        return np.bincount(self.raters, minlength=self.n_raters).astype(np.int64, copy=False)

    def count_table(self) -> IntArray:
        """Return how often each item got each class, shape (n_items, n_classes)."""
        if self.numeric:
            raise LabelError("numeric votes have no classes to count", fix="read the votes with numeric=False")
        flat = np.bincount(self.items * self.n_classes + self.values, minlength=self.n_items * self.n_classes)
        return flat.reshape(self.n_items, self.n_classes).astype(np.int64, copy=False)

    def matrix(self) -> FloatArray:
        """Return the dense (n_items, n_raters) table of values with NaN in the gaps."""
        table = np.full((self.n_items, self.n_raters), np.nan)
        table[self.items, self.raters] = self.values
        return table

    def starts(self) -> IntArray:
        """Return where each item's votes begin in the sorted triples, shape (n_items + 1,)."""
        return np.concatenate([[0], np.cumsum(self.votes_per_item)]).astype(np.int64)


def as_votes(
    votes: Any,
    raters: Any = None,
    labels: Any = None,
    *,
    classes: Sequence[Any] | None = None,
    missing: Any = DEFAULT_MISSING,
    numeric: bool = False,
    item_names: Sequence[Any] | None = None,
    rater_names: Sequence[Any] | None = None,
) -> Votes:
    """Read votes from a matrix with gaps, or from item, rater and label columns.

    Parameters
    ----------
    votes : Votes, array-like of shape (n_items, n_raters), or array-like of shape (m,)
        A matrix with one row per item and one column per rater (a data frame's index and columns become the names),
        or, with `raters` and `labels`, the item of each vote. A ``Votes`` is returned as it is.
    raters, labels : array-like of shape (m,), optional
        The rater and the label of each vote, for the long form. Further columns of a long table are simply not passed.
    classes : sequence, optional
        The allowed labels in order; a label outside raises. Default: the labels found, numbers in numeric order
        and words in alphabetical order.
    missing : object or list of objects, optional
        Labels that mean "no vote", besides None, NaN, NaT, masked entries and the empty word, which always do.
        Default: -1 for classes (unless `classes` holds it), nothing for numeric votes.
    numeric : bool, default=False
        Keep the votes as numbers (ratings, measurements) instead of classes.
    item_names, rater_names : sequence, optional
        All names in order: of the rows and columns of a matrix, or, for the long form, to fix the order and to include
        items and raters without votes.

    Returns
    -------
    Votes
        With ``notes`` on whatever was merged or replaced.

    Raises
    ------
    LabelError
        A label outside `classes`, or no number with ``numeric=True``, naming row and rater; no votes at all.
    AlignmentError
        Columns or names of different lengths.
    ParameterError
        The input is neither a matrix nor three columns.

    Notes
    -----
    The same rater twice on one item: the later vote counts, and a note says how many were replaced. Labels that
    read the same are the same: 1, 1.0 and the word "1" are one class. Where numbers and words are mixed, every
    class is named by its word, and a note says so.

    Examples
    --------
    >>> votes = as_votes([["cat", "cat"], ["dog", None], ["cat", "dog"]])
    >>> votes.classes, votes.n_votes
    (('cat', 'dog'), 5)
    >>> votes = as_votes(["a", "a", "b"], ["ann", "ann", "bob"], [1, 0, 1])
    >>> votes.values.tolist(), votes.notes
    ([0, 1], ('1 vote was replaced by a later vote of the same rater on the same item',))
    """
    if isinstance(votes, Votes):
        return votes
    if (raters is None) != (labels is None):
        raise ParameterError("the long form needs items, raters and labels", fix="pass all three columns")
    if raters is None:
        item_index, rater_index, values, item_array, rater_array = read_matrix(votes, item_names, rater_names)
    else:
        columns = [flat_column(votes), flat_column(raters), flat_column(labels)]
        if len({c.shape[0] for c in columns}) != 1:
            raise AlignmentError(
                "items, raters and labels must have the same length",
                found=", ".join(str(c.shape[0]) for c in columns),
            )
        values = columns[2]
        item_index, item_array = index_names(columns[0], item_names, "item")
        rater_index, rater_array = index_names(columns[1], rater_names, "rater")
    present = ~is_missing(values, missing_values(missing, classes, numeric))
    item_index, rater_index, values = item_index[present], rater_index[present], values[present]
    if not values.size:
        raise LabelError("there are no votes", fix="check which values mean a gap (missing=)")
    rows = np.flatnonzero(present)
    where = Where(rows, rater_index, rater_array, 1 if labels is not None else len(rater_array))
    if numeric:
        codes: IntArray | FloatArray = numbers(values, where)
        names: tuple[Any, ...] = ()
        notes: list[str] = []
    else:
        codes, names, notes = class_codes(values, classes, where)
    made = Votes(
        item_index,
        rater_index,
        codes,
        len(item_array),
        len(rater_array),
        len(names),
        names,
        item_array,
        rater_array,
        tuple(notes),
    )
    return _sorted_unique(made)


def add_votes(votes: Votes, items: Any, raters: Any, labels: Any) -> Votes:
    """Add votes, given by names, to existing ones; new items and raters are appended.

    Parameters
    ----------
    votes : Votes
        The votes so far.
    items, raters, labels : array-like of shape (a,)
        Names of items and raters, and labels out of ``votes.classes`` (numbers, if the votes are numeric).

    Returns
    -------
    Votes
        Old positions keep their index. A rater's second vote on an item replaces the first, with a note.

    Raises
    ------
    LabelError
        A label that is not among ``votes.classes``.
    AlignmentError
        Columns of different lengths.

    Examples
    --------
    >>> votes = as_votes([["cat", "dog"], ["dog", "dog"]])
    >>> add_votes(votes, [1, 2], [0, 7], ["cat", "dog"]).matrix().tolist()
    [[0.0, 1.0, nan], [0.0, 1.0, nan], [nan, nan, 1.0]]
    """
    return merge_votes(votes, new_votes(votes, items, raters, labels))


def new_votes(votes: Votes, items: Any, raters: Any, labels: Any) -> Votes:
    """Return only the votes to be added to `votes`, by position among all items and raters, old and new."""
    columns = [flat_column(items), flat_column(raters), flat_column(labels)]
    if len({c.shape[0] for c in columns}) != 1:
        raise AlignmentError(
            "items, raters and labels must have the same length",
            found=", ".join(str(c.shape[0]) for c in columns),
        )
    item_index, item_names = extend_names(votes.item_names, columns[0])
    rater_index, rater_names = extend_names(votes.rater_names, columns[1])
    where = Where(np.arange(columns[0].shape[0]), rater_index, rater_names, 1)
    if votes.numeric:
        codes: IntArray | FloatArray = numbers(columns[2], where)
    else:
        codes, _, _ = class_codes(columns[2], votes.classes, where)
    extra = replace(
        votes,
        items=item_index,
        raters=rater_index,
        values=codes,
        n_items=len(item_names),
        n_raters=len(rater_names),
        item_names=item_names,
        rater_names=rater_names,
        notes=(),
    )
    return _sorted_unique(extra)


def _sorted_unique(votes: Votes) -> Votes:
    key = votes.items * max(votes.n_raters, 1) + votes.raters
    if np.all(key[1:] > key[:-1]):
        return votes
    order = np.argsort(key, kind="stable")
    key = key[order]
    last = np.append(key[1:] != key[:-1], True)
    gone = int(np.count_nonzero(~last))
    keep = order[last]
    return replace(
        votes,
        items=votes.items[keep],
        raters=votes.raters[keep],
        values=votes.values[keep],
        notes=votes.notes + replaced_note(gone),
    )


def replaced_note(count: int) -> tuple[str, ...]:
    """Say how many votes a later one replaced; nothing for none."""
    if not count:
        return ()
    some = "1 vote was" if count == 1 else f"{count} votes were"
    return (f"{some} replaced by a later vote of the same rater on the same item",)


def merge_votes(old: Votes, new: Votes) -> Votes:
    """Merge a few sorted new votes into many sorted old ones, touching the old arrays once."""
    low = np.searchsorted(old.items, new.items, side="left")
    size = np.searchsorted(old.items, new.items, side="right") - low
    owner = np.repeat(np.arange(low.size), size)
    rows = low[owner] + np.arange(owner.size) - np.repeat(np.cumsum(size) - size, size)
    before = old.raters[rows] < new.raters[owner]
    spot = low + np.bincount(owner, before, minlength=low.size).astype(np.int64)
    hit = old.raters[rows] == new.raters[owner]
    values: Any = old.values
    if hit.any():
        values = values.copy()
        values[rows[hit]] = new.values[owner[hit]]
    add = np.ones(low.size, dtype=bool)
    add[owner[hit]] = False
    at = spot[add]
    return replace(
        new,
        items=_insert(old.items, at, new.items[add]),
        raters=_insert(old.raters, at, new.raters[add]),
        values=_insert(values, at, new.values[add]),
        notes=old.notes + new.notes + replaced_note(int(np.count_nonzero(~add))),
    )


def _insert(column: AnyArray, at: IntArray, added: AnyArray) -> AnyArray:
    """Insert values at sorted positions by copying the stretches between them."""
    cuts = [0, *at.tolist(), column.size]
    pieces: list[AnyArray] = [column[: cuts[1]]]
    for i in range(at.size):
        pieces += [added[i : i + 1], column[cuts[i + 1] : cuts[i + 2]]]
    return np.concatenate(pieces)
