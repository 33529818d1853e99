"""Label preservation, distances between samples, and mixed chains."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tilth.errors import AlignmentError, ParameterError
from tilth.numerics.augment.chains import mix_chains
from tilth.numerics.augment.preservation import flip_rates, safe_magnitude
from tilth.numerics.augment.shift import categories_shift, embedding_shift, numbers_shift


def blobs(n: int = 30) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    y = np.repeat([0, 1, 2], n)
    return np.asarray([[0.0, 0.0], [6.0, 0.0], [0.0, 6.0]])[y] + rng.normal(0, 0.5, (3 * n, 2)), y


def test_rows_that_land_in_another_class_are_flips_and_unfamiliar_ones_are_not() -> None:
    X, y = blobs()
    own = np.flatnonzero(y == 0)
    moved = X[own] + [6.0, 0.0]  # among class 1
    far = X[own] + [300.0, 0.0]  # class 1 for the model, but nowhere near its rows
    kept = X[own] + 0.01
    changed = np.concatenate([moved, far, kept])
    setting = np.repeat([0, 1, 2], len(own))
    made = flip_rates(X, y, changed, np.tile(own, 3), setting)
    assert made.judged[0].tolist() == [30, 30, 30]
    assert made.flipped[0, 0] >= 28 and made.flipped[0, 1:].tolist() == [0, 0]
    assert made.into[0].tolist() == [1, -1, -1] and made.flipped[1:].sum() == 0


def test_rows_that_the_model_gets_wrong_as_they_are_are_not_judged() -> None:
    X, y = blobs()
    y = y.copy()
    y[:5] = 1  # five rows of the first blob carry the label of the second
    made = flip_rates(X, y, X[:10], np.arange(10), np.zeros(10, dtype=np.int64))
    assert made.judged[1, 0] == 0 and made.judged[0, 0] == 5


def test_labels_cannot_be_checked_with_one_class_or_one_row_a_class() -> None:
    X = np.zeros((4, 2))
    none = np.zeros(0, dtype=np.int64)
    for labels in ([0, 0, 0, 0], [0, 0, 0, 1]):
        with pytest.raises(ParameterError, match="two classes of at least two rows"):
            flip_rates(X, np.asarray(labels), X[:0], none, none)
    with pytest.raises(AlignmentError):
        flip_rates(X, np.asarray([0, 1]), X, none, none)


def test_safe_magnitude_is_the_last_before_the_first_clear_flip() -> None:
    grid, n = np.asarray([0.25, 0.5, 0.75, 1.0]), np.full(4, 20)
    assert safe_magnitude(grid, n, np.asarray([0, 1, 2, 1])) == 1.0, "within chance of 10%"
    assert safe_magnitude(grid, n, np.asarray([0, 0, 9, 0])) == 0.5, "safe again further up does not count"
    assert safe_magnitude(grid, n, np.asarray([15, 20, 20, 20])) == 0.0
    assert safe_magnitude(grid, np.zeros(4, dtype=int), np.zeros(4, dtype=int)) == 1.0, "nothing judged, nothing found"
    assert safe_magnitude(grid, n, np.asarray([0, 0, 9, 0]), most=0.5) == 1.0


def test_distances_are_those_of_scipy_and_leave_gaps_out() -> None:
    from scipy.stats import ks_2samp

    rng = np.random.default_rng(1)
    a, b = rng.normal(size=50), rng.normal(0.5, 1, size=70)
    made = numbers_shift([*a, float("nan")], [*b])
    assert made.distance == pytest.approx(ks_2samp(a, b).statistic) and made.before == pytest.approx(np.median(a))
    assert numbers_shift([], [1.0]).distance == 1.0
    assert numbers_shift([float("nan")], []).distance == 0.0


def test_categories_and_gaps_among_them() -> None:
    made = categories_shift(["a"] * 8 + [None] * 2, ["a"] * 4 + [None] * 4 + ["b"] * 2)
    assert made.distance == pytest.approx(0.4) and (made.before, made.after) == (0.8, 0.4)
    assert categories_shift(["a"], ["a", "a"]).distance == 0.0


@given(st.integers(0, 1000))
def test_embedding_distance_of_a_sample_with_itself_is_not_significant(seed: int) -> None:
    rng = np.random.default_rng(seed)
    X = rng.normal(size=(24, 3))
    made = embedding_shift(X[:12], X[12:], permutations=50, random_state=seed)
    assert 0 < made.p <= 1 and made.distance < 0.5
    assert embedding_shift(X[:12], X[:12], permutations=50).p > 0.5


def test_embedding_distance_is_the_unbiased_estimate() -> None:
    rng = np.random.default_rng(2)
    X, Y = rng.normal(size=(7, 2)), rng.normal(1, 1, size=(9, 2))
    both = np.concatenate([X, Y])
    d = ((both[:, None] - both[None]) ** 2).sum(axis=2)
    k = np.exp(-d / np.median(d[np.triu_indices(16, 1)]))
    xx = (k[:7, :7].sum() - 7) / (7 * 6)
    yy = (k[7:, 7:].sum() - 9) / (9 * 8)
    assert embedding_shift(X, Y, permutations=5).distance == pytest.approx(xx + yy - 2 * k[:7, 7:].mean())
    with pytest.raises(ParameterError, match="at least 4 rows"):
        embedding_shift(X[:3], Y)


def test_equal_rows_have_no_distance() -> None:
    assert embedding_shift(np.zeros((5, 2)), np.zeros((5, 2))).distance == pytest.approx(0.0)


def test_chains_of_sounds_of_another_length_are_fitted_and_images_of_another_shape_left_out() -> None:
    sound = np.full(4, 0.5, np.float32)
    short = mix_chains(sound, [np.full(2, 0.5, np.float32)], np.asarray([1.0]), 1.0)
    assert short.tolist() == [0.5, 0.5, 0.0, 0.0] and short.dtype == np.float32
    image = np.full((2, 2), 100, np.uint8)
    assert (mix_chains(image, [np.zeros((3, 3), np.uint8)], np.asarray([1.0]), 1.0) == image).all()
    assert mix_chains(image, [image + 100, image], np.asarray([0.5, 0.5]), 1.0)[0, 0] == 150
    with pytest.raises(ParameterError, match="only images and sounds"):
        mix_chains("text", ["a"], np.asarray([1.0]), 0.5)  # type: ignore[arg-type, list-item]
