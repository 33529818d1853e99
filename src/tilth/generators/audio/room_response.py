"""The sound in a room."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.errors import ParameterError
from tilth.generators.audio._base import AudioOperation, Sound, audio_example, check_setting
from tilth.numerics.augment.audio_channel import image_source_impulse, room_impulse, room_response
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["RoomResponse"]


@dataclass(frozen=True)
class RoomResponse(AudioOperation):
    """Let a sound be heard in a room: one drawn at random, by image sources [1]_ or by noise that dies away.

    Parameters
    ----------
    magnitude : float, default=0.5
        The time in which an echo falls by 60 decibels is drawn up to 1.2 seconds times it; with it the echo of a
        noise room gets stronger, and a box room larger and less damped.
    method : {"any", "decay", "image_source"}
        "decay" for noise that dies away, "image_source" for a box of walls, "any" draws one for each sound.
    rt60 : float from 0.01 to 10, optional
        Seconds until the echo of a noise room has fallen by 60 decibels, whatever the magnitude.

    References
    ----------
    .. [1] Allen, Berkley (1979). Image method for efficiently simulating small-room acoustics. JASA 65(4).

    Examples
    --------
    >>> from tilth.generators.audio._base import tone
    >>> sample = Sample("audio", tone(), rate=8000)
    >>> made = RoomResponse().apply(sample, np.random.default_rng(0))
    >>> made.value.shape
    (4000,)
    """

    method: str = "any"
    rt60: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "rt60", 0.01, 10)
        if self.method not in ("any", "decay", "image_source"):
            raise ParameterError(
                "no such method",
                where="room_response.method",
                found=repr(self.method),
                fix="use one of any, decay, image_source",
            )

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound with its echo."""
        m = self.magnitude
        if m == 0 and self.rt60 is None:
            return np.asarray(sample.value, dtype=np.float32)
        decay = rng.random() < 0.5 if self.method == "any" else self.method == "decay"
        if decay or self.rt60 is not None:
            rt60 = max(0.02, 1.2 * m * float(rng.random())) if self.rt60 is None else self.rt60
            return room_response(sample.value, room_impulse(sample.rate, rng, rt60=rt60, direct_db=20 * (1 - m)))
        size = np.array([3.0, 3.0, 2.4]) + rng.random(3) * np.array([7.0, 5.0, 1.6]) * m
        places = [tuple((size * (0.1 + 0.8 * rng.random(3))).tolist()) for _ in range(2)]
        room = (float(size[0]), float(size[1]), float(size[2]))
        return room_response(
            sample.value,
            image_source_impulse(
                sample.rate, room=room, source=places[0], microphone=places[1], absorption=1 - 0.7 * m
            ),
        )

    @classmethod
    def example(cls) -> Example:
        """An echo behind the tone."""
        return audio_example(
            "The tone is as loud as before, with an echo.",
            lambda old, new: len(new) == len(old) and abs(float(np.mean(new**2) / np.mean(old**2)) - 1) < 0.3,
        )
