"""Media for the report's cards: small pictures and short sounds as data URIs, within a budget."""

from __future__ import annotations

import base64
import io
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from tilth.errors import SourceError, TilthError
from tilth.workflows.report.figures import waveform
from tilth.workflows.report.svg import NOTHING, Svg, clean_line

__all__ = ["Media", "Picture", "Sound"]

THUMBNAIL_BYTES = 12 * 1024
THUMBNAIL_SIZES = (160, 112, 80, 56, 40)
SOUND_BYTES = 64 * 1024
SOUND_RATE = 16_000
SMALL = 48  # pixels: smaller pictures are shown with hard pixel edges
TOTAL_BYTES = 10 * 2**20


@dataclass(frozen=True)
class Picture:
    """A thumbnail, or why there is none."""

    uri: str = ""
    alt: str = ""
    small: bool = False
    problem: str = ""


@dataclass(frozen=True)
class Sound:
    """A short sound with its waveform, or why there is none."""

    uri: str = ""
    wave: Svg = NOTHING
    length: str = ""
    name: str = ""
    problem: str = ""


class Media:
    """Reads media of rows, shrinks them, and stops embedding when the report grows too large.

    Parameters
    ----------
    read : callable or None
        (row index, column) -> encoded bytes; may raise `TilthError`.
    budget : int
        Bytes of encoded media that one report may hold.
    """

    def __init__(self, read: Callable[[int, str], bytes] | None, budget: int = TOTAL_BYTES) -> None:
        self._read = read
        self._left = budget
        self._count = 0
        self._made: dict[tuple[int, str], Picture | Sound] = {}

    def picture(self, row: int, column: str, alt: str) -> Picture:
        """Thumbnail of an image cell."""
        key = (row, column)
        if key not in self._made:
            try:
                data, small = _thumbnail(self._bytes(row, column))
                kind = "png" if data[:4] == b"\x89PNG" else "jpeg"
                self._made[key] = Picture(_uri(data, f"image/{kind}"), clean_line(alt), small)
            except TilthError as error:
                self._made[key] = Picture(problem=clean_line(error.what))
        made = self._made[key]
        if not isinstance(made, Picture):
            raise SourceError("a column cannot be image and audio at once", where=f"column {column!r}")
        return made if self._spend(made.uri) else Picture(problem="left out to keep this file small")

    def sound(self, row: int, column: str, name: str) -> Sound:
        """Player and waveform of an audio cell."""
        from tilth.numerics.media.sounds import decode_audio

        self._count += 1
        try:
            samples, rate = decode_audio(self._bytes(row, column))
        except TilthError as error:
            return Sound(problem=clean_line(error.what))
        seconds = len(samples) / rate
        data, kept = _short_wav(samples, rate)
        uri = _uri(data, "audio/wav")
        length = f"{seconds:.1f} s" if kept >= seconds - 0.05 else f"first {kept:.1f} of {seconds:.1f} s"
        wave = waveform(f"wave-{self._count}", _peaks(samples), f"waveform of {name}")
        if not self._spend(uri):
            return Sound("", wave, length, clean_line(name), "sound left out to keep this file small")
        return Sound(uri, wave, length, clean_line(name))

    def _bytes(self, row: int, column: str) -> bytes:
        if self._read is None:
            raise SourceError("the media were not at hand when this report was written")
        return self._read(row, column)

    def _spend(self, uri: str) -> bool:
        if len(uri) > self._left:
            return False
        self._left -= len(uri)
        return True


def _uri(data: bytes, mime: str) -> str:
    return f"data:{mime};base64,{base64.b64encode(data).decode('ascii')}"


def _thumbnail(data: bytes) -> tuple[bytes, bool]:
    from tilth.numerics.media.images import decode_image, thumbnail_jpeg, thumbnail_png

    image = decode_image(data)
    small = max(image.shape[:2]) < SMALL
    made = b""
    for size in THUMBNAIL_SIZES:
        made = thumbnail_png(image, size) if small else thumbnail_jpeg(image, size)
        if len(made) <= THUMBNAIL_BYTES:
            return made, small
    raise SourceError("the picture is too large for a card", found=f"{len(made)} bytes")


def _short_wav(samples: npt.NDArray[np.float32], rate: int) -> tuple[bytes, float]:
    """A mono 16-bit WAV file of at most `SOUND_BYTES`, and the seconds it holds."""
    import wave

    from tilth.numerics.media.sounds import resample

    most = (SOUND_BYTES - 44) // 2
    if rate > SOUND_RATE:
        samples = resample(samples[: most * rate // SOUND_RATE + 1], rate, SOUND_RATE)
        rate = SOUND_RATE
    kept = samples[:most]
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((np.clip(kept, -1, 1) * 32767).astype("<i2").tobytes())
    return buffer.getvalue(), len(kept) / rate


def _peaks(samples: npt.NDArray[np.float32], bars: int = 80) -> npt.NDArray[np.float64]:
    pieces = np.array_split(np.abs(samples), min(bars, len(samples)))
    peaks = np.asarray([float(piece.max()) for piece in pieces], dtype=np.float64)
    top = float(peaks.max())
    return peaks / top if top > 0 else peaks
