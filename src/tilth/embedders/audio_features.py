"""Sounds to vectors without a trained model: log-mel spectra and cepstral statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tilth.numerics.media.sounds import decode_audio, log_mel, resample
from tilth.plugin import Embedder, Example, Run
from tilth.records import MemoryItems

__all__ = ["AudioFeatures", "describe"]

Float32 = npt.NDArray[np.float32]

RATE = 16_000
N_MELS = 40
N_CEPSTRUM = 20
SEGMENTS = 10
#: Decibels below the loudest value that still count; decibels below the loudest frame that count as silence.
DYNAMIC_RANGE = 45.0
SILENCE = 25.0


@dataclass(frozen=True)
class AudioFeatures(Embedder):
    """Describe sounds by their spectrum over time, cepstral statistics and duration.

    Needs no download and no training: the same sound always has the same vector, whatever else is in
    the dataset. Every sound is brought to one channel of 16 kHz; silence at both ends is cut off, and
    loudness does not count. The blocks are

    - the log-mel spectrogram, averaged in 10 equal parts of the sound (10 x 40 numbers),
    - mean and standard deviation of each mel band (40 + 40),
    - mean and standard deviation of 20 cepstral coefficients [1]_ but for the mean of the zeroth, which is
      loudness; mean and standard deviation of their first differences, standard deviation of their
      second differences (19 + 4 x 20),
    - the logarithm of the duration (1).

    A sound that cannot be read has NaN in every column.

    References
    ----------
    .. [1] Davis, Mermelstein (1980). Comparison of parametric representations for monosyllabic word
       recognition. IEEE Transactions on Acoustics, Speech and Signal Processing 28(4).

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> AudioFeatures().embed(AudioFeatures.example().given, Run()).shape
    (4, 580)
    """

    accepts: ClassVar[tuple[str, ...]] = ("audio",)

    def embed(self, items: Any, run: Run) -> Float32:
        """Vectors of encoded sounds, shape (n, 580)."""
        results = run.map_items(describe, items, maker=self.spec())
        out = np.full((len(results), N_FEATURES), np.nan, dtype=np.float32)
        for row, result in enumerate(results):
            if not isinstance(result, Exception):
                out[row] = result
        return out

    @classmethod
    def example(cls) -> Example:
        """A tone, the same one softer, a higher one, and bytes that are no sound."""
        time = np.arange(RATE // 4) / RATE
        low, high = (np.sin(2 * np.pi * hertz * time) for hertz in (300, 2500))

        def check(vectors: Float32) -> str:
            if not np.isnan(vectors[3]).all():
                return "the unreadable sound should be all NaN"
            near, far = (float(np.linalg.norm(vectors[0] - vectors[i])) for i in (1, 2))
            return "" if near < far / 4 else f"the softer tone at {near:.2f}, the higher one at {far:.2f}"

        given = MemoryItems([_wav(low), _wav(low / 3), _wav(high), b"no sound"])
        return Example(given, check, "Loudness does not count, pitch does.")


N_FEATURES = SEGMENTS * N_MELS + 2 * N_MELS + (N_CEPSTRUM - 1) + 4 * N_CEPSTRUM + 1


def describe(data: bytes) -> Float32:
    """Features of one encoded sound, shape (580,), float32; raises `DataError` where it cannot be read."""
    from scipy.fft import dct

    samples, rate = decode_audio(data)
    spectrum = log_mel(resample(samples, rate, RATE), RATE, n_mels=N_MELS).astype(np.float64)
    spectrum = np.maximum(spectrum, spectrum.max() - DYNAMIC_RANGE)
    spectrum = _without_silence(spectrum)
    cepstrum = dct(spectrum, norm="ortho", axis=1)[:, :N_CEPSTRUM]
    first = _differences(cepstrum)
    second = _differences(first)
    level = spectrum.mean()
    blocks = (
        (_pooled(spectrum - level) / 10).ravel(),
        (spectrum.mean(axis=0) - level) / 10,
        spectrum.std(axis=0) / 10,
        cepstrum[:, 1:].mean(axis=0) / 10,
        cepstrum.std(axis=0) / 10,
        first.mean(axis=0),
        first.std(axis=0) / 5,
        second.std(axis=0) / 5,
        np.array([np.log(len(samples) / rate)]),
    )
    return np.concatenate(blocks).astype(np.float32)


def _without_silence(spectrum: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The frames from the first to the last that is not silent."""
    power = (10 ** ((spectrum - spectrum.max()) / 10)).sum(axis=1)
    loud = np.flatnonzero(power >= power.max() * 10 ** (-SILENCE / 10))
    return spectrum[loud[0] : loud[-1] + 1]


def _pooled(spectrum: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Means of equal parts of the sound, shape (SEGMENTS, N_MELS); frames repeat where it is too short."""
    fine = 4 * SEGMENTS
    places = ((np.arange(fine) + 0.5) * len(spectrum) / fine).astype(np.int64)
    if len(spectrum) <= fine:
        pooled: npt.NDArray[np.float64] = spectrum[places].reshape(SEGMENTS, 4, -1).mean(axis=1)
        return pooled
    edges = (np.arange(SEGMENTS) * len(spectrum)) // SEGMENTS
    counts = np.diff(np.append(edges, len(spectrum)))
    return np.asarray(np.add.reduceat(spectrum, edges, axis=0) / counts[:, None])


def _differences(frames: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """Change from frame to frame; zero for a single frame."""
    return np.asarray(np.gradient(frames, axis=0)) if len(frames) > 1 else np.zeros_like(frames)


def _wav(samples: npt.NDArray[np.float64]) -> bytes:
    """A mono 16-bit WAV file of samples in [-1, 1]."""
    body = np.round(samples * 32_000).astype("<i2").tobytes()
    form = b"fmt " + (16).to_bytes(4, "little") + b"\x01\x00\x01\x00"
    form += RATE.to_bytes(4, "little") + (2 * RATE).to_bytes(4, "little") + b"\x02\x00\x10\x00"
    data = b"data" + len(body).to_bytes(4, "little") + body
    return b"RIFF" + (4 + len(form) + len(data)).to_bytes(4, "little") + b"WAVE" + form + data
