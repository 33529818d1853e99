"""Checks and the last step shared by the agreement statistics. Used by :mod:`tilth.numerics.agreement.coefficients`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, LabelError, NotApplicable, ParameterError
from tilth.numerics.agreement.core import Sums, item_interval
from tilth.numerics.agreement.result import Agreement, describe_limits, verbal_scale
from tilth.numerics.consensus.votes import Votes, as_votes
from tilth.numerics.consensus.votes_reading import flat_column

__all__ = ["Weights", "agreement_weights", "check_interval", "comparable", "finish", "two_or_more", "two_raters"]

FloatArray = npt.NDArray[np.float64]
Weights = Literal["linear", "quadratic"] | npt.ArrayLike | None


def agreement_weights(weights: Weights, n_classes: int) -> FloatArray:
    """Return the matrix of partial agreement between classes, 1 on the diagonal.

    Parameters
    ----------
    weights : {None, "linear", "quadratic"} or array-like of shape (n_classes, n_classes)
        None counts only equal classes. "linear" and "quadratic" fall with the distance of the class positions: the
        order of ``Votes.classes`` must be meaningful.
    n_classes : int

    Returns
    -------
    ndarray of shape (n_classes, n_classes)

    Raises
    ------
    ParameterError
        An unknown word; a matrix that is not symmetric, not in [0, 1] or without ones on the diagonal.

    Examples
    --------
    >>> agreement_weights("linear", 3).tolist()
    [[1.0, 0.5, 0.0], [0.5, 1.0, 0.5], [0.0, 0.5, 1.0]]
    """
    if weights is None:
        return np.eye(n_classes)
    if isinstance(weights, str):
        if weights not in ("linear", "quadratic"):
            raise ParameterError("unknown weights", found=repr(weights), fix="use None, 'linear' or 'quadratic'")
        place = np.arange(n_classes)
        gap = np.abs(place[:, None] - place[None, :]) / max(n_classes - 1, 1)
        partial: FloatArray = 1.0 - (gap if weights == "linear" else gap**2)
        return partial
    made = np.asarray(weights, dtype=np.float64)
    if made.shape != (n_classes, n_classes) or not np.allclose(made, made.T) or not np.allclose(np.diag(made), 1.0):
        raise ParameterError(
            "weights must be a symmetric matrix of classes by classes with ones on the diagonal",
            found=f"shape {made.shape} for {n_classes} classes",
        )
    if not ((made >= 0) & (made <= 1)).all():
        raise ParameterError("weights must lie in [0, 1]", found=f"{made.min()} to {made.max()}")
    return made


def check_interval(n_resamples: int, confidence: float) -> None:
    """Raise unless an interval can be made from these settings."""
    if n_resamples < 0:
        raise ParameterError("n_resamples must not be negative", found=str(n_resamples))
    if not 0.0 < confidence < 1.0:
        raise ParameterError("confidence must lie between 0 and 1", found=str(confidence), fix="for example 0.95")


def two_or_more(votes: Any, *, numeric_ok: bool = False) -> Votes:
    """Return votes of at least two raters, or raise saying what is missing."""
    made = as_votes(votes)
    if made.numeric and not numeric_ok:
        raise LabelError(
            "these votes are numbers, not classes",
            fix="use krippendorff_alpha(level='interval'), or read the votes with numeric=False",
        )
    if np.count_nonzero(made.votes_per_rater) < 2:
        raise LabelError(
            "agreement needs at least two raters",
            found="votes of one rater",
            fix="have a second person label some of the same items; 50 to 100 are a good start",
        )
    return made


def comparable(votes: Any, *, numeric_ok: bool = False) -> Votes:
    """Return votes in which at least one item has two votes, or raise."""
    made = two_or_more(votes, numeric_ok=numeric_ok)
    if made.votes_per_item.max() < 2:
        raise NotApplicable(
            "no item has two votes, so there is nothing to compare",
            found=f"{made.n_votes} votes on {made.n_votes} items",
            fix="have some items labelled by two or more people",
        )
    return made


def two_raters(a: Any, b: Any, classes: Sequence[Any] | None) -> Votes:
    """Return the votes of two raters on the items both rated."""
    columns = [flat_column(a), flat_column(b)]
    if columns[0].shape != columns[1].shape:
        raise AlignmentError(
            "the two raters must have one entry per item each",
            found=f"{columns[0].size} and {columns[1].size}",
            fix="put a gap (None) where a rater gave no label",
        )
    kinds = {c.dtype.kind for c in columns}
    if len(kinds) > 1 and not kinds <= set("iuf"):
        columns = [c.astype(object) for c in columns]
    made = as_votes(np.column_stack(columns), classes=classes, rater_names=["first", "second"])
    both = (made.votes_per_item == 2)[made.items]
    if not both.any():
        raise NotApplicable("the two raters share no item", fix="have both label some of the same items")
    return replace(
        made, items=made.items[both], raters=made.raters[both], values=np.asarray(made.values[both], dtype=np.int64)
    )


def finish(
    statistic: str,
    votes: Votes,
    sums: Sums,
    n_resamples: int,
    confidence: float,
    random_state: int,
) -> Agreement:
    """Compute estimate, interval and limits from the sums."""
    check_interval(n_resamples, confidence)
    estimate, observed, expected = sums.value()
    bounded = not statistic.startswith("krippendorff") or statistic.endswith("nominal")
    low, high = item_interval(
        sums, n_resamples=n_resamples, confidence=confidence, random_state=random_state, floor=bounded
    )
    many = votes.votes_per_item >= 2
    used = many[votes.items]
    raters = votes.raters[used]
    limits: tuple[str, ...] = ()
    if not votes.numeric:
        k = votes.n_classes
        values = np.asarray(votes.values[used], dtype=np.int64)
        habits = np.bincount(raters * k + values, minlength=votes.n_raters * k).reshape(-1, k)
        limits = describe_limits(
            statistic,
            estimate,
            votes.count_table()[many].astype(np.float64),
            votes.classes,
            habits.astype(np.float64),
            tuple(votes.rater_names.tolist()),
        )
    elif np.isnan(estimate):
        limits = ("undefined: all votes are the same, so there is no chance disagreement to compare with",)
    return Agreement(
        statistic=statistic,
        estimate=estimate,
        low=low,
        high=high,
        confidence=confidence,
        n_items=int(np.count_nonzero(many)),
        n_raters=int(np.unique(raters).size),
        n_votes=int(raters.size),
        observed=observed,
        expected=expected,
        scale="" if statistic == "percent_agreement" else verbal_scale(estimate),
        limits=limits,
    )
