"""Values of two samples mixed, whatever their medium."""

from __future__ import annotations

from typing import Any

import numpy as np

from tilth.errors import NotApplicable
from tilth.generators.mixing._mix import alike, image_of
from tilth.numerics.augment.mixing import blended, heard_share, loudness
from tilth.records import Sample

__all__ = ["mixed_value"]


def mixed_value(first: Sample, second: Sample, weight: float, rng: np.random.Generator) -> Any:
    """The values of two samples of one medium, mixed."""
    if first.medium != second.medium:
        raise NotApplicable("samples of two media cannot be mixed", found=f"{first.medium} and {second.medium}")
    weights = np.array([weight])
    if first.medium == "image":
        image = image_of(first)
        return blended(image[None], alike(image_of(second), image)[None], weights)[0]
    if first.medium == "audio":
        return _mixed_sounds(first, second, weights)
    if first.medium == "table":
        return {name: _cell(first.value[name], second.value.get(name), weight, rng) for name in first.value}
    raise NotApplicable(
        "texts cannot be mixed as text", where=f"row {first.row_id}", fix="mix embeddings with tilth.embedding_mixup"
    )


def _mixed_sounds(first: Sample, second: Sample, weights: Any) -> Any:
    if first.rate != second.rate:
        raise NotApplicable("sounds of two rates cannot be mixed", found=f"{first.rate} and {second.rate}")
    sound = np.asarray(first.value)
    other = np.zeros_like(sound)
    heard = np.asarray(second.value)[: len(sound)]
    other[: len(heard)] = heard
    share = heard_share(loudness(sound[None]), loudness(other[None]), weights)
    made = (share * sound + (1 - share) * other) / np.sqrt(share**2 + (1 - share) ** 2)
    return np.clip(made, -1, 1).astype(sound.dtype)


def _cell(a: Any, b: Any, weight: float, rng: np.random.Generator) -> Any:
    if all(isinstance(v, (int, float)) and not isinstance(v, bool) and v == v for v in (a, b)):
        mixed = weight * a + (1 - weight) * b
        return round(mixed) if isinstance(a, int) and isinstance(b, int) else mixed
    return a if rng.random() < weight else b
