"""Does the order of the rows carry information? A test on where the neighbours of a row stand."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tilth.errors import DataError

__all__ = ["OrderTest", "row_order_test"]


@dataclass(frozen=True)
class OrderTest:
    """Result of `row_order_test`.

    Parameters
    ----------
    statistic : float
        Largest gap, in [0, 1], between the distribution of distances in the file from a row to its
        neighbours and the distribution for rows in random order.
    p_value : float
        Share of random orders with at least this statistic, in (0, 1].
    closeness : (n,) float64
        For each row, how much nearer in the file its neighbours stand than chance would have them, in
        [0, 1]; 0.5 is chance.
    """

    statistic: float
    p_value: float
    closeness: npt.NDArray[np.float64]


def _chance(distance: npt.NDArray[np.int64], n: int) -> npt.NDArray[np.float64]:
    """Share of pairs of different rows that stand at most `distance` apart in a file of n rows."""
    d = distance.astype(np.float64)
    return np.asarray(d * (2 * n - d - 1) / (n * (n - 1.0)))


def _statistic(distance: npt.NDArray[np.int64], chance: npt.NDArray[np.float64]) -> float:
    """Largest gap between the shares of pairs up to each distance and what chance has, over all distances."""
    counts = np.bincount(distance, minlength=len(chance))
    return float(np.abs(np.cumsum(counts) / len(distance) - chance).max())


def row_order_test(neighbors: npt.ArrayLike, *, n_permutations: int = 99, random_state: int = 0) -> OrderTest:
    """Test whether rows that are alike stand near each other in the file.

    Parameters
    ----------
    neighbors : (n, k) array_like of int
        Row positions of each row's nearest neighbours; -1 where there is none.
    n_permutations : int
        Random orders to compare with; the smallest p-value is 1 / (n_permutations + 1).
    random_state : int

    Returns
    -------
    OrderTest

    Raises
    ------
    DataError
        Fewer than 3 rows, or no neighbours.

    Notes
    -----
    The statistic is Kolmogorov and Smirnov's, over the distances in the file between each row and its
    neighbours, against the exact distribution for rows in random order. Neighbour pairs are not
    independent, so its p-value comes from shuffling the rows.

    References
    ----------
    Cummings, J., Snorrason, E. and Mueller, J. (2023). Detecting dataset drift and non-IID sampling
    via k-nearest neighbors. arXiv:2305.15696.

    Examples
    --------
    >>> in_order = np.array([[1, 2], [0, 2], [1, 3], [2, 4], [3, 5], [4, 3]])
    >>> row_order_test(in_order).statistic > 0.3
    True
    """
    table = np.asarray(neighbors, dtype=np.int64)
    n = len(table)
    rows, columns = np.nonzero(table >= 0)
    if n < 3 or not len(rows):
        raise DataError("a test of the row order needs at least 3 rows with neighbours", found=f"{n} rows")
    others = table[rows, columns]
    distance = np.abs(rows - others)
    chance = _chance(np.arange(n), n)
    statistic = _statistic(distance, chance)
    rng = np.random.default_rng(random_state)
    as_far = 1
    for _ in range(n_permutations):
        order = rng.permutation(n)
        as_far += _statistic(np.abs(order[rows] - order[others]), chance) >= statistic
    total = np.bincount(rows, weights=1 - chance[distance], minlength=n)
    count = np.bincount(rows, minlength=n)
    closeness = np.where(count > 0, total / np.maximum(count, 1), 0.5)
    return OrderTest(statistic, as_far / (n_permutations + 1), np.clip(closeness, 0.0, 1.0))
