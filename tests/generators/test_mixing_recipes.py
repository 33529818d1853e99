"""Recipes that mix samples: soft labels, parents, randomness by row, and labels that they cannot carry."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tilth.errors import LabelError, NotApplicable, ParameterError
from tilth.plugin import Run, Shelf
from tilth.records import Sample

SHELF = Shelf("generators")
IMAGES = ("mixup", "cutmix", "resizemix", "mosaic")


def rows(**more: Any) -> list[Sample]:
    return [
        Sample("image", np.full((16, 12, 3), 40 * i, np.uint8), str(i), "abcd"[i % 4], **more) for i in range(6)
    ]  # fmt: skip


def run(seed: int = 0) -> Run:
    return Run(seed, "p")


@pytest.mark.parametrize("name", IMAGES)
def test_the_label_is_what_the_image_shows(name: str) -> None:
    labelled = [sample.changed(label=f"class {i}") for i, sample in enumerate(rows())]
    made = SHELF.make(name).generate(labelled, 12, run())
    assert len(made) == 12
    for at, sample in enumerate(made):
        assert sample.label is None
        assert sum(sample.soft.values()) == pytest.approx(1)
        assert sample.parents[0] == str(at % 6)
        assert 2 <= len(sample.parents) <= 4
        shown = sum(weight * 40 * int(label[6:]) for label, weight in sample.soft.items())
        assert float(sample.value.mean()) == pytest.approx(shown, abs=0.6)


@pytest.mark.parametrize("name", [*IMAGES, "c_mixup"])
def test_a_sample_depends_on_its_row_and_its_turn(name: str) -> None:
    given = [sample.changed(label=float(i)) for i, sample in enumerate(rows())] if name == "c_mixup" else rows()
    few, many = SHELF.make(name).generate(given, 3, run()), SHELF.make(name).generate(given, 9, run())
    for first, again in zip(few, many, strict=False):
        np.testing.assert_array_equal(first.value, again.value)
        assert first.soft == again.soft
    other = SHELF.make(name).generate(given, 3, run(1))
    assert any(not np.array_equal(a.value, b.value) for a, b in zip(few, other, strict=True))


@pytest.mark.parametrize("name", IMAGES)
@pytest.mark.parametrize(("label", "hint"), [(None, "without a label"), (2.5, "c_mixup"), (["a"], "carry")])
def test_a_label_that_cannot_be_mixed_names_its_row(name: str, label: Any, hint: str) -> None:
    given = rows()
    given = [sample.changed(label=label) if sample.row_id == "3" else sample for sample in given]
    with pytest.raises(LabelError, match=hint) as error:
        SHELF.make(name, **({"alpha": 5.0} if name in ("mixup", "cutmix") else {})).generate(given, 60, run())
    assert error.value.where == "row 3"


def test_c_mixup_averages_numbers_and_refuses_names() -> None:
    given = [Sample("table", {"x": float(i), "k": "u"}, str(i), i) for i in range(10)]
    made = SHELF.make("c_mixup", bandwidth=2.0).generate(given, 30, run())
    assert all(sample.value["x"] == pytest.approx(sample.label) for sample in made)
    assert all(not sample.soft for sample in made)
    with pytest.raises(LabelError, match="row 0"):
        SHELF.make("c_mixup").generate(rows(), 1, run())
    far = [Sample("table", {"x": v}, str(v), v) for v in (0.0, 1e9)]
    assert SHELF.make("c_mixup", bandwidth=1e-9).generate(far, 2, run())[0].parents == ("0.0", "1000000000.0")


def test_images_of_any_kind_are_made_alike() -> None:
    shapes = [(16, 12, 3), (8, 30), (9, 9, 1), (20, 20, 4), (1, 1, 3), (5, 5, 2)]
    given = [Sample("image", np.full(shape, 30 * i, np.uint8), str(i), "a") for i, shape in enumerate(shapes)]
    given[1] = given[1].changed((given[1].value / 255).astype(np.float32))
    for name in IMAGES:
        use = [sample for sample in given if name != "mosaic" or sample.value.size > 4]
        made = SHELF.make(name).generate(use, 12, run())
        for at, sample in enumerate(made):
            assert sample.value.shape == use[at % len(use)].value.shape
            assert sample.value.dtype == use[at % len(use)].value.dtype


def test_mosaics_carry_boxes_and_masks() -> None:
    boxes, mask = np.array([[2, 2, 10, 14]], np.float32), np.ones((16, 12), np.uint8)
    given = rows(boxes=boxes, box_labels=("dog",), mask=mask)
    given = [sample.changed(label=None) for sample in given]
    made = SHELF.make("mosaic").generate(given, 6, run())
    for sample in made:
        assert sample.mask.shape == (16, 12)
        assert sample.mask.all()
        assert not sample.soft
        assert sample.box_labels == ("dog",) * len(sample.boxes)
        assert 1 <= len(sample.boxes) <= 4
    for name in ("mixup", "cutmix", "resizemix"):
        with pytest.raises(NotApplicable, match="mosaic"):
            SHELF.make(name).generate(rows(boxes=boxes, box_labels=("dog",), mask=mask), 1, run())
    with pytest.raises(NotApplicable, match="no mask"):
        SHELF.make("mosaic").generate([given[0], *rows()], 7, run())


def test_media_that_cannot_be_mixed_are_named() -> None:
    texts = [Sample("text", "good", str(i), "a") for i in range(2)]
    with pytest.raises(NotApplicable, match="embedding_mixup"):
        SHELF.make("mixup").generate(texts, 1, run())
    with pytest.raises(NotApplicable, match="images"):
        SHELF.make("cutmix").generate(texts, 1, run())
    sounds = [Sample("audio", np.ones(9, np.float32) * 0.3, str(r), "a", rate=r) for r in (8000, 16000)]
    with pytest.raises(NotApplicable, match="rates"):
        SHELF.make("mixup").generate(sounds, 1, run())
    with pytest.raises(NotApplicable, match="two media"):
        SHELF.make("mixup").generate([texts[0], rows()[0]], 1, run())
    with pytest.raises(NotApplicable, match="alone"):
        SHELF.make("mixup").generate(rows()[:1], 1, run())


def test_sounds_and_tables_are_mixed() -> None:
    sounds = [Sample("audio", np.full(20 + i, 0.1 * i, np.float32), str(i), "ab"[i % 2], rate=8000) for i in range(4)]
    made = SHELF.make("mixup", alpha=1.0).generate(sounds, 8, run())
    assert [len(sample.value) for sample in made] == [20, 21, 22, 23] * 2
    assert all(sample.value.dtype == np.float32 and np.isfinite(sample.value).all() for sample in made)
    table = [
        Sample("table", {"n": i, "x": float(i), "c": "uv"[i % 2], "gap": None}, str(i), "ab"[i % 2]) for i in range(4)
    ]
    for sample in SHELF.make("mixup", alpha=1.0).generate(table, 8, run()):
        assert isinstance(sample.value["n"], int)
        assert sample.value["c"] in ("u", "v")
        assert sample.value["gap"] is None


def test_bad_parameters_are_refused() -> None:
    for name, params in (
        ("mixup", {"alpha": 0}),
        ("cutmix", {"alpha": float("nan")}),
        ("c_mixup", {"bandwidth": -1.0}),
        ("resizemix", {"smallest": 0.9}),
        ("resizemix", {"largest": 1.5}),
        ("mosaic", {"min_visible": 0}),
    ):
        with pytest.raises(ParameterError):
            SHELF.make(name, **params)
