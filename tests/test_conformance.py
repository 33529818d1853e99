"""Every part of every shelf keeps the contract; broken parts are caught by name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import pytest

from tilth.plugin import Detector, Example, Run, Shelf, View
from tilth.records import Findings
from tilth.testing import PartCheck, check_part, parametrize_parts


@parametrize_parts("detectors")
def test_detectors_conform(check: PartCheck) -> None:
    check()


@parametrize_parts("embedders")
def test_embedders_conform(check: PartCheck) -> None:
    check()


@parametrize_parts("sources")
def test_sources_conform(check: PartCheck) -> None:
    check()


@parametrize_parts("strategies")
def test_strategies_conform(check: PartCheck) -> None:
    check()


@parametrize_parts("label_models")
def test_label_models_conform(check: PartCheck) -> None:
    check()


@parametrize_parts("labelers")
def test_labelers_conform(check: PartCheck) -> None:
    check()


@parametrize_parts("generators")
def test_generators_conform(check: PartCheck) -> None:
    check()


@dataclass(frozen=True)
class Broken(Detector):
    """A detector that breaks its contract in the ways that its field says.

    Parameters
    ----------
    how : str

    Examples
    --------
    >>> Broken()
    Broken(how='')
    """

    how: str = ""
    fault: ClassVar[str] = ""
    name: ClassVar[str] = "broken"
    calls: ClassVar[list[int]] = []

    def detect(self, view: View, run: Run) -> Findings:
        self.calls.append(1)
        ids = list(view.row_ids)
        if self.fault == "input":
            view.labels[:] = 0
        if self.fault == "empty" and not ids:
            raise ZeroDivisionError
        if self.fault == "row":
            ids = ["nobody"] * len(ids)
        score = len(self.calls) / 1000 if self.fault == "random" else 0.9
        why = "" if self.fault == "why" else "because of 1 thing"
        return Findings.build("broken", ids, [score] * len(ids), [True] * len(ids), [why] * len(ids))

    @classmethod
    def example(cls) -> Example:
        ids = np.array(["a", "b"], dtype=object)
        wrong = "as planned" if cls.fault == "example" else ""
        return Example(View(ids, ids, np.array([0, 1]), ("x", "y")), lambda found: wrong, "Nothing.")


@pytest.mark.parametrize(
    ("fault", "name"),
    [
        ("example", "example"),
        ("random", "says_the_same_twice"),
        ("why", "findings"),
        ("row", "findings"),
        ("input", "leaves_its_input_alone"),
        ("empty", "empty_view"),
    ],
)
def test_broken_part_is_caught(fault: str, name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Broken, "fault", fault)
    failed = []
    for check in check_part(Broken):
        try:
            check()
        except (AssertionError, ZeroDivisionError):
            failed.append(check.name)
    assert failed == [name]


def test_sound_part_passes_every_check() -> None:
    for check in check_part(Broken):
        check()


def test_shelves_hold_what_the_main_job_needs() -> None:
    assert {"label_error", "outlier", "near_duplicate", "class_imbalance", "missing_values", "unreadable"} <= set(
        Shelf("detectors").names()
    )
    assert {"tfidf", "image_features", "audio_features", "table_features"} <= set(Shelf("embedders").names())


def test_one_default_embedder_a_medium() -> None:
    for medium in ("text", "image", "audio", "number", "category"):
        assert sum(part.default and medium in part.accepts for part in Shelf("embedders")) == 1
