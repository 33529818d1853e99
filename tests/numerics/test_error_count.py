from __future__ import annotations

import numpy as np
import pytest

from tilth.errors import AlignmentError, ConflictError, DataError, ParameterError
from tilth.numerics.label_errors.count import estimate_error_count, plan_verdicts
from tilth.numerics.label_errors.model import LabelErrorEstimate, estimate_label_errors
from tilth.numerics.label_errors.review_yield import calibrate_scores, expected_finds, precision_at_k
from tilth.numerics.statistics.noise import inject_label_noise


def noisy(seed: int, rate: float = 0.15) -> tuple[LabelErrorEstimate, np.ndarray]:
    rng = np.random.default_rng(seed)
    true = np.arange(400) % 3
    X = 2.0 * np.eye(3)[true] @ rng.normal(size=(3, 5)) + rng.normal(size=(400, 5))
    given, wrong = inject_label_noise(true, rate, random_state=seed)
    return estimate_label_errors(X, given, rounds=3, views=("linear", "kernel")), wrong


def test_interval_covers_and_verdicts_halve_it() -> None:
    covered = sharper = 0
    for seed in range(10):
        estimate, wrong = noisy(seed)
        before = estimate_error_count(estimate)
        rows = plan_verdicts(estimate, 100, random_state=seed)
        after = estimate_error_count(estimate, verdict_rows=rows, verdict_is_error=wrong[rows])
        covered += before.total.low <= wrong.sum() <= before.total.high
        covered += after.total.low <= wrong.sum() <= after.total.high
        sharper += after.total.high - after.total.low < before.total.high - before.total.low
        assert after.n_verdicts == 100
        assert sum(c.estimate for c in after.by_class.values()) == pytest.approx(after.total.estimate, rel=0.03)
    assert covered >= 18
    assert sharper >= 8


def test_all_rows_reviewed_is_exact() -> None:
    estimate, wrong = noisy(0)
    rows = np.arange(400)
    count = estimate_error_count(estimate, verdict_rows=rows, verdict_is_error=wrong)
    assert (count.total.low, count.total.estimate, count.total.high) == (wrong.sum(),) * 3


def test_contradictory_verdicts_raise_or_are_noted() -> None:
    estimate, _ = noisy(0)
    with pytest.raises(ConflictError, match=r"row 7.*1 of 2"):
        estimate_error_count(estimate, verdict_rows=[7, 7], verdict_is_error=[True, False])
    count = estimate_error_count(
        estimate, verdict_rows=[7, 7, 8, 8, 8], verdict_is_error=[1, 0, 1, 1, 0], on_conflict="majority"
    )
    assert count.n_verdicts == 1
    assert "contradictory" in count.notes[0] and "left out" in count.notes[1]


def test_bad_verdicts() -> None:
    estimate, _ = noisy(0)
    with pytest.raises(DataError, match="row 400 of 400"):
        estimate_error_count(estimate, verdict_rows=[400], verdict_is_error=[True])
    with pytest.raises(AlignmentError):
        estimate_error_count(estimate, verdict_rows=[1, 2], verdict_is_error=[True])
    with pytest.raises(DataError, match="true or false"):
        estimate_error_count(estimate, verdict_rows=[1], verdict_is_error=[2])
    with pytest.raises(ParameterError):
        estimate_error_count(estimate, level=1.5)
    with pytest.raises(ParameterError):
        plan_verdicts(estimate, -1)


def test_plan_takes_flagged_and_unflagged_rows_once() -> None:
    estimate, _ = noisy(1)
    rows = plan_verdicts(estimate, 80)
    assert len(set(rows.tolist())) == 80
    assert estimate.issues[rows].any() and not estimate.issues[rows].all()
    more = plan_verdicts(estimate, 400, reviewed=rows)
    assert sorted([*rows, *more]) == list(range(400))


def test_calibration_moves_towards_the_verdicts_and_keeps_the_order() -> None:
    rng = np.random.default_rng(0)
    scores = rng.random(2000)
    wrong = rng.random(2000) < scores / 3
    rows = rng.permutation(2000)[:300]
    found = calibrate_scores(scores, rows, wrong[rows])
    assert abs(found.mean() - wrong.mean()) < 0.05
    assert np.array_equal(np.argsort(found, kind="stable"), np.argsort(scores, kind="stable"))
    with pytest.raises(DataError, match="30 verdicts"):
        calibrate_scores(scores, rows[:29], wrong[rows[:29]])
    with pytest.raises(ConflictError):
        calibrate_scores(scores, [*rows, rows[0]], [*wrong[rows], not wrong[rows[0]]])
    with pytest.raises(DataError, match="row 0"):
        calibrate_scores([1.5], [0], [True])


def test_expected_finds_covers_what_is_found() -> None:
    rng = np.random.default_rng(0)
    hits = 0
    for _ in range(40):
        p = rng.beta(0.3, 2.0, 500)
        wrong = rng.random(500) < p
        found = expected_finds(p, n_next=50)
        hits += found.low <= wrong[np.argsort(-p)[:50]].sum() <= found.high
    assert hits >= 30
    with pytest.raises(ParameterError):
        expected_finds([0.5], n_next=0)


def test_precision_at_k() -> None:
    assert precision_at_k([1, 1, 0, 0]).estimate == 0.5
    assert precision_at_k([1, 1, 0, 0], k=2).estimate == 1.0
    with pytest.raises(ParameterError):
        precision_at_k([1], k=2)
