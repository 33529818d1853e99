"""Small generated datasets with known faults, for tests of whole verbs."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import Any

import numpy as np

TOPICS = {
    "cats": ["cat", "kitten", "purr", "whisker", "paw", "meow", "tail", "fur", "mouse", "milk"],
    "cars": ["engine", "wheel", "brake", "gear", "motor", "road", "fuel", "tyre", "clutch", "seat"],
    "food": ["bread", "cheese", "soup", "apple", "salt", "oven", "spoon", "plate", "rice", "honey"],
}
FILLER = ["the", "a", "of", "and", "to", "in", "it", "was", "very", "some", "with", "for", "on", "this", "that"]


def texts(n: int = 90, *, wrong: int = 0, seed: int = 0) -> tuple[list[dict[str, str]], list[int]]:
    """Rows ``{"text", "label"}`` of three topics in shuffled order, and which rows have a wrong label."""
    rng = np.random.default_rng(seed)
    names = list(TOPICS)
    rows = []
    for i in range(n):
        name = names[i % 3]
        words = [*rng.choice(TOPICS[name], 6), *rng.choice(FILLER, 6), f"n{i}x"]
        rows.append({"text": " ".join(rng.permutation(words)), "label": name})
    order = rng.permutation(n)
    rows = [rows[i] for i in order]
    bad = sorted(int(i) for i in rng.choice(n, wrong, replace=False))
    for i in bad:
        rows[i]["label"] = str(rng.choice([name for name in names if name != rows[i]["label"]]))
    return rows, bad


def table(n: int = 120, *, wrong: int = 0, seed: int = 0) -> tuple[list[dict[str, Any]], list[int]]:
    """Rows ``{"a", "b", "c", "colour", "label"}`` of three well separated classes, and the wrong ones."""
    rng = np.random.default_rng(seed)
    centres = np.asarray([[0, 0, 0], [6, 0, 3], [0, 6, -3]], dtype=float)
    rows = []
    for i in range(n):
        point = centres[i % 3] + rng.normal(0, 1, 3)
        named = dict(zip("abc", (round(float(x), 4) for x in point), strict=True))
        rows.append({**named, "colour": ("red", "green", "blue")[int(rng.integers(3))], "label": f"k{i % 3}"})
    rows = [rows[i] for i in rng.permutation(n)]
    bad = sorted(int(i) for i in rng.choice(n, wrong, replace=False))
    for i in bad:
        rows[i]["label"] = f"k{(int(rows[i]['label'][1]) + int(rng.integers(1, 3))) % 3}"
    return rows, bad


def write_csv(path: Path, rows: list[dict[str, Any]]) -> Path:
    """Rows to a CSV file; None is an empty cell."""
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)
    return path


def png(kind: int, rng: np.random.Generator) -> bytes:
    """A 24 by 24 picture: a bright square, stripes, or a slope, with noise."""
    from PIL import Image

    pixels = np.full((24, 24), 30.0)
    if kind == 0:
        y, x = rng.integers(3, 9, 2)
        pixels[y : y + 12, x : x + 12] = 220
    elif kind == 1:
        pixels[:, int(rng.integers(3)) :: 4] = 200
    else:
        pixels += np.linspace(0, 200, 24)[:, None]
    pixels = np.clip(pixels + rng.normal(0, 8, pixels.shape), 0, 255).astype(np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, "PNG")
    return buffer.getvalue()


def images(folder: Path, n: int = 60, *, wrong: int = 0, seed: int = 0) -> tuple[Path, list[str]]:
    """A folder ``{square,stripes,slope}/imgNN.png``, and the paths of the files in a wrong folder."""
    rng = np.random.default_rng(seed)
    names = ("square", "stripes", "slope")
    bad = set(rng.choice(n, wrong, replace=False).tolist())
    moved = []
    for i in range(n):
        kind = i % 3
        shown = (kind + 1 + int(rng.integers(2))) % 3 if i in bad else kind
        path = folder / names[shown] / f"img{i:03d}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(png(kind, rng))
        if i in bad:
            moved.append(path.relative_to(folder).as_posix())
    return folder, sorted(moved)


def wav(kind: int, rng: np.random.Generator, seconds: float = 0.25, rate: int = 8000) -> bytes:
    """A short sound: a low tone, a high tone, or noise."""
    import soundfile

    t = np.arange(round(seconds * rate)) / rate
    pitch = (300, 1500)[kind] * rng.uniform(0.9, 1.1) if kind < 2 else 0.0
    samples = np.sin(2 * np.pi * pitch * t) if kind < 2 else rng.normal(0, 0.5, len(t))
    samples = 0.5 * samples + rng.normal(0, 0.01, len(t))
    buffer = io.BytesIO()
    soundfile.write(buffer, samples.astype(np.float32), rate, format="WAV")
    return buffer.getvalue()


def sounds(folder: Path, n: int = 45, *, wrong: int = 0, seed: int = 0) -> tuple[Path, list[str]]:
    """A folder ``{low,high,noise}/sNNN.wav``, and the paths of the files in a wrong folder."""
    rng = np.random.default_rng(seed)
    names = ("low", "high", "noise")
    bad = set(rng.choice(n, wrong, replace=False).tolist())
    moved = []
    for i in range(n):
        kind = i % 3
        shown = (kind + 1 + int(rng.integers(2))) % 3 if i in bad else kind
        path = folder / names[shown] / f"s{i:03d}.wav"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(wav(kind, rng))
        if i in bad:
            moved.append(path.relative_to(folder).as_posix())
    return folder, sorted(moved)
