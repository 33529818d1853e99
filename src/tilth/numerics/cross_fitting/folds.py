"""Stratified folds in which rows that belong together stay together."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError
from tilth.numerics.confident.probabilities import check_labels

__all__ = ["as_labels", "assign_folds", "linked_groups", "merge_groups"]


def as_labels(labels: ArrayLike) -> NDArray[np.int64]:
    """Check class codes and return them as int64.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Class codes from 0 up; -1 marks an unlabelled row. Checked as by `check_labels`.

    Returns
    -------
    ndarray of int64, shape (n,)

    Raises
    ------
    LabelError
        If the labels are not one whole number a row, or one is below -1.

    Examples
    --------
    >>> as_labels([0, 1, -1])
    array([ 0,  1, -1])
    """
    return check_labels(labels, unlabelled=True).astype(np.int64)


def _as_groups(groups: ArrayLike, n: int, name: str = "groups") -> NDArray[np.int64]:
    array = np.asarray(groups)
    if array.shape != (n,):
        raise AlignmentError(f"{name} must hold one id per row", found=f"shape {array.shape} for {n} rows")
    if array.size and array.dtype.kind not in "iu":
        raise DataError(f"{name} must be integer ids, -1 for a row that stands alone", found=f"dtype {array.dtype}")
    ids = array.astype(np.int64)
    below = np.flatnonzero(ids < -1)
    if below.size:
        raise DataError(f"{name} must be ids from 0 up, or -1", where=f"row {below[0]}", found=str(ids[below[0]]))
    return ids


def merge_groups(*group_arrays: ArrayLike) -> NDArray[np.int64]:
    """Unite several groupings: rows linked by any of them, directly or in a chain, share a group.

    Parameters
    ----------
    *group_arrays : array_like of int, shape (n,)
        One grouping each (near-duplicate sets, users, patients, ...); -1 marks a row that stands alone.

    Returns
    -------
    ndarray of int64, shape (n,)
        Ids 0, 1, ... in order of first appearance; -1 where a row is linked to no other.

    Raises
    ------
    ParameterError
        If no grouping is given.
    AlignmentError
        If the groupings differ in length.
    DataError
        If ids are not integers from -1 up.

    Examples
    --------
    >>> merge_groups([0, 0, -1, -1, 5], [-1, 1, 1, -1, 2])
    array([ 0,  0,  0, -1, -1])
    """
    if not group_arrays:
        raise ParameterError("merge_groups needs at least one grouping")
    n = np.asarray(group_arrays[0]).size
    rows: list[NDArray[np.int64]] = []
    nodes: list[NDArray[np.int64]] = []
    n_nodes = n
    for position, groups in enumerate(group_arrays):
        ids = _as_groups(groups, n, f"grouping {position}")
        member = np.flatnonzero(ids >= 0)
        distinct, codes = np.unique(ids[member], return_inverse=True)
        rows.append(member.astype(np.int64))
        nodes.append(codes.astype(np.int64) + n_nodes)
        n_nodes += len(distinct)
    return _renumber(_components(n_nodes, np.concatenate(rows), np.concatenate(nodes))[:n])


def linked_groups(n: int, first: ArrayLike, second: ArrayLike) -> NDArray[np.int64]:
    """Group of each row, where rows linked directly or in a chain share one.

    Parameters
    ----------
    n : int
        Number of rows.
    first, second : array_like of int, shape (m,)
        The rows of each link, 0 to n - 1.

    Returns
    -------
    ndarray of int64, shape (n,)
        Ids 0, 1, ... in order of first appearance; -1 where a row is linked to no other.

    Examples
    --------
    >>> linked_groups(6, [4, 1, 0], [5, 2, 1])
    array([ 0,  0,  0, -1,  1,  1])
    """
    one, other = np.asarray(first, dtype=np.int64), np.asarray(second, dtype=np.int64)
    return _renumber(_components(n, one, other))


def _components(n_nodes: int, first: NDArray[np.int64], second: NDArray[np.int64]) -> NDArray[Any]:
    from scipy.sparse import coo_matrix
    from scipy.sparse.csgraph import connected_components

    graph = coo_matrix((np.ones(len(first), dtype=np.int8), (first, second)), shape=(n_nodes, n_nodes))
    return np.asarray(connected_components(graph, directed=False)[1])


def _renumber(component: NDArray[Any]) -> NDArray[np.int64]:
    """Ids by first appearance, -1 for components of one row."""
    _, first, codes, counts = np.unique(component, return_index=True, return_inverse=True, return_counts=True)
    shared = np.flatnonzero(counts > 1)
    shared = shared[np.argsort(first[shared])]
    names = np.full(len(counts), -1, dtype=np.int64)
    names[shared] = np.arange(len(shared))
    return np.asarray(names[codes], dtype=np.int64)


def assign_folds(
    labels: ArrayLike,
    *,
    n_folds: int = 5,
    groups: ArrayLike | None = None,
    random_state: int = 0,
) -> NDArray[np.int64]:
    """Deal rows into folds so that classes are spread evenly and no group is split.

    Groups of several rows are placed first, largest first, each in the fold where its classes are rarest;
    rows that stand alone then level the classes out, and remainders go to the smallest fold. Without groups
    the folds differ by at most one row, in every class and in total.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Class codes; -1 marks an unlabelled row, which is left out (fold -1).
    n_folds : int
        Number of folds, at least 2. With fewer groups (a lone row counts as one) than folds, there are as
        many folds as groups; ``folds.max() + 1`` tells.
    groups : array_like of int, shape (n,), optional
        Rows with the same id stay in one fold; -1 marks a row that stands alone. Unite several groupings
        with :func:`merge_groups`.
    random_state : int
        Seed. The same input gives the same folds.

    Returns
    -------
    ndarray of int64, shape (n,)
        Fold of each row, -1 for unlabelled rows. A class with fewer rows than folds is simply absent from
        some folds.

    Raises
    ------
    ParameterError
        If `n_folds` is below 2.
    LabelError
        If the labels are not integer codes, or fewer than two rows are labelled.
    DataError
        If every labelled row belongs to the same group, or group ids are not integers.
    AlignmentError
        If `groups` and `labels` differ in length.

    Examples
    --------
    >>> folds = assign_folds([0, 0, 0, 0, 1, 1, -1, 1], n_folds=2, groups=[7, 7, -1, -1, -1, -1, -1, -1])
    >>> bool(folds[0] == folds[1]), int(folds[6])
    (True, -1)
    """
    codes = as_labels(labels)
    if n_folds < 2:
        raise ParameterError("n_folds must be at least 2", found=str(n_folds))
    ids = np.full(len(codes), -1, dtype=np.int64) if groups is None else _as_groups(groups, len(codes))
    used = np.flatnonzero(codes >= 0)
    if len(used) < 2:
        raise LabelError("folds need at least two labelled rows", found=str(len(used)))
    classes, y = np.unique(codes[used], return_inverse=True)
    lone, members = _split_groups(ids[used])
    n_units = len(lone) + len(members)
    if n_units < 2:
        raise DataError(
            "all labelled rows belong to one group, so none can be held out",
            fix="group by something finer, or leave groups out",
        )
    n_folds = min(n_folds, n_units)
    rng = np.random.default_rng(random_state)
    local = np.empty(len(used), dtype=np.int64)
    have = _place_groups(local, members, y, len(classes), n_folds, rng)
    _level_out(local, lone, y, have, rng)
    folds = np.full(len(codes), -1, dtype=np.int64)
    folds[used] = local
    return folds


def _split_groups(ids: NDArray[np.int64]) -> tuple[NDArray[np.intp], list[NDArray[np.intp]]]:
    """Rows that stand alone, and the row lists of the groups that have several rows."""
    grouped = np.flatnonzero(ids >= 0)
    order = grouped[np.argsort(ids[grouped], kind="stable")]
    cuts = np.flatnonzero(np.diff(ids[order])) + 1
    pieces = np.split(order, cuts) if len(order) else []
    members = [piece for piece in pieces if len(piece) > 1]
    single = [piece for piece in pieces if len(piece) == 1]
    lone = np.concatenate([np.flatnonzero(ids < 0), *single]) if single else np.flatnonzero(ids < 0)
    return lone, members


def _place_groups(
    local: NDArray[np.int64],
    members: list[NDArray[np.intp]],
    y: NDArray[np.intp],
    n_classes: int,
    n_folds: int,
    rng: np.random.Generator,
) -> NDArray[np.int64]:
    """Put each group where it least raises the sum of squared class shares; return counts (fold, class)."""
    counts = np.bincount(y, minlength=n_classes)
    scale = (1.0 / counts.astype(np.float64) ** 2).tolist()
    total_scale = 1.0 / float(len(y)) ** 2
    have = [[0] * n_classes for _ in range(n_folds)]
    totals = [0] * n_folds
    order = rng.permutation(len(members))
    sizes = np.array([len(members[i]) for i in order], dtype=np.int64)
    for i in order[np.argsort(-sizes, kind="stable")] if len(members) else ():
        rows = members[i]
        inside: dict[int, int] = {}
        for c in y[rows].tolist():
            inside[c] = inside.get(c, 0) + 1
        costs = [
            sum(m * (2 * have[f][c] + m) * scale[c] for c, m in inside.items())
            + 2 * totals[f] * len(rows) * total_scale
            for f in range(n_folds)
        ]
        best = costs.index(min(costs))
        for c, m in inside.items():
            have[best][c] += m
        totals[best] += len(rows)
        local[rows] = best
    return np.array(have, dtype=np.int64)


def _level_out(
    local: NDArray[np.int64],
    lone: NDArray[np.intp],
    y: NDArray[np.intp],
    have: NDArray[np.int64],
    rng: np.random.Generator,
) -> None:
    """Deal the lone rows, class by class, to the folds that have fewest of the class."""
    n_folds, n_classes = have.shape
    totals = have.sum(axis=1)
    singles = np.bincount(y[lone], minlength=n_classes)
    quotas = np.zeros((n_classes, n_folds), dtype=np.int64)
    for c in np.flatnonzero(singles):
        quotas[c] = _quota(have[:, c], int(singles[c]), totals)
        totals = totals + quotas[c]
    shuffled = lone[rng.permutation(len(lone))]
    by_class = shuffled[np.argsort(y[shuffled], kind="stable")]
    local[by_class] = np.repeat(np.tile(np.arange(n_folds), n_classes), quotas.ravel())


def _quota(have: NDArray[np.int64], count: int, totals: NDArray[np.int64]) -> NDArray[np.int64]:
    """How many of `count` rows each fold gets so that the lowest folds are filled to one level."""
    order = np.lexsort((totals, have))
    for m in range(len(have), 0, -1):
        open_folds = order[:m]
        level, rest = divmod(int(have[open_folds].sum()) + count, m)
        if level >= have[open_folds[-1]]:
            break
    quota = np.zeros(len(have), dtype=np.int64)
    quota[open_folds] = level - have[open_folds]
    quota[open_folds[np.argsort(totals[open_folds] + quota[open_folds], kind="stable")[:rest]]] += 1
    return quota
