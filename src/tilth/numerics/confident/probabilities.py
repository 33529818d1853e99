"""Checking labels and predicted probabilities, and reading probabilities in pieces that fit a processor cache."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError, ParameterError, ProbabilityError
from tilth.numerics.statistics.threads import MAX_THREADS, run_threads

__all__ = ["ROUNDING", "ProbabilityBlocks", "check_choice", "check_labels", "check_pred_probs", "open_blocks"]

Array = npt.NDArray[Any]

ROUNDING = 1e-6
"""How far outside [0, 1] a probability may lie and still count as a rounding error."""

_BLOCK_BYTES = 256 * 1024
_SERIAL_CELLS = 2_000_000
_PASS_BYTES = 96 * 1024 * 1024
_STRINGS = "map class names to integers first: classes, labels = numpy.unique(names, return_inverse=True)"


def check_choice(name: str, value: object, allowed: Sequence[str]) -> str:
    """Return `value` if it is one of the `allowed` words.

    Raises
    ------
    ParameterError
        If it is not; the message lists what is allowed.

    Examples
    --------
    >>> check_choice("method", "self_confidence", ["self_confidence", "normalized_margin"])
    'self_confidence'
    """
    if not isinstance(value, str) or value not in allowed:
        raise ParameterError(
            f"{name} is not known", found=repr(value), fix=f"use one of {', '.join(repr(a) for a in allowed)}"
        )
    return value


def check_labels(labels: npt.ArrayLike, n_classes: int | None = None, *, unlabelled: bool = False) -> Array:
    """Check class labels and return them as a one-dimensional integer array.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Class of every row, in 0..K-1; a list, array, Series or anything with ``__array__``. Whole floats
        (``2.0``) are accepted. Missing values (NaN, None, -1) are not.
    n_classes : int, optional
        K. If given, every label must be below it.
    unlabelled : bool
        Whether -1 is allowed, for a row without a label, and no row at all.

    Returns
    -------
    ndarray of an integer dtype, shape (n,)
        The labels, not copied when they already were an integer array.

    Raises
    ------
    LabelError
        If there are no labels, or one is a string, missing, fractional, negative or not below `n_classes`.

    Examples
    --------
    >>> check_labels([0, 2, 1.0], n_classes=3)
    array([0, 2, 1])
    """
    given = np.asarray(labels)
    if given.ndim != 1:
        raise LabelError(
            "labels must be one class per row", found=f"an array of shape {given.shape}", fix="pass a 1-D sequence"
        )
    if given.size == 0 and unlabelled:
        return np.empty(0, dtype=np.int64)
    if given.size == 0:
        raise LabelError("there are no labels", found="an empty sequence", fix="pass at least one row")
    if given.dtype.kind == "O":
        given = _from_objects(given)
    if given.dtype.kind in "USTM" or given.dtype.kind == "m":
        raise LabelError("labels must be integers", where="row 0", found=repr(given[0].item()), fix=_STRINGS)
    if given.dtype.kind == "f":
        _refuse(given, ~np.isfinite(given), "a label is missing or infinite", "drop or label that row first")
        _refuse(given, given != np.floor(given), "labels must be whole numbers", _STRINGS)
        given = given.astype(np.int64)
    elif given.dtype.kind == "b":
        given = given.astype(np.int64)
    elif given.dtype.kind not in "iu":
        raise LabelError("labels must be integers", found=f"dtype {given.dtype}", fix=_STRINGS)
    if unlabelled:
        _refuse(given, given < -1, "labels must be -1 or more", "number classes from 0; -1 is an unlabelled row")
    elif given.min() < 0:
        _refuse(given, given < 0, "labels must be 0 or more", "drop unlabelled rows, and number classes from 0")
    if n_classes is not None and int(given.max()) >= n_classes:
        fix = f"pred_probs needs at least {int(given.max()) + 1} columns, in the order of the class numbers"
        _refuse(given, given >= n_classes, f"a label has no column among the {n_classes} of pred_probs", fix)
    return given


def _from_objects(given: Array) -> Array:
    for row, value in enumerate(given):
        if isinstance(value, (str, bytes)):
            raise LabelError("labels must be integers", where=f"row {row}", found=repr(value), fix=_STRINGS)
        if not isinstance(value, (int, float, np.integer, np.floating)):
            raise LabelError(
                "a label is missing or not a number",
                where=f"row {row}",
                found=repr(value),
                fix="drop or label that row",
            )
    return np.array(given.tolist())


def _refuse(given: Array, bad: Array, what: str, fix: str) -> None:
    if bad.any():
        row = int(bad.argmax())
        more = int(np.count_nonzero(bad)) - 1
        found = f"{given[row].item()!r}" + (f", and {more} more" if more else "")
        raise LabelError(what, where=f"row {row}", found=found, fix=fix)


class ProbabilityBlocks:
    """Predicted probabilities that are read in blocks of rows, again and again; made by `open_blocks`.

    Parameters
    ----------
    whole : ndarray or array-like, or None
        Something with ``shape``, ``dtype`` and row slices.
    pieces : iterable of array_like, or None
        Blocks of rows, which can be iterated over several times.
    n_rows, n_classes : int
        Shape of all blocks together.
    """

    def __init__(self, whole: Any, pieces: Iterable[Any] | None, n_rows: int, n_classes: int, dtype: Any) -> None:
        self._whole = whole
        self._pieces = pieces
        self.n_rows = n_rows
        self.n_classes = n_classes
        kind = np.dtype(dtype)
        self.dtype = kind.newbyteorder("=") if kind in (np.float16, np.float32, np.float64) else np.dtype(np.float64)
        self.overshoot = False
        self._rows = max(64, _BLOCK_BYTES // (n_classes * self.dtype.itemsize))

    @property
    def in_memory(self) -> bool:
        """Whether any row can be reached at once (an array or a memory map)."""
        return isinstance(self._whole, np.ndarray)

    @property
    def serial(self) -> bool:
        """Whether the work is too small, or the source too sequential, for threads."""
        return not self.in_memory or self.n_rows * self.n_classes < _SERIAL_CELLS

    @property
    def gather_bytes(self) -> int:
        """How many bytes of rows one gather should hold at most."""
        if not self.in_memory:
            return _PASS_BYTES
        return max(_BLOCK_BYTES, min(_PASS_BYTES // 12, self.n_rows * self.n_classes * self.dtype.itemsize // 64))

    def map_blocks(self, fn: Callable[[int, Array], Any]) -> list[Any]:
        """Call ``fn(first_row, block)`` on all blocks in turn (in threads where that pays); results in row order."""
        if not self.in_memory:
            return [fn(start, block) for start, block in self._stream()]
        parts = 1 if self.serial else 4 * MAX_THREADS
        edges = np.linspace(0, self.n_rows, parts + 1).astype(int)

        def visit(part: int) -> list[Any]:
            stop = int(edges[part + 1])
            starts = range(int(edges[part]), stop, self._rows)
            return [fn(i, self._ready(self._whole[i : min(i + self._rows, stop)])) for i in starts]

        return [result for part in run_threads(visit, range(parts), serial=self.serial) for result in part]

    def take(self, rows: Array, columns: Array | None = None) -> Array:
        """Return the given rows (and columns), in that order, as a new array."""
        if self.in_memory and columns is None:
            return self._ready(self._whole.take(rows, axis=0))
        if columns is None or not self.in_memory:
            return self.take_many([(rows, columns)])[0]
        out = np.empty((len(rows), len(columns)), self.dtype)
        for i in range(0, len(rows), self._rows):
            piece = self._ready(self._whole.take(rows[i : i + self._rows], axis=0))
            piece.take(columns, axis=1, out=out[i : i + self._rows], mode="clip")
        return out

    def take_many(self, requests: list[tuple[Array, Array | None]]) -> list[Array]:
        """Answer several `take` requests, with one pass if the source is a stream."""
        if self.in_memory:
            return [self.take(rows, columns) for rows, columns in requests]
        widths = [self.n_classes if columns is None else len(columns) for _, columns in requests]
        outs = [np.empty((len(r), w), self.dtype) for (r, _), w in zip(requests, widths, strict=True)]
        orders = [np.argsort(rows, kind="stable") for rows, _ in requests]
        wanted = [rows[order] for (rows, _), order in zip(requests, orders, strict=True)]
        for start, block in self._stream():
            for out, order, rows, (_, columns) in zip(outs, orders, wanted, requests, strict=True):
                low, high = np.searchsorted(rows, [start, start + len(block)])
                if low < high:
                    found = block[rows[low:high] - start]
                    out[order[low:high]] = found if columns is None else found[:, columns]
        return outs

    def admit(self, start: int, block: Array) -> Array:
        """Check the values of a block that looks out of range, and return it clipped to [0, 1].

        Raises
        ------
        ProbabilityError
            If a value is NaN or outside [0, 1] by more than `ROUNDING`.
        """
        bad = ~((block >= -ROUNDING) & (block <= 1 + ROUNDING))
        if bad.any():
            row, column = (int(i) for i in np.argwhere(bad)[0])
            value = float(block[row, column])
            what = "a probability is missing" if np.isnan(value) else "a probability is outside [0, 1]"
            fix = "predict that row again" if np.isnan(value) else "pass probabilities, not logits or percentages"
            raise ProbabilityError(what, where=f"row {start + row}, column {column}", found=f"{value:g}", fix=fix)
        self.overshoot = True
        return np.clip(block, 0, 1)

    def _ready(self, block: Any) -> Array:
        ready = np.ascontiguousarray(block, dtype=self.dtype)
        return np.clip(ready, 0, 1) if self.overshoot else ready

    def _stream(self) -> Iterator[tuple[int, Array]]:
        start = 0
        for piece in self._raw_pieces():
            block = np.asarray(piece)
            if block.ndim != 2 or block.shape[1] != self.n_classes:
                raise ProbabilityError(
                    f"every block of pred_probs must have {self.n_classes} columns",
                    where=f"block that begins at row {start}",
                    found=f"shape {block.shape}",
                )
            if start + len(block) > self.n_rows:
                raise _misaligned(self.n_rows, f"at least {start + len(block)}")
            for i in range(0, len(block), self._rows):
                yield start + i, self._ready(block[i : i + self._rows])
            start += len(block)
        if start != self.n_rows:
            raise _misaligned(self.n_rows, str(start))

    def _raw_pieces(self) -> Iterator[Any]:
        if self._pieces is not None:
            yield from self._pieces
            return
        step = max(self._rows, 4096)
        for i in range(0, self.n_rows, step):
            yield self._whole[i : i + step]


def open_blocks(pred_probs: Any, n_rows: int | None = None) -> ProbabilityBlocks:
    """Accept predicted probabilities in any of their forms; values are checked later, block by block.

    Parameters
    ----------
    pred_probs : array_like of float, shape (n, K), or re-iterable of blocks
        One of: an array or memory map; an object with ``shape``, ``dtype`` and row slices (a dataset in a file);
        anything else with ``__array__`` (a DataFrame) or a list of rows; or a list or other re-iterable of
        two-dimensional blocks of rows. It is passed over several times, so a generator is refused.
    n_rows : int, optional
        Number of labels to match. Needed with blocks.

    Raises
    ------
    ProbabilityError
        If it is empty, not two-dimensional, has fewer than two columns, or can be read only once.
    AlignmentError
        If the number of rows is not `n_rows`.

    Examples
    --------
    >>> import numpy as np
    >>> source = open_blocks([np.eye(3), np.eye(3)], n_rows=6)
    >>> source.n_rows, source.n_classes
    (6, 3)
    """
    if isinstance(pred_probs, Iterator):
        raise ProbabilityError(
            "pred_probs is read more than once, and this can be read only once",
            found=type(pred_probs).__name__,
            fix="pass an array, a memory map, a list of blocks, or an object whose __iter__ starts anew",
        )
    first = _first_block(pred_probs)
    if first is not None:
        if n_rows is None:
            n_rows = sum(len(block) for block in pred_probs)
        _check_shape((n_rows, first.shape[1]))
        return ProbabilityBlocks(None, pred_probs, n_rows, first.shape[1], first.dtype)
    whole = pred_probs
    if not (hasattr(whole, "shape") and hasattr(whole, "dtype") and hasattr(whole, "__getitem__")):
        try:
            whole = np.asarray(whole)
        except ValueError as error:
            raise ProbabilityError("the rows of pred_probs differ in length", found=str(error)) from error
    elif isinstance(whole, np.ndarray):
        whole = np.asarray(whole)
    shape = tuple(int(size) for size in whole.shape)
    _check_shape(shape)
    if n_rows is not None and shape[0] != n_rows:
        raise _misaligned(n_rows, str(shape[0]))
    dtype = whole.dtype if isinstance(whole, np.ndarray) else np.asarray(whole[:1]).dtype
    if dtype.kind == "O":
        try:
            whole = np.asarray(whole[:], dtype=np.float64)
        except (TypeError, ValueError) as error:
            raise ProbabilityError("pred_probs must be numbers", found=str(error)) from error
    elif dtype.kind not in "fiub":
        raise ProbabilityError("pred_probs must be numbers", found=f"dtype {dtype}")
    return ProbabilityBlocks(whole, None, shape[0], shape[1], dtype)


def _misaligned(n_labels: int, n_rows: str) -> AlignmentError:
    return AlignmentError(
        "labels and pred_probs must describe the same rows",
        found=f"{n_labels} labels and {n_rows} rows of pred_probs",
        fix="select the same rows, in the same order, on both sides",
    )


def _first_block(given: Any) -> Array | None:
    if hasattr(given, "__array__") or (hasattr(given, "shape") and hasattr(given, "__getitem__")):
        return None
    if not isinstance(given, Iterable) or isinstance(given, (str, bytes, dict)):
        raise ProbabilityError("pred_probs must be a table of numbers", found=type(given).__name__)
    first = next(iter(given), None)
    if first is None or np.ndim(first) != 2:
        return None
    return np.asarray(first)


def _check_shape(shape: tuple[int, ...]) -> None:
    if len(shape) != 2:
        fix = "pass one row per example and one column per class"
        if len(shape) == 1 and shape[0]:
            fix += "; for two classes, numpy.column_stack([1 - p, p])"
        raise ProbabilityError("pred_probs must have two dimensions", found=f"shape {shape}", fix=fix)
    if shape[0] == 0:
        raise ProbabilityError("pred_probs has no rows", found=f"shape {shape}")
    if shape[1] < 2:
        fix = "for two classes pass both columns: numpy.column_stack([1 - p, p])"
        raise ProbabilityError("pred_probs needs at least two columns", found=f"shape {shape}", fix=fix)


def check_pred_probs(pred_probs: Any, n_rows: int | None = None) -> Array:
    """Check predicted probabilities and return them as one array.

    Parameters
    ----------
    pred_probs : array_like of float, shape (n, K)
        Probability of every class, in [0, 1]; no missing values. Rows need not sum to one. Values outside by at
        most 1e-6 are rounding errors and are clipped. Other forms: see `open_blocks`.
    n_rows : int, optional
        Number of rows expected.

    Returns
    -------
    ndarray of float, shape (n, K)
        The given array itself where nothing had to be changed; its floating dtype is kept.

    Raises
    ------
    ProbabilityError
        If a value is NaN or out of range (the message names row and column), or the shape is wrong.
    AlignmentError
        If the number of rows is not `n_rows`.

    Examples
    --------
    >>> check_pred_probs([[0.25, 0.75], [1.0000001, 0.0]])
    array([[0.25, 0.75],
           [1.  , 0.  ]])
    """
    source = open_blocks(pred_probs, n_rows)

    def visit(start: int, block: Array) -> None:
        if not (block.min() >= 0 and block.max() <= 1):
            source.admit(start, block)

    source.map_blocks(visit)
    if source.in_memory and not source.overshoot and source._whole.dtype == source.dtype:
        return np.asarray(source._whole)
    return source.take(np.arange(source.n_rows))
