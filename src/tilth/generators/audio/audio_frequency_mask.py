"""A band of frequencies taken out."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example, check_setting
from tilth.numerics.augment.audio_spectral import audio_frequency_mask
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["AudioFrequencyMask"]


@dataclass(frozen=True)
class AudioFrequencyMask(AudioOperation):
    """Silence a band of frequencies of a sound from beginning to end.

    Parameters
    ----------
    magnitude : float, default=0.5
        The width is drawn from 0 to 0.5 times it, as a share of the spectrum.
    width : float in [0, 1], optional
        Width as a share of the range from 0 Hz to half the sample rate, whatever the magnitude.
    low : float in [0, 1], optional
        Lower edge as such a share; by default drawn.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = AudioFrequencyMask(width=0.2, low=0.0).apply(sample, np.random.default_rng(0))
    >>> bool(np.abs(made.value[500:-500]).max() < 0.01)
    True
    """

    pooled: ClassVar[bool] = True

    width: float | None = None
    low: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "width", 0, 1)
        check_setting(self, "low", 0, 1)

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound without a band."""
        drawn = 0.5 * self.magnitude * float(rng.random())
        width = drawn if self.width is None else self.width
        low = float(rng.random()) * (1 - width)
        return audio_frequency_mask(sample.value, low=low if self.low is None else self.low, width=width)

    @classmethod
    def example(cls) -> Example:
        """The tone lies in the band."""
        return audio_example(
            "A tone inside the band is gone.",
            lambda _, new: float(np.abs(new[500:-500]).max()) < 0.01,
            width=0.3,
            low=0.0,
        )
