"""A generator that breaks its contract is caught, by the name of the check."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from tilth.plugin import Example, Operation, Run
from tilth.records import Sample
from tilth.testing import check_part


@dataclass(frozen=True)
class Dimmed(Operation):
    """An operation that breaks its contract in the way that its fault says.

    Parameters
    ----------
    magnitude : float

    Examples
    --------
    >>> Dimmed(0.5).magnitude
    0.5
    """

    medium: ClassVar[str] = "image"
    name: ClassVar[str] = "dimmed"
    fault: ClassVar[str] = ""

    def __post_init__(self) -> None:
        if self.fault != "magnitude":
            super().__post_init__()

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        value, label = sample.value, sample.label
        if self.fault == "poor" and value.shape[0] == 1:
            raise ValueError("too small")
        if self.fault == "global":
            random.random()
        if self.fault == "input":
            value[:] = 0
        share = 0.5 if self.fault == "zero" else 1 - 0.5 * self.magnitude
        made = (value * share).astype(np.float64 if self.fault == "dtype" else value.dtype)
        return sample.changed(made, label="other" if self.fault == "label" else label)

    def generate(self, rows: Sequence[Sample], count: int, run: Run) -> list[Sample]:
        if self.fault == "empty" and not rows:
            return [Sample("text", "x")]
        made = super().generate(rows, count, run)
        return [one.changed(parents=("nobody",)) for one in made] if self.fault == "parents" else made

    @classmethod
    def example(cls) -> Example:
        image = Sample("image", np.full((4, 4, 3), 200, np.uint8), "a", "cat")
        return Example([image], lambda made: "" if len(made) == 1 else "not one", "It dims.")


def failed() -> list[str]:
    names = []
    for check in check_part(Dimmed):
        try:
            check()
        except AssertionError:
            names.append(check.name)
    return names


@pytest.mark.parametrize(
    ("fault", "caught"),
    [
        ("magnitude", "magnitudes"),
        ("poor", "poor_input"),
        ("global", "global_state_untouched"),
        ("input", "samples"),
        ("zero", "magnitude_zero"),
        ("dtype", "magnitudes"),
        ("label", "magnitudes"),
        ("empty", "no_rows"),
        ("parents", "samples"),
    ],
)
def test_broken_generator_is_caught(fault: str, caught: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Dimmed, "fault", fault)
    assert caught in failed()


def test_sound_generator_passes_every_check() -> None:
    assert failed() == []
