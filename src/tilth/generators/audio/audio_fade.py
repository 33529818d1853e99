"""Fades at both ends."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example, check_setting
from tilth.numerics.augment.audio import audio_fade
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["AudioFade"]


@dataclass(frozen=True)
class AudioFade(AudioOperation):
    """Let a sound swell at its beginning and die away at its end.

    Parameters
    ----------
    magnitude : float, default=0.5
        The two fades are drawn from 0 to half of it, as shares of the length.
    fade_in, fade_out : float in [0, 1], optional
        Shares of the length, whatever the magnitude.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = AudioFade().apply(sample, np.random.default_rng(0))
    >>> made.value.shape
    (4000,)
    """

    fade_in: float | None = None
    fade_out: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "fade_in", 0, 1)
        check_setting(self, "fade_out", 0, 1)

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound with fades."""
        drawn = (rng.random(2) * self.magnitude / 2).tolist()
        return audio_fade(
            sample.value,
            fade_in=drawn[0] if self.fade_in is None else self.fade_in,
            fade_out=drawn[1] if self.fade_out is None else self.fade_out,
        )

    @classmethod
    def example(cls) -> Example:
        """A quarter at each end."""
        return audio_example(
            "The middle is untouched, the ends are softer.",
            lambda old, new: (
                bool(np.array_equal(new[1000:3000], old[1000:3000])) and float(np.abs(new[:50]).max()) < 0.05
            ),
            fade_in=0.25,
            fade_out=0.25,
        )
