"""What a search is told and what it answers."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

from tilth.errors import ParameterError
from tilth.numerics.augment.policy_choice import PolicyChoice
from tilth.numerics.statistics.interval_result import Interval, check_level
from tilth.records import AugmentationPolicy

__all__ = ["METRICS", "AugmentationSearch", "OperationReturn", "SearchSettings"]

METRICS = ("accuracy", "balanced_accuracy", "log_likelihood")


@dataclass(frozen=True)
class SearchSettings:
    """How a search goes about it.

    Parameters
    ----------
    operations : tuple of str
        What to try; empty: what suits the medium.
    magnitudes : tuple of float
        Strengths that are tried.
    times : int
        New rows for each training row, in the policies that are chosen from.
    n_folds : int
    metric : {"accuracy", "balanced_accuracy", "log_likelihood"}
    level : float
        Of the intervals of single operations.
    taken_at : float
        A policy is taken where the interval of this level around its gain, on rows that had no say in the choice, lies
        above zero. Where no policy does anything, 0.8 takes one in 13 to 17 of 100 searches, 0.95 in 4 to 7. A stricter
        level refuses more of those that help: a few hundred rows seldom show a gain of two points beyond all doubt,
        and `prove` judges on the test rows afterwards.
    """

    operations: tuple[str, ...] = ()
    magnitudes: tuple[float, ...] = (0.25, 0.5)
    times: int = 4
    n_folds: int = 5
    metric: str = "accuracy"
    level: float = 0.95
    taken_at: float = 0.8

    def __post_init__(self) -> None:
        if self.metric not in METRICS:
            raise ParameterError("unknown metric", found=repr(self.metric), fix=f"use one of {', '.join(METRICS)}")
        for name, least in (("times", 1), ("n_folds", 2)):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < least:
                raise ParameterError(f"{name} is a whole number from {least}", found=repr(value))
        for name in ("level", "taken_at"):
            check_level(getattr(self, name))
        if not self.magnitudes or not all(0 < m <= 1 for m in self.magnitudes):
            raise ParameterError("magnitudes lie above 0 and up to 1", found=repr(self.magnitudes))


@dataclass(frozen=True)
class OperationReturn:
    """What training with one operation brings.

    Parameters
    ----------
    operation : str
    magnitude : float or None
        The strongest one whose rows are still recognised; None where it has none.
    gain : Interval
        Of the metric on held-out rows, against no augmentation.
    by_class : dict of class name to Interval
        Of the share of rows that are classified rightly; the level holds for all classes together.
    recognised : Interval or None
        Density matching: change of accuracy, on changed held-out rows, of a model trained without it.
    verdict : {"helps", "may help", "dropped: hurts", "dropped: no gain", "dropped: not recognised", "not tried"}
    why : str
    """

    operation: str
    magnitude: float | None
    gain: Interval | None
    by_class: dict[str, Interval]
    recognised: Interval | None
    verdict: str
    why: str = ""

    @property
    def kept(self) -> bool:
        """Whether mixtures may use it."""
        return self.verdict in ("helps", "may help")


@dataclass(frozen=True)
class AugmentationSearch:
    """What a search found.

    Parameters
    ----------
    policy : AugmentationPolicy or None
        What to use; None for no augmentation.
    times : int
        New rows for each training row that it was measured with.
    choice : PolicyChoice
    baseline, placebo : float
        Mean held-out score without augmentation, and with every row repeated as it is.
    operations : tuple of OperationReturn
    candidates : tuple of (name, repeats, mean gain)
        The policies that went through successive halving: the best first, then those that came as far, then those
        that were dropped on the way, each by gain. The best is chosen by the metric and the probability of the right
        class together, and each fold's rows have no say in what is measured on them, so that another one may have the
        higher mean.
    metric : str
    trials, resumed : int
        Trials in all, and how many of them an earlier search had left.
    exhausted : bool
        Whether the budget ended the search.
    rows : int
    notes : tuple of str
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("operation", "magnitude", "gain", "recognised", "verdict")

    policy: AugmentationPolicy | None
    times: int
    choice: PolicyChoice
    baseline: float
    placebo: float
    operations: tuple[OperationReturn, ...]
    candidates: tuple[tuple[str, int, float], ...]
    metric: str
    trials: int
    resumed: int
    exhausted: bool
    rows: int
    notes: tuple[str, ...] = ()

    @property
    def verdict(self) -> str:
        """One sentence: what to use, and why."""
        gain = self.choice.gain
        figures = f"{gain.estimate:+.3f} ({gain.level:.0%} interval {gain.low:+.3f} to {gain.high:+.3f}, n={gain.n})"
        if self.policy is not None:
            return f"use {self.choice.best}: held-out {self.metric} {self.baseline:.3f} changes by {figures}"
        if not self.choice.best:
            return f"use none: no operation raises the held-out {self.metric} of {self.baseline:.3f}"
        return (
            f"use none: the best policy found, {self.choice.best}, changes held-out {self.metric} "
            f"{self.baseline:.3f} by {figures}, which leaves room for chance"
        )

    def table(self) -> list[tuple[str, ...]]:
        """One row an operation, as `COLUMNS`."""
        return [
            (
                r.operation, "-" if r.magnitude is None else f"{r.magnitude:g}", _said(r.gain), _said(r.recognised),
                r.verdict,
            )
            for r in self.operations
        ]  # fmt: skip

    def to_dict(self) -> dict[str, Any]:
        """JSON-like form."""
        return {
            "policy": self.policy.to_dict() if self.policy is not None else None,
            "verdict": self.verdict,
            "times": self.times,
            "metric": self.metric,
            "baseline": self.baseline,
            "placebo": self.placebo,
            "gain": _plain(self.choice.gain),
            "apparent_gain": _plain(self.choice.apparent),
            "best": self.choice.best,
            "operations": [
                {
                    "operation": r.operation,
                    "magnitude": r.magnitude,
                    "gain": _plain(r.gain),
                    "by_class": {name: _plain(found) for name, found in r.by_class.items()},
                    "recognised": _plain(r.recognised),
                    "verdict": r.verdict,
                    "why": r.why,
                }
                for r in self.operations
            ],
            "candidates": [{"name": n, "repeats": k, "gain": g} for n, k, g in self.candidates],
            "trials": self.trials,
            "resumed": self.resumed,
            "exhausted": self.exhausted,
            "rows": self.rows,
            "notes": list(self.notes),
        }


def _said(found: Interval | None) -> str:
    return "-" if found is None else f"{found.estimate:+.3f} [{found.low:+.3f}, {found.high:+.3f}]"


def _plain(found: Interval | None) -> dict[str, float] | None:
    return None if found is None else {"estimate": found.estimate, "low": found.low, "high": found.high, "n": found.n}
