"""Labels that can be mixed, as rows of weights over classes; and arrays of numpy or torch told apart."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tilth.errors import LabelError, ParameterError

__all__ = ["is_torch", "like", "soft_labels"]


def is_torch(x: Any) -> bool:
    """Whether something is a tensor of torch, told without importing it.

    Examples
    --------
    >>> is_torch(np.zeros(3))
    False
    """
    return type(x).__module__.partition(".")[0] == "torch" and hasattr(x, "detach")


def like(values: NDArray[Any], x: Any, *, keep: bool = False) -> Any:
    """An array as a tensor where `x` is one, on its device; float32 unless `keep`.

    Examples
    --------
    >>> like(np.ones(2), np.zeros(3)).dtype
    dtype('float32')
    """
    made = values if keep else values.astype(np.float32, copy=False)
    if is_torch(x):
        import torch

        return torch.as_tensor(made if not keep else made.astype(np.float32), device=x.device)
    return made


def soft_labels(
    labels: Any, *, n_classes: int | None = None, classes: Sequence[Any] | None = None
) -> NDArray[np.float32]:
    """Labels as weights over classes: one-hot rows, or soft labels as they are.

    Parameters
    ----------
    labels : (n,) int, (n,) of class names with `classes`, or (n, k) weights in [0, 1]
        numpy, torch or a list.
    n_classes : int, optional
        Default: the number of `classes`, or the highest label plus one.
    classes : sequence, optional
        Class names, in the order of the columns.

    Returns
    -------
    (n, k) float32

    Raises
    ------
    LabelError
        A label that mixing cannot carry.

    Examples
    --------
    >>> soft_labels(["cat", "dog"], classes=["cat", "dog"]).tolist()
    [[1.0, 0.0], [0.0, 1.0]]
    """
    plain = labels.detach().cpu().numpy() if is_torch(labels) else np.asarray(labels)
    if classes is not None and plain.ndim == 1:
        at = {name: column for column, name in enumerate(classes)}
        names = plain.tolist()
        unknown = [row for row, name in enumerate(names) if name not in at]
        if unknown:
            raise LabelError(
                "a label is not among the classes",
                where=f"row {unknown[0]}",
                found=repr(names[unknown[0]]),
                fix="mixing needs a class for each row: drop rows without a label",
            )
        plain, n_classes = np.array([at[name] for name in names], dtype=np.int64), n_classes or len(classes)
    if plain.ndim == 2 and plain.dtype.kind in "uifb":
        return _weights(plain.astype(np.float32), n_classes)
    _refuse(plain)
    width = n_classes if n_classes is not None else int(plain.max(initial=0)) + 1
    if width < 1:
        raise ParameterError("there is one class at least", found=repr(n_classes))
    wrong = np.flatnonzero((plain < 0) | (plain >= width))
    if len(wrong):
        raise LabelError(
            f"a label lies outside 0 to {width - 1}, and mixing cannot carry it",
            where=f"row {wrong[0]}",
            found=repr(int(plain[wrong[0]])),
            fix="drop rows without a label, or give n_classes",
        )
    return np.eye(width, dtype=np.float32)[plain.astype(np.int64)]


def _weights(weights: NDArray[np.float32], n_classes: int | None) -> NDArray[np.float32]:
    if n_classes is not None and weights.shape[1] != n_classes:
        raise LabelError("soft labels have another number of columns", found=f"{weights.shape[1]} for {n_classes}")
    wrong = np.flatnonzero(~((weights >= 0) & (weights <= 1)).all(axis=1))
    if len(wrong):
        raise LabelError(
            "soft labels are weights in [0, 1]",
            where=f"row {wrong[0]}",
            found=repr(weights[wrong[0]].tolist())[:80],
            fix="for several numeric targets a row, use c_mixup",
        )
    return weights


def _refuse(plain: NDArray[Any]) -> None:
    """Raise where labels are not (n,) whole numbers, saying what to do instead."""
    if plain.ndim != 1:
        raise LabelError(
            "labels are one class a row, or one row of weights a row",
            found=f"shape {plain.shape}",
            fix="masks and boxes cannot be mixed as weights: use mosaic for them",
        )
    if plain.dtype.kind == "f":
        fix = "use c_mixup for numeric targets, or give whole numbers for classes"
        if np.isnan(plain).any():
            fix = "drop rows without a label"
        raise LabelError("a label is a number that is no class, and mixing cannot carry it", found="float", fix=fix)
    if plain.dtype.kind not in "ui":
        raise LabelError(
            "a label is no class index, and mixing cannot carry it",
            found=repr(plain[:1].tolist())[:80],
            fix="give classes=[...] with the names of all classes; drop rows without a label",
        )
