"""Noise at a signal-to-noise ratio."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example, check_setting
from tilth.numerics.augment.audio import NOISE_COLOURS, audio_noise
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["AudioNoise"]


@dataclass(frozen=True)
class AudioNoise(AudioOperation):
    """Add noise of a colour at a signal-to-noise ratio.

    Parameters
    ----------
    magnitude : float, default=0.5
        The ratio is 50 decibels at 0 and falls by 45 on the way to 1.
    snr_db : float, optional
        Signal-to-noise ratio in decibels, whatever the magnitude.
    colour : {"any", "white", "pink", "brown", "blue", "violet"}
        "any" draws one for each sound.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = AudioNoise().apply(sample, np.random.default_rng(0))
    >>> made.value.shape
    (4000,)
    """

    pooled: ClassVar[bool] = True

    snr_db: float | None = None
    colour: str = "any"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "snr_db", -60, 120)
        if self.colour != "any":
            audio_noise([], 0, colour=self.colour)  # raises for an unknown colour

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound with noise."""
        snr_db = 50 - 45 * self.magnitude if self.snr_db is None else self.snr_db
        names = list(NOISE_COLOURS)
        colour = names[int(rng.integers(len(names)))] if self.colour == "any" else self.colour
        return audio_noise(sample.value, rng, snr_db=snr_db, colour=colour)

    @classmethod
    def example(cls) -> Example:
        """Noise of a tenth of the tone."""
        return audio_example(
            "The noise is 20 decibels below the tone.",
            lambda old, new: abs(10 * np.log10(np.mean(old**2) / np.mean((new - old) ** 2)) - 20) < 0.1,
            snr_db=20.0,
        )
