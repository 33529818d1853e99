"""What a codec leaves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.audio._base import AudioOperation, Sound, audio_example
from tilth.numerics.augment.audio_channel import CODECS, codec_loss
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["CodecLoss"]


@dataclass(frozen=True)
class CodecLoss(AudioOperation):
    """Send a sound through a codec: telephone companding, coarse steps, Ogg Vorbis or MP3, in memory.

    Parameters
    ----------
    magnitude : float, default=0.5
        The quality is 1 at 0 and 0 at 1: 12 to 4 bits, or the encoder's own scale.
    codec : {"any", "mulaw", "bitcrush", "ogg", "mp3"}
        "any" draws one for each sound.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = CodecLoss(codec="bitcrush").apply(sample, np.random.default_rng(0))
    >>> len(set(np.round(made.value, 6).tolist())) < 130
    True
    """

    codec: str = "any"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.codec != "any":
            codec_loss([], 8000, codec=self.codec)  # raises for an unknown codec

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound that is left."""
        codec = CODECS[int(rng.integers(len(CODECS)))] if self.codec == "any" else self.codec
        return codec_loss(sample.value, sample.rate, codec=codec, quality=1 - self.magnitude)

    @classmethod
    def example(cls) -> Example:
        """Sixteen steps."""
        return audio_example(
            "The sound has sixteen values at most.",
            lambda old, new: len(np.unique(new)) <= 16 and float(np.abs(new - old).max()) < 0.13,
            codec="bitcrush",
            magnitude=1.0,
        )
