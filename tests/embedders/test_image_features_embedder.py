from __future__ import annotations

from io import BytesIO

import numpy as np
import pytest
from PIL import Image

from tilth.embedders.image_features import N_FEATURES, ImageFeatures, describe
from tilth.errors import DataError
from tilth.plugin import Run
from tilth.records import MemoryItems


def encoded(pixels: np.ndarray, kind: str = "PNG") -> bytes:
    out = BytesIO()
    Image.fromarray(pixels.astype(np.uint8)).save(out, kind)
    return out.getvalue()


@pytest.mark.parametrize(
    "pixels",
    [np.zeros((1, 1)), np.full((40, 3, 3), 255), np.arange(64).reshape(8, 8), np.zeros((5, 200, 3))],
)
def test_every_size_and_flat_images_have_finite_features(pixels: np.ndarray) -> None:
    features = describe(encoded(pixels))
    assert features.shape == (N_FEATURES,)
    assert features.dtype == np.float32
    assert np.isfinite(features).all()


def test_unreadable_image_raises_alone_and_is_nan_in_a_collection() -> None:
    with pytest.raises(DataError):
        describe(b"")
    good = encoded(np.arange(64).reshape(8, 8))
    vectors = ImageFeatures().embed(MemoryItems([good, good[:40], b""]), Run())
    assert np.isnan(vectors).all(axis=1).tolist() == [False, True, True]


def test_a_resized_copy_is_nearer_than_another_image() -> None:
    rng = np.random.default_rng(0)
    small = rng.integers(0, 255, (6, 6, 3)).astype(np.uint8)
    other = rng.integers(0, 255, (6, 6, 3)).astype(np.uint8)
    big = [np.asarray(Image.fromarray(p).resize((s, s), Image.Resampling.BICUBIC)) for p, s in
           ((small, 90), (small, 60), (other, 90))]  # fmt: skip
    a, b, c = (describe(encoded(p)) for p in big)
    assert np.linalg.norm(a - b) < np.linalg.norm(a - c) / 3


def test_colour_is_seen() -> None:
    red, blue = np.zeros((20, 20, 3)), np.zeros((20, 20, 3))
    red[..., 0] = blue[..., 2] = 200
    assert np.linalg.norm(describe(encoded(red)) - describe(encoded(blue))) > 1


def test_handwritten_digits_are_told_apart() -> None:
    from sklearn.datasets import load_digits
    from sklearn.linear_model import LogisticRegression
    from sklearn.model_selection import KFold, cross_val_score
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    digits = load_digits()
    items = MemoryItems([encoded(picture * 15.9) for picture in digits.images[:600]])
    vectors = ImageFeatures().embed(items, Run())
    model = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
    folds = KFold(3, shuffle=True, random_state=0)
    assert cross_val_score(model, vectors, digits.target[:600], cv=folds).mean() >= 0.97
