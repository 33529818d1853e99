"""The verdict on brought probabilities, and what it is computed from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import ProbabilityError
from tilth.numerics.statistics.intervals import wilson_interval

__all__ = ["InSampleVerdict", "as_probs", "backed_by_neighbors", "judge"]


@dataclass(frozen=True)
class InSampleVerdict:
    """Whether probabilities look memorised, with the figures that say so.

    Attributes
    ----------
    in_sample : bool
        True where the model very probably saw the labels it is asked to judge.
    reason : str
        One sentence with the figures.
    n_contested : int
        Rows whose label both the reference model and the neighbours contradict.
    agreement : float
        Share of the contested rows on which the brought probabilities side with the label; NaN if none.
    agreement_low : float
        Lower end of its 95 % Wilson interval, the statistic that is compared with the threshold; 0 if none.
    accuracy, reference_accuracy, neighbor_accuracy : float
        Share of the compared rows whose label is the most probable class of the brought probabilities, of
        the reference and among the neighbours; NaN for what was not computed.
    n_compared : int
        Labelled rows that were looked at.
    """

    in_sample: bool
    reason: str
    n_contested: int
    agreement: float
    agreement_low: float
    accuracy: float
    reference_accuracy: float
    neighbor_accuracy: float
    n_compared: int


def judge(
    agrees: NDArray[np.bool_],
    contested: NDArray[np.bool_],
    threshold: float,
    reference_accuracy: float,
    neighbor_accuracy: float,
) -> InSampleVerdict:
    """Weigh the agreement with contested labels against the threshold."""
    count, sided = int(contested.sum()), int(agrees[contested].sum())
    interval = wilson_interval(sided, count)
    in_sample = count > 0 and interval.low > threshold
    if count == 0:
        reason = f"no label among {len(agrees)} rows is contested, so nothing speaks for memorised labels"
    else:
        reason = (
            f"of {count} labels that independent evidence contradicts, the probabilities side with {sided} "
            f"({sided / count:.0%}, at least {interval.low:.0%} with 95 % confidence)"
        )
        if in_sample:
            reason += "; a model that had not seen these labels would contradict many of them"
        elif sided == count:
            reason += "; too few to tell a memorised label from a right one"
    return InSampleVerdict(
        in_sample=in_sample,
        reason=reason,
        n_contested=count,
        agreement=interval.estimate,
        agreement_low=interval.low,
        accuracy=float(agrees.mean()),
        reference_accuracy=reference_accuracy,
        neighbor_accuracy=neighbor_accuracy,
        n_compared=len(agrees),
    )


def as_probs(probs: ArrayLike, codes: NDArray[np.int64], name: str) -> NDArray[np.float64]:
    """Check a probability matrix against the labels and return it as float64."""
    array = np.asarray(probs, dtype=np.float64)
    k = int(codes.max(initial=-1)) + 1
    if array.ndim != 2 or array.shape[0] != len(codes) or array.shape[1] < max(k, 2):
        raise ProbabilityError(
            f"{name} must have one row per label and one column per class",
            found=f"shape {array.shape} for {len(codes)} labels of {k} classes",
        )
    bad = np.flatnonzero(~np.isfinite(array).all(axis=1))
    if bad.size:
        raise ProbabilityError(f"{name} must be finite", where=f"row {bad[0]}", found=str(array[bad[0]]))
    return array


def backed_by_neighbors(X: Any, y: NDArray[np.int64], k: int, n_neighbors: int) -> NDArray[np.bool_]:
    """Whether no other class is more frequent than the row's own among its nearest other rows."""
    from scipy.sparse import issparse
    from sklearn.neighbors import NearestNeighbors
    from sklearn.preprocessing import MaxAbsScaler, StandardScaler

    flat = X if issparse(X) else np.asarray(X).reshape(len(y), -1)
    scaled = (MaxAbsScaler() if issparse(X) else StandardScaler()).fit_transform(flat)
    q = min(n_neighbors, len(y) - 1)
    index = NearestNeighbors(n_neighbors=q, algorithm="brute").fit(scaled)
    neighbors = index.kneighbors(return_distance=False)
    votes = np.zeros((len(y), k), dtype=np.int64)
    np.add.at(votes, (np.arange(len(y))[:, None], y[neighbors]), 1)
    own = votes[np.arange(len(y)), y]
    return np.asarray(own >= votes.max(axis=1))
