"""Finding the rows whose label is probably wrong."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError
from tilth.numerics.confident.joint import joint_of
from tilth.numerics.confident.matrices import check_joint, round_rows
from tilth.numerics.confident.probabilities import check_choice
from tilth.numerics.confident.pruning import lowest, prune_by_class, prune_by_noise_rate
from tilth.numerics.confident.quality_scores import METHODS, scores_of_rows
from tilth.numerics.confident.row_statistics import RowStatistics, row_statistics

__all__ = ["FILTERS", "find_label_issues"]

Array = npt.NDArray[Any]

_PRUNING = ("prune_by_noise_rate", "prune_by_class", "both")
FILTERS = (*_PRUNING, "confident_learning", "predicted_neq_given", "low_normalized_margin", "low_self_confidence")
"""The words that `filter_by` may be."""


def find_label_issues(
    labels: npt.ArrayLike,
    pred_probs: Any,
    *,
    return_indices_ranked_by: str | None = None,
    rank_by_kwargs: Mapping[str, Any] | None = None,
    filter_by: str = "prune_by_noise_rate",
    frac_noise: float = 1.0,
    num_to_remove_per_class: npt.ArrayLike | None = None,
    min_examples_per_class: int = 1,
    confident_joint: npt.ArrayLike | None = None,
) -> Array:
    """Find the rows whose label is probably wrong.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Given classes, 0..K-1, no missing values.
    pred_probs : array_like of float, shape (n, K), or re-iterable of blocks
        Out-of-sample (cross-fitted) probabilities in [0, 1], no missing values; rows need not sum to one. An array,
        a memory map, a DataFrame, a dataset in a file or a list of blocks of rows: see
        `tilth.numerics.confident.probabilities.open_blocks`. It is read in small blocks and never copied as a whole.
    return_indices_ranked_by : {None, "self_confidence", "normalized_margin", "confidence_weighted_entropy"}
        None returns a mask; a score returns row numbers instead, the lowest score (worst label) first.
    rank_by_kwargs : mapping, optional
        Only ``{"adjust_pred_probs": bool}``, passed to `get_label_quality_scores`.
    filter_by : str
        Which rows are issues.

        - ``"prune_by_noise_rate"``: for every pair given k, true j: as many rows given k as the calibrated
          confident joint counts there, those with the largest P(j) - P(k);
        - ``"prune_by_class"``: for every class: as many rows as are off the diagonal, with the lowest P(k);
        - ``"both"``: rows that both of these find;
        - ``"confident_learning"``: the rows that the confident joint counted off its diagonal;
        - ``"predicted_neq_given"``: the most probable class is not the given one;
        - ``"low_normalized_margin"``, ``"low_self_confidence"``: the `num_label_issues` lowest scores.

        But for the last two, a row whose given class is within 1e-6 of the most probable one is never an issue.
    frac_noise : float
        In [0, 1]: keep this share of the issues. Only for the first three filters.
    num_to_remove_per_class : array_like of int, shape (K,), optional
        How many rows of each class to find. Only for the first three filters, and exact only for
        ``"prune_by_class"``.
    min_examples_per_class : int
        The first three filters leave a class with no more rows than this alone, and this many rows in any other.
    confident_joint : array_like, shape (K, K), optional
        Counts to use in place of `compute_confident_joint`; only for the first three filters.

    Returns
    -------
    ndarray
        Mask of bool, shape (n,), or row numbers of int64.

    Raises
    ------
    LabelError, ProbabilityError, AlignmentError
        If the input cannot be used; the message names the row and column.
    ParameterError
        If an option is unknown, out of range or does not go with the filter.

    Warns
    -----
    UserWarning
        If `frac_noise` or `confident_joint` is given to a filter that has no use for it.

    References
    ----------
    Northcutt, Jiang, Chuang 2021, "Confident Learning: Estimating Uncertainty in Dataset Labels", JAIR 70.

    Examples
    --------
    >>> labels = [0, 0, 0, 1, 1]
    >>> probs = [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]]
    >>> find_label_issues(labels, probs).tolist()
    [False, False, True, False, False]
    >>> find_label_issues(labels, probs, return_indices_ranked_by="self_confidence")
    array([2])
    """
    check_choice("filter_by", filter_by, FILTERS)
    if return_indices_ranked_by is not None:
        check_choice("return_indices_ranked_by", return_indices_ranked_by, METHODS)
    adjust = _check_rank_kwargs(rank_by_kwargs)
    _check_options(filter_by, frac_noise, num_to_remove_per_class, min_examples_per_class, confident_joint)
    stats = row_statistics(labels, pred_probs)
    if filter_by in _PRUNING:
        joint = _joint_to_prune(stats, confident_joint, frac_noise, num_to_remove_per_class, min_examples_per_class)
        mask = _prune(stats, joint, filter_by, min_examples_per_class)
    elif filter_by == "predicted_neq_given":
        mask = stats.top != stats.labels
    else:
        mask = joint_of(stats)[1] & ~stats.agrees
    if filter_by.startswith("low_"):
        mask = lowest(scores_of_rows(stats, None, filter_by.removeprefix("low_")), int(np.count_nonzero(mask)))
    else:
        mask &= ~stats.agrees
    if return_indices_ranked_by is None:
        return mask
    rows = np.flatnonzero(mask)
    return rows[np.argsort(scores_of_rows(stats, rows, return_indices_ranked_by, adjust_pred_probs=adjust))]


def _prune(stats: RowStatistics, joint: Array, filter_by: str, min_examples_per_class: int) -> Array:
    masks = []
    if filter_by != "prune_by_class":
        masks.append(prune_by_noise_rate(stats, joint, min_examples_per_class))
    if filter_by != "prune_by_noise_rate":
        masks.append(prune_by_class(stats, joint.diagonal(), min_examples_per_class))
    return masks[0] & masks[-1]


def _joint_to_prune(
    stats: RowStatistics,
    confident_joint: npt.ArrayLike | None,
    frac_noise: float,
    num_to_remove_per_class: npt.ArrayLike | None,
    min_examples_per_class: int,
) -> Array:
    """How many rows to flag per pair of classes (row: given, column: true); the diagonal is what stays."""
    k = stats.source.n_classes
    joint = joint_of(stats)[0] if confident_joint is None else check_joint(confident_joint, k)
    kept = _keep_at_least(joint.T, min_examples_per_class, frac_noise)
    if num_to_remove_per_class is None:
        return kept.T
    remove = np.asarray(num_to_remove_per_class)
    if remove.shape != (k,) or remove.dtype.kind not in "iu" or (remove < 0).any():
        raise ParameterError(
            "num_to_remove_per_class must be one count of 0 or more per class", found=f"{remove.tolist()!r}"
        )
    with np.errstate(divide="ignore", invalid="ignore"):
        shares = kept / np.sum(kept, axis=1)
        noise = shares.sum(axis=1) - shares.diagonal()
        wanted = (shares.T * remove / noise).T
    np.fill_diagonal(wanted, stats.counts - remove)
    return round_rows(wanted).T


def _keep_at_least(counts: Array, n: int, frac_noise: float) -> Array:
    """Move counts onto the diagonal until it holds `n`, and 1 - `frac_noise` of what is off it; column sums stay.

    `counts` has a row per true and a column per given class.
    """
    diagonal = np.maximum(counts.diagonal(), n)
    missing = diagonal - counts.diagonal()
    off_diagonal = np.maximum(np.count_nonzero(counts, axis=0) - 1.0, 1.0)
    moved = counts - missing / off_diagonal
    moved[moved < 0] = 0
    np.fill_diagonal(moved, diagonal)
    reduced = moved * frac_noise
    np.fill_diagonal(reduced, diagonal)
    np.fill_diagonal(reduced, diagonal + np.sum(moved - reduced, axis=0))
    return round_rows(reduced.astype(np.int64))


def _check_rank_kwargs(rank_by_kwargs: Mapping[str, Any] | None) -> bool:
    unknown = sorted(set(rank_by_kwargs or {}) - {"adjust_pred_probs"})
    if unknown:
        raise ParameterError("rank_by_kwargs may hold only 'adjust_pred_probs'", found=repr(unknown))
    return bool((rank_by_kwargs or {}).get("adjust_pred_probs", False))


def _check_options(
    filter_by: str,
    frac_noise: float,
    num_to_remove_per_class: npt.ArrayLike | None,
    min_examples_per_class: int,
    confident_joint: npt.ArrayLike | None,
) -> None:
    if not 0 <= frac_noise <= 1:
        raise ParameterError("frac_noise must be between 0 and 1", found=repr(frac_noise))
    if min_examples_per_class < 0:
        raise ParameterError("min_examples_per_class must be 0 or more", found=repr(min_examples_per_class))
    if filter_by in _PRUNING:
        return
    if num_to_remove_per_class is not None:
        raise ParameterError(
            f"num_to_remove_per_class does not go with filter_by={filter_by!r}", fix="use filter_by='prune_by_class'"
        )
    if frac_noise != 1:
        warnings.warn(f"frac_noise has no effect with filter_by={filter_by!r}", stacklevel=3)
    if confident_joint is not None:
        warnings.warn(f"confident_joint has no effect with filter_by={filter_by!r}", stacklevel=3)
