from __future__ import annotations

import struct
import zlib
from io import BytesIO

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from tilth.errors import DataError, ParameterError
from tilth.numerics.media.images import (
    decode_image,
    decode_pixels,
    image_size,
    perceptual_hash,
    resize,
    thumbnail_jpeg,
    thumbnail_png,
)


def encode(array: np.ndarray, kind: str = "PNG", **options: object) -> bytes:
    out = BytesIO()
    Image.fromarray(array).save(out, kind, **options)  # type: ignore[arg-type]
    return out.getvalue()


def scene(size: int = 64, seed: int = 0) -> np.ndarray:
    """A smooth random picture."""
    rng = np.random.default_rng(seed)
    return resize(rng.integers(0, 256, size=(6, 6, 3)).astype(np.uint8), size)


def bomb(width: int, height: int) -> bytes:
    """A tiny PNG whose header promises a huge picture."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"")) + chunk(b"IEND", b"")


def test_png_round_trip_is_exact() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, size=(5, 7, 3)).astype(np.uint8)
    decoded = decode_image(encode(pixels))
    np.testing.assert_array_equal(decoded, pixels)
    assert decoded.dtype == np.uint8
    assert decoded.flags.writeable


@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation_is_applied(orientation: int) -> None:
    upright = np.zeros((4, 6, 3), dtype=np.uint8)
    upright[0, 0], upright[0, -1], upright[-1, 0] = (255, 0, 0), (0, 255, 0), (0, 0, 255)
    turn = {1: None, 2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}[orientation]  # how the camera stored it
    picture = Image.fromarray(upright)
    stored = picture if turn is None else picture.transpose(Image.Transpose(turn))
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = BytesIO()
    stored.save(out, "PNG", exif=exif)
    np.testing.assert_array_equal(decode_image(out.getvalue()), upright)
    assert image_size(out.getvalue()) == (4, 6)


def test_modes_become_rgb() -> None:
    grey = np.array([[0, 128], [200, 255]], dtype=np.uint8)
    assert decode_image(encode(grey))[:, :, 1].tolist() == grey.tolist()
    wide = grey.astype(np.uint16) * 257
    assert decode_image(encode(wide))[:, :, 2].tolist() == grey.tolist()
    clear = np.zeros((1, 2, 4), dtype=np.uint8)
    clear[0, 1] = (10, 20, 30, 255)
    assert decode_image(encode(clear)).tolist() == [[[255, 255, 255], [10, 20, 30]]]
    out = BytesIO()
    Image.fromarray(np.repeat(grey[:, :, None], 3, axis=2)).quantize(4).save(out, "GIF")
    np.testing.assert_allclose(decode_image(out.getvalue())[:, :, 0], grey, atol=2)
    for mode in ("1", "LA", "CMYK", "P"):
        out = BytesIO()
        Image.new(mode, (3, 2), 0).save(out, "TIFF")
        assert decode_image(out.getvalue()).shape == (2, 3, 3)
    floats = encode(np.array([[-1.0, 0.0, 1.0]], dtype=np.float32), "TIFF")
    assert decode_image(floats)[0, :, 0].tolist() == [0, 128, 255]


def test_size_is_checked_before_decoding() -> None:
    for width, height in ((30_000, 30_000), (2_000_000, 2_000_000)):
        with pytest.raises(DataError, match=r"row 9: .*large"):
            decode_image(bomb(width, height), where="row 9")
    pixels = encode(np.zeros((10, 10, 3), dtype=np.uint8))
    assert decode_image(pixels, max_pixels=100).shape == (10, 10, 3)
    with pytest.raises(DataError, match="10 x 10"):
        decode_image(pixels, max_pixels=99)


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "BMP", "WEBP", "TIFF"])
def test_truncated_images_are_refused(kind: str) -> None:
    whole = encode(np.random.default_rng(0).integers(0, 256, size=(64, 64, 3)).astype(np.uint8), kind)
    for share in (0.02, 0.5, 0.9):
        with pytest.raises(DataError, match="row 2"):
            decode_image(whole[: int(share * len(whole))], where="row 2")


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(["PNG", "JPEG", "GIF", "TIFF", "WEBP"]), st.integers(0, 2**32 - 1))
def test_corrupt_images_decode_or_raise_data_error(kind: str, seed: int) -> None:
    rng = np.random.default_rng(seed)
    data = bytearray(encode(scene(24), kind))
    for place in rng.integers(0, len(data), size=rng.integers(1, 12)):
        data[place] = rng.integers(256)
    try:
        assert decode_image(bytes(data), max_pixels=1_000_000).shape[2] == 3
    except DataError as err:
        assert err.what


def test_not_an_image() -> None:
    with pytest.raises(DataError, match="0 bytes"):
        decode_image(b"")
    with pytest.raises(DataError, match=r"row 4: not an image.*b'hello"):
        decode_image(b"hello world", where="row 4")
    with pytest.raises(DataError, match="as bytes"):
        decode_image("cat.png")  # type: ignore[arg-type]
    with pytest.raises(DataError, match="not an image"):
        image_size(b"hello")
    with pytest.raises(ParameterError):
        decode_image(b"x", max_pixels=0)


def test_hash_survives_small_changes_and_tells_pictures_apart() -> None:
    pictures = [scene(96, seed) for seed in range(20)]
    code = np.array([perceptual_hash(picture) for picture in pictures])
    assert code.dtype == np.uint64
    for picture, expected in zip(pictures, code, strict=True):
        brighter = np.clip(picture * 0.8 + 30, 0, 255).astype(np.uint8)
        for changed in (resize(picture, 64), decode_image(encode(picture, "JPEG", quality=50)), brighter):
            assert np.bitwise_count(perceptual_hash(changed) ^ expected) <= 6
    apart = np.bitwise_count(code[:, None] ^ code[None, :])[np.triu_indices(20, 1)]
    assert apart.min() > 10


def test_blank_pictures_have_few_bits() -> None:
    for value in (0, 1, 127, 255):
        assert np.bitwise_count(perceptual_hash(np.full((50, 40, 3), value, dtype=np.uint8))) <= 1


def test_resize_and_thumbnails() -> None:
    assert resize(scene(), (10, 20)).shape == (10, 20, 3)
    assert resize(np.full((9, 9, 1), 7, dtype=np.uint8), 3).tolist() == np.full((3, 3, 3), 7).tolist()
    wide = np.zeros((20, 200, 3), dtype=np.uint8)
    assert image_size(thumbnail_png(wide, 50)) == image_size(thumbnail_jpeg(wide, 50)) == (5, 50)
    assert image_size(thumbnail_png(wide, 1000)) == (20, 200)
    assert thumbnail_png(wide, 9)[:4] == b"\x89PNG"
    assert thumbnail_jpeg(wide, 9)[:2] == b"\xff\xd8"


def test_bad_arrays_and_sizes() -> None:
    for bad in (np.zeros((2, 2)), np.zeros((2, 2, 4), np.uint8), np.zeros((0, 2, 3), np.uint8), np.zeros(3, np.uint8)):
        with pytest.raises(DataError, match="uint8"):
            perceptual_hash(bad)
    with pytest.raises(ParameterError):
        resize(scene(), 0)
    with pytest.raises(ParameterError):
        thumbnail_png(scene(), 0)
    with pytest.raises(ParameterError):
        thumbnail_jpeg(scene(), 5, quality=100)


def test_decode_pixels_keeps_depth_and_opacity() -> None:
    def stored(image: Image.Image, **how: object) -> bytes:
        out = BytesIO()
        image.save(out, "PNG", **how)
        return out.getvalue()

    rng = np.random.default_rng(0)
    deep = rng.integers(0, 1001, (5, 4)).astype(np.uint16)
    four = rng.integers(0, 256, (5, 4, 4), dtype=np.uint8)
    turned = Image.Exif()
    turned[0x0112] = 6
    assert np.array_equal(decode_pixels(stored(Image.fromarray(deep))), deep)
    assert np.array_equal(decode_pixels(stored(Image.fromarray(four))), four)
    assert np.array_equal(decode_pixels(stored(Image.fromarray(four), exif=turned.tobytes())), np.rot90(four, -1))
    pair = decode_pixels(stored(Image.fromarray(np.ascontiguousarray(four[..., :2]))))
    assert np.array_equal(pair, four[..., [0, 0, 0, 1]])
    palette = Image.fromarray(four[..., 0]).convert("P")
    assert decode_pixels(stored(palette)).shape == (5, 4, 3)
    assert decode_pixels(stored(palette, transparency=3)).shape == (5, 4, 4)
    assert decode_image(stored(Image.fromarray(four))).shape == (5, 4, 3), "whoever audits sees colours as before"
