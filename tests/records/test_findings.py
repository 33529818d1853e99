from __future__ import annotations

import pytest

from tilth.errors import AlignmentError, DataError
from tilth.records import Findings, finding_id


def test_flagged_rows_come_worst_first() -> None:
    found = Findings.build("x", ["a", "b", "c"], [0.2, 0.9, 0.5], [True, True, False], ["1", "2", "3"])
    assert found.flagged().table.column("row_id").to_pylist() == ["b", "a"]
    assert found.n_flagged == 2
    assert len(Findings.none()) == 0


@pytest.mark.parametrize("score", [-0.1, 1.5, float("nan")])
def test_a_score_outside_the_range_raises(score: float) -> None:
    with pytest.raises(DataError, match=r"row 'a'.*outside|score is outside"):
        Findings.build("x", ["a"], [score], [True], ["because"])


def test_columns_of_different_lengths_raise() -> None:
    with pytest.raises(AlignmentError, match="different lengths"):
        Findings.build("x", ["a", "b"], [0.1], [True, False], ["", ""])


def test_finding_ids_depend_on_all_three() -> None:
    names = {finding_id("s", "i", "r"), finding_id("t", "i", "r"), finding_id("s", "j", "r"), finding_id("s", "i", "q")}
    assert len(names) == 4


def test_concat_and_of() -> None:
    one = Findings.build("x", ["a"], [0.1], [False], [""])
    two = Findings.build("y", ["a"], [0.2], [True], ["w"], related=[["b"]], suggestion=["drop"])
    both = Findings.concat([one, two])
    assert len(both) == 2
    assert both.of("y").to_dicts() == [
        {"row_id": "a", "issue": "y", "score": 0.2, "flagged": True, "suggestion": "drop", "why": "w", "related": ["b"]}
    ]
