"""Order that carries information: sorted tables yes, shuffled ones no, files of a folder never."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from tilth.errors import NotApplicable
from tilth.plugin import Run, Shelf, View
from tilth.records import Column, Evidence, Schema

PART = Shelf("detectors").get("non_iid")


def view(order: np.ndarray, *media: str) -> View:
    """Rows along a line, in the given order, each with its three nearest rows."""
    n = len(order)
    place = np.empty(n, dtype=np.int64)
    place[order] = np.arange(n)
    near = [[place[(i + 1) % n], place[(i + 2) % n], place[(i - 1) % n]] for i in order]
    ids = np.asarray([f"r{i}" for i in range(n)], dtype=object)
    distances = np.ones((n, 3), dtype=np.float32)
    evidence = Evidence("neighbors", "", ids, np.asarray(near, dtype=np.int64), extra={"distances": distances})
    schema = Schema(tuple(Column(f"c{i}", "input", medium) for i, medium in enumerate(media)))
    return View(ids, ids, np.full(n, -1, dtype=np.int64), schema=schema, evidence={"neighbors": evidence})


@pytest.mark.parametrize("media", [("number",), ("text",), ("category", "text"), ()])
def test_sorted_rows_are_told_once_and_shuffled_ones_are_not(media: tuple[str, ...]) -> None:
    found = PART().detect(view(np.arange(60), *media), Run())
    assert found.n_flagged == 1 and found.summary["ordered"]
    assert "shuffle" in found.flagged().to_dicts()[0]["why"]
    shuffled = PART().detect(view(np.random.default_rng(0).permutation(60), *media), Run())
    assert shuffled.n_flagged == 0 and not shuffled.summary["ordered"]


@pytest.mark.parametrize("media", [("image",), ("audio",), ("number", "image")])
def test_files_of_a_folder_have_no_order(media: tuple[str, ...]) -> None:
    with pytest.raises(NotApplicable, match="no order of their own"):
        PART().detect(view(np.arange(60), *media), Run())


def test_few_rows_have_no_order() -> None:
    given = view(np.arange(19), "number")
    with pytest.raises(NotApplicable, match="fewer than 20"):
        PART().detect(replace(given), Run())
