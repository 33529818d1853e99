"""What the recipes for sounds share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tilth.generators._settings import check_setting
from tilth.numerics.augment.audio import poor_sound
from tilth.plugin import Example, Operation
from tilth.records import Sample

__all__ = ["AudioOperation", "audio_example", "check_setting", "tone"]

Sound = npt.NDArray[np.float32]


@dataclass(frozen=True)
class AudioOperation(Operation):
    """An operation on one sound; `change` does the work on the samples.

    Parameters
    ----------
    magnitude : float, default=0.5
    """

    medium: ClassVar[str] = "audio"

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The changed samples of a sound that is not silent."""
        raise NotImplementedError

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """The sample changed; itself where it is silent, shorter than two samples or not finite."""
        sound = sample.value
        if poor_sound(sound) or not np.isfinite(sound).all():
            return sample
        return sample.changed(self.change(sample, rng).astype(sound.dtype, copy=False))


def tone(hertz: float = 440.0, rate: int = 8000, seconds: float = 0.5) -> Sound:
    """A tone at half of full scale."""
    return (0.5 * np.sin(2 * np.pi * hertz * np.arange(round(rate * seconds)) / rate)).astype(np.float32)


def audio_example(shows: str, check: Callable[[Sound, Sound], bool], **params: Any) -> Example:
    """The example of an operation on two tones; `check` compares the sound before and after."""
    given = [Sample("audio", tone(hertz), row_id=str(hertz), label="tone", rate=8000) for hertz in (440, 620)]

    def judge(made: list[Sample]) -> str:
        wrong = [new.row_id for old, new in zip(given, made, strict=True) if not check(old.value, new.value)]
        return f"the tone of {wrong[0]} Hz is not as it should be" if wrong else ""

    return Example(given, judge, shows, params)
