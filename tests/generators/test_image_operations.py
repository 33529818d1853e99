"""Operations on images: what they promise beyond the checks that every generator passes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tilth.errors import DataError, ParameterError
from tilth.plugin import Operation, Shelf
from tilth.records import Sample

SHELF = Shelf("generators")
NAMES = [
    name
    for name in SHELF.names()
    if ".generators.image." in SHELF.get(name).__module__ and name not in ("albumentations", "kornia")
]
MOVES = [
    "horizontal_flip",
    "vertical_flip",
    "transpose",
    "random_rotate90",
    "random_resized_crop",
    "random_crop",
    "shear_x",
    "shear_y",
    "translate_x",
    "translate_y",
    "rotate",
    "shift_scale_rotate",
    "perspective",
    "grid_distortion",
    "elastic_transform",
    "optical_distortion",
]


def scene() -> Sample:
    """A bright block on black, with its box and its mask."""
    image = np.zeros((40, 56, 3), np.uint8)
    image[10:26, 16:40] = (250, 200, 150)
    mask = np.zeros((40, 56), np.int32)
    mask[10:26, 16:40] = 7
    boxes = np.array([[16, 10, 40, 26], [0, 0, 2, 2]], np.float32)
    return Sample("image", image, "r", "label", boxes=boxes, box_labels=("block", "corner"), mask=mask)


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def test_the_list_of_randaugment_is_pooled() -> None:
    paper = {
        "identity",
        "autocontrast",
        "equalize",
        "rotate",
        "solarize",
        "color",
        "posterize",
        "contrast",
        "brightness",
        "sharpness",
        "shear_x",
        "shear_y",
        "translate_x",
        "translate_y",
    }
    assert {name for name in NAMES if SHELF.get(name).pooled} == paper


@pytest.mark.parametrize("name", MOVES)
@pytest.mark.parametrize("seed", range(4))
def test_boxes_and_mask_follow(name: str, seed: int) -> None:
    old = scene()
    new = SHELF.make(name, magnitude=0.8).apply(old, rng(seed))
    assert new.mask.shape == new.value.shape[:2]
    assert new.mask.dtype == np.int32
    assert set(np.unique(new.mask)) <= {0, 7}
    lit, block = new.value[..., 0] > 240, new.mask == 7
    assert (lit & ~block).sum() == 0
    assert len(new.boxes) == len(new.box_labels)
    if "block" in new.box_labels:
        x0, y0, x1, y1 = new.boxes[new.box_labels.index("block")]
        rows, columns = np.nonzero(block)
        assert x0 - 1 <= columns.min() <= columns.max() <= x1 + 1
        assert y0 - 1 <= rows.min() <= rows.max() <= y1 + 1


@pytest.mark.parametrize("name", [name for name in NAMES if name not in MOVES])
def test_operations_on_colours_leave_boxes_and_mask(name: str) -> None:
    old = scene()
    new = SHELF.make(name, magnitude=0.8).apply(old, rng())
    assert new.boxes is old.boxes
    assert new.mask is old.mask
    assert new.box_labels == old.box_labels


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("shape", [(30, 20), (30, 20, 1), (30, 20, 2), (30, 20, 3), (30, 20, 4), (1, 1), (1, 9, 3)])
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_any_image_comes_through(name: str, shape: tuple[int, ...], dtype: type) -> None:
    image = (rng().random(shape) * (1 if dtype is np.float32 else np.iinfo(dtype).max)).astype(dtype)
    made = SHELF.make(name, magnitude=1.0).apply(Sample("image", image, "r"), rng(2)).value
    assert made.shape[2:] == image.shape[2:]
    assert made.dtype == (dtype if name != "normalize" or image.size < 5 else np.float32)
    assert np.isfinite(made).all()
    if image.shape[:2] == (1, 1):
        np.testing.assert_array_equal(made, image)


@pytest.mark.parametrize("name", NAMES)
def test_a_stronger_magnitude_changes_more(name: str) -> None:
    part = SHELF.get(name)
    if not part.ranged:
        pytest.skip("it has no strength")
    y, x = np.mgrid[0:64, 0:64]
    image = np.stack([128 + 90 * np.sin(x / 5), 128 + 90 * np.cos(y / 7), 2 * (x + y)], axis=-1).astype(np.uint8)
    changes = []
    for magnitude in (0.0, 0.3, 1.0):
        total = 0.0
        for seed in range(8):
            made = part(magnitude=magnitude).apply(Sample("image", image, "r"), rng(seed)).value
            same = made.shape == image.shape
            total += float(np.abs(made.astype(int) - image).mean()) if same else 60.0 * magnitude
        changes.append(total)
    assert changes[0] <= changes[1] + 1e-9
    assert changes[1] < changes[2]


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("rotate", {"limit": 200}),
        ("rotate", {"fill": "blue"}),
        ("rotate", {"fill": 2.0}),
        ("rotate", {"interpolation": "cubic"}),
        ("rotate", {"magnitude": 1.01}),
        ("shear_x", {"limit": -1}),
        ("translate_y", {"limit": float("nan")}),
        ("random_resized_crop", {"scale": 0}),
        ("random_resized_crop", {"ratio": 0.5}),
        ("shift_scale_rotate", {"scale": 1.0}),
        ("posterize", {"bits": 9}),
        ("median_blur", {"size": 4}),
        ("coarse_dropout", {"fill": "edge"}),
        ("normalize", {"std": (0.0,)}),
        ("color_jitter", {"hue": 0.6}),
        ("jpeg_compression", {"quality": 0}),
        ("brightness", {"limit": True}),
    ],
)
def test_bad_parameters_are_refused(name: str, params: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        SHELF.make(name, **params)


def test_explicit_parameters_override_the_magnitude() -> None:
    image = Sample("image", np.arange(64, dtype=np.uint8).reshape(8, 8), "r")
    strong = SHELF.make("rotate", limit=90.0, magnitude=0.0).apply(image, rng())
    assert strong.value.tolist() in (np.rot90(image.value, k).tolist() for k in (1, -1))
    fills = [SHELF.make("translate_x", limit=1.0, fill=fill).apply(image, rng()).value for fill in ("white", 0.5)]
    assert [int(fill.max()) for fill in fills] == [255, 128]


def test_a_resized_crop_has_the_size_asked_for() -> None:
    made = SHELF.make("random_resized_crop", height=10, width=12).apply(scene(), rng())
    assert made.value.shape == (10, 12, 3)
    assert made.mask.shape == (10, 12)


def test_no_image_is_named_by_its_row() -> None:
    part: Operation = SHELF.make("rotate")
    with pytest.raises(DataError, match="row-9"):
        part.apply(Sample("image", np.zeros((0, 3)), "row-9"), rng())


@pytest.mark.parametrize("name", [name for name in NAMES if name != "normalize"])
def test_sixteen_bits_that_use_little_of_the_range_keep_their_levels(name: str) -> None:
    y, x = np.mgrid[0:40, 0:50]
    image = (20 * x + y % 20).astype(np.uint16)  # 0 to 999, as of a sensor of ten bits
    made = SHELF.make(name, magnitude=0.5).apply(Sample("image", image, "r"), rng(1)).value
    assert made.dtype == np.uint16
    assert len(np.unique(made)) > 40
    if name not in ("invert", "solarize", "solarize_add", "image_gaussian_noise", "salt_and_pepper"):
        assert np.median(made) < 3000 or name in ("autocontrast", "equalize"), "it stays as dark as it was"


@pytest.mark.parametrize("name", [name for name in NAMES if name != "normalize"])
def test_opacity_follows_places_and_is_left_alone_by_colours(name: str) -> None:
    old = scene()
    opacity = np.where(old.mask == 7, 255, 0).astype(np.uint8)
    sample = old.changed(np.dstack([old.value, opacity]))
    new = SHELF.make(name, magnitude=0.8).apply(sample, rng(3))
    assert new.value.shape[2] == 4
    if name in MOVES:
        wrong = (new.value[..., 3] > 127) != (new.mask == 7)
        assert wrong.mean() < 0.1
    else:
        np.testing.assert_array_equal(new.value[..., 3], opacity)
