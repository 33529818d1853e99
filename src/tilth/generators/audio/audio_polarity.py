"""Upside down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example
from tilth.numerics.augment.audio import audio_polarity
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["AudioPolarity"]


@dataclass(frozen=True)
class AudioPolarity(AudioOperation):
    """Turn a sound upside down: it sounds the same.

    Parameters
    ----------
    magnitude : float, default=0.5
        Of no use here.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = AudioPolarity().apply(sample, np.random.default_rng(0))
    >>> bool(np.array_equal(made.value, -tone()))
    True
    """

    ranged: ClassVar[bool] = False

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound upside down."""
        del rng
        return audio_polarity(sample.value)

    @classmethod
    def example(cls) -> Example:
        """Every sign changed."""
        return audio_example(
            "Every sample has the other sign.",
            lambda old, new: bool(np.array_equal(new, -old)),
        )
