"""The seven filters, by hand, against cleanlab, and on test sets with human verdicts."""

from __future__ import annotations

import warnings
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilth.errors import ParameterError
from tilth.numerics.confident.issues import FILTERS, find_label_issues
from tilth.numerics.confident.pruning import lowest
from tilth.numerics.confident.quality_scores import METHODS, get_label_quality_scores

PRUNING = FILTERS[:3]


def make_problem(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Noisy labels and probabilities: 2 to 50 classes, some missing, some rounded so that values tie."""
    rng = np.random.default_rng(seed)
    k = int(rng.choice([2, 3, 4, 5, 10, 20, 50]))
    n = int(rng.integers(20, 1200))
    true = rng.integers(0, k, n)
    labels = np.where(rng.random(n) < rng.uniform(0.05, 0.5), rng.integers(0, k, n), true)
    labels[:2] = [0, k - 1]
    if seed % 3 == 0 and k > 2:
        labels[labels == 1] = 0
    logits = rng.normal(size=(n, k)) * rng.uniform(0.3, 2)
    logits[np.arange(n), true] += rng.uniform(0, 4)
    probs = np.exp(logits)
    probs /= probs.sum(axis=1, keepdims=True)
    if seed % 5 in (3, 4):
        probs = probs.astype(np.float32)
    decimals = {1: 2, 2: 1, 4: 3}.get(seed % 5)
    return labels, probs if decimals is None else probs.round(decimals)


def oracle(labels: np.ndarray, probs: np.ndarray, **options: object) -> np.ndarray:
    module = pytest.importorskip("cleanlab.filter")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return module.find_label_issues(labels, probs, n_jobs=1, **options)


def compare_with_oracle(labels: np.ndarray, probs: np.ndarray) -> None:
    for name in FILTERS:
        expected = oracle(labels, probs, filter_by=name)
        assert np.array_equal(find_label_issues(labels, probs, filter_by=name), expected), name
        blocks = [probs[i : i + 97] for i in range(0, len(probs), 97)]
        assert np.array_equal(find_label_issues(labels, blocks, filter_by=name), expected), name
    for method in METHODS:
        rows = find_label_issues(labels, probs, return_indices_ranked_by=method)
        expected = oracle(labels, probs, return_indices_ranked_by=method)
        scores = get_label_quality_scores(labels, probs, method=method)
        assert set(rows) == set(expected)
        np.testing.assert_allclose(scores[rows], scores[expected], atol=1e-6)


def compare_options(seed: int) -> None:
    labels, probs = make_problem(seed)
    k = probs.shape[1]
    rng = np.random.default_rng(seed)
    own = rng.integers(0, 30, (k, k)) + np.diag(rng.integers(0, 50, k))
    variants: list[dict] = [
        {"frac_noise": 0.5, "min_examples_per_class": 5},
        {"min_examples_per_class": 0},
        {"confident_joint": own},
    ]
    if len(np.unique(labels)) == k:
        variants.append({"num_to_remove_per_class": rng.integers(0, 4, k)})
    for options in variants:
        for name in PRUNING:
            mask = find_label_issues(labels, probs, filter_by=name, **options)
            assert np.array_equal(mask, oracle(labels, probs, filter_by=name, **options)), (name, options)


@pytest.mark.parametrize("seed", range(60))
def test_equals_cleanlab(seed: int) -> None:
    compare_with_oracle(*make_problem(seed))
    compare_options(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60, 360))
def test_equals_cleanlab_on_many_problems(seed: int) -> None:
    compare_with_oracle(*make_problem(seed))
    compare_options(seed)


@pytest.mark.parametrize("name", ["cifar10_test", "mnist_test"])
def test_equals_cleanlab_on_real_data(name: str, shared_data) -> None:
    import pyarrow.parquet as pq

    folder: Path = shared_data(f"label_errors/{name}")
    labels = pq.read_table(folder / "items.parquet", columns=["given_label"])["given_label"].to_numpy()
    probs = np.load(folder / "pred_probs.npy", mmap_mode="r")
    compare_with_oracle(labels, np.asarray(probs))
    expected = {"cifar10_test": 284, "mnist_test": 15}[name]
    assert int(find_label_issues(labels, probs).sum()) == expected


@pytest.mark.parametrize("decimals", [None, 2])
def test_large_enough_for_threads(decimals: int | None) -> None:
    rng = np.random.default_rng(3)
    true = rng.integers(0, 40, 60_000)
    labels = np.where(rng.random(60_000) < 0.1, rng.integers(0, 40, 60_000), true)
    logits = rng.standard_normal((60_000, 40), dtype=np.float32)
    logits[np.arange(60_000), true] += 4
    probs = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    probs = probs if decimals is None else probs.round(decimals)
    for name in ("both", "confident_learning"):
        assert np.array_equal(find_label_issues(labels, probs, filter_by=name), oracle(labels, probs, filter_by=name))


def test_many_candidates_per_class() -> None:
    rng = np.random.default_rng(4)
    labels = rng.integers(0, 3, 20_000)
    probs = rng.dirichlet([1, 1, 1], 20_000).round(3)
    assert np.array_equal(find_label_issues(labels, probs), oracle(labels, probs))


@pytest.mark.parametrize("name", FILTERS)
def test_obvious_error_is_found_and_right_labels_are_not(name: str) -> None:
    probs = np.tile([[0.9, 0.1], [0.1, 0.9]], (10, 1))
    labels = np.tile([0, 1], 10)
    labels[4] = 1
    mask = find_label_issues(labels, probs, filter_by=name)
    assert np.flatnonzero(mask).tolist() == [4]


def test_agreeing_rows_are_never_issues() -> None:
    labels, probs = make_problem(8)
    agree = probs.argmax(axis=1) == labels
    for name in FILTERS[:5]:
        assert not (find_label_issues(labels, probs, filter_by=name) & agree).any()


def test_number_per_class_is_exact_among_disagreeing_rows() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 3, 300)
    probs = rng.dirichlet([1, 1, 1], 300)
    mask = find_label_issues(labels, probs, filter_by="prune_by_class", num_to_remove_per_class=[3, 0, 5])
    assert np.bincount(labels[mask], minlength=3).tolist() == [3, 0, 5]


def test_removing_from_a_class_without_noise_raises_nothing() -> None:
    probs = np.tile([[0.9, 0.1], [0.1, 0.9]], (10, 1))
    mask = find_label_issues([0, 1] * 10, probs, num_to_remove_per_class=[1, 1])
    assert not mask.any()


def test_one_class_in_the_labels() -> None:
    assert find_label_issues([0, 0, 0], [[0.9, 0.1], [0.8, 0.2], [0.1, 0.9]]).tolist() == [False] * 3


def test_overshoot_is_clipped() -> None:
    labels, probs = make_problem(5)
    probs = probs.astype(np.float64)
    probs[0] = 0
    probs[0, 1] = 1
    over = probs.copy()
    over[0, 1] += 4e-7
    over[0, 0] -= 4e-7
    for name in FILTERS:
        assert np.array_equal(
            find_label_issues(labels, over, filter_by=name), find_label_issues(labels, probs, filter_by=name)
        )


def test_ranking_can_be_adjusted() -> None:
    labels, probs = make_problem(10)
    options = {"adjust_pred_probs": True}
    rows = find_label_issues(labels, probs, return_indices_ranked_by="self_confidence", rank_by_kwargs=options)
    scores = get_label_quality_scores(labels, probs, **options)
    assert (np.diff(scores[rows]) >= 0).all()


@pytest.mark.parametrize(
    ("options", "match"),
    [
        ({"filter_by": "magic"}, "'low_self_confidence'"),
        ({"return_indices_ranked_by": "magic"}, "'normalized_margin'"),
        ({"rank_by_kwargs": {"magic": 1}}, "adjust_pred_probs"),
        ({"frac_noise": 1.5}, "between 0 and 1"),
        ({"frac_noise": float("nan")}, "between 0 and 1"),
        ({"min_examples_per_class": -1}, "0 or more"),
        ({"num_to_remove_per_class": [1, 1, 1]}, "per class"),
        ({"num_to_remove_per_class": [1, -1]}, "per class"),
        ({"num_to_remove_per_class": [1, 1], "filter_by": "confident_learning"}, "does not go with"),
        ({"confident_joint": np.eye(3)}, "square matrix"),
    ],
)
def test_bad_options(options: dict, match: str) -> None:
    with pytest.raises(ParameterError, match=match):
        find_label_issues([0, 1], [[0.9, 0.1], [0.1, 0.9]], **options)


@pytest.mark.parametrize("options", [{"frac_noise": 0.5}, {"confident_joint": np.eye(2)}])
def test_option_without_effect_warns(options: dict) -> None:
    with pytest.warns(UserWarning, match="has no effect"):
        find_label_issues([0, 1], [[0.9, 0.1], [0.1, 0.9]], filter_by="predicted_neq_given", **options)


@given(st.lists(st.integers(0, 5), min_size=1, max_size=60), st.integers(-1, 70))
@settings(max_examples=60, deadline=None)
def test_lowest_equals_a_full_sort(values: list[int], count: int) -> None:
    scores = np.array(values, dtype=np.float32)
    expected = np.zeros(len(scores), dtype=bool)
    expected[np.argsort(scores)[: max(count, 0)]] = True
    assert np.array_equal(lowest(scores, count), expected)
