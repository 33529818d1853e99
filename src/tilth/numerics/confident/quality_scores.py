"""How good each label is, as a score in [0, 1] where low means look here first."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, ParameterError
from tilth.numerics.confident.joint import thresholds_of
from tilth.numerics.confident.probabilities import check_choice
from tilth.numerics.confident.row_statistics import RowStatistics, row_statistics
from tilth.numerics.statistics.threads import run_threads

__all__ = [
    "METHODS",
    "find_top_issues",
    "get_label_quality_ensemble_scores",
    "get_label_quality_scores",
    "order_label_issues",
]

Array = npt.NDArray[Any]

METHODS = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")
"""The words that `method` may be."""

_LOWEST = 1e-6
_TEMPERATURES = (1e-4, 1e-3, 1e-2, 1e-1, 1e0, 1e1, 1e2, 2e2)


def get_label_quality_scores(
    labels: npt.ArrayLike, pred_probs: Any, *, method: str = "self_confidence", adjust_pred_probs: bool = False
) -> Array:
    """Score every label between 0 (surely wrong) and 1 (surely right).

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Given classes, 0..K-1, no missing values.
    pred_probs : array_like of float, shape (n, K), or re-iterable of blocks
        Out-of-sample probabilities in [0, 1]; see `tilth.numerics.confident.probabilities.open_blocks` for the forms.
    method : {"self_confidence", "normalized_margin", "confidence_weighted_entropy"}
        Probability of the given class; its lead over the best other class, moved into [0, 1]; or entropy over
        self-confidence, rescaled so that low is bad.
    adjust_pred_probs : bool
        First subtract from every column the model's mean confidence in that class, which helps when the classes are
        imbalanced. Not for ``"confidence_weighted_entropy"``.

    Returns
    -------
    ndarray of float, shape (n,)
        In the dtype of `pred_probs`; float64 for ``"confidence_weighted_entropy"``.

    Raises
    ------
    LabelError, ProbabilityError, AlignmentError
        If the input cannot be used.
    ParameterError
        If the method is unknown, or cannot be adjusted.

    References
    ----------
    Kuan, Mueller 2022, "Model-agnostic label quality scoring to detect real-world label errors", ICML DataPerf.

    Examples
    --------
    >>> probs = [[0.75, 0.25], [0.25, 0.75]]
    >>> get_label_quality_scores([0, 0], probs).tolist()
    [0.75, 0.25]
    >>> get_label_quality_scores([0, 0], probs, method="normalized_margin").tolist()
    [0.75, 0.25]
    """
    check_choice("method", method, METHODS)
    _check_adjust(method, adjust_pred_probs)
    return scores_of_rows(row_statistics(labels, pred_probs), None, method, adjust_pred_probs=adjust_pred_probs)


def _check_adjust(method: str, adjust_pred_probs: bool) -> None:
    if adjust_pred_probs and method == "confidence_weighted_entropy":
        raise ParameterError(
            "'confidence_weighted_entropy' cannot be adjusted",
            fix="use another method, or adjust_pred_probs=False",
        )


def scores_of_rows(stats: RowStatistics, rows: Array | None, method: str, *, adjust_pred_probs: bool = False) -> Array:
    """`get_label_quality_scores` from row statistics, for all rows or only those given."""
    _check_adjust(method, adjust_pred_probs)
    if method == "self_confidence" and not adjust_pred_probs:
        return stats.self_prob if rows is None else stats.self_prob[rows]
    thresholds = thresholds_of(stats) if adjust_pred_probs else None
    size = len(stats.labels) if rows is None else len(rows)
    kind = stats.source.dtype if thresholds is None else np.result_type(stats.source.dtype, thresholds)
    if method == "confidence_weighted_entropy":
        kind = np.dtype(np.float64)
    out = np.empty(size, kind)

    def score(span: slice, given: Array, block: Array) -> None:
        if thresholds is not None:
            block = block - thresholds
            block += thresholds.max()
            block /= block.sum(axis=1, keepdims=True)
        out[span] = _score(given, block, method)

    if rows is None:

        def visit(start: int, block: Array) -> None:
            span = slice(start, start + len(block))
            score(span, stats.labels[span], block)

        stats.source.map_blocks(visit)
        return out
    step = max(1, stats.source.gather_bytes // (stats.source.n_classes * stats.source.dtype.itemsize))

    def visit_rows(begin: int) -> None:
        part = rows[begin : begin + step]
        score(slice(begin, begin + len(part)), stats.labels[part], stats.source.take(part))

    run_threads(visit_rows, range(0, size, step), serial=stats.source.serial)
    return out


def _score(labels: Array, block: Array, method: str) -> Array:
    each = np.arange(len(block))
    own: Array = block[each, labels]
    if method == "self_confidence":
        return own
    if method == "normalized_margin":
        others = block.copy()
        others[each, labels] = -np.inf
        return np.asarray((own - others[each, others.argmax(axis=1)] + 1) / 2)
    from scipy.special import xlogy

    entropy = -np.sum(xlogy(block, block), axis=1) / np.log(block.shape[1])
    ratio = entropy / np.maximum(own, _LOWEST)
    return np.asarray(np.log(ratio + 1) / np.maximum(ratio, _LOWEST))


def order_label_issues(
    label_issues_mask: npt.ArrayLike,
    labels: npt.ArrayLike,
    pred_probs: Any,
    *,
    rank_by: str = "self_confidence",
    rank_by_kwargs: dict[str, Any] | None = None,
) -> Array:
    """Turn a mask of issues into row numbers, the worst label first.

    Parameters
    ----------
    label_issues_mask : array_like of bool, shape (n,)
        Which rows are issues.
    labels, pred_probs
        As in `get_label_quality_scores`.
    rank_by : str
        One of `METHODS`.
    rank_by_kwargs : dict, optional
        Only ``{"adjust_pred_probs": bool}``.

    Returns
    -------
    ndarray of int64
        Row numbers by ascending score.

    Raises
    ------
    AlignmentError
        If the mask is not one truth value per label.
    LabelError, ProbabilityError, ParameterError
        If the input cannot be used.

    Examples
    --------
    >>> probs = [[0.4, 0.6], [0.9, 0.1], [0.1, 0.9]]
    >>> order_label_issues([True, False, True], [0, 0, 0], probs)
    array([2, 0])
    """
    check_choice("rank_by", rank_by, METHODS)
    options = rank_by_kwargs or {}
    if set(options) - {"adjust_pred_probs"}:
        raise ParameterError("rank_by_kwargs may hold only 'adjust_pred_probs'", found=repr(sorted(options)))
    stats = row_statistics(labels, pred_probs)
    mask = np.asarray(label_issues_mask)
    if mask.shape != stats.labels.shape or mask.dtype.kind != "b":
        raise AlignmentError(
            "label_issues_mask must be one truth value per label",
            found=f"shape {mask.shape} and dtype {mask.dtype} for {len(stats.labels)} labels",
        )
    rows = np.flatnonzero(mask)
    return rows[np.argsort(scores_of_rows(stats, rows, rank_by, **options))]


def find_top_issues(quality_scores: npt.ArrayLike, *, top: int | None = 10) -> Array:
    """Row numbers of the lowest scores, the lowest first.

    Parameters
    ----------
    quality_scores : array_like of float, shape (n,)
        Low is bad; no missing values.
    top : int, optional
        How many at most; None returns all.

    Returns
    -------
    ndarray of int64
        Equal scores come in row order.

    Raises
    ------
    ParameterError
        If `top` is negative, or the scores are not one-dimensional or hold NaN.

    Examples
    --------
    >>> find_top_issues([0.9, 0.1, 0.5], top=2)
    array([1, 2])
    """
    scores = np.asarray(quality_scores, dtype=float)
    if scores.ndim != 1 or np.isnan(scores).any():
        raise ParameterError("quality_scores must be one number per row", found=f"shape {scores.shape}, or a NaN")
    if top is not None and top < 0:
        raise ParameterError("top must be 0 or more", found=repr(top))
    return np.argsort(scores, kind="stable")[:top]


def get_label_quality_ensemble_scores(
    labels: npt.ArrayLike,
    pred_probs_list: Sequence[Any],
    *,
    method: str = "self_confidence",
    adjust_pred_probs: bool = False,
    weight_ensemble_members_by: str = "accuracy",
    custom_weights: npt.ArrayLike | None = None,
    log_loss_search_T_values: Sequence[float] = _TEMPERATURES,
) -> Array:
    """Score every label by several models at once.

    Parameters
    ----------
    labels : array_like of int, shape (n,)
        Given classes, 0..K-1, no missing values.
    pred_probs_list : sequence of array_like, each of shape (n, K)
        Out-of-sample probabilities of every model.
    method, adjust_pred_probs
        As in `get_label_quality_scores`.
    weight_ensemble_members_by : {"accuracy", "uniform", "log_loss_search", "custom"}
        How the models' scores are averaged: by the share of rows where the model's class is the given one; alike;
        by exp(-T * log loss), with the T whose mixture has the lowest log loss; or by `custom_weights`.
    custom_weights : array_like of float, shape (number of models,), optional
        Needed by, and only allowed with, ``"custom"``.
    log_loss_search_T_values : sequence of float
        Values of T to try.

    Returns
    -------
    ndarray of float, shape (n,)
        Low is bad.

    Raises
    ------
    LabelError, ProbabilityError, AlignmentError
        If the input cannot be used.
    ParameterError
        If there is no model, an option is unknown, or the weights do not fit.

    References
    ----------
    Kuan, Mueller 2022, "Model-agnostic label quality scoring to detect real-world label errors", ICML DataPerf.

    Examples
    --------
    >>> first, second = [[0.75, 0.25], [0.25, 0.75]], [[0.25, 0.75], [0.25, 0.75]]
    >>> get_label_quality_ensemble_scores([0, 1], [first, second], weight_ensemble_members_by="uniform").tolist()
    [0.5, 0.75]
    """
    check_choice("method", method, METHODS)
    ways = ["accuracy", "uniform", "log_loss_search", "custom"]
    check_choice("weight_ensemble_members_by", weight_ensemble_members_by, ways)
    _check_adjust(method, adjust_pred_probs)
    members = [row_statistics(labels, pred_probs) for pred_probs in pred_probs_list]
    if not members:
        raise ParameterError("pred_probs_list is empty", fix="pass the probabilities of at least one model")
    weights = _custom_weights(custom_weights, weight_ensemble_members_by, len(members))
    if weight_ensemble_members_by == "uniform":
        weights = np.full(len(members), 1 / len(members))
    elif weight_ensemble_members_by == "accuracy":
        accuracy = np.array([np.mean(stats.top == stats.labels) for stats in members])
        if not accuracy.any():
            raise ParameterError("no model agrees with any label, so accuracy gives no weights", fix="use 'uniform'")
        weights = accuracy / accuracy.sum()
    elif weight_ensemble_members_by == "log_loss_search":
        weights = _log_loss_weights(members, log_loss_search_T_values)
    total = np.zeros(len(members[0].labels))
    for stats, weight in zip(members, weights, strict=True):
        total += weight * scores_of_rows(stats, None, method, adjust_pred_probs=adjust_pred_probs)
    return total


def _custom_weights(custom_weights: npt.ArrayLike | None, way: str, n_members: int) -> Array:
    if (custom_weights is not None) != (way == "custom"):
        raise ParameterError(
            "custom_weights go with weight_ensemble_members_by='custom', and only with it", found=repr(way)
        )
    weights = np.ones(n_members) if custom_weights is None else np.asarray(custom_weights, dtype=float)
    if weights.shape != (n_members,) or not np.isfinite(weights).all():
        raise ParameterError("custom_weights must be one finite number per model", found=f"{weights.tolist()!r}")
    return weights


def _log_loss_weights(members: list[RowStatistics], temperatures: Sequence[float]) -> Array:
    if not len(temperatures):
        raise ParameterError("log_loss_search_T_values is empty", fix="pass at least one number")
    losses = np.array([_clipped_log_loss(stats) for stats in members])
    smallest = np.finfo(np.float64).eps
    best, best_weights = np.inf, np.full(len(members), 1 / len(members))
    for temperature in temperatures:
        # Subtracting the lowest loss leaves the ratios as they are and keeps one weight from underflowing.
        weights = np.exp(-temperature * (losses - losses.min()))
        weights /= weights.sum()
        own = sum(w * stats.self_prob.astype(float) for w, stats in zip(weights, members, strict=True))
        loss = float(-np.mean(np.log(np.clip(own, smallest, 1 - smallest))))
        if loss < best:
            best, best_weights = loss, weights
    return best_weights


def _clipped_log_loss(stats: RowStatistics) -> float:
    """Log loss with probabilities of at least 1e-6, rescaled to sum to one per row."""

    def visit(start: int, block: Array) -> float:
        clipped = np.maximum(block, _LOWEST)
        own = clipped[np.arange(len(block)), stats.labels[start : start + len(block)]]
        return float(np.log(own.astype(float) / clipped.sum(axis=1)).sum())

    return -float(sum(stats.source.map_blocks(visit))) / len(stats.labels)
