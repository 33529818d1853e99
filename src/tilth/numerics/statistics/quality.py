"""One page of figures on the quality of a labelled data set, and one overall figure with a plain meaning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError
from tilth.numerics.statistics.missing import missing_mask

__all__ = ["QualityScore", "quality_score"]


@dataclass(frozen=True)
class QualityScore:
    """Figures in [0, 1], 1 is best; NaN for what was not measured.

    Attributes
    ----------
    overall : float
        Share of rows with no fault found: nothing missing, no surplus copy, no label error.
    completeness : float
        1 - missing cells / all cells of inputs and labels.
    uniqueness : float
        1 - surplus copies / rows: the share of rows that would stay if each set of copies kept one.
    balance : float
        Entropy of the class shares divided by the logarithm of the number of classes.
    label_health : float
        1 - label errors found / labelled rows.
    n_rows : int
        Number of rows.
    n_faulty : int
        Rows with at least one fault.
    notes : tuple of str
        What was not measured, and what needs a second look.
    """

    overall: float
    completeness: float
    uniqueness: float
    balance: float
    label_health: float
    n_rows: int
    n_faulty: int
    notes: tuple[str, ...]

    def __str__(self) -> str:
        names = ("completeness", "uniqueness", "balance", "label_health", "overall")
        lines = [f"{name.replace('_', ' '):<13} {_show(getattr(self, name))}" for name in names]
        lines.append(f"{self.n_faulty} of {self.n_rows} rows have at least one fault")
        return "\n".join([*lines, *(f"note: {note}" for note in self.notes)])


def _show(value: float) -> str:
    return "not measured" if np.isnan(value) else f"{value:.3f}"


def quality_score(
    X: Any = None,
    labels: ArrayLike | None = None,
    *,
    missing: ArrayLike | None = None,
    duplicate_groups: ArrayLike | None = None,
    label_issues: ArrayLike | None = None,
    pred_probs: ArrayLike | None = None,
    n_classes: int | None = None,
) -> QualityScore:
    """Measure completeness, uniqueness, balance and label health.

    The overall figure is the share of rows in which no fault was found. It is not a weighted mean: weights
    would be made up, a mean of ratios of different things has no unit, and a row with two faults would
    count twice. Balance stays out of it, because it is a property of the collection and no row's fault.

    Parameters
    ----------
    X : array_like, table or scipy sparse matrix, shape (n, d), optional
        Inputs; missing are NaN, None, NaT and pandas' NA.
    labels : array_like, shape (n,), optional
        Any values; missing are -1 (among numbers), NaN and None. A missing label counts as a missing cell.
    missing : array_like of bool, shape (n, c), optional
        Which cells are missing, instead of what `X` and `labels` show.
    duplicate_groups : array_like of int, shape (n,), optional
        Rows with the same id are copies; -1 marks a row without one. By default rows of `X` are copies when
        they are equal byte for byte (0.0 and -0.0 count as equal, and so do two missing values).
    label_issues : array_like of bool, shape (n,), optional
        Which labels are thought wrong.
    pred_probs : array_like of float, shape (n, k), optional
        Out-of-sample probabilities, from which label errors are found if `label_issues` is not given; needs
        integer labels.
    n_classes : int, optional
        Number of classes that should be present; by default those that are.

    Returns
    -------
    QualityScore

    Raises
    ------
    ParameterError
        If nothing is given, or `n_classes` is below the number of classes present.
    AlignmentError
        If the arguments differ in their number of rows.
    DataError
        If there are no rows.
    LabelError
        If `pred_probs` come with labels that are not integers.

    References
    ----------
    Pipino, L. L., Lee, Y. W. & Wang, R. Y. (2002). Data Quality Assessment. Communications of the ACM 45(4),
    211-218.

    Examples
    --------
    >>> X = [[1.0, 2.0], [1.0, 2.0], [np.nan, 3.0], [4.0, 5.0]]
    >>> print(quality_score(X, [0, 0, 1, 1], label_issues=[False, False, False, False]))
    completeness  0.917
    uniqueness    0.750
    balance       1.000
    label health  1.000
    overall       0.500
    2 of 4 rows have at least one fault
    """
    from scipy.sparse import issparse

    table = None if X is None else (X.tocsr() if issparse(X) else _as_table(X))
    y = None if labels is None else np.asarray(labels)
    n = _count_rows(table, y, missing, duplicate_groups, label_issues, pred_probs)
    notes: list[str] = []
    faulty = np.zeros(n, dtype=np.bool_)
    y_missing = np.zeros(n, dtype=np.bool_) if y is None else _is_missing_label(y)
    completeness = _completeness(table, y, y_missing, missing, faulty, notes)
    uniqueness = _uniqueness(table, duplicate_groups, faulty, notes)
    balance = _balance(y, y_missing, n_classes, notes)
    wrong = _find_wrong(y, y_missing, label_issues, pred_probs)
    health = float("nan")
    if wrong is None:
        notes.append("label errors were not looked for")
    elif y_missing.all():
        notes.append("no row is labelled, so no label can be wrong")
    else:
        wrong = wrong & ~y_missing
        faulty |= wrong
        health = float(1.0 - wrong.sum() / (~y_missing).sum())
    return QualityScore(
        float(1.0 - faulty.mean()), completeness, uniqueness, balance, health, n, int(faulty.sum()), tuple(notes)
    )


def _as_table(X: Any) -> NDArray[Any]:
    array = np.asarray(X)
    if array.ndim == 0:
        raise DataError("X must have one row per item", found=f"a single {type(X).__name__}")
    return array.reshape(len(array), -1) if array.size else array.reshape(len(array), 0)


def _count_rows(*parts: Any) -> int:
    sizes = [part.shape[0] if hasattr(part, "shape") else len(part) for part in parts if part is not None]
    if not sizes:
        raise ParameterError("there is nothing to measure", fix="give X, labels, or any of the masks")
    if len(set(sizes)) > 1:
        raise AlignmentError("all arguments must have the same number of rows", found=str(sizes))
    if sizes[0] == 0:
        raise DataError("a data set without rows has no quality")
    return int(sizes[0])


def _is_missing_label(y: NDArray[Any]) -> NDArray[np.bool_]:
    missing = missing_mask(y)
    return missing | (y == -1) if y.dtype.kind in "if" else missing


def _completeness(
    table: Any,
    y: NDArray[Any] | None,
    y_missing: NDArray[np.bool_],
    missing: ArrayLike | None,
    faulty: NDArray[np.bool_],
    notes: list[str],
) -> float:
    """Share of cells that are there; marks the rows that lack one."""
    if missing is not None:
        mask = np.asarray(missing, dtype=np.bool_).reshape(len(faulty), -1)
        faulty |= mask.any(axis=1)
        return float(1.0 - mask.mean()) if mask.size else float("nan")
    if table is None and y is None:
        notes.append("missing cells were not counted")
        return float("nan")
    cells = holes = 0
    if table is not None:
        per_row = _missing_per_row(table)
        cells, holes = table.shape[0] * table.shape[1], int(per_row.sum())
        faulty |= per_row > 0
    if y is not None:
        cells, holes = cells + len(y), holes + int(y_missing.sum())
        faulty |= y_missing
    return 1.0 - holes / cells if cells else float("nan")


def _missing_per_row(table: Any) -> NDArray[np.int64]:
    from scipy.sparse import issparse

    if not issparse(table):
        return np.asarray(missing_mask(table).sum(axis=1), dtype=np.int64)
    rows = np.repeat(np.arange(table.shape[0]), np.diff(table.indptr))
    return np.bincount(rows[missing_mask(table.data)], minlength=table.shape[0]).astype(np.int64)


def _uniqueness(table: Any, groups: ArrayLike | None, faulty: NDArray[np.bool_], notes: list[str]) -> float:
    """Share of rows that are not surplus copies; marks every copy but the first."""
    if groups is not None:
        ids = np.asarray(groups)
        codes = np.where(ids >= 0, ids, ids.max(initial=0) + 1 + np.arange(len(ids)))
    elif table is not None:
        codes = _row_codes(table)
    else:
        notes.append("copies were not looked for")
        return float("nan")
    surplus = np.ones(len(codes), dtype=np.bool_)
    surplus[np.unique(codes, return_index=True)[1]] = False
    faulty |= surplus
    return float(1.0 - surplus.mean())


def _row_codes(table: Any) -> NDArray[np.int64]:
    """Equal integers for equal rows."""
    from scipy.sparse import issparse

    if issparse(table):
        clean = table.copy()
        clean.sum_duplicates()
        clean.eliminate_zeros()
        ends = zip(clean.indptr[:-1], clean.indptr[1:], strict=True)
        keys: list[Any] = [(clean.indices[a:b].tobytes(), clean.data[a:b].tobytes()) for a, b in ends]
    elif table.dtype.kind == "O":
        holes = missing_mask(table)
        rows = zip(table, holes, strict=True)
        keys = [tuple(None if gap else (type(v).__name__, str(v)) for v, gap in zip(*r, strict=True)) for r in rows]
    else:
        plain = np.ascontiguousarray(table)
        if plain.dtype.kind == "f":
            plain = np.where(np.isnan(plain), np.nan, plain) + 0.0
        keys = [row.tobytes() for row in plain]
    seen: dict[Any, int] = {}
    return np.array([seen.setdefault(key, len(seen)) for key in keys], dtype=np.int64)


def _balance(y: NDArray[Any] | None, y_missing: NDArray[np.bool_], n_classes: int | None, notes: list[str]) -> float:
    if y is None or y_missing.all():
        notes.append("balance was not measured: there are no labels")
        return float("nan")
    kept = y[~y_missing]
    counts = np.unique(kept.astype(str) if kept.dtype.kind == "O" else kept, return_counts=True)[1]
    k = len(counts) if n_classes is None else n_classes
    if k < len(counts):
        raise ParameterError(f"n_classes is below the {len(counts)} classes present", found=str(n_classes))
    if len(counts) == 1:
        notes.append("there is only one class, so balance is 0 and no classifier can be trained")
        return 0.0
    shares = counts / counts.sum()
    return float(min(1.0, -(shares * np.log(shares)).sum() / np.log(k)))


def _find_wrong(
    y: NDArray[Any] | None,
    y_missing: NDArray[np.bool_],
    label_issues: ArrayLike | None,
    pred_probs: ArrayLike | None,
) -> NDArray[np.bool_] | None:
    if label_issues is not None:
        mask = np.asarray(label_issues)
        if mask.dtype.kind != "b":
            raise ParameterError("label_issues must be a mask of booleans", found=f"dtype {mask.dtype}")
        return mask
    if pred_probs is None:
        return None
    if y is None or y.dtype.kind not in "iu":
        raise LabelError("pred_probs need integer labels, one per column", found="none" if y is None else str(y.dtype))
    from tilth.numerics.confident.issues import find_label_issues

    wrong = np.zeros(len(y), dtype=np.bool_)
    if not y_missing.all():
        found = find_label_issues(y[~y_missing], np.asarray(pred_probs)[~y_missing])
        wrong[~y_missing] = np.asarray(found, dtype=np.bool_)
    return wrong
