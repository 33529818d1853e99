"""Louder or softer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example, check_setting
from tilth.numerics.augment.audio import audio_gain
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["AudioGain"]


@dataclass(frozen=True)
class AudioGain(AudioOperation):
    """Make a sound louder or softer, no louder than full scale.

    Parameters
    ----------
    magnitude : float, default=0.5
        The gain is drawn from -18 to 18 decibels times it.
    gain_db : float, optional
        Gain in decibels, whatever the magnitude.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = AudioGain(gain_db=-6.0206).apply(sample, np.random.default_rng(0))
    >>> round(float(np.abs(made.value).max()), 2)
    0.25
    """

    pooled: ClassVar[bool] = True

    gain_db: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "gain_db", -120, 120)

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound louder or softer."""
        drawn = float(rng.uniform(-18, 18)) * self.magnitude
        return audio_gain(sample.value, gain_db=drawn if self.gain_db is None else self.gain_db)

    @classmethod
    def example(cls) -> Example:
        """Half as loud."""
        return audio_example(
            "The sound is half as loud.",
            lambda old, new: bool(np.allclose(new, old / 2, atol=1e-4)),
            gain_db=-6.0206,
        )
