"""Faster or slower at the same pitch."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example, check_setting
from tilth.numerics.augment.audio_spectral import time_stretch
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["TimeStretch"]


def _pitch(sound: Sound) -> float:
    """The loudest frequency in Hz, at 8,000 samples a second."""
    return float(np.abs(np.fft.rfft(sound)).argmax() * 8000 / len(sound))


@dataclass(frozen=True)
class TimeStretch(AudioOperation):
    """Play a sound faster or slower at the same pitch, by a phase vocoder [1]_.

    Parameters
    ----------
    magnitude : float, default=0.5
        The rate is drawn from 1 / r to r, where r is 1.5 to its power; evenly in octaves.
    rate : float from 0.1 to 10, optional
        Above 1 is faster, whatever the magnitude.
    keep_length : bool, default=False
        Cut or fill up with silence to the old length.

    References
    ----------
    .. [1] Flanagan, Golden (1966). Phase vocoder. Bell System Technical Journal 45(9).

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = TimeStretch(rate=2.0).apply(sample, np.random.default_rng(0))
    >>> made.value.shape
    (2000,)
    """

    pooled: ClassVar[bool] = True

    rate: float | None = None
    keep_length: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "rate", 0.1, 10)

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound faster or slower."""
        drawn = 1.5 ** (self.magnitude * float(rng.uniform(-1, 1)))
        return time_stretch(sample.value, rate=drawn if self.rate is None else self.rate, keep_length=self.keep_length)

    @classmethod
    def example(cls) -> Example:
        """Half as long, at the same pitch."""
        return audio_example(
            "The sound is half as long; its pitch is the same.",
            lambda old, new: 2 * len(new) == len(old) and abs(_pitch(old) - _pitch(new)) < 8,
            rate=2.0,
        )
