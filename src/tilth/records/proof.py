"""Proof: the measured effect of going from one snapshot to another with the model held fixed."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from typing import Any

__all__ = ["Arm", "ClassEffect", "Effect", "OrderEffect", "Proof"]


@dataclass(frozen=True)
class Effect:
    """A difference with its interval, in the unit of the metric (0.01 = one point).

    Parameters
    ----------
    estimate, low, high : float
    level : float
        Confidence level of [low, high], for instance 0.95.
    """

    estimate: float
    low: float
    high: float
    level: float = 0.95


@dataclass(frozen=True)
class Arm:
    """One way to train, and how it did on the held-out rows.

    Parameters
    ----------
    name : str
        ``before``, ``after``, ``placebo`` or ``model-centric``.
    score : float
        Mean of the metric over the repeats, in [0, 1].
    against_before : Effect or None
        Difference from the ``before`` arm; None for that arm itself.
    """

    name: str
    score: float
    against_before: Effect | None = None


@dataclass(frozen=True)
class ClassEffect:
    """The effect on the held-out rows of one class or slice."""

    name: str
    n: int
    before: float
    after: float
    effect: Effect


@dataclass(frozen=True)
class OrderEffect:
    """What two orders of review had gained after the same number of reviews.

    Parameters
    ----------
    reviewed : int
        Reviewed rows, of those of the training part.
    worth, plain : float
        Gain of the metric over the labels before, with the first rows by worth and by probability of error.
    difference : Effect
        By worth minus plain.
    """

    reviewed: int
    worth: float
    plain: float
    difference: Effect

    @property
    def winner(self) -> str:
        """``worth``, ``plain``, or ``cannot tell`` where the interval holds zero."""
        if self.difference.low > 0:
            return "worth"
        return "plain" if self.difference.high < 0 else "cannot tell"


@dataclass(frozen=True)
class Proof:
    """The measured effect of a change of data on a fixed model.

    Parameters
    ----------
    before, after : str
        Snapshot ids.
    metric : str
    arms : tuple of Arm
        before, after, placebo (the same number of random rows changed in the same way) and
        model-centric (a bigger model on the old data).
    classes : tuple of ClassEffect
    slices : tuple of ClassEffect
    verdict : {"helped", "hurt", "cannot tell"}
    why : str
        The verdict's reason, one sentence with numbers.
    n_changed : int
        Training rows that differ between the snapshots.
    n_train, n_test, repeats : int
        Rows trained on and tested on in one repeat, and the number of repeats.
    model, bigger_model : str
    seed : int
    notes : tuple of str
    machine : dict
        Versions and platform.
    orders : tuple of OrderEffect
        Which order of review would have paid first, where that was asked for.
    """

    before: str
    after: str
    metric: str
    arms: tuple[Arm, ...]
    classes: tuple[ClassEffect, ...]
    verdict: str
    why: str
    n_changed: int
    n_train: int
    n_test: int
    repeats: int
    model: str
    bigger_model: str
    seed: int
    slices: tuple[ClassEffect, ...] = ()
    notes: tuple[str, ...] = ()
    machine: dict[str, str] = field(default_factory=dict)
    orders: tuple[OrderEffect, ...] = ()

    def arm(self, name: str) -> Arm:
        """The arm of that name; raises KeyError where there is none."""
        for arm in self.arms:
            if arm.name == name:
                return arm
        raise KeyError(name)

    def to_dict(self) -> dict[str, Any]:
        """JSON-like form; `from_dict` gives an equal proof back."""
        return asdict(self)

    @classmethod
    def from_dict(cls, data: dict[str, Any]) -> Proof:
        """Inverse of `to_dict`."""
        arms = tuple(
            Arm(a["name"], a["score"], Effect(**a["against_before"]) if a["against_before"] else None)
            for a in data["arms"]
        )
        groups = {
            name: tuple(ClassEffect(**{**g, "effect": Effect(**g["effect"])}) for g in data[name])
            for name in ("classes", "slices")
        }
        orders = tuple(OrderEffect(**{**o, "difference": Effect(**o["difference"])}) for o in data.get("orders", ()))
        return cls(**{**data, **groups, "arms": arms, "notes": tuple(data["notes"]), "orders": orders})
