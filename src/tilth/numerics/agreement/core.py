"""The sums behind the agreement statistics, and bootstrap intervals over items.

Each statistic is a function of column totals of a table with one row per item. A bootstrap resample of items is then
a multinomially weighted sum of rows, and equal rows share one weight, so a thousand resamples cost one matrix product.
Used by :mod:`tilth.numerics.agreement.coefficients`.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError

__all__ = ["Sums", "alpha_sums", "chance_sums", "interval_alpha_sums", "item_interval", "pair_sums"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]
Totals = Callable[[FloatArray], tuple[FloatArray, FloatArray, FloatArray]]

_CELLS = 20_000_000
_TABLE_CELLS = 50_000_000


@dataclass(frozen=True)
class Sums:
    """Per-item rows (n, p) and the function from totals (b, p) to (estimate, observed, expected), each (b,)."""

    rows: FloatArray
    totals: Totals

    def value(self) -> tuple[float, float, float]:
        """Return estimate, observed and expected (dis)agreement on all items."""
        estimate, observed, expected = self.totals(self.rows.sum(axis=0, keepdims=True))
        return float(estimate[0]), float(observed[0]), float(expected[0])


def _corrected(observed: FloatArray, expected: FloatArray) -> FloatArray:
    room = 1.0 - expected
    safe = np.where(room > 1e-12, room, np.nan)
    corrected: FloatArray = (observed - expected) / safe
    return corrected


def chance_sums(table: IntArray, weights: FloatArray, chance: str) -> Sums:
    """Sums of the statistics that compare mean pairwise agreement per item with chance.

    ``chance`` is "none" (percent agreement), "marginal" (Scott, Fleiss) or "gwet" (AC1, AC2).
    """
    table = table[table.sum(axis=1) > 0]
    n = table.sum(axis=1).astype(np.float64)
    many = n >= 2
    pairs = np.where(many, n * (n - 1), 1.0)
    agreeing = (table * (table @ weights - 1.0)).sum(axis=1)
    rows = np.column_stack([np.where(many, agreeing / pairs, 0.0), many.astype(np.float64), table / n[:, None]])
    k = table.shape[1]

    def totals(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        rated = t[:, 1]
        observed = t[:, 0] / np.where(rated > 0, rated, np.nan)
        if chance == "none":
            return observed, observed, np.zeros_like(observed)
        share = t[:, 2:] / t[:, 2:].sum(axis=1, keepdims=True)
        if chance == "marginal":
            expected = ((share @ weights) * share).sum(axis=1)
        elif k == 1:
            expected = np.ones_like(observed)
        else:
            expected = weights.sum() / (k * (k - 1)) * (share * (1 - share)).sum(axis=1)
        return _corrected(observed, expected), observed, expected

    return Sums(rows, totals)


def pair_sums(a: IntArray, b: IntArray, weights: FloatArray, *, pooled: bool) -> Sums:
    """Sums for two raters on the items both rated: Cohen (own marginals) or Scott (``pooled`` marginals)."""
    k = weights.shape[0]
    one = np.eye(k)
    rows = np.column_stack([weights[a, b], one[a], one[b]])

    def totals(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        first, second = t[:, 1 : 1 + k], t[:, 1 + k :]
        n = first.sum(axis=1)
        if pooled:
            first = second = (first + second) / 2
        observed = t[:, 0] / n
        expected = ((first @ weights) * second).sum(axis=1) / n**2
        return _corrected(observed, expected), observed, expected

    return Sums(rows, totals)


def alpha_sums(table: IntArray, values: FloatArray, level: str) -> Sums:
    """Sums of Krippendorff's alpha from the count table (items, values) and the values in order."""
    counts: FloatArray = table[table.sum(axis=1) >= 2].astype(np.float64)
    m = counts.sum(axis=1)
    if level == "nominal":
        between = (m**2 - (counts**2).sum(axis=1)) / (m - 1)
        return Sums(np.column_stack([between, counts]), _nominal_totals)
    if level == "interval":
        centred = _centred(values, counts)
        return interval_alpha_sums(m, counts @ centred, counts @ centred**2)
    if level == "ratio":
        plus = values[:, None] + values[None, :]
        gap = np.abs(values[:, None] - values[None, :])
        distance = np.divide(gap, plus, out=np.zeros_like(gap), where=plus != 0) ** 2
        between = ((counts @ distance) * counts).sum(axis=1) / (m - 1)
        return Sums(np.column_stack([between, counts]), _Ratio(distance))
    first, second = np.triu_indices(values.size, 1)
    seen = (counts.T @ counts)[first, second] > 0
    first, second = first[seen], second[seen]
    if counts.shape[0] * first.size > _TABLE_CELLS:
        raise ParameterError(
            "too many different values for an ordinal alpha",
            found=f"{values.size} values",
            fix="round the votes, or use level='interval'",
        )
    rows = np.column_stack([counts[:, first] * counts[:, second] / (m - 1)[:, None], counts])
    return Sums(rows, _Ordinal(first, second))


def _centred(values: FloatArray, table: FloatArray) -> FloatArray:
    centre = float(table.sum(axis=0) @ values) / max(float(table.sum()), 1.0)
    return values - centre


def interval_alpha_sums(m: FloatArray, s1: FloatArray, s2: FloatArray) -> Sums:
    """Sums of the interval alpha from each item's number, sum and sum of squares of (centred) votes."""
    between = np.maximum(2 * (m * s2 - s1**2), 0.0) / (m - 1)
    return Sums(np.column_stack([between, m, s1, s2]), _interval_totals)


def _alpha(between: FloatArray, chance: FloatArray, n: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    scale = np.maximum(np.abs(chance).max(initial=0.0), 1e-300)
    safe = np.where(chance > 1e-13 * scale, chance, np.nan)
    return 1.0 - between / safe, between / n, chance / n


def _nominal_totals(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    n = t[:, 1:].sum(axis=1)
    return _alpha(t[:, 0], (n**2 - (t[:, 1:] ** 2).sum(axis=1)) / (n - 1), n)


def _interval_totals(t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    n, s1, s2 = t[:, 1], t[:, 2], t[:, 3]
    return _alpha(t[:, 0], 2 * np.maximum(n * s2 - s1**2, 0.0) / (n - 1), n)


@dataclass(frozen=True)
class _Ratio:
    distance: FloatArray

    def __call__(self, t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        n = t[:, 1:].sum(axis=1)
        return _alpha(t[:, 0], ((t[:, 1:] @ self.distance) * t[:, 1:]).sum(axis=1) / (n - 1), n)


@dataclass(frozen=True)
class _Ordinal:
    """The ordinal distance is the squared difference of mid-ranks, which change with every resample."""

    first: IntArray
    second: IntArray

    def __call__(self, t: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
        pairs = self.first.size
        counts = t[:, pairs:]
        n = counts.sum(axis=1)
        middle = np.cumsum(counts, axis=1) - counts / 2 - n[:, None] / 2
        between = 2 * (t[:, :pairs] * (middle[:, self.first] - middle[:, self.second]) ** 2).sum(axis=1)
        chance = 2 * (n * (counts * middle**2).sum(axis=1) - (counts * middle).sum(axis=1) ** 2) / (n - 1)
        return _alpha(between, chance, n)


def _patterns(rows: FloatArray) -> tuple[FloatArray, IntArray]:
    """Return the different rows and how often each occurs."""
    mix = np.random.default_rng(20_011).uniform(1.0, 2.0, rows.shape[1])
    _, first, counts = np.unique(rows @ mix, return_index=True, return_counts=True)
    return rows[first], counts.astype(np.int64)


def _draw(rng: np.random.Generator, counts: IntArray, n_resamples: int) -> IntArray:
    n = int(counts.sum())
    if counts.size * 4 < n:
        return rng.multinomial(n, counts / n, size=n_resamples).astype(np.int64, copy=False)
    owner = np.repeat(np.arange(counts.size), counts)[rng.integers(n, size=(n_resamples, n))]
    owner += np.arange(n_resamples)[:, None] * counts.size
    drawn = np.bincount(owner.ravel(), minlength=n_resamples * counts.size)
    return drawn.reshape(n_resamples, counts.size).astype(np.int64, copy=False)


def item_interval(
    sums: Sums, *, n_resamples: int, confidence: float, random_state: int, floor: bool
) -> tuple[float, float]:
    """Bootstrap interval over items for a statistic that is at most 1.

    The standard error comes from the resamples, is carried to the scale -log(1 - x) and spread with Student's t: on
    simulated panels this covers better than percentile and studentised intervals, and it never passes 1. Without any
    disagreement the resamples have no spread; with ``floor`` the lower end is then the exact binomial bound on the
    share of items that could disagree.
    """
    estimate, _, expected = sums.value()
    rows, counts = _patterns(sums.rows)
    n = int(counts.sum())
    if not np.isfinite(estimate) or n < 2 or n_resamples < 2:
        return float("nan"), float("nan")
    tail = (1.0 - confidence) / 2
    if 1.0 - estimate < 1e-12:
        missed = 1.0 - tail ** (1.0 / n)
        room = expected if sums.totals is _nominal_totals else 1.0 - expected
        return (1.0 - missed / max(room, 1e-12) if floor else estimate), 1.0
    rng = np.random.default_rng(random_state)
    block = max(1, _CELLS // max(counts.size * 4 if counts.size * 4 < n else n, rows.shape[1]))
    drawn = []
    for start in range(0, n_resamples, block):
        weights = _draw(rng, counts, min(block, n_resamples - start))
        drawn.append(sums.totals(weights @ rows)[0])
    found = np.concatenate(drawn)
    found = found[np.isfinite(found)]
    if found.size * 2 < n_resamples:
        return float("nan"), float("nan")
    from scipy.special import stdtrit

    spread = float(found.std(ddof=1)) * np.sqrt(n / (n - 1)) / (1.0 - estimate)
    half = float(stdtrit(n - 1, 1.0 - tail)) * spread
    return 1.0 - (1.0 - estimate) * float(np.exp(half)), 1.0 - (1.0 - estimate) * float(np.exp(-half))
