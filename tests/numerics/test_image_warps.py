"""Warps: image, mask and boxes go the same way, exactly where that is possible."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilth.errors import AlignmentError, DataError, ParameterError
from tilth.numerics.augment.warp_plans import (
    affine_warp,
    crop_warp,
    elastic_warp,
    flip_warp,
    grid_warp,
    optical_warp,
    perspective_warp,
    resized_crop_warp,
    transpose_warp,
    turn_warp,
)
from tilth.numerics.augment.warps import Warp

IMAGE = np.random.default_rng(0).integers(0, 256, (9, 14, 3), dtype=np.uint8)


def rng() -> np.random.Generator:
    return np.random.default_rng(7)


PLANS = {
    "flip": flip_warp(IMAGE.shape),
    "vertical": flip_warp(IMAGE.shape, vertical=True),
    "turn": turn_warp(IMAGE.shape, 1),
    "transpose": transpose_warp(IMAGE.shape),
    "crop": crop_warp(IMAGE.shape, (2, 1, 10, 7), (12, 16)),
    "resized crop": resized_crop_warp(IMAGE.shape, rng()),
    "rotate": affine_warp(IMAGE.shape, angle=20),
    "mirror": affine_warp(IMAGE.shape, angle=20, fill="reflect"),
    "edge": affine_warp(IMAGE.shape, translate=(3, 2), fill="edge"),
    "shear": affine_warp(IMAGE.shape, shear=(0.3, 0)),
    "perspective": perspective_warp(IMAGE.shape, rng(), 0.5),
    "grid": grid_warp(IMAGE.shape, rng()),
    "elastic": elastic_warp(IMAGE.shape, rng(), 10, 2),
    "optical": optical_warp(IMAGE.shape, 0.2),
}


@pytest.mark.parametrize(
    ("warp", "expected"),
    [
        (flip_warp(IMAGE.shape), IMAGE[:, ::-1]),
        (flip_warp(IMAGE.shape, vertical=True), IMAGE[::-1]),
        (transpose_warp(IMAGE.shape), IMAGE.swapaxes(0, 1)),
        *[(turn_warp(IMAGE.shape, k), np.rot90(IMAGE, k)) for k in range(-1, 5)],
        (affine_warp(IMAGE.shape), IMAGE),
        (affine_warp(IMAGE.shape, angle=180), np.rot90(IMAGE, 2)),
        (crop_warp(IMAGE.shape, (3, 2, 8, 6)), IMAGE[2:6, 3:8]),
    ],
)
def test_flips_turns_and_crops_are_exact(warp: Warp, expected: np.ndarray) -> None:
    np.testing.assert_array_equal(warp.image(IMAGE), expected)
    np.testing.assert_array_equal(warp.mask(IMAGE[..., 0].astype(np.int64)), expected[..., 0])


@pytest.mark.parametrize(("dx", "dy"), [(3, 0), (-2, 4), (0, -1), (40, 0), (0, -40)])
def test_whole_shifts_are_exact_and_filled(dx: int, dy: int) -> None:
    made = affine_warp(IMAGE.shape, translate=(dx, dy), fill=9).image(IMAGE)
    expected = np.full_like(IMAGE, 9)
    for y in range(9):
        for x in range(14):
            if 0 <= y - dy < 9 and 0 <= x - dx < 14:
                expected[y, x] = IMAGE[y - dy, x - dx]
    np.testing.assert_array_equal(made, expected)


def test_a_positive_angle_turns_counter_clockwise() -> None:
    square = np.zeros((5, 5), dtype=np.uint8)
    square[2, 4] = 255  # on the right
    assert affine_warp(square.shape, angle=90).image(square)[0, 2] == 255  # on top


@pytest.mark.parametrize("name", PLANS)
def test_mask_follows_the_image(name: str) -> None:
    """A block that is drawn into the image and into the mask is at the same place afterwards."""
    warp = PLANS[name]
    image = np.zeros(IMAGE.shape[:2], dtype=np.float32)
    image[2:7, 4:11] = 1
    made, mask = warp.image(image), warp.mask(image.astype(np.uint8))
    assert made.shape == mask.shape == warp.size
    assert float(np.abs(made - mask).mean()) < 0.16  # they differ on the outline, where pixels are averaged
    np.testing.assert_array_equal((made > 0.99) & (mask == 0), False)


@pytest.mark.parametrize("name", [name for name in PLANS if name not in ("mirror", "edge")])
def test_boxes_enclose_what_they_enclosed(name: str) -> None:
    warp = PLANS[name]
    mask = np.zeros(IMAGE.shape[:2], dtype=np.uint8)
    mask[2:7, 4:11] = 1
    boxes, kept = warp.boxes([[4, 2, 11, 7]])
    assert kept.tolist() == [0]
    x0, y0, x1, y1 = boxes[0]
    rows, columns = np.nonzero(warp.mask(mask))
    assert boxes.dtype == np.float32
    assert x0 - 0.51 <= columns.min() and columns.max() + 1 <= x1 + 0.51
    assert y0 - 0.51 <= rows.min() and rows.max() + 1 <= y1 + 0.51
    assert 0 <= x0 < x1 <= warp.size[1] and 0 <= y0 < y1 <= warp.size[0]


def test_boxes_that_leave_the_image_are_dropped_and_told() -> None:
    shift = affine_warp((10, 10), translate=(6, 0))
    boxes, kept = shift.boxes([[0, 0, 4, 4], [5, 0, 9, 4], [3, 3, 7, 7]])
    assert kept.tolist() == [0, 2]
    np.testing.assert_allclose(boxes, [[6, 0, 10, 4], [9, 3, 10, 7]])
    assert shift.boxes([[3, 3, 7, 7]], min_visible=0.5)[1].tolist() == []
    assert shift.boxes(np.zeros((0, 4)))[0].shape == (0, 4)


@pytest.mark.parametrize("name", PLANS)
@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32, np.float64, np.int32])
@pytest.mark.parametrize("tail", [(), (1,), (2,), (3,), (4,), (5,)])
def test_every_type_and_number_of_channels(name: str, dtype: type, tail: tuple[int, ...]) -> None:
    image = np.random.default_rng(1).integers(0, 200, (*IMAGE.shape[:2], *tail)).astype(dtype)
    before = image.copy()
    made = PLANS[name].image(image)
    assert made.dtype == dtype
    assert made.shape == (*PLANS[name].size, *tail)
    np.testing.assert_array_equal(image, before)


def test_alpha_is_clear_outside() -> None:
    image = np.full((6, 6, 4), 200, dtype=np.uint8)
    made = affine_warp(image.shape, translate=(2.5, 0), fill=255).image(image)
    assert made[0, 0].tolist() == [255, 255, 255, 0]
    whole = affine_warp(image.shape, translate=(2, 0), fill=255).image(image)
    assert whole[0, 0].tolist() == [255, 255, 255, 0]


def test_reflection_shows_the_image_again() -> None:
    row = np.arange(8, dtype=np.uint8)[None]
    assert affine_warp(row.shape, translate=(2, 0), fill="reflect").image(row)[0, :3].tolist() == [2, 1, 0]
    assert affine_warp(row.shape, translate=(2, 0), fill="edge").image(row)[0, :3].tolist() == [0, 0, 0]
    half = affine_warp(row.shape, translate=(0.5, 0), fill="edge").image(row.astype(np.float32))
    np.testing.assert_allclose(half[0], [0, 0.5, 1.5, 2.5, 3.5, 4.5, 5.5, 6.5])


@settings(deadline=None, max_examples=40)
@given(height=st.integers(1, 6), width=st.integers(1, 6), seed=st.integers(0, 99), which=st.integers(0, 5))
def test_no_size_breaks_a_warp(height: int, width: int, seed: int, which: int) -> None:
    gen = np.random.default_rng(seed)
    shape = (height, width)
    warp = [
        lambda: resized_crop_warp(shape, gen),
        lambda: affine_warp(shape, angle=gen.uniform(-180, 180), scale=gen.uniform(0.3, 3), fill="reflect"),
        lambda: perspective_warp(shape, gen, 1.0),
        lambda: grid_warp(shape, gen, 0.9),
        lambda: elastic_warp(shape, gen),
        lambda: optical_warp(shape, gen.uniform(-0.9, 0.9)),
    ][which]()
    image = gen.random(shape, dtype=np.float32)
    made = warp.image(image)
    assert made.shape == warp.size
    assert np.isfinite(made).all()
    assert made.max() <= image.max() + 1e-5


def test_resized_crop_keeps_its_area_and_shrinks_smoothly() -> None:
    for seed in range(20):
        warp = resized_crop_warp((100, 100), np.random.default_rng(seed), scale=(0.2, 0.3), size=(10, 10))
        assert 0.15 < np.linalg.det(warp.matrix) * 100 / 10_000 < 0.35
    stripes = np.tile(np.array([0, 255], dtype=np.uint8), (64, 32))
    assert crop_warp(stripes.shape, (0, 0, 64, 64), (8, 8)).image(stripes).std() < 5  # 127 without smoothing


def test_plans_are_the_same_for_the_same_generator() -> None:
    for plan in (resized_crop_warp, perspective_warp, grid_warp, elastic_warp):
        first, again = (plan(IMAGE.shape, np.random.default_rng(3)).image(IMAGE) for _ in range(2))
        np.testing.assert_array_equal(first, again)


def test_wrong_arguments_are_named() -> None:
    with pytest.raises(AlignmentError, match="another size"):
        flip_warp((3, 3)).image(np.zeros((3, 4)))
    with pytest.raises(DataError, match="x0 <= x1"):
        flip_warp((3, 3)).boxes([[2, 0, 1, 1]])
    with pytest.raises(ParameterError, match="fill"):
        affine_warp((3, 3), fill="blue")
    with pytest.raises(ParameterError, match="bilinear"):
        affine_warp((3, 3), interpolation="cubic")
    for wrong in ({"scale": 0}, {"angle": float("nan")}, {"shear": (1.0, 1.0)}):
        with pytest.raises(ParameterError, match="affine"):
            affine_warp((3, 3), **wrong)
    with pytest.raises(ParameterError, match="box"):
        crop_warp((3, 3), (2, 0, 2, 1))
    with pytest.raises(ParameterError, match="scale"):
        resized_crop_warp((3, 3), rng(), scale=(0, 1))
    with pytest.raises(ParameterError, match="distortion"):
        perspective_warp((3, 3), rng(), 2)
    with pytest.raises(ParameterError, match="limit"):
        grid_warp((3, 3), rng(), 1.0)
    with pytest.raises(ParameterError, match="sigma"):
        elastic_warp((3, 3), rng(), 1, 0)
    with pytest.raises(ParameterError, match="strength"):
        optical_warp((3, 3), -1)
