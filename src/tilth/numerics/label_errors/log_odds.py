"""Probabilities as log-odds, in which independent evidence adds up."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["from_log_odds", "pool_log_odds", "to_log_odds"]

Floats = npt.NDArray[np.float64]

_TINY = 1e-9


def to_log_odds(probability: npt.NDArray[Any]) -> Floats:
    """log(p / (1 - p)) with p kept within [1e-9, 1 - 1e-9], any shape.

    Examples
    --------
    >>> to_log_odds(np.array([0.5, 0.0])).round(2).tolist()
    [0.0, -20.72]
    """
    p = np.clip(np.asarray(probability, dtype=np.float64), _TINY, 1 - _TINY)
    return np.asarray(np.log(p) - np.log1p(-p))


def from_log_odds(log_odds: npt.NDArray[Any]) -> Floats:
    """Inverse of `to_log_odds`, any shape.

    Examples
    --------
    >>> float(from_log_odds(np.zeros(1))[0])
    0.5
    """
    return np.asarray(1 / (1 + np.exp(-np.clip(log_odds, -500, 500))), dtype=np.float64)


def pool_log_odds(*views: tuple[float, npt.NDArray[Any]]) -> Floats:
    """Weighted mean of several probabilities in log-odds, as log-odds.

    Parameters
    ----------
    *views : tuple of float and ndarray
        Weight and probabilities of each view, all of one shape; the weights sum to 1.

    Examples
    --------
    >>> pooled = pool_log_odds((0.5, np.array([0.9])), (0.5, np.array([0.1])))
    >>> from_log_odds(pooled).round(3).tolist()
    [0.5]
    """
    return np.asarray(sum(weight * to_log_odds(view) for weight, view in views))
