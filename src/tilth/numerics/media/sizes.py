"""Images whose size or proportions are far from those of the rest."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import DataError, ParameterError

__all__ = ["UnusualSizes", "unusual_sizes"]

Float64 = NDArray[np.float64]

#: Robust spreads from the median from which a size counts as far from the rest.
_SPREADS = 6.0


@dataclass(frozen=True, slots=True, eq=False)
class UnusualSizes:
    """How far each image's area and proportions are from the usual ones.

    Attributes
    ----------
    area_ratio, aspect_ratio : (n,) float64 array
        Area and width / height of the image, each divided by the median over the images.
    excess : (n,) float64 array
        The larger of the two distances from the median, on a logarithmic scale, in units of its limit: 1 and more
        is flagged.
    flagged : (n,) bool array
    """

    area_ratio: Float64
    aspect_ratio: Float64
    excess: Float64
    flagged: NDArray[np.bool_]


def unusual_sizes(sizes: ArrayLike, *, area: float = 8.0, aspect: float = 3.0) -> UnusualSizes:
    """Find images that are much larger, smaller, wider or taller than the rest.

    Logarithms of area and of width / height are compared with their medians. An image is flagged where one differs by
    at least the factor given and by six robust spreads (1.4826 times the median absolute deviation): in a collection
    of many sizes few are unusual.

    Parameters
    ----------
    sizes : (n, 2) array_like of numbers above 0
        Height and width of each image, in pixels.
    area, aspect : float above 1
        Factors below which no difference counts.

    Returns
    -------
    UnusualSizes

    Raises
    ------
    DataError
        Not (n, 2) numbers above 0.
    ParameterError
        A factor that is not above 1.

    Examples
    --------
    >>> found = unusual_sizes([[100, 100]] * 9 + [[3000, 4000]])
    >>> found.flagged.nonzero()[0].tolist(), float(found.area_ratio[9])
    ([9], 1200.0)
    """
    given = np.asarray(sizes, dtype=np.float64)
    if given.ndim != 2 or given.shape[1] != 2:
        raise DataError("sizes must be (n, 2): height and width of each image", found=f"shape {given.shape}")
    bad = np.flatnonzero(~(np.isfinite(given).all(axis=1) & (given > 0).all(axis=1)))
    if bad.size:
        raise DataError("a size must be above 0", where=f"row {bad[0]}", found=str(given[bad[0]].tolist()))
    for name, factor in (("area", area), ("aspect", aspect)):
        if not factor > 1:
            raise ParameterError("must be above 1", where=name, found=repr(factor))
    logs = np.log(given)
    values = [logs.sum(axis=1), logs[:, 1] - logs[:, 0]]
    excess, ratios = np.zeros(len(given)), []
    for value, factor in zip(values, (area, aspect), strict=True):
        away = value - (np.median(value) if len(value) else 0.0)
        spread = 1.4826 * float(np.median(np.abs(away))) if len(away) else 0.0
        excess = np.maximum(excess, np.abs(away) / max(float(np.log(factor)), _SPREADS * spread))
        ratios.append(np.exp(away))
    return UnusualSizes(ratios[0], ratios[1], excess, excess >= 1)
