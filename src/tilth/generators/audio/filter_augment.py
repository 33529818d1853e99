"""Random gains over bands of frequency, as another microphone or room gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example, check_setting
from tilth.numerics.augment.filter_augment import filter_augment
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["FilterAugment"]


@dataclass(frozen=True)
class FilterAugment(AudioOperation):
    """Weight frequencies by a random curve, as another microphone, room or speaker does; the loudness stays.

    Parameters
    ----------
    magnitude : float, default=0.5
        Gains of up to 15 dB times it, either way; 7.5 dB by default, about the paper's range.
    gain_db : float, optional
        The largest gain, whatever the magnitude.

    References
    ----------
    .. [1] Nam, Kim, Park (2022). FilterAugment: an acoustic environmental data augmentation method. ICASSP.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> FilterAugment().apply(sample, np.random.default_rng(0)).value.shape
    (4000,)
    """

    pooled: ClassVar[bool] = True

    gain_db: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "gain_db", 0, 60)

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound with other gains by frequency."""
        gain = 15.0 * self.magnitude if self.gain_db is None else self.gain_db
        return filter_augment(sample.value, sample.rate, rng, gain_db=gain)

    @classmethod
    def example(cls) -> Example:
        """A tone has one frequency, so that it only comes back at its own loudness."""
        return audio_example(
            "The loudness stays.",
            lambda old, new: bool(abs(float((new**2).sum() / (old**2).sum()) - 1) < 1e-3),
            gain_db=12.0,
        )
