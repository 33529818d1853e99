"""Segmentation masks: suspect pixels, image scores, one image at a time; and what is refused."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest

from tilth.errors import AlignmentError, LabelError, ParameterError, ProbabilityError
from tilth.numerics.targets.masks import find_mask_errors


def planted(n: int = 6) -> tuple[np.ndarray, np.ndarray]:
    """Squares of class 1 or 2; in image 2 the square is labelled as background."""
    labels, probs = np.zeros((n, 20, 20), dtype=int), np.full((n, 3, 20, 20), 0.05)
    for i in range(n):
        labels[i, 4:12, 4:12] = 1 + i % 2
        np.put_along_axis(probs[i], labels[i][None], 0.9, axis=0)
    labels[2] = 0
    return labels, probs


def test_an_overlooked_object_is_found() -> None:
    labels, probs = planted()
    found = find_mask_errors(labels, probs, return_masks=True)
    assert int(found.scores.argmax()) == 2 and found.issues.tolist() == [i == 2 for i in range(6)]
    assert found.n_suspect.tolist() == [0, 0, 64, 0, 0, 0]
    assert found.masks[2][4:12, 4:12].all() and found.masks[2].sum() == 64


def test_an_area_outweighs_scattered_doubt() -> None:
    labels, probs = np.zeros((2, 24, 24), dtype=int), np.full((2, 2, 24, 24), 0.1)
    probs[:, 0] = 0.9
    probs[0, :, 8:13, 8:13] = [[[0.2]], [[0.8]]]
    probs[1, :, ::5, ::5] = [[[0.2]], [[0.8]]]
    assert find_mask_errors(labels, probs).scores[0] > find_mask_errors(labels, probs).scores[1]
    plain = find_mask_errors(labels, probs, window=1).scores
    assert plain[0] == pytest.approx(plain[1])


def test_images_may_differ_in_size_and_come_one_by_one() -> None:
    labels, probs = planted()

    class Lazy(Sequence[Any]):
        def __init__(self, whole: np.ndarray) -> None:
            self.whole, self.reads = whole, 0

        def __len__(self) -> int:
            return len(self.whole)

        def __getitem__(self, i: Any) -> Any:
            self.reads += 1
            return self.whole[i][..., : 20 - i % 2]

    given, said = Lazy(labels), Lazy(probs)
    found = find_mask_errors(given, said)
    assert int(found.scores.argmax()) == 2 and given.reads == said.reads == 12 and found.masks == []


def test_ignored_pixels_count_for_nothing() -> None:
    labels, probs = planted()
    labels[2, 4:12, 4:12] = 255
    found = find_mask_errors(labels, probs, ignore_label=255)
    assert found.n_suspect.sum() == 0 and not found.issues.any()
    labels[0] = 255
    assert find_mask_errors(labels, probs, ignore_label=255).scores[0] == 0


def test_a_class_on_no_pixel_has_no_threshold_and_suspects_nothing() -> None:
    found = find_mask_errors(
        np.zeros((1, 4, 4), dtype=int), np.stack([np.full((1, 4, 4), 0.2), np.full((1, 4, 4), 0.8)], 1)
    )
    assert np.isnan(found.thresholds[1]) and found.n_suspect.tolist() == [0]


P = np.full((2, 3, 3), 0.5)
L = np.zeros((3, 3), dtype=int)


@pytest.mark.parametrize(
    ("labels", "probs", "options", "error", "says"),
    [
        ([L], [P[:, :2]], {}, AlignmentError, "image 0"),
        ([L, L], [P], {}, AlignmentError, "2, 1"),
        ([L, L + 2], [P, P], {}, LabelError, "image 1.*class 2"),
        ([L - 1], [P], {}, LabelError, "class -1"),
        ([L * 0.5], [P], {}, LabelError, "integers"),
        ([L], [P * 3], {}, ProbabilityError, "image 0"),
        ([L], [P * np.nan], {}, ProbabilityError, "nan"),
        ([L, L], [P, np.full((3, 3, 3), 0.3)], {}, ProbabilityError, "image 1"),
        ([], [], {}, LabelError, "0 images"),
        ([L], [P], {"window": 4}, ParameterError, "odd"),
        ([L], [P], {"temperature": 0}, ParameterError, "temperature"),
    ],
)
def test_bad_input_is_named(labels: Any, probs: Any, options: Any, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        find_mask_errors(labels, probs, **options)
