"""Bounding boxes: overlooked, badly placed, swapped; per box and per image; and what is refused."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError, ProbabilityError
from tilth.numerics.targets.boxes import find_box_errors

A, B = [0, 0, 20, 20], [50, 50, 80, 70]


def given(boxes: list[Any], labels: list[Any]) -> dict[str, Any]:
    return {"boxes": boxes, "labels": labels}


def said(boxes: list[Any], labels: list[Any], scores: list[float]) -> dict[str, Any]:
    return {"boxes": boxes, "labels": labels, "scores": scores}


def test_each_kind_is_told_from_the_others() -> None:
    moved = [8, 8, 28, 28]
    labels = [given([A, B], [0, 1]), given([A], [0]), given([moved, B], [0, 1]), given([A, B], [0, 0])]
    found = find_box_errors(labels, [said([A, B], [0, 1], [0.95, 0.9])] * 4)
    kinds = [(issue.image, issue.kind, issue.given, issue.predicted) for issue in found.issues]
    assert sorted(kinds) == [(1, "overlooked", -1, 1), (2, "badly placed", 0, 0), (3, "swapped", 1, 1)]
    assert found.scores[0] < 1e-6 and found.scores[1:].min() > 0.5
    assert [issue.score for issue in found.issues] == sorted((i.score for i in found.issues), reverse=True)


def test_confidence_decides() -> None:
    found = find_box_errors([given([], [])] * 3, [said([A], [0], [score]) for score in (0.95, 0.6, 0.3)])
    assert [float(part[0]) for part in found.overlooked] == [0.95, 0.6, 0.0]
    assert found.scores[0] > found.scores[1] > found.scores[2]


def test_a_neighbour_of_the_same_class_is_no_bad_place() -> None:
    """The prediction that fits the second box better says nothing about the first, which overlaps it a little."""
    close = [12, 0, 32, 20]
    found = find_box_errors([given([A, close], [0, 0])], [said([close], [0], [0.9])])
    assert found.badly_placed[0].tolist() == [0, 0]


def test_usual_looseness_of_the_data_is_no_error() -> None:
    loose = [0, 0, 20, 14.5]
    found = find_box_errors([given([A], [0])] * 9, [said([loose], [0], [0.9])] * 9)
    assert found.usual_overlap == pytest.approx(0.725) and not found.issues


def test_images_without_boxes_or_predictions() -> None:
    found = find_box_errors([given([], []), given([A], [0])], [said([], [], []), said([], [], [])])
    assert found.scores.max() < 1e-6 and not found.issues
    assert [len(part) for part in found.swapped] == [0, 1] and len(find_box_errors([], []).scores) == 0


@pytest.mark.parametrize(
    ("label", "prediction", "error", "says"),
    [
        (given([[5, 5, 5, 9]], [0]), said([], [], []), DataError, "image 0 of labels, box 0"),
        (given([[0, 0, np.nan, 9]], [0]), said([], [], []), DataError, "box 0"),
        (given([A], [0, 1]), said([], [], []), AlignmentError, "1 and 2"),
        (given([A], ["cat"]), said([], [], []), LabelError, "integers"),
        (given([A], [0]), said([A], [0], [1.5]), ProbabilityError, "image 0, box 0"),
        (given([A], [0]), said([A], [0], [np.nan]), ProbabilityError, "nan"),
        (given([A], [0]), said([A], [0], []), AlignmentError, "scores"),
        (given([A], [0]), given([A], [0]), DataError, "'scores'"),
        ({"boxes": [A]}, said([], [], []), DataError, "'labels'"),
        (given([[1, 2, 3]], [0]), said([], [], []), DataError, "four corners"),
    ],
)
def test_bad_input_is_named(label: Any, prediction: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        find_box_errors([label], [prediction])


def test_bad_lengths_and_options() -> None:
    with pytest.raises(AlignmentError, match="1, 0"):
        find_box_errors([given([A], [0])], [])
    with pytest.raises(ParameterError, match="min_score"):
        find_box_errors([], [], min_score=2)
