"""Arithmetic on confident joints and noise matrices: small K x K tables, no data."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError

__all__ = ["TINY", "as_prior", "as_rates", "calibrated_joint", "check_joint", "class_prior", "round_rows"]

Array = npt.NDArray[Any]

TINY = 1e-100
"""Divisor in place of zero."""
_LOWEST_PRIOR = 1e-6
_HIGHEST_NOISE = 0.9999


def check_joint(confident_joint: npt.ArrayLike, n_classes: int | None = None) -> Array:
    joint = np.asarray(confident_joint)
    size = n_classes or len(np.atleast_1d(joint))
    if joint.shape != (size, size) or joint.dtype.kind not in "fiu":
        raise ParameterError(
            "confident_joint must be a square matrix of counts, one row and column per class",
            found=f"shape {joint.shape} and dtype {joint.dtype}, for {size} classes",
        )
    if not (np.isfinite(joint).all() and joint.min() >= 0):
        raise ParameterError("confident_joint must hold finite counts of 0 or more", found=f"minimum {joint.min()}")
    return joint


def calibrated_joint(joint: Array, counts: Array) -> Array:
    # The order of these operations and the memory layout fix the last bit of every cell, and so how halves round.
    scaled = (joint.T / np.maximum(joint.sum(axis=1), TINY) * counts).T
    scaled = scaled / np.maximum(np.sum(scaled), TINY) * int(counts.sum())
    return round_rows(scaled)


def round_rows(matrix: Array) -> Array:
    """Round every row to integers whose sum is the rounded sum of the row.

    The entries that were rounded furthest are moved by one first. A row that is not finite is only rounded, with 0
    in place of what is not finite.

    Examples
    --------
    >>> round_rows(np.array([[0.4, 0.3, 2.2], [1.5, 1.5, 0.0]])).tolist()
    [[1, 0, 2], [1, 2, 0]]
    """
    rounded = np.array([_round_row(row) for row in np.ascontiguousarray(matrix, dtype=float)])
    return np.where(np.isfinite(rounded), rounded, 0.0).astype(np.int64)


def _round_row(row: Array) -> Array:
    whole = row.round()
    target = np.sum(row).round()
    gap = target - np.sum(whole)
    while np.isfinite(gap) and gap != 0:
        step = 1 if gap > 0 else -1
        order = np.argsort(row - whole)[::-step]
        whole[order[: int(abs(gap))]] += step
        gap = target - np.sum(whole)
    return whole


def class_prior(ps: Array, noise: Array, inverse: Array, py_method: str) -> Array:
    if py_method == "cnt":
        return as_prior(inverse.diagonal() / np.maximum(noise.diagonal(), TINY) * ps)
    if py_method == "marginal_ps":
        return as_prior(inverse @ ps)
    try:
        return as_prior(np.linalg.inv(noise) @ ps)
    except np.linalg.LinAlgError as error:
        raise ParameterError(
            "the noise matrix cannot be inverted", found=str(error), fix="use another py_method, such as 'cnt'"
        ) from error


def as_prior(values: Array) -> Array:
    clipped = np.clip(values, _LOWEST_PRIOR, 1.0)
    return np.asarray(clipped / clipped.sum())


def as_rates(matrix: Array) -> Array:
    rates = np.clip(matrix, 0, _HIGHEST_NOISE)
    np.fill_diagonal(rates, matrix.diagonal())
    return np.asarray(rates / np.maximum(rates.sum(axis=0), TINY))
