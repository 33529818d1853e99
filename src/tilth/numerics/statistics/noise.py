"""Making labels wrong on purpose, to measure how well wrong labels are found."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError
from tilth.numerics.confident.probabilities import check_choice, check_labels

__all__ = ["inject_label_noise"]

Array = npt.NDArray[Any]


def inject_label_noise(
    labels: npt.ArrayLike,
    noise: float,
    *,
    kind: str = "uniform",
    matrix: npt.ArrayLike | None = None,
    features: npt.ArrayLike | None = None,
    random_state: int | np.random.Generator | None = None,
) -> tuple[Array, Array]:
    """Give some rows a wrong class.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        True classes, 0..K-1, no missing values. K is the size of `matrix`, or else the highest label plus one.
    noise : float
        Share of rows to change, in [0, 1]; ``round(n * noise)`` rows change. With `matrix` the matrix decides
        instead, and `noise` is not used.
    kind : {"uniform", "class_dependent", "instance_dependent"}
        - ``"uniform"``: any row alike, to any other class alike;
        - ``"class_dependent"``: the class of a row decides to which class it goes: by `matrix`, or without one to
          the next class (the last to class 0);
        - ``"instance_dependent"``: rows that lie nearer to the centre of another class change more often, and to
          the classes that they are near to.
    matrix : array_like of float, shape (K, K), optional
        P(new = column | true = row); rows sum to 1. Only for ``"class_dependent"``.
    features : array_like of float, shape (n, d), optional
        Needed by, and only used for, ``"instance_dependent"``; no missing values.
    random_state : int or numpy.random.Generator, optional
        Seed.

    Returns
    -------
    noisy_labels : ndarray of int64, shape (n,)
        The labels after the change.
    changed : ndarray of bool, shape (n,)
        Which rows changed.

    Raises
    ------
    LabelError
        If a label cannot be used, or there is only one class to change to.
    ParameterError
        If `noise` or `kind` is out of range, or `matrix` or `features` is missing, superfluous or malformed.
    AlignmentError
        If `features` has not one row per label.
    DataError
        If `features` holds NaN or infinity.

    References
    ----------
    Patrini et al. 2017, "Making Deep Neural Networks Robust to Label Noise: A Loss Correction Approach", CVPR.
    Xia et al. 2020, "Part-dependent Label Noise: Towards Instance-dependent Label Noise", NeurIPS.

    Examples
    --------
    >>> noisy, changed = inject_label_noise([0, 1, 2] * 10, 0.2, random_state=0)
    >>> int(changed.sum())
    6
    >>> inject_label_noise([0, 1], 1.0, random_state=0)[0].tolist()
    [1, 0]
    """
    check_choice("kind", kind, ["uniform", "class_dependent", "instance_dependent"])
    if not 0 <= noise <= 1:
        raise ParameterError("noise must be a share between 0 and 1", found=repr(noise))
    if (matrix is not None) and kind != "class_dependent":
        raise ParameterError(f"matrix does not go with kind={kind!r}", fix="use kind='class_dependent'")
    if (features is not None) != (kind == "instance_dependent"):
        raise ParameterError("features go with kind='instance_dependent', and only with it", found=f"kind={kind!r}")
    rng = np.random.default_rng(random_state)
    true = check_labels(labels).astype(np.int64)
    n, n_classes = len(true), int(true.max()) + 1
    if matrix is not None:
        noisy = _by_matrix(true, matrix, rng)
        return noisy, noisy != true
    n_changes = round(n * noise)
    if n_changes and n_classes < 2:
        raise LabelError("there is no other class to change to", found="only class 0", fix="pass a matrix of all K")
    noisy = true.copy()
    if features is not None:
        rows, targets = _by_distance(true, features, n_changes, rng)
        noisy[rows] = targets
    else:
        rows = rng.choice(n, n_changes, replace=False)
        step = rng.integers(1, n_classes, n_changes) if kind == "uniform" and n_changes else 1
        noisy[rows] = (true[rows] + step) % n_classes
    return noisy, noisy != true


def _by_matrix(true: Array, matrix: npt.ArrayLike, rng: np.random.Generator) -> Array:
    table = np.asarray(matrix, dtype=float)
    if table.ndim != 2 or table.shape[0] != table.shape[1]:
        raise ParameterError("matrix must be square, one row and column per class", found=f"shape {table.shape}")
    bad = ~((table >= 0).all(axis=1) & (np.abs(table.sum(axis=1) - 1) <= 1e-6))
    if bad.any():
        row = int(bad.argmax())
        raise ParameterError(
            "every row of matrix must be probabilities that sum to 1",
            where=f"row {row}",
            found=str(table[row]),
        )
    check_labels(true, len(table))
    edges = np.cumsum(table, axis=1)
    edges[:, -1] = 1.0
    drawn = rng.random(len(true))
    noisy = np.empty_like(true)
    for k in np.unique(true):
        rows = np.flatnonzero(true == k)
        noisy[rows] = np.searchsorted(edges[k], drawn[rows], side="right")
    return noisy


def _by_distance(true: Array, features: npt.ArrayLike, n_changes: int, rng: np.random.Generator) -> tuple[Array, Array]:
    """Rows to change and their new classes, by a nearest-centre model of the classes."""
    x = np.asarray(features, dtype=float)
    if x.ndim != 2:
        raise ParameterError("features must have two dimensions", found=f"shape {x.shape}")
    if len(x) != len(true):
        raise AlignmentError("features need one row per label", found=f"{len(x)} rows for {len(true)} labels")
    if not np.isfinite(x).all():
        row, column = (int(i) for i in np.argwhere(~np.isfinite(x))[0])
        raise DataError("a feature is missing or infinite", where=f"row {row}, column {column}")
    centred = x - x.mean(axis=0)
    spread = centred.std(axis=0)
    centred /= np.where(spread > 0, spread, 1.0)
    present = np.unique(true)
    if n_changes and len(present) < 2:
        raise LabelError("there is no other class to change to", found=f"only class {present[0]}")
    centres = np.array([centred[true == k].mean(axis=0) for k in present])
    squared = np.maximum((centred**2).sum(1)[:, None] - 2 * centred @ centres.T + (centres**2).sum(1), 0)
    logits = -squared / max(float(np.median(squared)), 1e-12) * len(present)
    own = np.searchsorted(present, true)
    each = np.arange(len(true))
    lead = logits[each, own].copy()
    logits[each, own] = -np.inf
    # Gumbel noise turns "the largest" into a draw in proportion to exp(logit), without replacement.
    ease = np.logaddexp.reduce(logits, axis=1) - lead if n_changes else lead
    rows = np.argpartition(-(ease + rng.gumbel(size=len(true))), max(n_changes - 1, 0))[:n_changes]
    targets = (logits[rows] + rng.gumbel(size=(n_changes, len(present)))).argmax(axis=1)
    return rows, present[targets]
