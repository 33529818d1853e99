"""AugmentationPolicy: which operations change a sample, how often, how strongly, and how far for each class."""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from tilth.errors import ParameterError
from tilth.records.hashing import digest

__all__ = ["ANY_CLASS", "JOINERS", "AugmentationPolicy", "Step"]

#: What joins steps, and the fields that it takes beside ``p``.
JOINERS: dict[str, tuple[str, ...]] = {
    "compose": ("steps",),
    "one_of": ("steps", "weights"),
    "sometimes": ("steps",),
    "rand_augment": ("n", "m", "operations"),
    "trivial_augment": ("operations",),
    "augmix": ("width", "depth", "alpha", "m", "operations"),
}
#: Joiners that draw operations from a list, by default from the pool of the medium.
DRAWS = ("rand_augment", "trivial_augment", "augmix")
#: Probability of a step where none is given; else 1.
USUAL_P = {"sometimes": 0.5}
#: In `AugmentationPolicy.limits`, every class that has no limits of its own.
ANY_CLASS = "*"

Magnitude = float | tuple[float, float] | None


def _number(value: Any, what: str, where: str, low: float, high: float) -> float:
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not low <= value <= high:
        raise ParameterError(f"{what} is a number from {low:g} to {high:g}", where=where, found=repr(value))
    return float(value)


def _magnitude(value: Any, where: str) -> Magnitude:
    if value is None:
        return None
    if isinstance(value, (list, tuple)):
        if len(value) != 2:
            raise ParameterError(
                "a range of magnitudes has two ends", where=where, found=repr(value), fix="write [0.2, 0.6]"
            )
        low, high = (_number(end, "a magnitude", where, 0, 1) for end in value)
        if low > high:
            raise ParameterError("a range of magnitudes begins with its lower end", where=where, found=repr(value))
        return (low, high)
    return _number(value, "a magnitude", where, 0, 1)


def _checked_limits(limits: Any, where: str) -> Mapping[str, Mapping[str, float]]:
    """Limits as they are, where they are classes with operations and numbers from 0 to 1."""
    if not isinstance(limits, Mapping):
        raise ParameterError(
            "limits are classes, each with operations and magnitudes",
            where=where,
            found=repr(limits)[:80],
            fix='write limits: {"6": {rotate: 0.2}}',
        )
    for name, own in limits.items():
        if not isinstance(own, Mapping):
            raise ParameterError(
                "the limits of a class are operations with magnitudes",
                where=f"{where} of {name}",
                found=repr(own)[:80],
                fix=f'write limits: {{"{name}": {{rotate: 0.2}}}}',
            )
        for operation, limit in own.items():
            _number(limit, "a limit", f"{where} of {name}/{operation}", 0, 1)
    return limits


@dataclass(frozen=True)
class Step:
    """One step of a policy: an operation, or steps that are joined.

    Parameters
    ----------
    name : str
        Name of an operation on the shelf of generators, or ``compose``, ``one_of``, ``sometimes``, ``rand_augment``,
        ``trivial_augment`` or ``augmix``.
    p : float
        Probability in [0, 1] that the step is taken for a sample.
    magnitude : float or (float, float), optional
        Strength in [0, 1], or a range that it is drawn from afresh for each sample. Default: the operation's own.
    params : mapping
        Further parameters of the operation or the joiner.
    steps : tuple of Step
        What is joined; for the joiners that draw, what they draw from (empty: the pool of the medium).
    """

    name: str
    p: float = 1.0
    magnitude: Magnitude = None
    params: Mapping[str, Any] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()

    def __post_init__(self) -> None:
        if not self.name or not isinstance(self.name, str):
            raise ParameterError("a step of a policy needs a name", found=repr(self.name))
        if not isinstance(self.params, Mapping) or any(not isinstance(key, str) for key in self.params):
            raise ParameterError(
                "the fields of a step are words with values",
                where=self.name,
                found=repr(self.params)[:80],
                fix=f"write {self.name}: {{p: 0.5, magnitude: 0.3}}",
            )
        object.__setattr__(self, "p", _number(self.p, "a probability p", self.name, 0, 1))
        object.__setattr__(self, "magnitude", _magnitude(self.magnitude, self.name))
        if self.joins:
            self._check_joiner()

    @property
    def joins(self) -> bool:
        """Whether it joins other steps rather than naming an operation."""
        return self.name in JOINERS

    @property
    def title(self) -> str:
        """The name that limits give it: with its transform where it stands for those of another library."""
        transform = self.params.get("transform")
        return f"{self.name}/{transform}" if isinstance(transform, str) and not self.joins else self.name

    def _check_joiner(self) -> None:
        known = JOINERS[self.name]
        given = {key: value for key, value in self.params.items() if value is not None}
        if unknown := [key for key in given if key not in known]:
            raise ParameterError(
                f"{self.name} takes no {unknown[0]!r}",
                fix=f"it takes p and {', '.join(known)}",
            )
        if self.magnitude is not None:
            raise ParameterError(
                f"{self.name} has no magnitude", fix="give m" if "m" in known else "give it to the operations"
            )
        if self.name not in DRAWS and not self.steps:
            raise ParameterError(f"{self.name} joins nothing", fix=f"write {self.name}: {{steps: [...]}}")
        for key, low in (("n", 1), ("width", 1), ("depth", -1)):
            if key in given and not (isinstance(given[key], int) and given[key] >= low and given[key] != 0):
                raise ParameterError(f"{self.name}: {key} is a whole number", found=repr(given[key]))
        if "m" in given:
            _magnitude(given["m"], f"{self.name}: m")
        if "alpha" in given:
            _number(given["alpha"], "alpha", self.name, 1e-6, 1e6)
        if "weights" in given:
            self._check_weights(given["weights"])

    def _check_weights(self, weights: Any) -> None:
        if len(weights) != len(self.steps) or any(_number(w, "a weight", self.name, 0, 1e9) < 0 for w in weights):
            raise ParameterError(
                "one_of needs one weight a step", found=f"{len(weights)} weights, {len(self.steps)} steps"
            )
        if not sum(weights):
            raise ParameterError("the weights of one_of are all zero", fix="give one step a weight above 0")

    def to_dict(self) -> Any:
        """The short form: a name alone where nothing else is said, else ``{name: {...}}``."""
        said: dict[str, Any] = {}
        if self.p != USUAL_P.get(self.name, 1.0):
            said["p"] = self.p
        if self.magnitude is not None:
            said["magnitude"] = list(self.magnitude) if isinstance(self.magnitude, tuple) else self.magnitude
        said.update({key: list(v) if isinstance(v, tuple) else v for key, v in self.params.items()})
        if self.steps:
            said["operations" if self.name in DRAWS else "steps"] = [step.to_dict() for step in self.steps]
        return {self.name: said} if said else self.name

    @classmethod
    def from_dict(cls, data: Any, where: str = "policy") -> Step:
        """A step written as ``name`` or ``{name: {p: ..., magnitude: ..., ...}}``."""
        if isinstance(data, str):
            return cls(data, USUAL_P.get(data, 1.0))
        if not isinstance(data, Mapping) or len(data) != 1:
            raise ParameterError(
                "a step is a name, or one name with its fields",
                where=where,
                found=repr(data)[:80],
                fix="write - rotate: {p: 0.5, magnitude: 0.3}",
            )
        ((name, said),) = data.items()
        inner = f"{where}/{name}"
        usual = USUAL_P.get(str(name), 1.0)
        if said is None:
            return cls(str(name), usual)
        if isinstance(said, (list, tuple)) and name in JOINERS:
            said = {"operations" if name in DRAWS else "steps": said}
        if isinstance(said, (int, float)) and not isinstance(said, bool) and name not in JOINERS:
            said = {"magnitude": said}
        if not isinstance(said, Mapping):
            raise ParameterError("the fields of a step are names and values", where=inner, found=repr(said)[:80])
        fields = dict(said)
        inside = fields.pop("operations" if name in DRAWS else "steps", ()) if name in JOINERS else ()
        if not isinstance(inside, (list, tuple)):
            raise ParameterError("the steps that are joined are a list", where=inner, found=repr(inside)[:80])
        steps = tuple(cls.from_dict(step, f"{inner}/{at}") for at, step in enumerate(inside))
        return cls(str(name), fields.pop("p", usual), fields.pop("magnitude", None), fields, steps)


@dataclass(frozen=True)
class AugmentationPolicy:
    """Steps that are taken one after the other, and limits that keep labels true.

    Parameters
    ----------
    steps : tuple of Step
    medium : {"", "image", "text", "audio", "table"}
        What it changes; empty: what its operations change.
    limits : mapping of class name to mapping of operation to float
        The highest magnitude of an operation for samples of a class; 0 leaves the operation out. ``"*"`` speaks for
        classes that are not named. A limit caps magnitudes; a strength given by another parameter of an operation is
        not capped, and left out where the limit is 0. One transform of another library is named with it, such as
        ``albumentations/HorizontalFlip``; ``albumentations`` speaks for all of them.
    name : str
        For people; not part of the identity.

    Examples
    --------
    >>> policy = AugmentationPolicy.from_dict(["flip", {"rotate": {"p": 0.5, "magnitude": 0.3}}])
    >>> policy.steps[1].p, policy.operations()
    (0.5, ('flip', 'rotate'))
    >>> AugmentationPolicy.from_dict(policy.to_dict()) == policy
    True
    """

    steps: tuple[Step, ...]
    medium: str = ""
    limits: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    name: str = ""

    def __post_init__(self) -> None:
        if not self.steps:
            raise ParameterError("a policy needs at least one step", fix="write policy: [rotate]")
        if self.medium not in ("", "image", "text", "audio", "table"):
            raise ParameterError(
                "no such medium", where="policy", found=repr(self.medium), fix="use image, text, audio or table"
            )
        _checked_limits(self.limits, "limits")

    def __hash__(self) -> int:
        return hash(self.key)

    @property
    def key(self) -> str:
        """Identity: a hash of steps, medium and limits."""
        data = self.to_dict()
        data.pop("name", None)
        return digest(data)

    def walk(self) -> Iterator[Step]:
        """Every step, joined ones after what joins them."""
        waiting = list(reversed(self.steps))
        while waiting:
            step = waiting.pop()
            yield step
            waiting.extend(reversed(step.steps))

    def operations(self) -> tuple[str, ...]:
        """Names of the operations that it spells out, each once."""
        return tuple(dict.fromkeys(step.name for step in self.walk() if not step.joins))

    def limit(self, label: Any, operation: str) -> float:
        """The highest magnitude of an operation for samples of a class; 1 where nothing is said."""
        if not self.limits:
            return 1.0
        own = self.limits.get(str(label), {}) if label is not None else {}
        every = self.limits.get(ANY_CLASS, {})
        names = (operation, operation.partition("/")[0]) if "/" in operation else (operation,)
        return min(float(own[name] if name in own else every.get(name, 1.0)) for name in names)

    def with_limits(self, limits: Mapping[str, Mapping[str, float]]) -> AugmentationPolicy:
        """This policy with further limits; where two speak of the same, the lower one counts.

        Raises
        ------
        ParameterError
            They are no classes with operations and numbers from 0 to 1.
        """
        _checked_limits(limits, "limits")
        made = {name: dict(own) for name, own in self.limits.items()}
        for name, own in limits.items():
            kept = made.setdefault(str(name), {})
            for operation, limit in own.items():
                kept[operation] = min(limit, self.limit(None if name == ANY_CLASS else name, operation))
        return replace(self, limits={name: own for name, own in made.items() if own})

    def to_dict(self) -> dict[str, Any]:
        """JSON-like form, as a policy file holds it; `from_dict` gives an equal policy back."""
        data: dict[str, Any] = {"name": self.name} if self.name else {}
        if self.medium:
            data["medium"] = self.medium
        data["policy"] = [step.to_dict() for step in self.steps]
        if self.limits:
            data["limits"] = {name: dict(own) for name, own in self.limits.items()}
        return data

    @classmethod
    def from_dict(cls, data: Any) -> AugmentationPolicy:
        """A policy from ``{policy: [...], medium: ..., limits: {...}, name: ...}``, or from its list of steps alone.

        Raises
        ------
        ParameterError
            An unknown field (with the nearest names), or a value out of range, with its place in the policy.
        """
        if isinstance(data, (list, tuple, str)):
            data = {"policy": [data] if isinstance(data, str) else data}
        if not isinstance(data, Mapping):
            raise ParameterError("a policy is a list of steps", found=repr(data)[:80], fix="write policy: [rotate]")
        known = ("policy", "medium", "limits", "name")
        for key in data:
            if key not in known:
                near = difflib.get_close_matches(str(key), known, n=1, cutoff=0.4)
                raise ParameterError(
                    "a policy has no such field",
                    found=repr(key),
                    fix=f"did you mean {near[0]}?" if near else f"its fields are {', '.join(known)}",
                )
        steps = data.get("policy") or ()
        if isinstance(steps, str) or not isinstance(steps, Sequence):
            steps = [steps]
        made = tuple(Step.from_dict(step, f"policy/{at}") for at, step in enumerate(steps))
        said = _checked_limits({} if data.get("limits") is None else data["limits"], "limits")
        limits = {str(name): dict(own) for name, own in said.items()}
        return cls(made, data.get("medium") or "", limits, data.get("name") or "")
