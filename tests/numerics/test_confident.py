"""Confident learning: joints, thresholds and latent estimates, by hand and against cleanlab."""

from __future__ import annotations

import numpy as np
import pytest

from tilth.errors import AlignmentError, LabelError, ParameterError, ProbabilityError
from tilth.numerics.confident import joint as confident
from tilth.numerics.confident.matrices import round_rows
from tilth.numerics.confident.probabilities import check_labels, check_pred_probs, open_blocks

LABELS = [0, 0, 0, 1, 1]
PROBS = np.array([[0.9, 0.1], [0.8, 0.2], [0.1, 0.9], [0.2, 0.8], [0.1, 0.9]])


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


def compare_with_oracle(seed: int) -> None:
    count = pytest.importorskip("cleanlab.count")
    labels, probs = make_problem(seed)
    assert np.array_equal(
        confident.get_confident_thresholds(labels, probs), count.get_confident_thresholds(labels, probs)
    )
    for calibrate in (True, False):
        options = {"calibrate": calibrate, "return_indices_of_off_diagonals": True}
        joint, rows = confident.compute_confident_joint(labels, probs, **options)
        expected, expected_rows = count.compute_confident_joint(labels, probs, **options)
        assert np.array_equal(joint, expected)
        assert np.array_equal(rows, expected_rows)
        assert np.array_equal(
            confident.calibrate_confident_joint(joint, labels), count.calibrate_confident_joint(joint, labels)
        )
    joint = confident.compute_confident_joint(labels, probs)
    np.testing.assert_allclose(confident.estimate_joint(labels, probs), count.estimate_joint(labels, probs))
    for method in ("cnt", "eqn", "marginal", "marginal_ps"):
        noise = joint / np.maximum(joint.sum(axis=0), 1)
        if method == "eqn" and np.linalg.cond(noise) > 1e12:
            continue
        for converge in (False, True):
            options = {"py_method": method, "converge_latent_estimates": converge}
            ours = confident.estimate_latent(joint, labels, **options)
            for mine, theirs in zip(ours, count.estimate_latent(joint, labels, **options), strict=True):
                np.testing.assert_allclose(mine, theirs, atol=1e-9)
    for method in ("off_diagonal", "off_diagonal_calibrated"):
        expected_count = count.num_label_issues(labels, probs, estimation_method=method)
        assert confident.num_label_issues(labels, probs, estimation_method=method) == expected_count
    custom = {"confident_joint": joint, "estimation_method": "off_diagonal_custom"}
    assert confident.num_label_issues(labels, probs, **custom) == count.num_label_issues(labels, probs, **custom)


@pytest.mark.parametrize("seed", range(60))
def test_equals_cleanlab(seed: int) -> None:
    compare_with_oracle(seed)


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(60, 360))
def test_equals_cleanlab_on_many_problems(seed: int) -> None:
    compare_with_oracle(seed)


def test_thresholds_by_hand() -> None:
    np.testing.assert_allclose(confident.get_confident_thresholds(LABELS, PROBS), [0.6, 0.85])


def test_class_without_rows_is_never_confident() -> None:
    probs = np.column_stack([PROBS, np.ones(5)])
    assert confident.get_confident_thresholds(LABELS, probs)[2] == 2
    joint = confident.compute_confident_joint(LABELS, probs)
    assert joint[2].sum() == 0
    assert joint[:, 2].sum() == 0


def test_own_thresholds() -> None:
    joint = confident.compute_confident_joint(LABELS, PROBS, thresholds=[0.95, 0.85], calibrate=False)
    assert joint.tolist() == [[1, 1], [0, 1]]
    with pytest.raises(ParameterError, match="one number per class"):
        confident.compute_confident_joint(LABELS, PROBS, thresholds=[0.5])


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, ">f4", ">f8"])
def test_any_float_dtype(dtype: str) -> None:
    assert confident.compute_confident_joint(LABELS, PROBS.astype(dtype)).tolist() == [[2, 1], [0, 2]]


def test_forms_of_input_agree(tmp_path) -> None:
    pandas = pytest.importorskip("pandas")
    labels, probs = make_problem(7)
    np.save(tmp_path / "probs.npy", probs)
    expected = confident.compute_confident_joint(labels, probs)
    blocks = [probs[i : i + 100] for i in range(0, len(probs), 100)]
    mapped = np.load(tmp_path / "probs.npy", mmap_mode="r")
    for form in (mapped, blocks, tuple(blocks), pandas.DataFrame(probs), probs.tolist(), np.asfortranarray(probs)):
        assert np.array_equal(confident.compute_confident_joint(pandas.Series(labels), form), expected)


def test_threads_and_large_classes_agree_with_small_blocks() -> None:
    rng = np.random.default_rng(0)
    labels = rng.integers(0, 50, 50_000)
    probs = rng.dirichlet(np.full(50, 0.1), 50_000).astype(np.float32)
    blocks = [probs[i : i + 7_777] for i in range(0, len(probs), 7_777)]
    whole = confident.compute_confident_joint(labels, probs, return_indices_of_off_diagonals=True)
    pieces = confident.compute_confident_joint(labels, blocks, return_indices_of_off_diagonals=True)
    assert np.array_equal(whole[0], pieces[0])
    assert np.array_equal(whole[1], pieces[1])


def test_input_is_left_alone() -> None:
    labels, probs = make_problem(1)
    probs[0, 0] = 1 + 5e-7
    before = probs.copy()
    confident.num_label_issues(labels, probs)
    assert np.array_equal(before, probs)


@pytest.mark.parametrize(
    ("labels", "match"),
    [
        (["cat", "dog"], "return_inverse"),
        ([0, "dog"], "return_inverse"),
        ([0, None], "row 1: a label is missing"),
        ([0.0, np.nan], "row 1: a label is missing"),
        ([0, 1.5], "row 1: labels must be whole numbers"),
        ([1, -1], "row 1: labels must be 0 or more"),
        ([0, 2], "row 1: a label has no column among the 2"),
        ([], "there are no labels"),
        ([[0], [1]], "one class per row"),
        ([0j, 1j], "labels must be integers"),
    ],
)
def test_bad_labels(labels: list, match: str) -> None:
    with pytest.raises(LabelError, match=match):
        confident.compute_confident_joint(labels, PROBS[:2])


@pytest.mark.parametrize(
    ("probs", "match"),
    [
        ([[0.5, 0.5], [0.5, np.nan]], "row 1, column 1: a probability is missing"),
        ([[0.5, 0.5], [-0.1, 0.5]], "row 1, column 0: a probability is outside"),
        ([[0.5, 7.0], [0.1, 0.5]], "row 0, column 1: a probability is outside"),
        ([0.5, 0.5], "column_stack"),
        ([[0.5], [0.5]], "at least two columns"),
        ([[0.5, 0.5], [0.5]], "differ in length"),
        (np.empty((0, 2)), "no rows"),
        (iter([PROBS]), "read only once"),
        ("no", "table of numbers"),
        ([["a", "b"], ["c", "d"]], "must be numbers"),
        ([PROBS[:1], PROBS[:1, :1]], "every block"),
    ],
)
def test_bad_probabilities(probs: object, match: str) -> None:
    with pytest.raises(ProbabilityError, match=match):
        confident.compute_confident_joint([0, 1], probs)


def test_missing_value_as_object() -> None:
    with pytest.raises(ProbabilityError, match="row 1, column 0: a probability is missing"):
        confident.compute_confident_joint([0, 1], np.array([[0.5, 0.5], [None, 0.5]], dtype=object))


@pytest.mark.parametrize("probs", [PROBS, [PROBS[:2], PROBS[2:]], [PROBS[:2]]])
def test_lengths_must_match(probs: object) -> None:
    with pytest.raises(AlignmentError, match="same rows"):
        confident.compute_confident_joint([0, 1, 1], probs)


@pytest.mark.parametrize("joint", [[[1, 2]], [[1, -1], [0, 1]], [[np.nan, 1], [1, 1]], [["a", "b"], ["c", "d"]]])
def test_bad_confident_joint(joint: list) -> None:
    with pytest.raises(ParameterError, match="confident_joint"):
        confident.calibrate_confident_joint(joint, [0, 1])


def test_bad_methods() -> None:
    with pytest.raises(ParameterError, match="'marginal_ps'"):
        confident.estimate_latent(np.eye(2), [0, 1], py_method="guess")
    with pytest.raises(ParameterError, match="'off_diagonal_calibrated'"):
        confident.num_label_issues(LABELS, PROBS, estimation_method="guess")
    with pytest.raises(ParameterError, match="needs a confident_joint"):
        confident.num_label_issues(LABELS, PROBS, estimation_method="off_diagonal_custom")
    with pytest.raises(ParameterError, match="cannot be inverted"):
        confident.estimate_latent([[1, 1], [1, 1]], [0, 1], py_method="eqn")
    with pytest.warns(UserWarning, match="only with"):
        confident.num_label_issues(LABELS, PROBS, confident_joint=np.eye(2))


def test_rounding_keeps_row_sums() -> None:
    rng = np.random.default_rng(0)
    matrix = rng.random((20, 7)) * 5
    matrix[:, -1] += np.ceil(matrix.sum(axis=1)) - matrix.sum(axis=1)
    rounded = round_rows(matrix)
    assert np.array_equal(rounded.sum(axis=1), matrix.sum(axis=1).round())
    assert np.abs(rounded - matrix).max() < 2


def test_checking_returns_the_same_array_where_it_can() -> None:
    assert check_pred_probs(PROBS) is PROBS or np.shares_memory(check_pred_probs(PROBS), PROBS)
    assert check_pred_probs(PROBS + 5e-7).max() <= 1
    assert check_labels(np.array([True, False])).tolist() == [1, 0]
    assert open_blocks([PROBS, PROBS]).n_rows == 10
