"""Mixtures of samples and of their labels: MixUp for arrays, sounds, embeddings and tables, C-MixUp for numbers.

Arrays of numpy and of torch are taken alike, on any device; what comes out is of the same kind, device and dtype.
Randomness comes from numpy, so both draw the same numbers.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError
from tilth.numerics.augment.soft_labels import is_torch, like, soft_labels

__all__ = ["audio_mixup", "c_mixup", "embedding_mixup", "mixup", "table_mixup"]

Rng = np.random.Generator | int | None


def positive(value: float, what: str) -> float:
    """A positive finite number, or `ParameterError`."""
    if not (np.isfinite(value) and value > 0):
        raise ParameterError(f"{what} is a positive number", found=repr(value))
    return float(value)


def partners_of(n: int, rng: np.random.Generator, partners: Any = None) -> NDArray[np.int64]:
    """The row that each row is mixed with: a random order, or what the caller says."""
    if partners is None:
        return rng.permutation(n)
    chosen = np.asarray(partners, dtype=np.int64)
    if chosen.shape != (n,) or (n and not ((chosen >= 0) & (chosen < n)).all()):
        raise AlignmentError("partners name one row for each row", found=f"shape {chosen.shape} for {n} rows")
    return chosen


def taken(x: Any, rows: NDArray[np.int64]) -> Any:
    """``x[rows]`` of either kind."""
    if is_torch(x):
        import torch

        return x[torch.as_tensor(rows, device=x.device)]
    return x[rows]


def blended(x: Any, other: Any, weights: NDArray[np.float64]) -> Any:
    """``weights * x + (1 - weights) * other``, row by row, in the type of `x`; whole numbers are rounded."""
    if is_torch(x):
        import torch

        share = torch.as_tensor(weights, device=x.device, dtype=x.dtype if x.is_floating_point() else torch.float32)
        share = share.reshape(-1, *[1] * (x.ndim - 1))
        made = share * x + (1 - share) * other
        return made if x.is_floating_point() else made.round().to(x.dtype)
    kind = x.dtype if x.dtype.kind == "f" else np.dtype(np.float32)
    share = weights.reshape(-1, *[1] * (x.ndim - 1)).astype(kind)
    made = share * x + (1 - share) * other
    return (made if x.dtype.kind == "f" else np.rint(made)).astype(x.dtype, copy=False)


def checked(x: Any, labels: Any, what: str = "images") -> Any:
    """`x` as an array of numbers with one row a label."""
    x = x if is_torch(x) else np.asarray(x)
    if not is_torch(x) and x.dtype.kind not in "uif":
        raise DataError(f"{what} are arrays of numbers of one shape", found=str(x.dtype))
    if x.ndim < 1 or len(x) != len(labels):
        raise AlignmentError(f"{what} and labels have different lengths", found=f"{tuple(x.shape)} and {len(labels)}")
    return x


def mixup(
    x: Any,
    labels: Any,
    rng: Rng = None,
    *,
    alpha: float = 0.2,
    n_classes: int | None = None,
    classes: Sequence[Any] | None = None,
    partners: Any = None,
) -> tuple[Any, Any]:
    """Each row mixed with another row, and the labels with them.

    Parameters
    ----------
    x : (n, ...) numpy array or torch.Tensor
        Images, rows of a numeric table, embeddings.
    labels : (n,) int, (n,) of class names with `classes`, or (n, k) soft labels
    rng : numpy.random.Generator, int or None
        None draws a fresh seed.
    alpha : float, default 0.2
        The weight of a row is drawn from Beta(alpha, alpha): small values mix little.
    n_classes : int, optional
        Columns of the soft labels; default: the highest label plus one.
    classes : sequence, optional
        Class names, in the order of the columns.
    partners : (n,) int, optional
        Which row each row is mixed with; default: a random order of all rows.

    Returns
    -------
    mixed : (n, ...) array of the kind and dtype of `x`
    soft : (n, k) float32 of the kind of `x`
        Rows sum to one where those of the labels do.

    Raises
    ------
    LabelError
        A label that mixing cannot carry: missing, numeric (use `c_mixup`), a name without `classes`, a mask.
    AlignmentError
        Not one label a row.

    References
    ----------
    .. [1] Zhang, Cisse, Dauphin, Lopez-Paz (2018). mixup: beyond empirical risk minimization. ICLR.

    Examples
    --------
    >>> mixed, soft = mixup(np.array([[0.0], [1.0]]), [0, 1], 0, partners=[1, 0])
    >>> bool(np.allclose(mixed[:, 0], soft[:, 1]))
    True
    """
    gen = np.random.default_rng(rng)
    x = checked(x, labels, "rows")
    soft = soft_labels(labels, n_classes=n_classes, classes=classes)
    other = partners_of(len(x), gen, partners)
    alpha = positive(alpha, "alpha")
    weights = gen.beta(alpha, alpha, size=len(x))
    return blended(x, taken(x, other), weights), like(blended(soft, soft[other], weights), x)


def c_mixup(
    x: Any, targets: Any, rng: Rng = None, *, alpha: float = 2.0, bandwidth: float | None = None
) -> tuple[Any, Any]:
    """MixUp for numeric targets: each row is mixed with one whose target is near.

    Parameters
    ----------
    x : (n, ...) numpy array or torch.Tensor
    targets : (n,) or (n, m) numbers, no missing values
    rng : numpy.random.Generator, int or None
    alpha : float, default 2.0
        The weight is drawn from Beta(alpha, alpha).
    bandwidth : float, optional
        A partner is drawn in proportion to ``exp(-d² / (2 bandwidth²))`` of the distance d of targets; default: a
        tenth of the targets' standard deviation. The row itself is among them: one far from all others stays as it is.

    Returns
    -------
    mixed : (n, ...) array of the kind and dtype of `x`
    targets : (n,) or (n, m) float of the kind of `x`

    Raises
    ------
    LabelError
        Targets that are no numbers, or missing.

    References
    ----------
    .. [1] Yao et al. (2022). C-Mixup: improving generalization in regression. NeurIPS.

    Examples
    --------
    >>> mixed, targets = c_mixup(np.array([[0.0], [1.0], [9.0]]), [0.0, 1.0, 9.0], 0, bandwidth=1.0)
    >>> bool(np.allclose(mixed[:, 0], targets)), bool(targets[2] == 9.0)
    (True, True)
    """
    gen = np.random.default_rng(rng)
    x = checked(x, targets, "rows")
    y = _numbers(targets)
    n = len(x)
    flat = y.reshape(n, -1)
    width = 0.1 * float(np.sqrt(flat.var(axis=0).sum())) if bandwidth is None else positive(bandwidth, "a bandwidth")
    draws = gen.random(n)
    other = np.arange(n)
    for row in range(n if width > 0 else 0):
        chances = np.exp(((flat - flat[row]) ** 2).sum(axis=1) / (-2 * width**2)).cumsum()
        other[row] = min(int(np.searchsorted(chances, draws[row] * chances[-1], side="right")), n - 1)
    alpha = positive(alpha, "alpha")
    weights = gen.beta(alpha, alpha, size=n)
    return blended(x, taken(x, other), weights), like(blended(y, y[other], weights), x, keep=True)


def _numbers(targets: Any) -> NDArray[np.float64]:
    plain = targets.detach().cpu().numpy() if is_torch(targets) else np.asarray(targets)
    if plain.dtype.kind not in "uif" or plain.ndim not in (1, 2) or not np.isfinite(plain).all():
        raise LabelError(
            "c_mixup needs numeric targets without gaps",
            found=f"{plain.dtype} of shape {plain.shape}",
            fix="use mixup for classes, and drop rows without a target",
        )
    return plain.astype(np.float64)


def audio_mixup(
    sounds: Any,
    labels: Any,
    rng: Rng = None,
    *,
    alpha: float = 1.0,
    n_classes: int | None = None,
    classes: Sequence[Any] | None = None,
    partners: Any = None,
) -> tuple[Any, Any]:
    """Sounds mixed as they are heard: the weight counts loudness, and the energy of the mixture is kept.

    Parameters
    ----------
    sounds : (n, t) float numpy array or torch.Tensor
        In [-1, 1], padded to one length.
    labels, rng, alpha, n_classes, classes, partners
        As in `mixup`; at alpha 1 the weight is uniform, as in the paper.

    Returns
    -------
    mixed : (n, t) array of the kind and dtype of `sounds`
    soft : (n, k) float32

    References
    ----------
    .. [1] Tokozume, Ushiku, Harada (2018). Learning from between-class examples for deep sound recognition. ICLR.

    Examples
    --------
    >>> loud, quiet = np.full(100, 0.8), np.full(100, 0.008)
    >>> mixed, soft = audio_mixup(np.stack([loud, quiet]), [0, 1], 0, partners=[1, 0])
    >>> mixed.shape, soft.shape
    ((2, 100), (2, 2))
    """
    gen = np.random.default_rng(rng)
    x = checked(sounds, labels, "sounds")
    soft = soft_labels(labels, n_classes=n_classes, classes=classes)
    other = partners_of(len(x), gen, partners)
    alpha = positive(alpha, "alpha")
    weights = gen.beta(alpha, alpha, size=len(x))
    level = loudness(x.detach().cpu().numpy() if is_torch(x) else x)
    share = heard_share(level, level[other], weights)
    made = blended(x, taken(x, other), share)
    scale = 1 / np.sqrt(share**2 + (1 - share) ** 2)
    made = blended(made, 0 * made, scale)  # each row times its scale, in its own type
    made = made.clamp(-1, 1) if is_torch(made) else made.clip(-1, 1)
    return made, like(blended(soft, soft[other], weights), x)


def loudness(sounds: NDArray[Any]) -> NDArray[np.float64]:
    """Root mean square of each sound, shape (n,)."""
    flat = sounds.reshape(len(sounds), -1).astype(np.float64)
    level: NDArray[np.float64] = np.sqrt((flat**2).mean(axis=1)) if flat.shape[1] else np.zeros(len(flat))
    return level


def heard_share(
    level: NDArray[np.float64], other: NDArray[np.float64], weights: NDArray[np.float64]
) -> NDArray[np.float64]:
    """The factor of the first sound that makes its part of what is heard equal its weight."""
    both = (level > 0) & (other > 0)
    ratio = np.where(both, level, 1.0) / np.where(both, other, 1.0)
    kept = np.clip(weights, 1e-12, 1.0)
    share: NDArray[np.float64] = 1 / (1 + ratio * (1 - kept) / kept)
    return share


def embedding_mixup(
    embeddings: Any,
    labels: Any,
    rng: Rng = None,
    *,
    mask: Any = None,
    alpha: float = 0.2,
    n_classes: int | None = None,
    classes: Sequence[Any] | None = None,
    partners: Any = None,
) -> tuple[Any, Any]:
    """Texts mixed as embeddings: of sentences (senMixup) or of their tokens (wordMixup).

    Parameters
    ----------
    embeddings : (n, d) or (n, t, d) float numpy array or torch.Tensor
    labels, rng, alpha, n_classes, classes, partners
        As in `mixup`.
    mask : (n, t), optional
        1 for tokens, 0 for padding, whose embeddings count as zeros.

    Returns
    -------
    mixed : array of the kind, shape and dtype of `embeddings`
    soft : (n, k) float32

    References
    ----------
    .. [1] Guo, Mao, Zhang (2019). Augmenting data with mixup for sentence classification. arXiv:1905.08941.

    Examples
    --------
    >>> tokens, mask = np.ones((2, 3, 1)), np.array([[1, 1, 0], [1, 0, 0]])
    >>> embedding_mixup(tokens, [0, 1], 0, mask=mask)[0][:, 2, 0].tolist()
    [0.0, 0.0]
    """
    x = checked(embeddings, labels, "embeddings")
    if mask is not None:
        if x.ndim != 3 or tuple(mask.shape) != tuple(x.shape[:2]):
            raise AlignmentError(
                "a mask is (n, t) for (n, t, d) embeddings", found=f"{tuple(mask.shape)} for {tuple(x.shape)}"
            )
        x = x * (mask[..., None].to(x.dtype) if is_torch(mask) else np.asarray(mask)[..., None].astype(x.dtype))
    return mixup(x, labels, rng, alpha=alpha, n_classes=n_classes, classes=classes, partners=partners)


def table_mixup(
    columns: Mapping[str, Any],
    labels: Any,
    rng: Rng = None,
    *,
    alpha: float = 0.2,
    n_classes: int | None = None,
    classes: Sequence[Any] | None = None,
    partners: Any = None,
) -> tuple[dict[str, NDArray[Any]], NDArray[np.float32]]:
    """Rows of a table mixed: numbers are averaged, a category is one of the two, in proportion to the weights.

    Parameters
    ----------
    columns : mapping of column name to (n,) array_like
        A float column is averaged; one of whole numbers too, then rounded. Anything else, bools among them, is a
        category. A number that is missing (NaN) in one row is taken from the other.
    labels, rng, alpha, n_classes, classes, partners
        As in `mixup`.

    Returns
    -------
    mixed : dict of column name to (n,) array
    soft : (n, k) float32

    Examples
    --------
    >>> table = {"age": [30.0, 40.0], "town": ["Ulm", "Bonn"]}
    >>> mixed, soft = table_mixup(table, [0, 1], 0, partners=[1, 0])
    >>> bool(np.allclose(mixed["age"], 30 * soft[:, 0] + 40 * soft[:, 1])), mixed["town"].tolist()
    (True, ['Ulm', 'Bonn'])
    """
    gen = np.random.default_rng(rng)
    soft = soft_labels(labels, n_classes=n_classes, classes=classes)
    n = len(soft)
    other = partners_of(n, gen, partners)
    alpha = positive(alpha, "alpha")
    weights = gen.beta(alpha, alpha, size=n)
    made: dict[str, NDArray[Any]] = {}
    for name, column in columns.items():
        cells = np.asarray(column)
        if cells.shape != (n,):
            raise AlignmentError(
                "columns and labels have different lengths", where=name, found=f"{cells.shape} for {n} labels"
            )
        if cells.dtype.kind in "uif":
            mixed = blended(cells, cells[other], weights)
            gap = np.isnan(mixed) if cells.dtype.kind == "f" else np.zeros(n, dtype=bool)
            made[name] = np.where(gap, np.where(gap & np.isnan(cells.astype(float)), cells[other], cells), mixed)
        else:
            made[name] = np.where(gen.random(n) < weights, cells, cells[other])
    return made, blended(soft, soft[other], weights)
