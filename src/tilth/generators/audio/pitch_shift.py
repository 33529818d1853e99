"""Higher or lower."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example, check_setting
from tilth.numerics.augment.audio_spectral import pitch_shift
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["PitchShift"]


def _pitch(sound: Sound) -> float:
    """The loudest frequency in Hz, at 8,000 samples a second."""
    return float(np.abs(np.fft.rfft(sound)).argmax() * 8000 / len(sound))


@dataclass(frozen=True)
class PitchShift(AudioOperation):
    """Raise or lower the pitch of a sound at the same length.

    Parameters
    ----------
    magnitude : float, default=0.5
        The shift is drawn from -6 to 6 semitones times it.
    semitones : float from -24 to 24, optional
        Shift, whatever the magnitude.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = PitchShift(semitones=12.0).apply(sample, np.random.default_rng(0))
    >>> int(np.abs(np.fft.rfft(made.value)).argmax() * 2)
    880
    """

    pooled: ClassVar[bool] = True

    semitones: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "semitones", -24, 24)

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound higher or lower."""
        drawn = 6 * self.magnitude * float(rng.uniform(-1, 1))
        return pitch_shift(sample.value, semitones=drawn if self.semitones is None else self.semitones)

    @classmethod
    def example(cls) -> Example:
        """An octave up."""
        return audio_example(
            "The pitch is an octave higher; the length is the same.",
            lambda old, new: len(new) == len(old) and abs(2 * _pitch(old) - _pitch(new)) < 8,
            semitones=12.0,
        )
