"""Mix differently changed versions of one sample, as AugMix does."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError

__all__ = ["mix_chains"]


def mix_chains(
    original: npt.NDArray[Any], chains: Sequence[npt.NDArray[Any]], weights: npt.NDArray[np.float64], share: float
) -> npt.NDArray[Any]:
    """A weighted mean of changed versions of an array, mixed with the array itself.

    Parameters
    ----------
    original : (...) uint8 or float array
        An image or a sound.
    chains : sequence of k arrays
        Changed versions. One of another shape than the original counts as unchanged, except that a sound of another
        length is cut or filled with silence.
    weights : (k,) float array
        Non-negative, summing to 1.
    share : float
        Weight in [0, 1] of the mean; the original has the rest.

    Returns
    -------
    (...) array of the dtype of `original`
        Whole numbers are rounded.

    Raises
    ------
    ParameterError
        The original is no array of numbers, such as a text.

    References
    ----------
    Hendrycks, D. et al. (2020). AugMix: a simple data processing method to improve robustness and uncertainty. ICLR.

    Examples
    --------
    >>> mix_chains(np.array([0, 100], np.uint8), [np.array([100, 100], np.uint8)], np.array([1.0]), 0.25)
    array([ 25, 100], dtype=uint8)
    """
    if not isinstance(original, np.ndarray):
        raise ParameterError(
            "only images and sounds can be mixed",
            found=type(original).__name__,
            fix="use compose or rand_augment instead of augmix",
        )
    mean = np.zeros(original.shape, dtype=np.float64)
    for weight, chain in zip(weights, chains, strict=True):
        mean += weight * _fitted(original, chain)
    mixed = (1 - share) * original + share * mean
    if original.dtype.kind in "iu":
        info = np.iinfo(original.dtype)
        return np.clip(np.rint(mixed), info.min, info.max).astype(original.dtype)
    return mixed.astype(original.dtype)


def _fitted(original: npt.NDArray[Any], chain: npt.NDArray[Any]) -> npt.NDArray[Any]:
    if chain.shape == original.shape:
        return chain
    if chain.ndim == original.ndim == 1:
        made = np.zeros_like(original)
        n = min(len(made), len(chain))
        made[:n] = chain[:n]
        return made
    return original
