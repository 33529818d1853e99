"""A stretch of silence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example, check_setting
from tilth.numerics.augment.audio import audio_time_mask
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["AudioTimeMask"]


@dataclass(frozen=True)
class AudioTimeMask(AudioOperation):
    """Silence a stretch of a sound, with short ramps at its ends.

    Parameters
    ----------
    magnitude : float, default=0.5
        The length is drawn from 0 to 0.4 times it, as a share of the sound.
    length : float in [0, 1], optional
        Length as a share of the sound, whatever the magnitude.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = AudioTimeMask(length=0.5).apply(sample, np.random.default_rng(0))
    >>> 1900 < int((made.value == 0).sum()) <= 2010
    True
    """

    pooled: ClassVar[bool] = True

    length: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "length", 0, 1)

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound with a gap."""
        drawn = 0.4 * self.magnitude * float(rng.random())
        length = drawn if self.length is None else self.length
        return audio_time_mask(sample.value, start=float(rng.random()) * (1 - length), length=length)

    @classmethod
    def example(cls) -> Example:
        """A quarter is silent."""
        return audio_example(
            "A quarter of the sound is silent, the rest untouched.",
            lambda old, new: 900 < int(((new == 0) & (old != 0)).sum()) <= 1000 and int((new != old).sum()) <= 1000,
            length=0.25,
        )
