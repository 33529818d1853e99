"""Earlier or later."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example, check_setting
from tilth.numerics.augment.audio import audio_shift
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["AudioShift"]


@dataclass(frozen=True)
class AudioShift(AudioOperation):
    """Move a sound in time; what comes in at the other end is silence, or the end that left.

    Parameters
    ----------
    magnitude : float, default=0.5
        The shift is drawn from -0.5 to 0.5 times it, as a share of the length.
    shift : float in [-1, 1], optional
        Shift as a share of the length, to the right where positive, whatever the magnitude.
    rollover : bool, default=False
        Let what leaves at one end come in at the other.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = AudioShift(shift=0.5).apply(sample, np.random.default_rng(0))
    >>> bool(made.value[:2000].any())
    False
    """

    pooled: ClassVar[bool] = True

    shift: float | None = None
    rollover: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "shift", -1, 1)

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound moved."""
        drawn = float(rng.uniform(-0.5, 0.5)) * self.magnitude
        return audio_shift(sample.value, shift=drawn if self.shift is None else self.shift, rollover=self.rollover)

    @classmethod
    def example(cls) -> Example:
        """Moved by a quarter."""
        return audio_example(
            "The sound begins a quarter later.",
            lambda old, new: bool(np.array_equal(new[1000:], old[:3000]) and not new[:1000].any()),
            shift=0.25,
        )
