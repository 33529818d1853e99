"""Writes docs/augmentation/audio.md and its pictures: every recipe for sounds, heard by eye, by running it."""

from __future__ import annotations

import inspect
import re
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from PIL import Image, ImageDraw

import tilth
from tilth.errors import MissingExtraError
from tilth.numerics.media.sounds import log_mel
from tilth.plugin import Shelf, sample_rng
from tilth.records import Sample

RATE = 16_000
CELL, WAVE, BAND, TITLE, GAP = 216, 30, 78, 15, 8
#: Decibels of the darkest and the brightest colour.
FLOOR, TOP = -65.0, -2.0
Array = npt.NDArray[Any]

#: Sheets: name, heading, and the cells with part and parameters.
SHEETS: list[tuple[str, str, list[tuple[str, dict[str, Any]]]]] = [
    ("level", "Noise and level", [
        ("audio_noise", {"snr_db": 10, "colour": "white"}), ("audio_noise", {"snr_db": 10, "colour": "pink"}),
        ("audio_noise", {"snr_db": 10, "colour": "blue"}), ("audio_gain", {"gain_db": -9}),
        ("audio_fade", {"fade_in": 0.4, "fade_out": 0.4}), ("audio_polarity", {}),
    ]),
    ("time", "Time and pitch", [
        ("audio_shift", {"shift": 0.2}), ("audio_shift", {"shift": -0.3, "rollover": True}),
        ("time_stretch", {"rate": 1.3}), ("time_stretch", {"rate": 0.8}), ("audio_speed", {"factor": 1.3}),
        ("pitch_shift", {"semitones": 5}), ("pitch_shift", {"semitones": -5}), ("audio_reverse", {}),
    ]),
    ("masks", "Masks and SpecAugment", [
        ("audio_time_mask", {"length": 0.2}), ("audio_frequency_mask", {"width": 0.15, "low": 0.1}),
        ("spec_augment", {"magnitude": 0.5}), ("spec_augment", {"magnitude": 1.0}),
    ]),
    ("channel", "Rooms, bands and codecs", [
        ("room_response", {"method": "decay", "rt60": 0.6}),
        ("room_response", {"method": "image_source", "magnitude": 1}),
        ("band_limit", {"kind": "low_pass", "high_hz": 1500}), ("band_limit", {"kind": "high_pass", "low_hz": 1000}),
        ("band_limit", {"kind": "band_pass", "low_hz": 300}),
        ("codec_loss", {"codec": "mulaw", "magnitude": 1.0}), ("codec_loss", {"codec": "bitcrush", "magnitude": 1.0}),
        ("codec_loss", {"codec": "ogg", "magnitude": 1.0}), ("codec_loss", {"codec": "mp3", "magnitude": 1.0}),
        ("filter_augment", {"gain_db": 30.0}),
    ]),
    ("library", "Of the library audiomentations", [
        ("audiomentations", {"transform": "TanhDistortion", "params": {"min_distortion": 0.6, "max_distortion": 0.6}}),
        ("audiomentations", {"transform": "Aliasing", "params": {"min_sample_rate": 3000, "max_sample_rate": 3000}}),
        ("audiomentations", {"transform": "SevenBandParametricEQ"}),
        ("audiomentations", {"transform": "RepeatPart", "params": {"min_part_duration": 0.3}}),
        ("audiomentations", {"transform": "TimeMask", "params": {"min_band_part": 0.2, "max_band_part": 0.3}}),
    ]),
]  # fmt: skip

HEAD = """\
# Sounds

Each recipe below is one operation of a [policy](../augmentation.md), and a function of one sound as well. The pictures
show what the code of this version makes of one made-up sound, two syllables and a chirp: its wave above, its log-mel
spectrum below, time to the right. They are written by `python scripts/gallery_audio.py`.

```python
import numpy as np
import tilth

sound = np.sin(np.arange(16000) * 0.2).astype(np.float32) / 2
noisy = tilth.audio_noise(sound, rng=0, snr_db=15, colour="pink")
slower = tilth.time_stretch(sound, rate=0.9)
spectra = np.random.default_rng(0).random((32, 80, 300), dtype=np.float32)
masked = tilth.spec_augment(spectra, rng=0, policy="LD")
```

What holds for all of them:

- A sound is one channel of float32 with full scale [-1, 1]; what would go past full scale is turned down.
- A silent sound and one of fewer than two samples come back as they are; what needs a spectrum leaves sounds of fewer
  than 64 samples alone.
- The label stays. Whether it stays true is for the label guard and a proof to say: a word played backwards is another.
- `audiomentations: {transform: AirAbsorption}` takes any transform of that library (`pip install 'tilth[audio]'`).
"""

SPECTRA = """\
`tilth.spec_augment(spec, rng, policy=...)` takes one spectrogram or a batch, each with its own warp and masks, and the
paper's W, F, m_F, T, p and m_T: those of its Table 1 by name, or your own. Masked cells are dark here; by default they
get the mean.
"""


def sound() -> npt.NDArray[np.float32]:
    """Two syllables with formants, and a chirp between them; 1.6 seconds."""
    time = np.arange(round(1.6 * RATE)) / RATE
    rng = np.random.default_rng(7)

    def syllable(start: float, stop: float, pitch: float, formants: tuple[float, ...]) -> Array:
        inside = np.clip((time - start) / (stop - start), 0, 1)
        wave = sum(
            np.exp(-(min(abs(k * pitch - f) for f in formants) ** 2) / 2 / 180**2) / k**0.3
            * np.sin(2 * np.pi * k * pitch * time * (1 - 0.04 * inside))
            for k in range(1, 40)
        )  # fmt: skip
        return np.asarray(wave * np.sin(np.pi * inside) ** 0.7)

    made = syllable(0.1, 0.55, 140, (700, 1200, 2600)) + syllable(1.0, 1.45, 170, (320, 2300, 3100))
    chirp = np.sin(2 * np.pi * (600 * time + 2200 * (time - 0.6) ** 2)) * ((time > 0.62) & (time < 0.92))
    made = made / np.abs(made).max() + 0.25 * chirp + 0.002 * rng.standard_normal(len(time))
    return (0.6 * made / np.abs(made).max()).astype(np.float32)


def _colours() -> Array:
    """256 colours from dark blue over green to yellow."""
    stops = np.array([[20, 12, 50], [60, 40, 130], [35, 110, 140], [40, 170, 110], [170, 215, 60], [253, 240, 120]])
    at = np.linspace(0, len(stops) - 1, 256)
    return np.stack([np.interp(at, np.arange(len(stops)), stops[:, c]) for c in range(3)], axis=1).astype(np.uint8)


def _spectrum(values: Array, frames: int) -> Image.Image:
    """A log-mel spectrum (bands, time) as a picture; what is shorter than `frames` leaves the rest dark."""
    whole = np.full((values.shape[0], max(frames, values.shape[1])), FLOOR)
    whole[:, : values.shape[1]] = values
    level = np.clip((whole - FLOOR) / (TOP - FLOOR), 0, 1)
    picture = Image.fromarray(_colours()[(level[::-1] * 255).astype(np.uint8)])
    return picture.resize((CELL, BAND), Image.Resampling.BILINEAR)


def _wave(samples: Array, longest: int) -> Image.Image:
    picture = Image.new("RGB", (CELL, WAVE), "white")
    draw = ImageDraw.Draw(picture)
    width = max(1, round(CELL * min(1.0, len(samples) / longest)))
    for x, part in enumerate(np.array_split(samples, width)):
        low, high = (WAVE / 2 - WAVE / 2 * float(v) for v in (part.min(initial=0.0), part.max(initial=0.0)))
        draw.line([(x, high), (x, low)], fill=(40, 70, 120))
    return picture


def _sheet(cells: list[tuple[str, Image.Image, Image.Image | None]], path: Path, columns: int = 3) -> None:
    """Cells of title, spectrum and wave, in rows."""
    height = TITLE + BAND + (WAVE if any(wave for _, _, wave in cells) else 0)
    rows = -(-len(cells) // columns)
    size = (columns * (CELL + GAP) + GAP, rows * (height + GAP) + GAP)
    sheet = Image.new("RGB", size, "white")
    draw = ImageDraw.Draw(sheet)
    for at, (title, spectrum, wave) in enumerate(cells):
        x, y = GAP + at % columns * (CELL + GAP), GAP + at // columns * (height + GAP)
        draw.text((x, y), title, fill="black")
        if wave is not None:
            sheet.paste(wave, (x, y + TITLE))
        sheet.paste(spectrum, (x, y + height - BAND))
    path.parent.mkdir(parents=True, exist_ok=True)
    for colours in (48, 40, 32, 24):  # as many as fit in 60 KB
        sheet.quantize(colours, dither=Image.Dither.NONE).save(path, optimize=True)
        if path.stat().st_size <= 60_000:
            return


def _mel(samples: Array, n_mels: int = 64) -> Array:
    """Log-mel spectrum, shape (bands, frames)."""
    return log_mel(samples, RATE, n_mels=n_mels).T


def _title(name: str, params: dict[str, Any]) -> str:
    said = [v if isinstance(v, str) else f"{key}={v}" for key, v in params.items() if not isinstance(v, dict)]
    return " ".join([name, *said])


def _policies(path: Path, mel: Array) -> None:
    """The four policies of the paper, and the warp alone, as `tilth.spec_augment` makes them."""
    settings: list[dict[str, Any]] = [{"policy": policy} for policy in ("LB", "LD", "SM", "SS")]
    settings.append({"W": 80, "F": 0, "T": 0})
    cells: list[tuple[str, Image.Image, Image.Image | None]] = [("before", _spectrum(mel, mel.shape[1]), None)]
    for setting in settings:
        made = tilth.spec_augment(mel, 3, fill=FLOOR, **setting)
        cells.append((_title("spec_augment", setting), _spectrum(made, mel.shape[1]), None))
    _sheet(cells, path)


def _cell(
    name: str, params: dict[str, Any], given: Array, longest: int, frames: int
) -> tuple[str, Image.Image, Image.Image | None]:
    """Title, spectrum and wave of what an operation makes."""
    made = Shelf("generators").get(name)(**params)
    new = made.apply(Sample("audio", given, "1", rate=RATE), sample_rng(0, 0, "1", name)).value
    return _title(name, params), _spectrum(_mel(new), frames), _wave(new, longest)


def write(folder: Path) -> None:
    """Write the page and its pictures into `folder`."""
    given = sound()
    longest = round(1.3 * len(given))
    frames = _mel(np.zeros(longest, np.float32) + 1e-6).shape[1]
    page = [HEAD]
    for sheet, heading, shown in SHEETS:
        page += [""] if page[-1] != HEAD else []
        try:
            cells = [_cell(name, params, given, longest, frames) for name, params in shown]
        except MissingExtraError as reason:  # the page stays whole: the picture that is there is of the same code
            print(f"docs/augmentation/audio-{sheet}.png stays as it is: {reason}")
        else:
            before = ("before", _spectrum(_mel(given), frames), _wave(given, longest))
            _sheet([before, *cells], folder / f"audio-{sheet}.png")
        page += [f"## {heading}", "", f"![{heading}](audio-{sheet}.png)", ""]
        page += [_about(name) for name in dict.fromkeys(name for name, _ in shown)]
    _policies(folder / "audio-spec-augment.png", _mel(np.tile(given, 2), n_mels=80)[:, :300])
    page += ["", "## spec_augment on spectrograms", "", "![SpecAugment](audio-spec-augment.png)", "", SPECTRA]
    (folder / "audio.md").write_text("\n".join(page).rstrip("\n") + "\n", encoding="utf-8")


def _about(name: str) -> str:
    doc = inspect.getdoc(Shelf("generators").get(name)) or ""
    first = re.sub(r" \[\d\]_", "", doc.partition("\n\n")[0].replace("\n", " "))
    strength = re.search(r"magnitude : float, default=0.5\n((?:    .*\n)+)", doc)
    return f"- **{name}**: {first} Magnitude: {' '.join(strength[1].split()) if strength else ''}"


if __name__ == "__main__":
    write(Path(__file__).resolve().parent.parent / "docs" / "augmentation")
