"""Audio bytes to arrays, safely, and the two classic descriptions of sound: log-mel spectra and their cepstrum."""

from __future__ import annotations

import re
from io import BytesIO
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import DataError, ParameterError

__all__ = ["decode_audio", "log_mel", "mel_filters", "mfcc", "resample"]

Float32 = NDArray[np.float32]

_BLOCK = 65_536


def decode_audio(data: bytes, *, max_seconds: float = 600.0, where: str = "") -> tuple[Float32, int]:
    """Decode an audio file to one channel.

    Parameters
    ----------
    data : bytes
        WAV, FLAC, OGG, MP3, AIFF and what else libsndfile reads.
    max_seconds : float, default 600
        The longest sound that is decoded; a longer one is refused, not cut.
    where : str, optional
        Row or file to name in errors.

    Returns
    -------
    samples : (n,) float32 array
        Full scale is [-1, 1]; channels are averaged.
    rate : int
        Samples per second, in Hz.

    Raises
    ------
    DataError
        Empty, not audio, truncated, corrupt, without samples, too long, or with values that are not finite.
    ParameterError
        `max_seconds` not positive.

    Examples
    --------
    >>> decode_audio(b"", where="row 3")
    Traceback (most recent call last):
        ...
    tilth.errors.DataError: row 3: the sound is empty (found 0 bytes). Fetch the file again or drop the row
    """
    import soundfile

    if not max_seconds > 0:
        raise ParameterError("max_seconds must be positive", found=repr(max_seconds))
    if not isinstance(data, bytes | bytearray | memoryview):
        raise DataError("a sound must be given as bytes", where=where, found=type(data).__name__)
    again = "fetch the file again or drop the row"
    if len(data) == 0:
        raise DataError("the sound is empty", where=where, found="0 bytes", fix=again)
    _check_chunks(bytes(data), where)
    try:
        with soundfile.SoundFile(BytesIO(bytes(data))) as file:
            rate, promised = int(file.samplerate), int(file.frames)
            limit = max_seconds * rate
            samples = _read(file, limit)
    except (soundfile.SoundFileError, RuntimeError, ValueError, TypeError, OSError, EOFError) as err:
        raise DataError(
            "not audio of a known format, or corrupt", where=where, found=_without_address(err), fix=again
        ) from err
    if len(samples) > limit:
        raise DataError(
            f"the sound is longer than {max_seconds:g} s",
            where=where,
            found=f"more than {limit / rate:g} s at {rate} Hz",
            fix="raise max_seconds, or cut the recording",
        )
    if len(samples) == 0:
        raise DataError("the sound has no samples", where=where, found=f"0 samples at {rate} Hz", fix=again)
    if 0 < promised < 2**62 and len(samples) < promised:
        found = f"{len(samples)} of {promised} samples"
        raise DataError("the sound is cut short", where=where, found=found, fix=again)
    finite = np.isfinite(samples)
    if not finite.all():
        found = f"{samples[np.argmin(finite)]} at sample {int(np.argmin(finite))}"
        raise DataError("the sound has values that are not finite", where=where, found=found, fix=again)
    return samples, rate


def _without_address(error: Exception) -> str:
    """What a reader says, without the place of a buffer in memory, which differs from run to run."""
    return re.sub(r"<_io\.BytesIO object at 0x[0-9a-f]+>", "it", str(error))


def _check_chunks(data: bytes, where: str) -> None:
    """WAV and AIFF that end early are decoded as shorter sounds, so compare what their headers promise here."""
    kind = (data[:4], data[8:12])
    if kind not in ((b"RIFF", b"WAVE"), (b"FORM", b"AIFF"), (b"FORM", b"AIFC")):
        return
    sound: tuple[bytes, Literal["little", "big"]] = (b"data", "little") if kind[0] == b"RIFF" else (b"SSND", "big")
    place = 12
    while place + 8 <= len(data):
        size = int.from_bytes(data[place + 4 : place + 8], sound[1])
        if data[place : place + 4] == sound[0]:
            present = len(data) - place - 8
            if present < size < 0x7FFFFF00:  # streams of unknown length promise the largest number
                raise DataError(
                    "the sound is cut short",
                    where=where,
                    found=f"{present} of {size} bytes of samples",
                    fix="fetch the file again or drop the row",
                )
            return
        place += 8 + size + size % 2


def _read(file: object, limit: float) -> Float32:
    """Read in blocks, averaging the channels, and stop soon after the limit: the header's length is not trusted."""
    parts: list[Float32] = []
    total = 0
    while total <= limit:
        block = file.read(_BLOCK, dtype="float32", always_2d=True)  # type: ignore[attr-defined]
        if len(block) == 0:
            break
        parts.append(block[:, 0] if block.shape[1] == 1 else block.mean(axis=1, dtype=np.float32))
        total += len(block)
    return np.concatenate(parts) if parts else np.empty(0, dtype=np.float32)


def _as_samples(samples: ArrayLike, rate: int) -> NDArray[np.float64]:
    values = np.asarray(samples)
    if values.ndim != 1 or values.size == 0 or values.dtype.kind not in "fiu":
        raise DataError(
            "samples must be a one-dimensional array of numbers, not empty",
            found=f"{values.dtype} of shape {values.shape}",
        )
    if not np.isfinite(values).all():
        place = int(np.argmin(np.isfinite(values)))
        raise DataError("samples must be finite", where=f"sample {place}", found=str(values[place]))
    if rate < 1:
        raise ParameterError("the sampling rate must be at least 1 Hz", found=repr(rate))
    return values.astype(np.float64)


def resample(samples: ArrayLike, rate: int, new_rate: int) -> Float32:
    """Change the sampling rate, with a filter against aliasing.

    Parameters
    ----------
    samples : (n,) array_like of numbers, finite
    rate, new_rate : int
        Old and new rate, in Hz.

    Returns
    -------
    (ceil(n * new_rate / rate),) float32 array

    Raises
    ------
    DataError
        Not a finite one-dimensional signal.
    ParameterError
        A rate below 1.

    Examples
    --------
    >>> resample(np.zeros(100), 8000, 4000).shape
    (50,)
    """
    from scipy.signal import resample_poly

    values = _as_samples(samples, rate)
    if new_rate < 1:
        raise ParameterError("the sampling rate must be at least 1 Hz", found=repr(new_rate))
    if rate == new_rate:
        return values.astype(np.float32)
    shared = int(np.gcd(rate, new_rate))
    made: Float32 = resample_poly(values, new_rate // shared, rate // shared).astype(np.float32)
    return made


def mel_filters(
    rate: int, n_fft: int, n_mels: int, f_min: float = 0.0, f_max: float | None = None
) -> NDArray[np.float64]:
    """Triangular filters, evenly spaced and of height 1, on the mel scale ``mel = 2595 log10(1 + f / 700)``.

    Parameters
    ----------
    rate : int
        Sampling rate, in Hz.
    n_fft : int
        Samples per transformed frame.
    n_mels : int
        Number of filters.
    f_min, f_max : float
        Lowest and highest frequency, in Hz; the highest is half the rate by default.

    Returns
    -------
    (n_mels, n_fft // 2 + 1) float64 array in [0, 1]

    Raises
    ------
    ParameterError
        Not ``0 <= f_min < f_max <= rate / 2``, or counts below 1.

    Examples
    --------
    >>> mel_filters(8000, 256, 20).shape
    (20, 129)
    """
    top = rate / 2 if f_max is None else float(f_max)
    if not 0 <= f_min < top <= rate / 2:
        raise ParameterError("needs 0 <= f_min < f_max <= rate / 2", found=f"f_min {f_min}, f_max {top}, rate {rate}")
    if n_mels < 1 or n_fft < 2:
        raise ParameterError("needs n_mels >= 1 and n_fft >= 2", found=f"n_mels {n_mels}, n_fft {n_fft}")
    ends = 2595 * np.log10(1 + np.array([f_min, top]) / 700)
    corners = 700 * (10 ** (np.linspace(ends[0], ends[1], n_mels + 2) / 2595) - 1)
    frequency = np.arange(n_fft // 2 + 1) * rate / n_fft
    rise = (frequency - corners[:-2, None]) / (corners[1:-1] - corners[:-2])[:, None]
    fall = (corners[2:, None] - frequency) / (corners[2:] - corners[1:-1])[:, None]
    filters: NDArray[np.float64] = np.clip(np.minimum(rise, fall), 0, None)
    for row in np.flatnonzero(filters.sum(axis=1) == 0):  # narrower than one frequency: take the nearest
        filters[row, np.argmin(np.abs(frequency - corners[row + 1]))] = 1.0
    return filters


def log_mel(
    samples: ArrayLike,
    rate: int,
    *,
    n_mels: int = 40,
    window_seconds: float = 0.025,
    hop_seconds: float = 0.010,
    f_min: float = 0.0,
    f_max: float | None = None,
) -> Float32:
    """Log-mel spectrogram: the power spectrum of short frames, summed under mel filters, in decibels.

    A frame of w samples every h samples, times a Hann window, padded with zeros to the next power of two N;
    ``P = |FFT|**2 / N``; ``10 log10(max(M P, 1e-10))`` with the filters M of `mel_filters`. A sound shorter than one
    frame is padded with zeros to one frame; samples after the last whole frame are left out.

    Parameters
    ----------
    samples : (n,) array_like of numbers, finite
    rate : int
        In Hz.
    n_mels : int, default 40
    window_seconds, hop_seconds : float, default 0.025 and 0.010
    f_min, f_max : float
        In Hz, as `mel_filters`.

    Returns
    -------
    (frames, n_mels) float32 array
        In dB, at least -100.

    Raises
    ------
    DataError
        Not a finite one-dimensional signal.
    ParameterError
        A window or hop shorter than one sample, or frequencies out of order.

    Examples
    --------
    >>> log_mel(np.zeros(800), 8000).shape
    (8, 40)
    """
    values = _as_samples(samples, rate)
    width, hop = round(window_seconds * rate), round(hop_seconds * rate)
    if width < 1 or hop < 1:
        raise ParameterError("window and hop must span a sample", found=f"{window_seconds} s, {hop_seconds} s")
    if len(values) < width:
        values = np.pad(values, (0, width - len(values)))
    n_fft = max(2, 1 << (width - 1).bit_length())
    frames = np.lib.stride_tricks.sliding_window_view(values, width)[::hop]
    window = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(width) / width) if width > 1 else np.ones(1)
    filters = mel_filters(rate, n_fft, n_mels, f_min, f_max).T
    out = np.empty((len(frames), n_mels), dtype=np.float32)
    for start in range(0, len(frames), 4096):
        part = slice(start, start + 4096)
        power = np.abs(np.fft.rfft(frames[part] * window, n_fft)) ** 2 / n_fft
        out[part] = 10 * np.log10(np.maximum(power @ filters, 1e-10))
    return out


def mfcc(samples: ArrayLike, rate: int, *, n_mfcc: int = 13, n_mels: int = 40, **options: float) -> Float32:
    """Mel-frequency cepstral coefficients: the orthonormal DCT-II of `log_mel` over its filters [1]_.

    Parameters
    ----------
    samples : (n,) array_like of numbers, finite
    rate : int
        In Hz.
    n_mfcc : int in [1, n_mels], default 13
        Coefficients kept, the zeroth (loudness) first.
    n_mels : int, default 40
    **options
        ``window_seconds``, ``hop_seconds``, ``f_min``, ``f_max`` of `log_mel`.

    Returns
    -------
    (frames, n_mfcc) float32 array

    Raises
    ------
    DataError
        Not a finite one-dimensional signal.
    ParameterError
        `n_mfcc` out of range, or as `log_mel`.

    References
    ----------
    .. [1] Davis, Mermelstein (1980). Comparison of parametric representations for monosyllabic word recognition.
       IEEE Transactions on Acoustics, Speech and Signal Processing 28(4).

    Examples
    --------
    >>> mfcc(np.sin(np.arange(800)), 8000).shape
    (8, 13)
    """
    from scipy.fft import dct

    if not 1 <= n_mfcc <= n_mels:
        raise ParameterError("n_mfcc must lie in [1, n_mels]", found=f"{n_mfcc} of {n_mels}")
    spectrum = log_mel(samples, rate, n_mels=n_mels, **options).astype(np.float64)
    cepstrum: Float32 = dct(spectrum, type=2, norm="ortho", axis=1)[:, :n_mfcc].astype(np.float32)
    return cepstrum
