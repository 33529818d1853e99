"""Which policies a search tries: every operation by itself, then mixtures of those that did not hurt."""

from __future__ import annotations

from collections.abc import Sequence

from tilth.engine.augment import operation_pool
from tilth.errors import ParameterError, PartError
from tilth.numerics.augment.search import rand_augment_grid
from tilth.plugin import Generator, Operation, Shelf
from tilth.records import AugmentationPolicy
from tilth.records.augmentation_policy import Step
from tilth.workflows.augment.search_trials import Candidate

__all__ = ["mixtures", "operations_of", "singles"]

#: What is tried for a medium beside the pool of its published search spaces.
_BESIDE = {
    "image": ("shift_scale_rotate", "horizontal_flip"),
    "text": (
        "random_swap",
        "random_deletion",
        "random_insertion",
        "synonym_replacement",
        "aeda",
        "keyboard_typos",
        "contractions",
    ),
    "audio": ("band_limit", "room_response", "spec_augment"),
    "table": ("gaussian_copula", "smote"),
}
_IDLE = ("identity",)


def operations_of(medium: str, wanted: Sequence[str] = ()) -> tuple[str, ...]:
    """Names of the operations and batch recipes to try; the wanted ones, or those that suit the medium.

    Raises
    ------
    PartError
        No such operation.
    ParameterError
        One for another medium.
    """
    shelf = Shelf("generators")
    if not wanted:
        known = shelf.names()
        beside = [name for name in _BESIDE.get(medium, ()) if name in known]
        return tuple(dict.fromkeys(name for name in (*operation_pool(medium), *beside) if name not in _IDLE))
    for name in wanted:
        part: type[Generator] = shelf.get(name)
        if issubclass(part, Operation) and part.medium != medium:
            raise ParameterError(f"{name} changes {part.medium}, not {medium}", where="operations")
    return tuple(dict.fromkeys(wanted))


def singles(
    medium: str, operations: Sequence[str], magnitudes: Sequence[float], times: int
) -> dict[str, list[Candidate]]:
    """One candidate an operation and magnitude, the strongest first; one alone where the magnitude changes nothing."""
    shelf = Shelf("generators")
    made: dict[str, list[Candidate]] = {}
    for name in operations:
        part = shelf.get(name)
        if not issubclass(part, Generator):
            raise PartError("this is no operation", found=name)
        ranged = issubclass(part, Operation) and part.ranged
        made[name] = []
        for magnitude in sorted(set(magnitudes), reverse=True) if ranged else (None,):
            called = name if magnitude is None else f"{name} {magnitude:g}"
            policy = AugmentationPolicy((Step(name, 1.0, magnitude),), medium, name=called)
            made[name].append(Candidate(called, policy, times))
    return made


def mixtures(
    medium: str,
    kept: Sequence[tuple[str, float | None]],
    magnitudes: Sequence[float],
    times: int,
) -> list[Candidate]:
    """Policies over the operations that are left, the best one first.

    Parameters
    ----------
    kept : sequence of (operation, magnitude)
        In the order of their return; a batch recipe stands alone.
    """
    shelf = Shelf("generators")
    rowwise = [(name, m) for name, m in kept if issubclass(shelf.get(name), Operation)]
    steps = tuple(Step(name, 1.0, m) for name, m in rowwise)
    made: list[tuple[str, tuple[Step, ...]]] = []
    for name, m in kept[:3]:
        made.append((name if m is None else f"{name} {m:g}", (Step(name, 1.0, m),)))
    if len(steps) > 1:
        made.append(("one of " + ", ".join(step.name for step in steps), (Step("one_of", steps=steps),)))
        for n in (2, 3, 4):
            if n <= len(steps):
                best = tuple(Step(step.name, 0.5, step.magnitude) for step in steps[:n])
                made.append((" and ".join(f"half {step.name}" for step in best), best))
        plain = tuple(Step(name) for name, _ in rowwise)
        for n, m in rand_augment_grid((1, 2, 3), magnitudes):
            if n <= len(plain):
                step = Step("rand_augment", params={"n": n, "m": m}, steps=plain)
                made.append((f"rand_augment n={n} m={m:g}", (step,)))
        made.append(("trivial_augment", (Step("trivial_augment", steps=plain),)))
    return [Candidate(name, AugmentationPolicy(steps, medium, name=name), times) for name, steps in made]
