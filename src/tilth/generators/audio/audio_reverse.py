"""From end to beginning."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example
from tilth.numerics.augment.audio import audio_reverse
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["AudioReverse"]


@dataclass(frozen=True)
class AudioReverse(AudioOperation):
    """Play a sound from its end to its beginning. Not for speech.

    Parameters
    ----------
    magnitude : float, default=0.5
        Of no use here.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = AudioReverse().apply(sample, np.random.default_rng(0))
    >>> bool(np.array_equal(made.value, tone()[::-1]))
    True
    """

    ranged: ClassVar[bool] = False

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound reversed."""
        del rng
        return audio_reverse(sample.value)

    @classmethod
    def example(cls) -> Example:
        """The last sample first."""
        return audio_example(
            "The last sample comes first.",
            lambda old, new: bool(np.array_equal(new, old[::-1])),
        )
