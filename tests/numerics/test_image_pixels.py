"""Colour, light, filters and holes, with Pillow as oracle where it has the operation."""

from __future__ import annotations

from collections.abc import Callable
from io import BytesIO
from typing import Any

import numpy as np
import pytest
from PIL import Image, ImageEnhance, ImageFilter, ImageOps
from scipy.ndimage import gaussian_filter, median_filter

import tilth
from tilth.errors import DataError, ParameterError

PHOTO = np.random.default_rng(0).integers(10, 230, (20, 24, 3), dtype=np.uint8)
PILLOW = Image.fromarray(PHOTO)


def rng() -> np.random.Generator:
    return np.random.default_rng(5)


@pytest.mark.parametrize(
    ("made", "oracle", "off"),
    [
        (tilth.adjust_brightness(PHOTO, 1.4), ImageEnhance.Brightness(PILLOW).enhance(1.4), 1),
        (tilth.adjust_contrast(PHOTO, 0.6), ImageEnhance.Contrast(PILLOW).enhance(0.6), 1),
        (tilth.adjust_saturation(PHOTO, 1.7), ImageEnhance.Color(PILLOW).enhance(1.7), 1),
        (tilth.autocontrast(PHOTO), ImageOps.autocontrast(PILLOW), 1),
        (tilth.invert(PHOTO), ImageOps.invert(PILLOW), 0),
        (tilth.posterize(PHOTO, 3), ImageOps.posterize(PILLOW, 3), 0),
        (tilth.solarize(PHOTO, 128 / 255), ImageOps.solarize(PILLOW, 128), 0),
        (
            tilth.median_blur(PHOTO, 3)[1:-1, 1:-1],
            np.asarray(PILLOW.filter(ImageFilter.MedianFilter(3)))[1:-1, 1:-1],
            0,
        ),
        (
            tilth.adjust_sharpness(PHOTO, 0)[1:-1, 1:-1],
            np.asarray(PILLOW.filter(ImageFilter.SMOOTH))[1:-1, 1:-1],
            1,
        ),
    ],
)
def test_pillow_agrees(made: np.ndarray, oracle: Any, off: int) -> None:
    assert int(np.abs(made.astype(int) - np.asarray(oracle).astype(int)).max()) <= off


@pytest.mark.parametrize("size", [3, 5, 7])
def test_the_median_is_the_median(size: int) -> None:
    for pixels in (PHOTO[..., 0], PHOTO[..., 0].astype(np.float32)):
        oracle = median_filter(pixels, size=size, mode="nearest")
        np.testing.assert_array_equal(tilth.median_blur(pixels, size), oracle)


def test_the_gaussian_is_the_gaussian() -> None:
    oracle = gaussian_filter(PHOTO[..., 1].astype(np.float64), 1.5, mode="nearest", truncate=10 / 3)
    assert np.abs(tilth.gaussian_blur(PHOTO[..., 1], 1.5) - oracle).max() < 0.6
    np.testing.assert_array_equal(tilth.gaussian_blur(PHOTO, 0), PHOTO)


def test_motion_blur_keeps_the_light_and_follows_its_direction() -> None:
    point = np.zeros((9, 9), dtype=np.float32)
    point[4, 4] = 1
    flat, steep = tilth.motion_blur(point, 5, 0), tilth.motion_blur(point, 5, 90)
    assert np.flatnonzero(flat.any(axis=1)).tolist() == [4]
    assert np.flatnonzero(steep.any(axis=0)).tolist() == [4]
    assert flat.sum() == pytest.approx(1)
    np.testing.assert_array_equal(tilth.motion_blur(PHOTO, 1, 30), PHOTO)


def test_equalizing_flattens_the_histogram() -> None:
    dark = (PHOTO // 4).astype(np.uint8)
    made = tilth.equalize(dark)
    assert made.min() == 0
    assert made.max() == 255
    assert abs(float(made.mean()) - 127) < 12
    np.testing.assert_array_equal(tilth.equalize(np.full((4, 4), 9, np.uint8)), np.full((4, 4), 9))


def test_hue_goes_round_and_keeps_grey() -> None:
    assert int(np.abs(tilth.adjust_hue(PHOTO, 0.0).astype(int) - PHOTO).max()) <= 1
    red = np.array([[[200, 10, 10]]], np.uint8)
    assert tilth.adjust_hue(red, -1 / 3).argmax() == 2
    back = tilth.adjust_hue(tilth.adjust_hue(PHOTO, 0.3), -0.3)
    assert float(np.abs(back.astype(int) - PHOTO).mean()) < 3  # 256 hues and saturations
    exact = tilth.adjust_hue(tilth.adjust_hue(PHOTO / 255, 0.3), -0.3)
    np.testing.assert_allclose(exact, PHOTO / 255, atol=1e-5)


CHANGES: dict[str, Callable[[Any], np.ndarray]] = {
    "brightness": lambda x: tilth.adjust_brightness(x, 1.3),
    "contrast": lambda x: tilth.adjust_contrast(x, 1.3),
    "saturation": lambda x: tilth.adjust_saturation(x, 0.3),
    "hue": lambda x: tilth.adjust_hue(x, 0.2),
    "gamma": lambda x: tilth.adjust_gamma(x, 1.7),
    "sharpness": lambda x: tilth.adjust_sharpness(x, 1.9),
    "autocontrast": tilth.autocontrast,
    "equalize": tilth.equalize,
    "invert": tilth.invert,
    "posterize": lambda x: tilth.posterize(x, 3),
    "solarize": lambda x: tilth.solarize(x, 0.5),
    "solarize_add": lambda x: tilth.solarize_add(x, 0.2),
    "gray": tilth.to_gray,
    "jitter": lambda x: tilth.color_jitter(x, rng()),
    "gaussian": lambda x: tilth.gaussian_blur(x, 1.0),
    "motion": lambda x: tilth.motion_blur(x, 5, 40),
    "median": lambda x: tilth.median_blur(x, 3),
    "noise": lambda x: tilth.image_noise(x, rng(), 0.1),
    "pepper": lambda x: tilth.salt_and_pepper(x, rng(), 0.2),
    "jpeg": lambda x: tilth.jpeg_compression(x, 40),
    "dropout": lambda x: tilth.coarse_dropout(x, rng()),
    "grid": lambda x: tilth.grid_dropout(x, rng()),
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("tail", [(), (1,), (2,), (3,), (4,)])
def test_every_type_gives_the_same_picture(name: str, tail: tuple[int, ...]) -> None:
    """8-bit, 16-bit and float forms of one image come out alike; alpha stays; the input is not touched."""
    levels = np.random.default_rng(2).integers(0, 256, (12, 10, *tail), dtype=np.uint8)
    made = CHANGES[name](levels.copy())
    assert made.dtype == np.uint8
    assert made.shape == levels.shape
    for other in ((levels / 255).astype(np.float32), levels.astype(np.uint16) * 257):
        before = other.copy()
        changed = CHANGES[name](other)
        np.testing.assert_array_equal(other, before)
        assert changed.dtype == other.dtype
        unit = changed / (65535 if changed.dtype == np.uint16 else 1)
        close = np.abs(unit - made / 255) < (0.05 if name == "hue" else 0.02)
        assert close.mean() > 0.97, name
    if tail in ((2,), (4,)) and name not in ("dropout", "grid"):
        np.testing.assert_array_equal(made[..., -1], levels[..., -1])


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("shape", [(1, 1), (1, 1, 3), (1, 7), (7, 1, 3), (2, 2)])
@pytest.mark.parametrize("value", [0, 255])
def test_flat_and_tiny_images_survive(name: str, shape: tuple[int, ...], value: int) -> None:
    made = CHANGES[name](np.full(shape, value, dtype=np.uint8))
    assert made.shape == shape
    assert made.dtype == np.uint8


def test_holes_have_the_size_asked_for() -> None:
    for seed in range(10):
        made = tilth.coarse_dropout(
            np.ones((20, 30)), np.random.default_rng(seed), height=(0.5, 0.5), width=(0.2, 0.2), fill=0.5
        )
        assert (made == 0.5).sum() == 10 * 6


def test_normalizing_gives_zero_mean() -> None:
    mean, std = PHOTO.mean(axis=(0, 1)) / 255, PHOTO.std(axis=(0, 1)) / 255
    made = tilth.normalize_image(PHOTO, mean, std)
    assert made.dtype == np.float32
    np.testing.assert_allclose(made.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(made.std(axis=(0, 1)), 1, atol=1e-5)
    clear = tilth.normalize_image(np.dstack([PHOTO, np.full((20, 24), 255, np.uint8)]))
    assert (clear[..., 3] == 1).all()


def test_images_of_every_kind_are_read_upright() -> None:
    flat = Image.fromarray(PHOTO)
    exif = Image.Exif()
    exif[0x0112] = 6  # turned by a quarter
    out = BytesIO()
    flat.save(out, "PNG", exif=exif)
    assert tilth.as_image(out.getvalue()).shape == (24, 20, 3)
    np.testing.assert_array_equal(tilth.as_image(out.getvalue()), np.rot90(PHOTO, -1))
    assert tilth.as_image(flat.convert("P")).shape == (20, 24, 3)
    assert tilth.as_image(flat.convert("L")).shape == (20, 24)
    assert tilth.as_image(flat.convert("1")).max() == 255
    assert tilth.as_image(flat.convert("RGBA")).shape == (20, 24, 4)
    assert tilth.as_image(flat.convert("CMYK")).shape == (20, 24, 3)
    wide = Image.fromarray(np.full((2, 2), 65535, np.uint16))
    assert tilth.as_image(wide).tolist() == [[255, 255], [255, 255]]
    clear = flat.convert("P")
    clear.info["transparency"] = 0
    assert tilth.as_image(clear).shape == (20, 24, 4)
    floats = np.zeros((2, 2), np.float32)
    assert tilth.as_image(floats) is floats


def test_bad_input_is_named() -> None:
    for wrong in (np.zeros((0, 3)), np.zeros((2, 2, 2, 2)), np.array([["a"]]), np.zeros(3)):
        with pytest.raises(DataError, match=r"\(h, w\)"):
            tilth.invert(wrong)
    with pytest.raises(DataError, match="row 3"):
        tilth.as_image(b"no image", where="row 3")
    calls: list[Callable[[], Any]] = [
        lambda: tilth.adjust_brightness(PHOTO, -1),
        lambda: tilth.adjust_contrast(PHOTO, float("nan")),
        lambda: tilth.adjust_hue(PHOTO, 0.7),
        lambda: tilth.adjust_gamma(PHOTO, 0),
        lambda: tilth.posterize(PHOTO, 0),
        lambda: tilth.color_jitter(PHOTO, rng(), hue=0.6),
        lambda: tilth.normalize_image(PHOTO, 0, 0),
        lambda: tilth.gaussian_blur(PHOTO, -1),
        lambda: tilth.motion_blur(PHOTO, 4, 0),
        lambda: tilth.median_blur(PHOTO, 2),
        lambda: tilth.image_noise(PHOTO, rng(), -1),
        lambda: tilth.salt_and_pepper(PHOTO, rng(), 2),
        lambda: tilth.jpeg_compression(PHOTO, 0),
        lambda: tilth.coarse_dropout(PHOTO, rng(), height=(0.5, 0.2)),
        lambda: tilth.grid_dropout(PHOTO, rng(), ratio=2),
    ]
    for call in calls:
        with pytest.raises(ParameterError):
            call()
