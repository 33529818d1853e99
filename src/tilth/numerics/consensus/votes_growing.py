"""Votes that grow: a few additions wait beside many old votes and are merged into the columns only when these are read.

Merging a thousand votes into ten million copies a quarter of a gigabyte. An incremental update needs the votes of a
few items only, so it looks them up in both places and leaves the copying to whoever wants whole columns.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.numerics.consensus.votes import Votes, merge_votes, new_votes, replaced_note

__all__ = ["ItemVotes", "grow_votes", "voted_items", "votes_of_items"]

IntArray = npt.NDArray[np.int64]

_COLUMNS = ("items", "raters", "values")


class _Growing(Votes):
    """Votes whose columns are merged on first reading; equal to what `add_votes` gives in every other way."""

    base: Votes
    added: Votes

    def __getattr__(self, name: str) -> Any:
        if name not in _COLUMNS:
            raise AttributeError(name)
        merged = merge_votes(self.base, self.added)
        for column in _COLUMNS:
            object.__setattr__(self, column, getattr(merged, column))
        return self.__dict__[name]


@dataclass(frozen=True)
class ItemVotes:
    """The votes of a few items: position among those items, rater and class of each."""

    local: IntArray
    raters: IntArray
    values: IntArray


def _parts(votes: Votes) -> tuple[Votes, Votes | None]:
    """The old columns and, beside them, what was added since; only the former once they are merged."""
    if isinstance(votes, _Growing) and not all(column in votes.__dict__ for column in _COLUMNS):
        return votes.base, votes.added
    return votes, None


def grow_votes(votes: Votes, items: Any, raters: Any, labels: Any) -> Votes:
    """Do what :func:`tilth.numerics.consensus.votes.add_votes` does, but copy the old columns only when they are read.

    Parameters
    ----------
    votes : Votes
    items, raters, labels : array-like of shape (a,)
        As in ``add_votes``.

    Returns
    -------
    Votes

    Raises
    ------
    LabelError, AlignmentError
        As in ``add_votes``.

    Examples
    --------
    >>> from tilth.numerics.consensus.votes import as_votes
    >>> votes = grow_votes(as_votes([["cat", "dog"], ["dog", "dog"]]), [1, 2], [0, 7], ["cat", "dog"])
    >>> votes.n_items, votes.matrix().tolist()
    (3, [[0.0, 1.0, nan], [0.0, 1.0, nan], [nan, nan, 1.0]])
    """
    extra = new_votes(votes, items, raters, labels)
    base, pending = _parts(votes)
    again = _lookup(base, extra.items, extra.raters)
    added = extra if pending is None else merge_votes(pending, extra)
    twice = int(np.count_nonzero(again)) + (0 if pending is None else pending.n_votes + extra.n_votes - added.n_votes)
    if pending is not None:  # a vote in both places was counted twice
        twice -= int(np.count_nonzero(again & _lookup(pending, extra.items, extra.raters)))
    made = object.__new__(_Growing)
    fields: dict[str, Any] = {
        "base": base,
        "added": added,
        "n_items": extra.n_items,
        "n_raters": extra.n_raters,
        "n_classes": votes.n_classes,
        "classes": votes.classes,
        "item_names": extra.item_names,
        "rater_names": extra.rater_names,
        "notes": votes.notes + extra.notes + replaced_note(twice),
    }
    for name, value in fields.items():
        object.__setattr__(made, name, value)
    return made


def _rows(votes: Votes, items: IntArray) -> tuple[IntArray, IntArray]:
    """Where the votes of some items stand, and which of the items each belongs to."""
    first = np.searchsorted(votes.items, items, side="left")
    size = np.searchsorted(votes.items, items, side="right") - first
    local = np.repeat(np.arange(items.size), size)
    within = np.arange(local.size) - np.repeat(np.cumsum(size) - size, size)
    return (first[local] + within).astype(np.int64), local.astype(np.int64)


def _lookup(votes: Votes, items: IntArray, raters: IntArray) -> npt.NDArray[np.bool_]:
    """Whether each (item, rater) has a vote already."""
    rows, local = _rows(votes, items)
    hit = votes.raters[rows] == raters[local]
    return np.bincount(local, hit, minlength=items.size) > 0


def votes_of_items(votes: Votes, items: IntArray) -> ItemVotes:
    """Return the votes of some items without merging anything.

    Parameters
    ----------
    votes : Votes
        On classes.
    items : ndarray of shape (a,), int64
        Sorted positions.

    Returns
    -------
    ItemVotes

    Examples
    --------
    >>> from tilth.numerics.consensus.votes import as_votes
    >>> votes_of_items(as_votes([[0, 1], [1, 1]]), np.array([1])).raters.tolist()
    [0, 1]
    """
    base, added = _parts(votes)
    rows, local = _rows(base, items)
    raters, values = base.raters[rows], np.asarray(base.values[rows], dtype=np.int64)
    if added is None:
        return ItemVotes(local, raters, values)
    more, more_local = _rows(added, items)
    mine = added.raters[more]
    width = max(votes.n_raters, 1)
    kept = ~np.isin(local * width + raters, more_local * width + mine)
    return ItemVotes(
        np.concatenate([local[kept], more_local]),
        np.concatenate([raters[kept], mine]),
        np.concatenate([values[kept], np.asarray(added.values[more], dtype=np.int64)]),
    )


def voted_items(votes: Votes) -> int:
    """Return the number of items that have a vote, without merging; the pass over the old votes is made once.

    Parameters
    ----------
    votes : Votes

    Returns
    -------
    int

    Examples
    --------
    >>> from tilth.numerics.consensus.votes import as_votes
    >>> voted_items(as_votes([[0, 1], [None, None], [1, None]]))
    2
    """
    base, added = _parts(votes)
    seen = base.__dict__.get("_voted")
    if seen is None:
        seen = int(base.items.size > 0) + int(np.count_nonzero(base.items[1:] != base.items[:-1]))
        object.__setattr__(base, "_voted", seen)
    if added is None:
        return int(seen)
    late = np.unique(added.items)
    spot = np.minimum(np.searchsorted(base.items, late), max(base.items.size - 1, 0))
    return int(seen) + int(np.count_nonzero(base.items[spot] != late))
