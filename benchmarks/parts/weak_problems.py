"""A hundred generated problems of weak supervision, of 1 to 100 functions.

The functions are independent, one-sided, correlated, adversarial or of all kinds.
Fifty have classes of about the same size; in fifty one class, drawn at random, holds 80 or 90 of 100 rows.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

KINDS = ("independent", "one-sided", "correlated", "adversarial", "mixed")
SIZES = (1, 2, 3, 5, 8, 12, 20, 35, 60, 100)
ROWS = 2_000
GOLD = 100


@dataclass(frozen=True)
class Problem:
    """Votes and true classes of rows to fit on and of fresh rows; -1 abstains."""

    name: str
    k: int
    L: Any
    truth: Any
    fresh: Any
    fresh_truth: Any

    def gold(self, seed: int = 0) -> Any:
        """True classes of some random rows, -1 elsewhere."""
        rows = np.random.default_rng(seed).choice(len(self.truth), GOLD, replace=False)
        made = np.full(len(self.truth), -1)
        made[rows] = self.truth[rows]
        return made


def problems() -> list[Problem]:
    """Every kind with every number of functions."""
    return [_problem(kind, m, seed) for seed, (kind, m) in enumerate((kind, m) for kind in KINDS for m in SIZES)]


def imbalanced() -> list[Problem]:
    """Every kind with every number of functions, one class holding 80 or 90 of 100 rows by turns."""
    every = [(kind, m) for kind in KINDS for m in SIZES]
    return [_problem(kind, m, 1000 + seed, (0.8, 0.9)[seed % 2]) for seed, (kind, m) in enumerate(every)]


def _balance(rng: Any, k: int, common: float | None) -> Any:
    """Shares of the classes; the others share what the common one leaves."""
    if common is None:
        return rng.dirichlet(np.full(k, 5.0))
    made = np.empty(k)
    first = int(rng.integers(k))
    made[np.arange(k) != first] = (1 - common) * rng.dirichlet(np.full(k - 1, 5.0))
    made[first] = common
    return made


def _problem(kind: str, m: int, seed: int, common: float | None = None) -> Problem:
    rng = np.random.default_rng(seed)
    k = 2 if seed % 3 else int(rng.integers(3, 6))
    balance = _balance(rng, k, common)
    n = 2 * ROWS
    truth = rng.choice(k, n, p=balance)
    accuracy = rng.uniform(1 / k + 0.1, 0.95, m)
    coverage = rng.uniform(0.05, 0.6, m)
    bad = kind in ("adversarial", "mixed")
    if bad:
        turned = rng.random(m) < (0.3 if kind == "adversarial" else 0.15)
        turned[0] = False
        accuracy[turned] = rng.uniform(0.05, 1 / k, int(turned.sum()))
    L = np.full((n, m), -1)
    for j in range(m):
        one_sided = kind == "one-sided" or (kind == "mixed" and rng.random() < 0.5)
        L[:, j] = _one_sided(rng, truth, k, accuracy[j], coverage[j]) if one_sided else _two_sided(
            rng, truth, k, accuracy[j], coverage[j]
        )  # fmt: skip
    if kind in ("correlated", "mixed") and m > 2:
        for j in range(m // 2):  # half of the functions copy one of three most of the time
            source = m - 1 - int(rng.integers(min(3, m - m // 2)))
            same = rng.random(n) < 0.9
            L[same, j] = L[same, source]
    name = f"{kind}, {m} functions, {k} classes" + ("" if common is None else f", one holds {common:.0%}")
    return Problem(name, k, L[:ROWS], truth[:ROWS], L[ROWS:], truth[ROWS:])


def _two_sided(rng: Any, truth: Any, k: int, accuracy: float, coverage: float) -> Any:
    n = truth.size
    wrong = (truth + rng.integers(1, k, n)) % k
    said = np.where(rng.random(n) < accuracy, truth, wrong)
    return np.where(rng.random(n) < coverage, said, -1)


def _one_sided(rng: Any, truth: Any, k: int, accuracy: float, coverage: float) -> Any:
    """Names one class only, right in `accuracy` of its votes."""
    n = truth.size
    mine = int(rng.integers(k))
    size = int(coverage * n)
    inside = np.flatnonzero(truth == mine)
    outside = np.flatnonzero(truth != mine)
    hits = min(round(size * accuracy), inside.size)
    misses = min(round(hits * (1 - accuracy) / accuracy), outside.size)
    made = np.full(n, -1)
    made[rng.choice(inside, hits, replace=False)] = mine
    made[rng.choice(outside, misses, replace=False)] = mine
    return made
