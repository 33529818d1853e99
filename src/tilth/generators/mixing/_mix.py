"""What recipes that mix samples share: partners, labels as weights, images made alike."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from tilth.errors import LabelError, NotApplicable, ParameterError
from tilth.numerics.augment.images import to_gray
from tilth.numerics.augment.pixels import Pixels, check_pixels, from_unit, to_unit
from tilth.numerics.augment.warp_plans import crop_warp
from tilth.plugin import Example, Run, sample_rng
from tilth.records import Sample

__all__ = ["alike", "example_of", "image_of", "mixed_soft", "mixtures", "positive", "share", "weights_of"]

Mix = Callable[[list[Sample], np.random.Generator], Sample]


def positive(value: Any, what: str) -> None:
    """Raise `ParameterError` unless `value` is a positive finite number."""
    if isinstance(value, bool) or not isinstance(value, (int, float)) or not (np.isfinite(value) and value > 0):
        raise ParameterError(f"{what} is a positive number", found=repr(value))


def share(value: Any, what: str) -> None:
    """Raise `ParameterError` unless `value` lies in (0, 1]."""
    positive(value, what)
    if value > 1:
        raise ParameterError(f"{what} lies in (0, 1]", found=repr(value))


def mixtures(rows: Sequence[Sample], count: int, run: Run, name: str, mix: Mix, *, others: int = 1) -> list[Sample]:
    """`count` mixtures: every row in turn with `others` drawn ones, each with randomness of its own."""
    if not len(rows) or count < 1:
        return []
    if len(rows) < 2:
        raise NotApplicable("one sample alone cannot be mixed", found="1 row")
    made = []
    for at in range(count):
        row = rows[at % len(rows)]
        rng = sample_rng(run.seed, at // len(rows), row.row_id, f"{run.path}/{name}")
        chosen = [row]
        for _ in range(others):
            other = int(rng.integers(len(rows) - 1))
            chosen.append(rows[other + (other >= at % len(rows))])
        new = mix(chosen, rng)
        parents = tuple(dict.fromkeys(sample.row_id for sample in chosen))
        made.append(new.changed(row_id="+".join(parents), parents=parents, recipe=name))
        run.advance()
    return made


def weights_of(sample: Sample) -> dict[str, float]:
    """The label of a sample as weights; `LabelError` for one that mixing cannot carry."""
    if sample.soft:
        return dict(sample.soft)
    label = sample.label
    if label is None or (isinstance(label, float) and np.isnan(label)):
        raise LabelError(
            "a sample without a label cannot be mixed", where=f"row {sample.row_id}", fix="label it or leave it out"
        )
    if isinstance(label, (float, np.floating)):
        raise LabelError(
            "a number cannot be mixed as a class",
            where=f"row {sample.row_id}",
            found=repr(float(label)),
            fix="use c_mixup for numeric targets",
        )
    if not isinstance(label, (str, bool, int, np.integer)):
        raise LabelError(
            "mixing cannot carry such a label",
            where=f"row {sample.row_id}",
            found=f"{type(label).__name__} {label!r}"[:80],
            fix="mixing needs one class a row",
        )
    return {str(label): 1.0}


def mixed_soft(samples: Sequence[Sample], shares: Sequence[float]) -> dict[str, float]:
    """Weights over classes: those of the samples, in proportion to their shares."""
    out: dict[str, float] = {}
    for sample, part in zip(samples, shares, strict=True):
        for name, weight in weights_of(sample).items():
            out[name] = out.get(name, 0.0) + float(part) * weight
    return {name: weight for name, weight in out.items() if weight > 0}


def image_of(sample: Sample, *, objects: bool = False) -> Pixels:
    """The pixels of a sample; `NotApplicable` for other media, and for boxes or a mask unless `objects`."""
    if sample.medium != "image":
        raise NotApplicable("this recipe mixes images", where=f"row {sample.row_id}", found=sample.medium)
    if not objects and (sample.boxes is not None or sample.mask is not None):
        raise NotApplicable(
            "boxes and masks cannot be mixed as weights", where=f"row {sample.row_id}", fix="use mosaic"
        )
    return check_pixels(sample.value, where=sample.row_id)


def alike(image: Pixels, model: Pixels, *, resize: bool = True) -> Pixels:
    """An image with the channels, the type and (where asked) the size of another."""
    wanted = model.shape[2:]
    made = image
    if made.shape[2:] != wanted:
        grey = made if made.ndim == 2 else (to_gray(made)[..., 0])
        made = grey if not wanted else np.repeat(grey[..., None], wanted[0], axis=2)
        if wanted and wanted[0] in (3, 4) and image.ndim == 3 and image.shape[2] in (3, 4):
            made[..., :3] = image[..., :3]
        if wanted and wanted[0] in (2, 4):
            made[..., -1] = np.iinfo(made.dtype).max if made.dtype.kind in "ui" else 1
    if made.dtype != model.dtype:
        made = from_unit(to_unit(made), model.dtype)
    if resize and made.shape[:2] != model.shape[:2]:
        height, width = made.shape[:2]
        made = crop_warp(made.shape, (0, 0, width, height), (model.shape[0], model.shape[1])).image(made)
    return made


def example_of(what: str, right: Callable[[Sample], str], params: Mapping[str, Any] | None = None) -> Example:
    """An example on a black image of class a and a white one of class b."""
    given = [
        Sample("image", np.zeros((8, 8, 3), np.uint8), "black", "a"),
        Sample("image", np.full((8, 8, 3), 255, np.uint8), "white", "b"),
    ]

    def check(made: list[Sample]) -> str:
        return next((wrong for sample in made if (wrong := right(sample))), "")

    return Example(given, check, what, dict(params or {}))
