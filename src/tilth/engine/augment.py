"""Augmentation policies at work: from the names in a policy to changed samples.

Whatever a sample goes through is a pure function of (seed, epoch, row id, place in the policy): each step draws
from a generator of its own (`tilth.plugin.sample_rng`), so that the answer is the same in any process, in any
order, and after a resume. `Augmenter.replay` gives any sample back.
"""

from __future__ import annotations

import dataclasses
import difflib
import json
from collections.abc import Sequence
from typing import Any

import numpy as np

from tilth.errors import NotApplicable, ParameterError, PartError
from tilth.numerics.augment.chains import mix_chains
from tilth.plugin import Generator, Operation, Run, Shelf, sample_rng
from tilth.records import Sample
from tilth.records.augmentation_policy import JOINERS, AugmentationPolicy, Magnitude, Step

__all__ = ["Augmenter", "operation_pool"]

#: Levels that TrivialAugment draws a magnitude from.
LEVELS = 31
_KEPT = 4096


def operation_pool(medium: str, shelf: Shelf | None = None) -> tuple[str, ...]:
    """Names of the operations of a medium that ``rand_augment`` and the like draw from unless told otherwise."""
    return tuple(
        part.name
        for part in (shelf or Shelf("generators"))
        if issubclass(part, Operation) and part.medium == medium and part.pooled
    )


class _Draw:
    """What one sample goes through: where its randomness comes from, and what was done to it."""

    __slots__ = ("done", "epoch", "policy", "prefix", "row_id", "seed")

    def __init__(self, policy: AugmentationPolicy, seed: int, epoch: int, row_id: str, prefix: str) -> None:
        self.policy, self.seed, self.epoch, self.row_id, self.prefix = policy, seed, epoch, row_id, prefix
        self.done: list[str] = []  # each as JSON

    def rng(self, path: str) -> np.random.Generator:
        return sample_rng(self.seed, self.epoch, self.row_id, f"{self.prefix}{path}")

    def limit(self, sample: Sample, operation: str) -> float:
        """The highest magnitude that all classes of the sample allow."""
        if not self.policy.limits:
            return 1.0
        labels = list(sample.soft) if sample.soft else [sample.label]
        return min(self.policy.limit(label, operation) for label in labels)


def _drawn(magnitude: Magnitude, rng: np.random.Generator) -> float | None:
    if isinstance(magnitude, tuple):
        return float(magnitude[0] + (magnitude[1] - magnitude[0]) * rng.random())
    return magnitude


class _Single:
    """One operation of a policy, with an instance kept for each magnitude that came up."""

    def __init__(self, step: Step, part: type[Operation]) -> None:
        self.step, self.name = step, step.name
        own = {} if step.magnitude is None or isinstance(step.magnitude, tuple) else {"magnitude": step.magnitude}
        self.base = part(**{**step.params, **own})
        self.title = step.title
        self._made: dict[float, Operation] = {}
        self._notes: dict[float, str] = {}

    def at(self, magnitude: float) -> Operation:
        made = self._made.get(magnitude)
        if made is None:
            if magnitude == self.base.magnitude:
                return self.base
            made = dataclasses.replace(self.base, magnitude=magnitude)
            if len(self._made) < _KEPT:
                self._made[magnitude] = made
        return made

    def run(self, sample: Sample, draw: _Draw, path: str, magnitude: float | None = None) -> Sample:
        rng = draw.rng(f"{path}/{self.name}")
        if rng.random() >= self.step.p:
            return sample
        own = _drawn(self.step.magnitude, rng) if magnitude is None else magnitude
        wanted = float(self.base.magnitude) if own is None else own
        cap = draw.limit(sample, self.title)
        if cap <= 0:
            return sample
        wanted = min(wanted, cap)
        draw.done.append(self.noted(round(wanted, 6)))
        return self.at(wanted).apply(sample, rng)

    def noted(self, magnitude: float) -> str:
        """What it does at a magnitude, as a piece of a recipe; written once for each."""
        note = self._notes.get(magnitude)
        if note is None:
            note = json.dumps({self.name: {**self.step.params, "magnitude": magnitude}})
            if len(self._notes) < _KEPT:
                self._notes[magnitude] = note
        return note


class _Joined:
    """A joiner with what it joins."""

    def __init__(self, step: Step, inner: Sequence[_Single | _Joined]) -> None:
        self.step, self.name, self.inner = step, step.name, tuple(inner)
        params = {key: value for key, value in step.params.items() if value is not None}
        self.n, self.width, self.depth = params.get("n", 2), params.get("width", 3), params.get("depth", -1)
        self.alpha = float(params.get("alpha", 1.0))
        m = params.get("m", 0.3 if self.name == "augmix" else 0.5)
        self.m: Magnitude = (float(m[0]), float(m[1])) if isinstance(m, (list, tuple)) else float(m)
        weights = np.asarray(params.get("weights", np.ones(max(1, len(self.inner)))), dtype=np.float64)
        self.cumulative = np.cumsum(weights / weights.sum())

    def run(self, sample: Sample, draw: _Draw, path: str, magnitude: float | None = None) -> Sample:
        path = f"{path}/{self.name}"
        rng = draw.rng(path)
        if rng.random() >= self.step.p:
            return sample
        if self.name in ("compose", "sometimes"):
            return _each(self.inner, sample, draw, path, magnitude)
        if self.name == "one_of":
            at = min(int(np.searchsorted(self.cumulative, rng.random(), side="right")), len(self.inner) - 1)
            return self.inner[at].run(sample, draw, f"{path}/{at}", magnitude)
        if self.name == "trivial_augment":
            at, level = int(rng.integers(len(self.inner))), int(rng.integers(LEVELS))
            return self.inner[at].run(sample, draw, path, level / (LEVELS - 1))
        if self.name == "rand_augment":
            for turn in range(self.n):
                sample = self._one(sample, draw, f"{path}/{turn}", rng)
            return sample
        return self._augmix(sample, draw, path, rng)

    def _one(self, sample: Sample, draw: _Draw, path: str, rng: np.random.Generator) -> Sample:
        at = int(rng.integers(len(self.inner)))
        return self.inner[at].run(sample, draw, path, _drawn(self.m, rng))

    def _augmix(self, sample: Sample, draw: _Draw, path: str, rng: np.random.Generator) -> Sample:
        """Chains of operations side by side, mixed with each other and then with the sample itself."""
        if sample.boxes is not None or sample.mask is not None:
            raise NotApplicable(
                "augmix lays images over each other, which boxes and masks cannot follow",
                where=f"row {sample.row_id}",
                fix="use compose or rand_augment",
            )
        weights = rng.dirichlet(np.full(self.width, self.alpha))
        share = float(rng.beta(self.alpha, self.alpha))
        chains = []
        for chain in range(self.width):
            made = sample
            for turn in range(self.depth if self.depth > 0 else int(rng.integers(1, 4))):
                made = self._one(made, draw, f"{path}/{chain}.{turn}", rng)
            chains.append(made.value)
        return sample.changed(mix_chains(sample.value, chains, weights, share))


def _each(
    steps: Sequence[_Single | _Joined], sample: Sample, draw: _Draw, path: str, magnitude: float | None = None
) -> Sample:
    for at, step in enumerate(steps):
        sample = step.run(sample, draw, f"{path}/{at}" if path else str(at), magnitude)
    return sample


def _rebuilt(policy: AugmentationPolicy, seed: int, medium: str, fitted: Sequence[Operation] | None) -> Augmenter:
    """An augmenter in another process, with operations that know the training rows."""
    made = Augmenter(policy, seed, medium)
    if fitted is not None:
        made.fitted = True
        for single, base in zip(made._singles, fitted, strict=True):
            single.base = base
    return made


class Augmenter:
    """A policy made ready for samples: its names looked up, its parameters checked. Picklable.

    Parameters
    ----------
    policy : AugmentationPolicy
    seed : int
    medium : {"", "image", "text", "audio", "table"}
        What will be changed; a policy for another medium is refused. Default: what the policy says.

    Raises
    ------
    PartError
        An unknown operation (with the nearest names), or one without such a parameter.
    ParameterError
        A value out of range, operations of two media, or nothing to draw from.

    Attributes
    ----------
    medium : str
        Empty where the policy is a batch recipe alone.
    recipe : Generator or None
        The batch recipe that the policy begins with, such as SMOTE: a generator that makes samples from many.
    """

    def __init__(self, policy: AugmentationPolicy, seed: int = 0, medium: str = "") -> None:
        self.policy, self.seed = policy, seed
        self._wanted = medium
        self._shelf = Shelf("generators")
        self.medium = self._medium(medium)
        self.fitted = False
        self._singles: list[_Single] = []
        first, *rest = policy.steps
        self.recipe: Generator | None = self._batch_recipe(first)
        self._steps = tuple(self._compiled(step) for step in (rest if self.recipe is not None else policy.steps))
        self._check_limits()

    def __reduce__(self) -> tuple[Any, ...]:
        fitted = [single.base for single in self._singles] if self.fitted else None
        return _rebuilt, (self.policy, self.seed, self._wanted, fitted)

    def parts(self) -> tuple[Generator, ...]:
        """The parts at work, in the order of the policy."""
        singles = tuple(single.base for single in self._singles)
        return singles if self.recipe is None else (self.recipe, *singles)

    def operations(self) -> dict[str, list[Operation]]:
        """The operations at work by the name that limits give them; under each the parts that differ, in order."""
        found: dict[str, dict[str, Operation]] = {}
        for single in self._singles:
            found.setdefault(single.title, {}).setdefault(single.base.key, single.base)
        return {name: list(parts.values()) for name, parts in found.items()}

    @property
    def wants_fit(self) -> bool:
        """Whether an operation has to know the training rows, and does not yet."""
        return not self.fitted and any(hasattr(single.base, "fit") for single in self._singles)

    def fit(self, rows: Sequence[Sample]) -> Augmenter:
        """An augmenter whose operations know the training rows, where they want to."""
        made = Augmenter(self.policy, self.seed, self._wanted)
        made.fitted = True
        for single in made._singles:
            learn = getattr(single.base, "fit", None)
            if learn is not None:
                single.base = learn(rows)
        return made

    def _part(self, name: str) -> type[Generator]:
        try:
            part: type[Generator] = self._shelf.get(name)
        except PartError as error:
            near = difflib.get_close_matches(name, [*self._shelf.names(), *JOINERS], n=3, cutoff=0.4)
            raise PartError(
                "this policy names an unknown operation",
                found=repr(name),
                fix=f"did you mean {' or '.join(near)}?" if near else error.fix,
            ) from None
        return part

    def _medium(self, wanted: str) -> str:
        media = {"": ""}
        media |= {getattr(self._part(name), "medium", ""): name for name in self.policy.operations()}
        media.pop("")
        said = wanted or self.policy.medium or next(iter(media), "")
        for medium, name in [*media.items(), (self.policy.medium, "the policy")]:
            if medium and medium != said:
                raise ParameterError(
                    f"{name} changes {medium}, not {said}",
                    where="policy",
                    fix=f"use operations for {said}: tilth parts generators lists them",
                )
        return said

    def _check_limits(self) -> None:
        """Raise `PartError` where a limit speaks of an operation that does not exist."""
        for label, limits in self.policy.limits.items():
            for operation in limits:
                name, slash, _ = str(operation).partition("/")
                if operation not in self.operations() and (slash or name not in self._shelf.names()):
                    known = [*self.operations(), *self._shelf.names()]
                    near = difflib.get_close_matches(str(operation), known, n=3, cutoff=0.4)
                    raise PartError(
                        "a limit speaks of an unknown operation",
                        where=f"limits of {label}",
                        found=repr(operation),
                        fix=f"did you mean {' or '.join(dict.fromkeys(near))}?"
                        if near
                        else "tilth parts generators lists them",
                    )

    def _batch_recipe(self, step: Step) -> Generator | None:
        if step.joins or issubclass(self._part(step.name), Operation):
            return None
        if step.p != 1 or isinstance(step.magnitude, tuple):
            raise ParameterError("a batch recipe has neither p nor a range of magnitudes", where=step.name)
        own = {} if step.magnitude is None else {"magnitude": step.magnitude}
        made: Generator = self._shelf.make(step.name, **{**step.params, **own})
        return made

    def _compiled(self, step: Step) -> _Single | _Joined:
        if not step.joins:
            part = self._part(step.name)
            if not issubclass(part, Operation):
                raise ParameterError(
                    "a batch recipe makes samples from many, so it stands first in a policy and alone in its step",
                    found=step.name,
                )
            known = [f.name for f in dataclasses.fields(part)]
            for name in step.params:
                if name not in known:
                    self._shelf.make(step.name, **step.params)  # says which, and what there is
            self._singles.append(_Single(step, part))
            return self._singles[-1]
        inner = step.steps
        if not inner:
            inner = tuple(Step(name) for name in operation_pool(self.medium, self._shelf))
            if not inner:
                raise ParameterError(
                    f"{step.name} has nothing to draw from",
                    where="policy",
                    fix="name its operations, or say medium: image, text, audio or table",
                )
        return _Joined(step, [self._compiled(one) for one in inner])

    def __call__(self, sample: Sample, epoch: int = 0, *, prefix: str = "") -> Sample:
        """The changed sample, with its parents and the recipe that made it.

        Parameters
        ----------
        sample : Sample
        epoch : int
        prefix : str
            Begins the path of every step; tells the columns of one row apart.
        """
        if self.medium and sample.medium != self.medium:
            raise ParameterError(f"this policy changes {self.medium}", found=sample.medium, where=sample.row_id)
        draw = _Draw(self.policy, self.seed, epoch, sample.row_id, prefix)
        made = _each(self._steps, sample, draw, "")
        if not sample.parents:
            return made.changed(parents=(sample.row_id,), recipe=f"[{', '.join(draw.done)}]")
        before = [sample.recipe[1:-1]] if sample.recipe.startswith("[") and sample.recipe != "[]" else []
        return made.changed(recipe=f"[{', '.join([*before, *draw.done])}]")

    def replay(self, sample: Sample, epoch: int, *, prefix: str = "") -> Sample:
        """What became of a sample in an epoch, again."""
        return self(sample, epoch, prefix=prefix)

    def generate(self, rows: Sequence[Sample], count: int, run: Run, *, epoch: int = 0) -> list[Sample]:
        """`count` samples of the batch recipe, each then taken through the other steps of the policy.

        A made sample has no row of its own: its randomness goes by its number.
        """
        if self.recipe is None:
            raise ParameterError("this policy changes samples one by one", fix="call it on each sample")
        inner = Run(self.seed, f"{self.recipe.name}/{epoch}", memory_budget=run.memory_budget)
        inner.stop = run.stop
        made = self.recipe.generate(list(rows), count, inner)
        known = {row.row_id for row in rows}
        out = []
        for number, sample in enumerate(made):
            if not sample.parents or not set(sample.parents) <= known:
                raise ParameterError(
                    "a generated sample must name the rows that it was made from",
                    where=self.recipe.name,
                    found=", ".join(sample.parents) or "no parents",
                )
            sample = sample.changed(
                row_id=f"{self.recipe.name}-{number}", recipe=json.dumps([self.policy.steps[0].to_dict()])
            )
            out.append(self(sample, epoch))
        return out
