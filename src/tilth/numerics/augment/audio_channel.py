"""What happens to a sound between source and file: rooms, limited bands, codecs.

Sounds are (n,) float arrays; results are (n,) float32. A silent sound and one of fewer than two samples come back
unchanged.
"""

from __future__ import annotations

import io

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tilth.errors import ParameterError
from tilth.numerics.augment.audio import as_sound, check_number, poor_sound, within_scale

__all__ = ["CODECS", "band_limit", "codec_loss", "image_source_impulse", "room_impulse", "room_response"]

Generator = np.random.Generator
Float32 = NDArray[np.float32]

CODECS = ("mulaw", "bitcrush", "ogg", "mp3")
_SPEED_OF_SOUND = 343.0
_MP3_RATES = (8000, 11025, 12000, 16000, 22050, 24000, 32000, 44100, 48000)


def room_impulse(rate: int, rng: Generator | int, *, rt60: float = 0.4, direct_db: float = 0.0) -> Float32:
    """An impulse response of a room that does not exist: the direct sound, then noise that dies away [1]_.

    Parameters
    ----------
    rate : int
        Samples a second.
    rng : Generator or int
    rt60 : float in [0.01, 10], default 0.4
        Seconds after which the echo has fallen by 60 decibels.
    direct_db : float in [-40, 60], default 0
        Energy of the direct sound over that of the echo, in decibels.

    Returns
    -------
    (n,) float32 array
        Begins with 1, the direct sound.

    Raises
    ------
    ParameterError
        A number out of range.

    References
    ----------
    .. [1] Moorer (1979). About this reverberation business. Computer Music Journal 3(2).

    Examples
    --------
    >>> room_impulse(8000, 0, rt60=0.1).shape
    (800,)
    """
    check_number("rate", rate, 1, 1e7)
    check_number("rt60", rt60, 0.01, 10)
    check_number("direct_db", direct_db, -40, 60)
    n = max(2, round(rt60 * rate))
    draw = np.random.default_rng(rng)
    time = np.arange(n, dtype=np.float32) / rate
    echo = draw.standard_normal(n, dtype=np.float32) * np.exp(-6.9078 / rt60 * time).astype(np.float32)
    echo[: max(1, round(0.002 * rate))] = 0  # the first wall is some way off
    energy = float(np.sum(echo.astype(np.float64) ** 2))
    if energy > 0:
        echo *= np.float32(10 ** (-direct_db / 20) / np.sqrt(energy))
    echo[0] = 1
    return echo


def image_source_impulse(
    rate: int,
    *,
    room: tuple[float, float, float] = (5.0, 4.0, 3.0),
    source: tuple[float, float, float] = (1.5, 1.5, 1.5),
    microphone: tuple[float, float, float] = (3.5, 2.5, 1.2),
    absorption: float = 0.4,
    order: int = 8,
) -> Float32:
    """The impulse response of a box-shaped room by the image-source method [1]_.

    Parameters
    ----------
    rate : int
        Samples a second.
    room, source, microphone : (3,) tuples of float
        Size of the room and the two places in it, in metres.
    absorption : float in [0.01, 1], default 0.4
        Share of the energy that a wall swallows.
    order : int from 0 to 20, default 8
        Reflections along each axis that are followed.

    Returns
    -------
    (n,) float32 array
        Begins with 1, the direct sound.

    Raises
    ------
    ParameterError
        A place outside the room, or a number out of range.

    References
    ----------
    .. [1] Allen, Berkley (1979). Image method for efficiently simulating small-room acoustics. JASA 65(4).

    Examples
    --------
    >>> float(image_source_impulse(8000, order=1)[0])
    1.0
    """
    check_number("rate", rate, 1, 1e7)
    check_number("absorption", absorption, 0.01, 1)
    check_number("order", order, 0, 20)
    inside = all(0 < place[axis] < room[axis] for place in (source, microphone) for axis in range(3))
    if not inside:
        raise ParameterError("source and microphone must be inside the room", found=f"{source}, {microphone} in {room}")
    steps = np.arange(-int(order), int(order) + 1)
    # image k of a source at s in a room of length L lies at k L + s for even k, else at (k + 1) L - s, after |k| walls
    axes = [
        np.where(steps % 2 == 0, steps * room[axis] + source[axis], (steps + 1) * room[axis] - source[axis])
        - microphone[axis]
        for axis in range(3)
    ]
    distance = np.sqrt(axes[0][:, None, None] ** 2 + axes[1][None, :, None] ** 2 + axes[2][None, None, :] ** 2)
    walls = np.abs(steps)[:, None, None] + np.abs(steps)[None, :, None] + np.abs(steps)[None, None, :]
    strength = (1 - absorption) ** (walls / 2) / np.maximum(distance, 0.01)
    direct = distance[int(order), int(order), int(order)]
    delay = np.round((distance - direct) * rate / _SPEED_OF_SOUND).astype(np.int64)
    heard = (delay >= 0) & (strength > 0)
    out = np.bincount(delay[heard], weights=strength[heard])
    made: Float32 = (out / out[0]).astype(np.float32)
    return made


def room_response(samples: ArrayLike, impulse: ArrayLike) -> Float32:
    """A sound as heard in the room of an impulse response: n samples long, as loud as before.

    Parameters
    ----------
    samples : (n,) array_like
    impulse : (m,) array_like
        As from `room_impulse` or `image_source_impulse`, or recorded; at the sound's rate.

    Returns
    -------
    (n,) float32 array

    Raises
    ------
    DataError
        One of them is not one finite channel.

    Examples
    --------
    >>> room_response([1.0, 0.0, 0.0], [1.0, 0.5]).astype(float).round(3).tolist()
    [0.894, 0.447, 0.0]
    """
    from scipy.signal import fftconvolve

    sound, response = as_sound(samples), as_sound(impulse)
    if poor_sound(sound) or not response.any():
        return sound
    wet = fftconvolve(sound, response)[: sound.size]
    power = float(np.mean(wet.astype(np.float64) ** 2))
    if not power > 0:
        return sound
    loud = np.sqrt(float(np.mean(sound.astype(np.float64) ** 2)) / power)
    return within_scale(wet * np.float32(loud), sound)


def band_limit(
    samples: ArrayLike, rate: int, *, low_hz: float | None = None, high_hz: float | None = None, order: int = 4
) -> Float32:
    """Take away what lies below `low_hz` and above `high_hz`: a high-pass, low-pass or band-pass Butterworth filter.

    Parameters
    ----------
    samples : (n,) array_like
    rate : int
        Samples a second.
    low_hz, high_hz : float, optional
        Edges of the band, 3 decibels down each way of the filter; an edge outside (0, rate / 2) has no effect.
    order : int from 1 to 12, default 4
        The filter runs forward and back, so that nothing is delayed.

    Returns
    -------
    (n,) float32 array

    Raises
    ------
    DataError
        Not one finite channel.
    ParameterError
        A number out of range, or `low_hz` not below `high_hz`.

    Examples
    --------
    >>> tone = np.sin(2 * np.pi * 100 * np.arange(8000) / 8000)
    >>> bool(np.abs(band_limit(tone, 8000, low_hz=1000)[1000:7000]).max() < 0.01)
    True
    """
    check_number("rate", rate, 1, 1e7)
    check_number("order", order, 1, 12)
    for name, value in (("low_hz", low_hz), ("high_hz", high_hz)):
        if value is not None:
            check_number(name, value, 0, 1e7)
    if low_hz is not None and high_hz is not None and not low_hz < high_hz:
        raise ParameterError("low_hz must be below high_hz", found=f"{low_hz:g} and {high_hz:g}")
    sound = as_sound(samples)
    low = None if low_hz is None or low_hz <= 0 else low_hz
    high = None if high_hz is None or high_hz >= 0.499 * rate else high_hz
    if low is not None and low >= 0.499 * rate:
        low = None
    if poor_sound(sound) or (low is None and high is None):
        return sound
    from scipy.signal import butter, sosfiltfilt

    kind, edge = ("bandpass", [low, high]) if low and high else (("highpass", low) if low else ("lowpass", high))
    sections = butter(int(order), edge, btype=kind, fs=rate, output="sos")
    pad = min(sound.size - 1, 3 * (2 * len(sections) + 1))
    made = sosfiltfilt(sections, sound.astype(np.float64), padlen=pad)
    return within_scale(np.nan_to_num(made), sound)


def codec_loss(samples: ArrayLike, rate: int, *, codec: str = "mulaw", quality: float = 0.5) -> Float32:
    """What a codec leaves of a sound.

    Parameters
    ----------
    samples : (n,) array_like
    rate : int
        Samples a second.
    codec : {"mulaw", "bitcrush", "ogg", "mp3"}
        Telephone companding (G.711) [1]_, coarse linear steps, Vorbis, or MPEG layer III; the last two by way of
        libsndfile, in memory.
    quality : float in [0, 1], default 0.5
        1 loses least: 12 to 4 bits for the first two, the encoder's own scale for the others.

    Returns
    -------
    (n,) float32 array

    Raises
    ------
    DataError
        Not one finite channel.
    ParameterError
        An unknown codec, or `quality` out of range.

    References
    ----------
    .. [1] ITU-T Recommendation G.711 (1988). Pulse code modulation of voice frequencies.

    Examples
    --------
    >>> codec_loss([0.5, -0.25, 0.013], 8000, codec="bitcrush", quality=0).tolist()
    [0.5, -0.25, 0.0]
    """
    if codec not in CODECS:
        raise ParameterError("no such codec", where="codec", found=repr(codec), fix=f"use one of {', '.join(CODECS)}")
    check_number("rate", rate, 1, 1e7)
    check_number("quality", quality, 0, 1)
    sound = as_sound(samples)
    if poor_sound(sound):
        return sound
    if codec in ("ogg", "mp3"):
        return within_scale(_round_trip(sound, int(rate), codec, quality), sound)
    bits = round(4 + 8 * quality)
    peak = max(1.0, float(np.abs(sound).max()))
    values = (sound / peak).astype(np.float64)
    if codec == "bitcrush":
        steps = 2 ** (bits - 1)
        return np.asarray(np.round(values * steps) / steps * peak, dtype=np.float32)
    mu, steps = 255.0, 2 ** (bits - 1) - 1
    squeezed = np.sign(values) * np.log1p(mu * np.abs(values)) / np.log1p(mu)
    squeezed = np.round(squeezed * steps) / steps
    return np.asarray(np.sign(squeezed) * np.expm1(np.abs(squeezed) * np.log1p(mu)) / mu * peak, dtype=np.float32)


def _round_trip(sound: Float32, rate: int, codec: str, quality: float) -> Float32:
    """Encoded and decoded in memory; an MP3 at the nearest rate that the format has."""
    import soundfile
    from scipy.signal import resample_poly

    coded, up, down = sound, 1, 1
    if codec == "mp3" and rate not in _MP3_RATES:
        nearest = min(_MP3_RATES, key=lambda known: abs(known - rate))
        shared = int(np.gcd(rate, nearest))
        up, down, rate = nearest // shared, rate // shared, nearest
        coded = resample_poly(sound, up, down).astype(np.float32)
    kind = {"ogg": ("OGG", "VORBIS"), "mp3": ("MP3", "MPEG_LAYER_III")}[codec]
    file, loss = io.BytesIO(), min(1 - quality, 0.99)
    with soundfile.SoundFile(file, "w", rate, 1, format=kind[0], subtype=kind[1], compression_level=loss) as out:
        for start in range(0, coded.size, 65_536):
            out.write(np.clip(coded[start : start + 65_536], -1, 1))
    file.seek(0)
    made = soundfile.read(file, dtype="float32", always_2d=True)[0][:, 0]
    if up != down:
        made = resample_poly(made, down, up).astype(np.float32)
    whole = np.zeros_like(sound)
    whole[: min(made.size, sound.size)] = made[: sound.size]
    return whole
