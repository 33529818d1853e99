"""Pictures of an augmentation: samples beside what becomes of them, and where both lie."""

from __future__ import annotations

import base64
import io
from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.numerics.augment.pixels import from_unit, to_unit
from tilth.numerics.media.sounds import log_mel
from tilth.numerics.similarity.projection import project_2d
from tilth.records import Sample
from tilth.workflows.report.svg import Svg, clean_line, figure, fit, tag

__all__ = ["contact_sheet", "map_of_both", "text_pairs"]

Pairs = Sequence[tuple[Sample, Sample]]
CELL, ACROSS = 66, 6
W = 420.0


def _image_cell(sample: Sample) -> npt.NDArray[np.uint8]:
    """A sample as a square picture: an image within a frame, a sound as its spectrogram."""
    from PIL import Image

    if sample.medium == "audio":
        pixels = _spectrogram(sample)
    else:
        pixels = np.asarray(sample.value)
        pixels = pixels if pixels.dtype == np.uint8 else from_unit(to_unit(pixels), np.uint8)
    if pixels.ndim == 2 or pixels.shape[2] == 1:
        pixels = np.repeat(pixels.reshape(*pixels.shape[:2], 1), 3, axis=2)
    height, width = pixels.shape[:2]
    scale = CELL / max(height, width)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    how = Image.Resampling.NEAREST if max(height, width) < CELL else Image.Resampling.BOX
    small = np.asarray(Image.fromarray(np.ascontiguousarray(pixels[..., :3])).resize(size, how))
    cell = np.full((CELL, CELL, 3), 128, np.uint8)
    y, x = (CELL - size[1]) // 2, (CELL - size[0]) // 2
    cell[y : y + size[1], x : x + size[0]] = small
    return cell


def _spectrogram(sample: Sample) -> npt.NDArray[np.uint8]:
    samples = np.asarray(sample.value, dtype=np.float32)
    if len(samples) < 2:
        return np.zeros((40, 40), np.uint8)
    mel = log_mel(samples, sample.rate, n_mels=48)
    low, high = float(mel.min()), float(mel.max())
    level = (mel - low) / (high - low) if high > low else np.zeros_like(mel)
    grey: npt.NDArray[np.uint8] = np.flipud((255 * level).astype(np.uint8))
    return grey


def contact_sheet(pairs: Pairs, title: str, most: int = 12) -> Svg:
    """Samples in a row and what becomes of them below; images as they are, sounds as spectrograms."""
    from PIL import Image

    chosen = _spread(pairs, most)
    gap, line = 6, 20
    across = min(ACROSS, max(1, len(chosen)))
    block = 2 * CELL + gap + line + gap
    width, height = across * (CELL + gap) - gap, -(-len(chosen) // across) * block
    parts: list[Svg] = []
    for at, (old, new) in enumerate(chosen):
        x, y = at % across * (CELL + gap), at // across * block
        both = np.full((2 * CELL + gap, CELL, 3), 255, np.uint8)
        both[:CELL], both[CELL + gap :] = _image_cell(old), _image_cell(new)
        buffer = io.BytesIO()
        Image.fromarray(both).save(buffer, "PNG", optimize=True)
        uri = f"data:image/png;base64,{base64.b64encode(buffer.getvalue()).decode()}"
        parts.append(tag("image", href=uri, x=float(x), y=float(y), width=float(CELL), height=float(2 * CELL + gap)))
        under = fit(_name(old), CELL, 11)
        parts.append(tag("text", under, x=x + CELL / 2, y=float(y + 2 * CELL + gap + 15), text_anchor="middle"))
    said = f"{len(chosen)} samples, each with what becomes of it below"
    return figure("sheet", title, said, (float(width), float(height)), parts)


def _name(sample: Sample) -> str:
    return clean_line(sample.row_id if sample.label is None else sample.label)


def _spread(pairs: Pairs, most: int) -> list[tuple[Sample, Sample]]:
    """Some pairs, one of each label in turn."""
    by_label: dict[str, list[tuple[Sample, Sample]]] = {}
    for pair in pairs:
        by_label.setdefault(_name(pair[0]) if pair[0].label is not None else "", []).append(pair)
    chosen: list[tuple[Sample, Sample]] = []
    turn = 0
    while len(chosen) < min(most, len(pairs)):
        for own in by_label.values():
            if turn < len(own) and len(chosen) < most:
                chosen.append(own[turn])
        turn += 1
    return chosen


def text_pairs(pairs: Pairs, most: int = 12) -> list[tuple[str, str, str]]:
    """(label, as it is, changed) of some texts or table rows."""
    return [(_name(old), _said(old.value), _said(new.value, old.value)) for old, new in _spread(pairs, most)]


def _said(value: Any, before: Any = None) -> str:
    if isinstance(value, str):
        return clean_line(value)[:400]
    cells = value.items() if before is None else [(k, v) for k, v in value.items() if before.get(k) != v]
    said = ", ".join(f"{name} = {v:.4g}" if isinstance(v, float) else f"{name} = {v}" for name, v in cells)
    return clean_line(said)[:400] or "unchanged"


def map_of_both(vectors: npt.NDArray[np.float32], n: int, title: str, seed: int) -> Svg:
    """Embeddings in the plane: the first n rows grey, the others in colour."""
    spread = vectors[:n].std(axis=0)
    places = project_2d(vectors / np.where(spread > 1e-9, spread, 1.0), random_state=seed)
    height = 320.0
    x, y = W / 2 + places[:, 0] * (W / 2 - 8), height / 2 - places[:, 1] * (height / 2 - 8)
    marks = [
        tag("circle", cx=round(float(x[i]), 1), cy=round(float(y[i]), 1), r=3.0, class_="plain" if i < n else "p1")
        for i in range(len(vectors))
    ]
    said = f"{n} original samples in grey, {len(vectors) - n} changed ones in colour"
    return figure("both", title, said, (W, height), marks)
