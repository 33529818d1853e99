"""What a replay found: curves by labels or by money, what reaches a share of the full score, and verdicts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine.replay import Replay
from tilth.numerics.querying.curves import area_under_curve, labels_to_reach
from tilth.numerics.statistics.interval_result import Interval
from tilth.numerics.statistics.intervals import paired_interval
from tilth.workflows.active.curves import Curve, CurveTable, check_picture, curves_page, curves_svg
from tilth.workflows.report.page import write_page

__all__ = ["BASELINE", "TARGETS", "Simulation", "StrategyResult", "summarize"]

BASELINE = "random"
TARGETS = (0.90, 0.95, 0.99)
Floats = npt.NDArray[np.float64]


def _by_money(made: Replay) -> tuple[Floats, Floats]:
    """Money spent and score of one replay, rounds that cost nothing left out."""
    grows = np.diff(made.spent, prepend=-1.0) > 0
    return made.spent[grows], made.scores[grows]


@dataclass(frozen=True)
class StrategyResult:
    """What one strategy did, over all seeds.

    Parameters
    ----------
    name : str
    replays : tuple of Replay
    area : float
        Mean score over the label counts; with `money`, over the money spent.
    needed : dict of target to float
        Median labels, or money, to reach 0.90, 0.95 and 0.99 of the full-data score; infinite where it was not
        reached.
    difference : Interval or None
        Of the area, against random, paired by seed; None for random itself.
    verdict : str
        "the baseline", "beats random", "does not beat random" or "worse than random".
    money : bool
        Whether labels have a cost, and all figures go by it.
    """

    name: str
    replays: tuple[Replay, ...]
    area: float
    needed: dict[float, float]
    difference: Interval | None
    verdict: str
    money: bool = False

    def curve(self) -> tuple[npt.NDArray[Any], Floats, Floats]:
        """Label counts, or the mean of what so many cost; mean score; half the width of its 95% interval."""
        at: npt.NDArray[Any] = self.replays[0].counts
        scores = np.stack([r.scores for r in self.replays])
        if self.money:
            at = np.stack([r.spent for r in self.replays]).mean(axis=0)
        if len(scores) < 2:
            return at, scores.mean(axis=0), np.zeros(scores.shape[1])
        from scipy.stats import t as student

        half = student.ppf(0.975, len(scores) - 1) * scores.std(axis=0, ddof=1) / np.sqrt(len(scores))
        return at, scores.mean(axis=0), np.asarray(half)

    @property
    def last(self) -> float:
        """Labels at the end, or the mean of what they cost."""
        return float(np.mean([r.spent[-1] for r in self.replays])) if self.money else float(self.replays[0].counts[-1])


@dataclass(frozen=True)
class Simulation:
    """Learning curves of strategies beside random.

    Parameters
    ----------
    name : str
        Of the dataset.
    snapshot_id : str
    results : tuple of StrategyResult
        Random last.
    full : float
        Mean score with all labels.
    pool, test : int
        Rows.
    notes : tuple of str
    cost : str
        Column with what a label costs; empty where every label counts as one.
    """

    name: str
    snapshot_id: str
    results: tuple[StrategyResult, ...]
    full: float
    pool: int
    test: int
    notes: tuple[str, ...] = ()
    cost: str = ""

    @property
    def unit(self) -> str:
        """What the figures count: "labels", or the column of the cost."""
        return self.cost or "labels"

    @property
    def columns(self) -> tuple[str, ...]:
        """Head of `table`."""
        needed = tuple(f"{self.unit} to {t:.0%}" for t in TARGETS)
        spent = (f"{self.cost} spent",) if self.cost else ()
        return ("strategy", "area", *needed, *spent, "area against random", "verdict")

    @property
    def title(self) -> str:
        """One line: what was measured."""
        seeds = len(self.results[0].replays)
        last = int(self.results[0].replays[0].counts[-1])
        return (
            f"{self.name}: {self.unit} to reach a share of the full-data score {self.full:.3f} "
            f"({seeds} splits, pool {self.pool:,}, test {self.test:,}, up to {last:,} labels)"
        )

    @property
    def verdict(self) -> str:
        """One line: which strategies beat random, and by what."""
        by = f"by {self.cost} spent" if self.cost else "by number of labels"
        if any(r.verdict.startswith("not compared") for r in self.results):
            return f"Nothing is said against random {by}: " + self.results[0].verdict.partition(": ")[2]
        parts = []
        for said in ("beats random", "does not beat random", "worse than random"):
            names = [r.name for r in self.results if r.verdict == said]
            if names:
                verb = said.replace("beats", "beat").replace("does not", "do not") if len(names) > 1 else said
                be = "" if "beat" in said else ("are " if len(names) > 1 else "is ")
                parts.append(f"{', '.join(names)} {be}{verb}")
        return f"{'; '.join(parts)} ({by})" if parts else "Only random was replayed"

    def table(self) -> list[tuple[str, ...]]:
        """One row a strategy, as `columns`."""
        rows = []
        for r in self.results:
            needed = [f"{r.needed[t]:,.0f}" if np.isfinite(r.needed[t]) else "not reached" for t in TARGETS]
            spent = [f"{r.last:,.0f}"] if self.cost else []
            d = r.difference
            gain = f"{d.estimate:+.3f} [{d.low:+.3f}, {d.high:+.3f}]" if d is not None else "-"
            rows.append((r.name, f"{r.area:.3f}", *needed, *spent, gain, r.verdict))
        return rows

    def curves(self) -> list[Curve]:
        """The curves for a picture."""
        made = []
        for r in self.results:
            at, mean, half = r.curve()
            made.append(Curve(r.name, at.tolist(), mean.tolist(), half.tolist(), r.verdict, r.name == BASELINE))
        return made

    def write(self, path: str | Path, *, force: bool = False) -> Path:
        """Write the curves as ``.svg``, or with the table as ``.html``; `force` overwrites what is there."""
        path = Path(path)
        check_picture(path, force=force)
        picture = curves_svg(self.curves(), self.full, self.title, unit=self.unit)
        if path.suffix.lower() == ".svg":
            return write_page(picture, path)
        numbers = {
            "score with all labels": f"{self.full:.3f}",
            "splits": f"{len(self.results[0].replays)}",
            "rows of the pool": f"{self.pool:,}",
            "test rows": f"{self.test:,}",
            "labels asked for": f"{int(self.results[0].replays[0].counts[-1]):,}",
        }
        table = CurveTable(self.columns, self.table())
        text = curves_page(
            self.name, self.verdict, self.curves(), self.full, table, numbers, self.notes, unit=self.unit
        )
        return write_page(text, path)

    def to_dict(self) -> dict[str, Any]:
        """The object that ``--json`` prints; figures go by ``by``: labels, or the column of their cost."""

        def finite(value: float) -> float | None:
            return value if np.isfinite(value) else None

        needed = "spent_needed" if self.cost else "labels_needed"
        strategies = [
            {
                "strategy": r.name,
                "area": r.area,
                needed: {f"{t:.2f}": finite(v) for t, v in r.needed.items()},
                "against_random": None if r.difference is None else [r.difference.low, r.difference.high],
                "verdict": r.verdict,
                "counts": r.replays[0].counts.tolist(),
                "scores": [p.scores.tolist() for p in r.replays],
                "spent": [p.spent.tolist() for p in r.replays],
            }
            for r in self.results
        ]
        head = {"by": self.unit, "verdict": self.verdict, "full": self.full, "pool": self.pool, "test": self.test}
        summary = {**head, "notes": list(self.notes), "strategies": strategies}
        return {"verb": "simulate", "snapshot": self.snapshot_id, "summary": summary}


def _money_areas(by: dict[str, list[Replay]], chance: float) -> dict[str, list[float]]:
    """Mean score over the money, split by split: from nothing spent up to what every strategy of the split spent.

    Before the first answers nothing is known: the curve starts at a guess among the classes.
    """
    areas: dict[str, list[float]] = {name: [] for name in by}
    for turn in range(min(len(group) for group in by.values())):
        most = min(group[turn].spent[-1] for group in by.values())
        for name, group in by.items():
            x, y = _by_money(group[turn])
            x, y = np.concatenate([[0.0], x]), np.concatenate([[chance], y])
            at = np.append(x[x < most], most)
            areas[name].append(area_under_curve(at, np.interp(at, x, y)))
    return areas


def summarize(
    replays: Sequence[Replay], n_train: int, n_test: int, *, money: bool = False, chance: float = 0.0
) -> tuple[StrategyResult, ...]:
    """Areas, labels needed and verdicts; the replays hold random and as many seeds of every strategy.

    With `money` everything goes by what the answers cost; `chance` is the score of a guess before the first answer.
    """
    by: dict[str, list[Replay]] = {}
    for made in replays:
        by.setdefault(made.strategy, []).append(made)
    if money:
        areas = _money_areas(by, chance)
    else:
        areas = {name: [area_under_curve(r.counts, r.scores) for r in group] for name, group in by.items()}
    results = []
    for name in sorted(by, key=lambda name: name == BASELINE):
        group = by[name]
        points = [_by_money(r) if money else (r.counts, r.scores) for r in group]
        needed = {
            t: float(np.median([labels_to_reach(x, y, t * r.full) for (x, y), r in zip(points, group, strict=True)]))
            for t in TARGETS
        }
        difference, verdict = None, "the baseline"
        if name != BASELINE:
            if len(group) < 2:
                verdict = "not compared: one seed has no interval"
            else:
                difference = paired_interval(areas[BASELINE], areas[name], n_train=n_train, n_test=n_test)
                said = {"helped": "beats random", "hurt": "worse than random", "cannot tell": "does not beat random"}
                verdict = said[difference.verdict]
        area = float(np.mean(areas[name]))
        results.append(StrategyResult(name, tuple(group), area, needed, difference, verdict, money))
    return tuple(results)
