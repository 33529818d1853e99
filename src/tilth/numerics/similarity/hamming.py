"""Pairs of 64-bit codes that differ in few bits, found without comparing all pairs."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import combinations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import DataError

__all__ = ["as_codes", "hamming_pairs"]

Ints = NDArray[np.int64]

_MOST_PAIRS = 50_000_000


def as_codes(values: ArrayLike) -> NDArray[np.uint64]:
    """Check an array of 64-bit codes.

    Parameters
    ----------
    values : (n,) array_like of integers
        Signed integers are taken bit for bit.

    Returns
    -------
    (n,) uint64 array

    Raises
    ------
    DataError
        Not a one-dimensional array of integers.

    Examples
    --------
    >>> as_codes([1, 2]).dtype
    dtype('uint64')
    """
    if isinstance(values, Sequence) and all(isinstance(value, int | np.integer) for value in values):
        return np.array([int(value) % 2**64 for value in values], dtype=np.uint64)
    raw = np.asarray(values)
    if raw.ndim != 1 or raw.dtype.kind not in "iu":
        raise DataError(
            "perceptual hashes must be a one-dimensional array of 64-bit integers",
            found=f"{raw.dtype} of shape {raw.shape}",
        )
    return np.ascontiguousarray(raw).astype(np.uint64)


def hamming_pairs(codes: ArrayLike, max_bits: int) -> tuple[Ints, Ints, Ints]:
    """All pairs of 64-bit codes that differ in at most so many bits.

    Two codes within b bits agree up to b // 3 bits in one of three blocks of bits (pigeonhole principle), so a table
    per block finds all candidates without comparing all pairs [1]_.

    Parameters
    ----------
    codes : (n,) array_like of uint64
        Preferably distinct: n equal codes make n (n - 1) / 2 pairs.
    max_bits : int in [0, 20]

    Returns
    -------
    first, second, bits : int64 arrays
        Pairs ``first < second``, sorted by both, with the number of differing bits.

    Raises
    ------
    DataError
        More than 50 million candidate pairs: the codes hardly differ.

    References
    ----------
    .. [1] Norouzi, Punjani, Fleet (2012). Fast search in Hamming space with multi-index hashing. CVPR.

    Examples
    --------
    >>> [part.tolist() for part in hamming_pairs(np.array([0, 1, 255], dtype=np.uint64), 7)]
    [[0, 1], [1, 2], [1, 7]]
    """
    code = as_codes(codes)
    found: list[Ints] = []
    total = 0
    for shift, width in ((0, 22), (22, 21), (43, 21)):
        keys = ((code >> np.uint64(shift)) & np.uint64(2**width - 1)).astype(np.int64)
        order = np.argsort(keys, kind="stable")
        ordered = keys[order]
        count = np.bincount(keys, minlength=2**width).astype(np.int32)
        start = np.cumsum(count, dtype=np.int64) - count
        for flips in range(max_bits // 3 + 1):
            for places in combinations(range(width), flips):
                mask = sum(1 << place for place in places)
                probe = ordered ^ mask
                hits = np.flatnonzero(count[probe])
                sizes = count[probe[hits]].astype(np.int64)
                left = np.repeat(order[hits], sizes)
                offset = np.arange(len(left)) - np.repeat(np.cumsum(sizes) - sizes, sizes)
                right = order[np.repeat(start[probe[hits]], sizes) + offset]
                keep = left < right
                left, right = left[keep], right[keep]
                near = np.bitwise_count(code[left] ^ code[right]) <= max_bits
                found.append(left[near] * len(code) + right[near])
                total += len(found[-1])
                if total > _MOST_PAIRS:
                    raise DataError(
                        f"more than {_MOST_PAIRS} pairs of codes are within {max_bits} bits",
                        fix="lower max_bits, or check that the hashes tell the items apart",
                    )
    pairs = np.unique(np.concatenate(found)) if found else np.empty(0, dtype=np.int64)
    first, second = np.divmod(pairs, max(len(code), 1))
    return first, second, np.bitwise_count(code[first] ^ code[second]).astype(np.int64)
