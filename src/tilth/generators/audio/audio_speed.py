"""Speed perturbation: faster and higher, or slower and lower."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example, check_setting
from tilth.numerics.augment.audio_spectral import audio_speed
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["AudioSpeed"]


def _pitch(sound: Sound) -> float:
    """The loudest frequency in Hz, at 8,000 samples a second."""
    return float(np.abs(np.fft.rfft(sound)).argmax() * 8000 / len(sound))


@dataclass(frozen=True)
class AudioSpeed(AudioOperation):
    """Play a sound at another speed, its pitch with it [1]_.

    Parameters
    ----------
    magnitude : float, default=0.5
        The factor is drawn from 1 / r to r, where r is 1.2 to its power; 0.9 to 1.1, as in the paper, by default.
    factor : float from 0.1 to 10, optional
        Above 1 is faster, whatever the magnitude.
    keep_length : bool, default=False
        Cut or fill up with silence to the old length.

    References
    ----------
    .. [1] Ko, Peddinti, Povey, Khudanpur (2015). Audio augmentation for speech recognition. Interspeech.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = AudioSpeed(factor=2.0).apply(sample, np.random.default_rng(0))
    >>> made.value.shape
    (2000,)
    """

    pooled: ClassVar[bool] = True

    factor: float | None = None
    keep_length: bool = False

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "factor", 0.1, 10)

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound at another speed."""
        drawn = 1.2 ** (self.magnitude * float(rng.uniform(-1, 1)))
        return audio_speed(
            sample.value, factor=drawn if self.factor is None else self.factor, keep_length=self.keep_length
        )

    @classmethod
    def example(cls) -> Example:
        """Half as long, an octave up."""
        return audio_example(
            "The sound is half as long and an octave higher.",
            lambda old, new: 2 * len(new) == len(old) and abs(2 * _pitch(old) - _pitch(new)) < 8,
            factor=2.0,
        )
