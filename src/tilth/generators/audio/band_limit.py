"""A limited band: low-pass, high-pass or band-pass."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.errors import ParameterError
from tilth.generators.audio._base import AudioOperation, Sound, audio_example, check_setting
from tilth.numerics.augment.audio_channel import band_limit
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["BandLimit"]

_KINDS = ("low_pass", "high_pass", "band_pass")


@dataclass(frozen=True)
class BandLimit(AudioOperation):
    """Take away low frequencies, high ones, or both, as small loudspeakers and telephones do.

    Parameters
    ----------
    magnitude : float, default=0.5
        The lower edge is drawn up to 8 octaves times it above 20 Hz, the upper one up to 4 octaves times it below
        half the sample rate.
    kind : {"any", "low_pass", "high_pass", "band_pass"}
        "any" draws one of the three for each sound.
    low_hz, high_hz : float, optional
        Edges in Hz, whatever the magnitude.

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = BandLimit(kind="high_pass", low_hz=2000.0).apply(sample, np.random.default_rng(0))
    >>> bool(np.abs(made.value[500:-500]).max() < 0.01)
    True
    """

    kind: str = "any"
    low_hz: float | None = None
    high_hz: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "low_hz", 0, 1e6)
        check_setting(self, "high_hz", 0, 1e6)
        if self.kind not in ("any", *_KINDS):
            raise ParameterError(
                "no such kind",
                where="band_limit.kind",
                found=repr(self.kind),
                fix=f"use one of any, {', '.join(_KINDS)}",
            )
        if self.low_hz is not None and self.high_hz is not None:
            band_limit([], 8000, low_hz=self.low_hz, high_hz=self.high_hz)  # raises where they are the wrong way round

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound with a limited band."""
        kind = _KINDS[int(rng.integers(3))] if self.kind == "any" else self.kind
        drawn = rng.random(2) * self.magnitude
        low = float(20 * 2 ** (8 * drawn[0])) if self.low_hz is None else self.low_hz
        high = float(sample.rate / 2 / 2 ** (4 * drawn[1])) if self.high_hz is None else self.high_hz
        if kind == "band_pass" and high < 2 * low:
            low = high / 2 if self.low_hz is None else low
            high = max(high, 2 * low) if self.high_hz is None else high
        return band_limit(
            sample.value,
            sample.rate,
            low_hz=None if kind == "low_pass" else low,
            high_hz=None if kind == "high_pass" else high,
        )

    @classmethod
    def example(cls) -> Example:
        """A telephone takes a low tone away."""
        return audio_example(
            "A tone below the band is gone.",
            lambda _, new: float(np.abs(new[500:-500]).max()) < 0.02,
            kind="high_pass",
            low_hz=2000.0,
        )
