"""Injected label noise has the asked rate, structure and seed."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError
from tilth.numerics.statistics.noise import inject_label_noise


@pytest.mark.parametrize("kind", ["uniform", "class_dependent", "instance_dependent"])
@given(st.lists(st.integers(0, 4), min_size=2, max_size=80), st.floats(0, 1), st.integers(0, 1000))
@settings(max_examples=40, deadline=None)
def test_exact_rate_mask_and_seed(kind: str, labels: list[int], noise: float, seed: int) -> None:
    labels = [0, 1, *labels]
    features = None
    if kind == "instance_dependent":
        features = np.random.default_rng(seed).normal(size=(len(labels), 3))
    noisy, changed = inject_label_noise(labels, noise, kind=kind, features=features, random_state=seed)
    assert int(changed.sum()) == round(len(labels) * noise)
    assert np.array_equal(changed, noisy != np.array(labels))
    assert noisy.min() >= 0
    assert noisy.max() <= max(labels)
    again, _ = inject_label_noise(labels, noise, kind=kind, features=features, random_state=seed)
    assert np.array_equal(noisy, again)


def test_uniform_reaches_every_other_class_alike() -> None:
    labels = np.append(np.zeros(30_000, int), 3)
    noisy, _ = inject_label_noise(labels, 1.0, random_state=0)
    shares = np.bincount(noisy[:-1], minlength=4) / 30_000
    np.testing.assert_allclose(shares, [0, 1 / 3, 1 / 3, 1 / 3], atol=0.02)


def test_pairs_without_a_matrix() -> None:
    labels = np.arange(300) % 3
    noisy, changed = inject_label_noise(labels, 0.5, kind="class_dependent", random_state=0)
    assert np.array_equal(noisy[changed], (labels[changed] + 1) % 3)


def test_matrix_sets_the_rates() -> None:
    matrix = np.array([[0.7, 0.3, 0.0], [0.0, 1.0, 0.0], [0.2, 0.2, 0.6]])
    labels = np.arange(60_000) % 3
    noisy, _ = inject_label_noise(labels, 0.1, kind="class_dependent", matrix=matrix, random_state=0)
    for k in range(3):
        shares = np.bincount(noisy[labels == k], minlength=3) / 20_000
        np.testing.assert_allclose(shares, matrix[k], atol=0.02)
        assert not shares[matrix[k] == 0].any()


def test_rows_near_another_class_change_more_often() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 3000)
    features = rng.normal(size=(3000, 2)) + np.array([[0, 0], [3, 0], [9, 0]])[labels]
    noisy, changed = inject_label_noise(labels, 0.2, kind="instance_dependent", features=features, random_state=0)
    near = (labels == 0) & (features[:, 0] > 1)
    far = (labels == 0) & (features[:, 0] < -1)
    assert changed[near].mean() > 2 * changed[far].mean()
    moved = noisy[changed & (labels == 0)]
    assert np.mean(moved == 1) > 0.6


@pytest.mark.parametrize(
    ("options", "error", "match"),
    [
        ({"noise": 1.5}, ParameterError, "between 0 and 1"),
        ({"noise": float("nan")}, ParameterError, "between 0 and 1"),
        ({"kind": "magic"}, ParameterError, "'instance_dependent'"),
        ({"matrix": np.eye(2)}, ParameterError, "matrix does not go"),
        ({"features": [[1], [2]]}, ParameterError, "features go with"),
        ({"kind": "instance_dependent"}, ParameterError, "features go with"),
        ({"kind": "instance_dependent", "features": [[1]]}, AlignmentError, "one row per label"),
        ({"kind": "instance_dependent", "features": [1, 2]}, ParameterError, "two dimensions"),
        ({"kind": "instance_dependent", "features": [[1], [np.nan]]}, DataError, "row 1, column 0"),
        ({"kind": "class_dependent", "matrix": [[1, 0]]}, ParameterError, "square"),
        ({"kind": "class_dependent", "matrix": [[1, 0], [0.5, 0.4]]}, ParameterError, "row 1"),
        ({"kind": "class_dependent", "matrix": [[1.0]]}, LabelError, "no column"),
        ({"labels": [0, 0]}, LabelError, "no other class"),
        ({"labels": [1, 1], "kind": "instance_dependent", "features": [[1], [2]]}, LabelError, "no other class"),
    ],
)
def test_bad_inputs(options: dict, error: type, match: str) -> None:
    options = {"labels": [0, 1], "noise": 0.5, **options}
    with pytest.raises(error, match=match):
        inject_label_noise(**options)
