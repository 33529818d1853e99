"""SpecAugment: time warped, bands and stretches masked."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example, check_setting
from tilth.numerics.augment.audio_spectral import audio_spec_augment
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["SpecAugment"]


@dataclass(frozen=True)
class SpecAugment(AudioOperation):
    """SpecAugment in full [1]_, on the sound: its spectrum is warped in time and masked with silence, and turned back.

    `tilth.spec_augment` does the same to spectrograms.

    Parameters
    ----------
    magnitude : float, default=0.5
        At 1 as the paper's LibriSpeech double policy: two bands of up to a third of the spectrum, two stretches of
        up to a tenth of the time, a warp of up to a tenth; in proportion below.
    m_F, m_T : int, default=2
        Number of frequency and of time masks.
    warp, band, span : float in [0, 1], optional
        Largest warp, width of a frequency mask and length of a time mask, as shares, whatever the magnitude.

    References
    ----------
    .. [1] Park, Chan, Zhang, Chiu, Zoph, Cubuk, Le (2019). SpecAugment: a simple data augmentation method for automatic
       speech recognition. Interspeech.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = SpecAugment().apply(sample, np.random.default_rng(0))
    >>> made.value.shape
    (4000,)
    """

    m_F: int = 2  # noqa: N815 - the paper's name
    m_T: int = 2  # noqa: N815
    warp: float | None = None
    band: float | None = None
    span: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "warp", 0, 1)
        check_setting(self, "band", 0, 1)
        check_setting(self, "span", 0, 1)
        check_setting(self, "m_F", 0, 100)
        check_setting(self, "m_T", 0, 100)

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound warped and masked."""
        m = self.magnitude
        return audio_spec_augment(
            sample.value,
            rng,
            warp=0.1 * m if self.warp is None else self.warp,
            band=27 / 80 * m if self.band is None else self.band,
            m_F=self.m_F,
            span=0.1 * m if self.span is None else self.span,
            m_T=self.m_T,
        )

    @classmethod
    def example(cls) -> Example:
        """A gap in the tone."""
        return audio_example(
            "A stretch of the tone is silent.",
            lambda old, new: len(new) == len(old) and float(np.mean(new**2)) < float(np.mean(old**2)),
            band=0.0,
            span=0.8,
        )
