"""Wrong labels from rows to findings: the evidence of the engine and the detector, on small and degenerate data too."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tilth.detectors.label_error import LabelError
from tilth.engine.label_errors import estimate_of, label_error_evidence
from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.statistics.noise import inject_label_noise
from tilth.plugin import Run, View
from tilth.records import Evidence, Findings


def detect(
    X: np.ndarray,
    labels: np.ndarray,
    classes: tuple[str, ...],
    *,
    pred_probs: Any = None,
    is_test: np.ndarray | None = None,
    floor: float = 0.5,
) -> Findings:
    """What the detector says about rows, with the evidence that the engine makes of them."""
    n = len(labels)
    ids = np.array([f"r{i}" for i in range(n)], dtype=object)
    test = np.zeros(n, dtype=bool) if is_test is None else is_test
    made = label_error_evidence(
        X, labels, test, ids, classes, Run(), pred_probs=pred_probs, model=None, groups=np.full(n, -1), n_folds=3
    )
    have = labels >= 0
    wide = {name: np.zeros((n, *np.shape(v)[1:]), dtype=np.asarray(v).dtype) for name, v in made.extra.items()}
    values = np.zeros((n, len(classes)), dtype=np.float32)
    values[have] = made.values
    for name, v in made.extra.items():
        wide[name][have] = v
    evidence = Evidence("label_errors", "", ids, values, classes, out_of_sample=True, extra=wide, notes=made.notes)
    view = View(ids, ids, labels, classes, evidence={"label_errors": evidence})
    return LabelError(floor=floor).detect(view, Run())


def names(k: int) -> tuple[str, ...]:
    return tuple(f"c{i}" for i in range(k))


def blobs(n: int = 240, k: int = 3) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(0)
    true = np.arange(n) % k
    return 4.0 * rng.normal(size=(k, 5))[true] + rng.normal(size=(n, 5)), true


def test_planted_errors_are_flagged_with_the_true_class() -> None:
    X, true = blobs()
    given, wrong = inject_label_noise(true, 0.1, random_state=0)
    found = detect(X, given, names(3))
    flagged = {row["row_id"]: row for row in found.flagged().to_dicts()}
    assert len(set(flagged) & {f"r{i}" for i in np.flatnonzero(wrong)}) >= 0.9 * wrong.sum()
    assert len(flagged) <= 1.1 * wrong.sum()
    right = [row["suggestion"] == f"c{true[int(name[1:])]}" for name, row in flagged.items()]
    assert np.mean(right) > 0.9
    assert found.summary["flagged"] == len(flagged)


def test_the_test_part_is_judged_apart_and_unlabelled_rows_are_left_out() -> None:
    X, true = blobs()
    given, _ = inject_label_noise(true, 0.1, random_state=0)
    given[:20] = -1
    found = detect(X, given, names(3), is_test=np.arange(240) >= 200)
    assert found.table.column("row_id").to_pylist() == [f"r{i}" for i in range(20, 240)]


DEGENERATE = {
    "all rows identical": (np.zeros((30, 3)), np.arange(30) % 2, 2),
    "one feature": (np.arange(30.0)[:, None], (np.arange(30) > 14).astype(int), 2),
    "more features than rows": (np.random.default_rng(0).normal(size=(20, 90)), np.arange(20) % 2, 2),
    "two rows of a class": (np.random.default_rng(0).normal(size=(12, 3)), np.r_[np.zeros(10, dtype=int), 1, 1], 2),
    "one row of a class": (np.random.default_rng(0).normal(size=(12, 3)), np.r_[np.zeros(11, dtype=int), 1], 2),
    "four rows": (np.random.default_rng(0).normal(size=(4, 3)), np.arange(4) % 2, 2),
    "a class without rows": (np.random.default_rng(0).normal(size=(24, 3)), np.arange(24) % 2, 5),
    "many classes of three": (np.random.default_rng(0).normal(size=(300, 4)), np.arange(300) % 100, 100),
    "huge numbers": (np.full((20, 2), 1e30) * np.arange(1, 21)[:, None], (np.arange(20) > 9).astype(int), 2),
}


@pytest.mark.parametrize(("X", "labels", "k"), DEGENERATE.values(), ids=DEGENERATE.keys())
def test_small_and_degenerate_data_are_judged_without_a_crash(X: np.ndarray, labels: np.ndarray, k: int) -> None:
    found = detect(X, labels, names(k))
    scores = found.table.column("score").to_numpy()
    assert len(found) == len(labels)
    assert ((scores >= 0) & (scores <= 1)).all()
    assert all(row["suggestion"] != f"c{labels[int(row['row_id'][1:])]}" for row in found.flagged().to_dicts())
    assert found.summary["labelled"] == len(labels)


def test_constant_probabilities_flag_nothing_and_say_why() -> None:
    labels = np.arange(30) % 3
    found = detect(np.zeros((30, 2)), labels, names(3), pred_probs=np.full((30, 3), 1 / 3))
    assert found.summary["flagged"] == 0
    assert found.summary["doubtful"]["rows"] == 30
    assert "no other single class is likelier" in found.summary["doubtful"]["why"]


def test_clear_rows_are_not_called_doubtful() -> None:
    X, true = blobs()
    assert "doubtful" not in detect(X, true, names(3)).summary


def test_hostile_class_names_stay_as_they_are() -> None:
    classes = ("<script>alert(1)</script>", "\u202ereversed", "'; DROP TABLE rows; --")
    X, true = blobs()
    given, _ = inject_label_noise(true, 0.1, random_state=0)
    rows = detect(X, given, classes).flagged().to_dicts()
    assert rows and {row["suggestion"] for row in rows} <= set(classes)


def test_exchanged_classes_flag_nothing_but_are_named_in_the_notes() -> None:
    X, true = blobs(k=4)
    swapped = np.array([1, 0, 2, 3])[true]
    ids = np.array([f"r{i}" for i in range(240)], dtype=object)
    made = label_error_evidence(
        X, swapped, np.zeros(240, dtype=bool), ids, names(4), Run(), pred_probs=None, model=None,
        groups=np.full(240, -1), n_folds=3,
    )  # fmt: skip
    assert any("exchanged as a whole" in note for note in made.notes)
    assert estimate_of(made, swapped).issues.sum() < 12


def test_what_cannot_be_judged_is_said() -> None:
    with pytest.raises(NotApplicable, match="at least two classes"):
        detect(np.zeros((10, 2)), np.zeros(10, dtype=int), names(2))
    with pytest.raises(ParameterError, match=r"\[0, 1\]"):
        LabelError(floor=1.5)
