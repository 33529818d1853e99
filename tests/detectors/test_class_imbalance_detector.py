from __future__ import annotations

import numpy as np
import pytest

from tilth.detectors.class_imbalance import ClassImbalance
from tilth.errors import NotApplicable, ParameterError
from tilth.plugin import Run, View


def make_view(counts: list[int], unlabelled: int = 0) -> View:
    labels = np.concatenate([np.repeat(np.arange(len(counts)), counts), np.full(unlabelled, -1)])
    ids = np.array([f"r{i}" for i in range(len(labels))], dtype=object)
    return View(ids, ids, labels, tuple(f"c{k}" for k in range(len(counts))))


def test_only_rows_of_rare_classes_are_flagged() -> None:
    found = ClassImbalance().detect(make_view([500, 480, 10, 0], unlabelled=7), Run())
    assert len(found) == 990
    assert found.n_flagged == 10
    assert found.summary["rare_classes"] == ["c2"]
    assert found.summary["absent_classes"] == ["c3"]
    assert found.summary["largest_to_smallest"] == 50
    assert found.scores[-1] == pytest.approx(1 - 3 * 10 / 990)
    assert found.scores[0] == 0


def test_the_flag_follows_the_threshold() -> None:
    for counts in ([95, 5], [96, 4], [1000, 1], [50, 50]):
        found = ClassImbalance().detect(make_view(counts), Run())
        assert found.table.column("flagged").to_pylist() == (found.scores > found.threshold + 1e-12).tolist()


def test_small_balanced_data_are_not_flagged() -> None:
    assert ClassImbalance().detect(make_view([1] * 9 + [3]), Run()).n_flagged == 0


@pytest.mark.parametrize(("counts", "unlabelled"), [([5, 0], 0), ([0, 0], 4), ([0, 0], 0)])
def test_fewer_than_two_classes_are_not_applicable(counts: list[int], unlabelled: int) -> None:
    with pytest.raises(NotApplicable, match="two classes"):
        ClassImbalance().detect(make_view(counts, unlabelled), Run())


def test_bad_parameter_is_refused() -> None:
    with pytest.raises(ParameterError, match="fraction"):
        ClassImbalance(fraction=1.0)
