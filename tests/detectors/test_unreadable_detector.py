from __future__ import annotations

import numpy as np
import pytest

from tilth.detectors.unreadable import Unreadable
from tilth.errors import NotApplicable
from tilth.plugin import Run, View
from tilth.records import Evidence


def make_view(texts: list[str]) -> View:
    ids = np.array([f"r{i}" for i in range(len(texts))], dtype=object)
    evidence = {"readable": Evidence("readable", "s", ids, np.array(texts, dtype=object))}
    return View(ids, ids, np.full(len(ids), -1), evidence=evidence)


def test_only_unreadable_rows_are_named_with_the_error() -> None:
    found = Unreadable().detect(make_view(["", "cut short", ""]), Run())
    row = found.to_dicts()[0]
    assert len(found) == 1
    assert (row["row_id"], row["score"], row["suggestion"]) == ("r1", 1.0, "drop")
    assert row["why"] == "cannot be read: cut short"
    assert found.summary == {"rows": 3, "flagged": 1, "readable": 2}


def test_all_readable_is_an_answer_with_no_rows() -> None:
    found = Unreadable().detect(make_view(["", ""]), Run())
    assert (len(found), found.summary["readable"]) == (0, 2)


def test_no_rows_are_not_applicable() -> None:
    with pytest.raises(NotApplicable, match="no media files"):
        Unreadable().detect(make_view([]), Run())
