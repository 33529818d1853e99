"""Policies at work: randomness by row, joiners, limits, batch recipes, worker processes."""

from __future__ import annotations

import json
import pickle
from collections import Counter
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import pytest

from tilth.engine.augment import Augmenter, operation_pool
from tilth.errors import NotApplicable, ParameterError, PartError
from tilth.plugin import Example, Generator, Operation, Run, Shelf
from tilth.records import Sample
from tilth.records.augmentation_policy import AugmentationPolicy


@dataclass(frozen=True)
class Mark(Operation):
    """Appends its letter, its magnitude and a random number."""

    medium: ClassVar[str] = "text"
    letter: str = "a"

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        return sample.changed(f"{sample.value} {self.letter}{self.magnitude:.3f}:{rng.integers(1000)}")

    @classmethod
    def example(cls) -> Example:
        return Example([Sample("text", "x", "0")], lambda made: "", "Marks.")


@dataclass(frozen=True)
class Mark2(Mark):
    """Another one, in the pool."""

    letter: str = "b"
    pooled: ClassVar[bool] = True


@dataclass(frozen=True)
class Lighten(Operation):
    """Adds light to an image."""

    medium: ClassVar[str] = "image"
    pooled: ClassVar[bool] = True

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        return sample.changed(np.clip(sample.value.astype(int) + int(100 * self.magnitude), 0, 255).astype(np.uint8))


@dataclass(frozen=True)
class Quote(Operation):
    """Appends a text of the training rows."""

    medium: ClassVar[str] = "text"
    known: tuple[str, ...] = ()

    def fit(self, rows: Any) -> Quote:
        return Quote(self.magnitude, tuple(row.value for row in rows))

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        return sample.changed(f"{sample.value} {self.known[int(rng.integers(len(self.known)))]}")


@dataclass(frozen=True)
class Pairs(Generator):
    """Joins neighbouring texts."""

    orphan: bool = False

    def generate(self, rows: Any, count: int, run: Run) -> list[Sample]:
        made = []
        for i in range(count):
            a, b = rows[i % len(rows)], rows[(i + 1) % len(rows)]
            parents = () if self.orphan else (a.row_id, b.row_id)
            made.append(Sample("text", f"{a.value}+{b.value}", label=a.label, parents=parents))
        return made


@pytest.fixture(autouse=True)
def shelf(monkeypatch: pytest.MonkeyPatch) -> None:
    here = {"mark": "Mark", "mark_two": "Mark2", "lighten": "Lighten", "pairs": "Pairs", "quote": "Quote"}
    found = {name: f"{__name__}:{cls}" for name, cls in here.items()}
    monkeypatch.setattr(Shelf, "_scan", lambda self: dict(found))


def text(row_id: str = "r1", label: Any = None) -> Sample:
    return Sample("text", "hi", row_id, label)


def made(policy: Any, sample: Sample | None = None, *, seed: int = 0, epoch: int = 0) -> Any:
    return Augmenter(AugmentationPolicy.from_dict(policy), seed)(sample or text(), epoch).value


def test_same_seed_epoch_row_and_place_same_result_else_another() -> None:
    one = made(["mark"])
    assert one == made(["mark"])
    others = [made(["mark"], seed=1), made(["mark"], epoch=1), made(["mark"], text("r2")), made(["mark", "mark"])[3:]]
    assert one not in others and len(set(others)) == 4


def test_steps_elsewhere_do_not_move_a_steps_randomness() -> None:
    assert made([{"mark_two": {"p": 0}}, "mark"])[3:] != made(["mark"])[3:]
    first = made(["mark", "mark_two"]).split()[1]
    assert first == made(["mark", {"mark_two": 0.9}]).split()[1]


def test_made_sample_names_parent_recipe_and_keeps_its_label() -> None:
    sample = Augmenter(AugmentationPolicy.from_dict([{"mark": 0.25}, {"mark_two": {"p": 0}}]))(text(label="pos"), 3)
    assert sample.parents == ("r1",) and sample.label == "pos" and sample.row_id == "r1"
    assert json.loads(sample.recipe) == [{"mark": {"magnitude": 0.25}}]


def test_probabilities_and_weights_hold_over_many_rows() -> None:
    policy = [{"mark": {"p": 0.3}}, {"one_of": {"weights": [1, 3], "steps": ["mark", "mark_two"]}}]
    augmenter = Augmenter(AugmentationPolicy.from_dict(policy))
    seen = Counter("".join(c for c in augmenter(text(str(i))).value[2:] if c in "ab") for i in range(2000))
    taken = sum(n for key, n in seen.items() if len(key) == 2) / 2000
    second = sum(n for key, n in seen.items() if key.endswith("b")) / 2000
    assert abs(taken - 0.3) < 0.04 and abs(second - 0.75) < 0.04


def test_range_of_magnitudes_is_drawn_per_sample() -> None:
    values = [float(made([{"mark": {"magnitude": [0.2, 0.4]}}], text(str(i))).split()[1][1:6]) for i in range(200)]
    assert min(values) >= 0.2 and max(values) <= 0.4 and len(set(values)) > 50


def test_rand_augment_takes_n_operations_at_m() -> None:
    pieces = made([{"rand_augment": {"n": 3, "m": 0.7, "operations": ["mark", "mark_two"]}}]).split()[1:]
    assert len(pieces) == 3 and all(piece[1:6] == "0.700" for piece in pieces)


def test_trivial_augment_takes_one_of_the_pool_at_any_level() -> None:
    policy = {"medium": "text", "policy": ["trivial_augment"]}
    pieces = [made(policy, text(str(i))).split()[1] for i in range(300)]
    assert {piece[0] for piece in pieces} == {"b"}, "only mark_two is pooled"
    assert len({piece[1:6] for piece in pieces}) == 31


def test_sometimes_takes_all_of_its_steps_or_none() -> None:
    policy = [{"sometimes": {"p": 0.5, "steps": ["mark", "mark_two"]}}]
    assert {len(made(policy, text(str(i))).split()) for i in range(50)} == {1, 3}


def test_augmix_stays_between_the_sample_and_its_chains() -> None:
    image = Sample("image", np.full((4, 4, 3), 50, np.uint8), "r1")
    value = made([{"augmix": {"m": 0.5, "depth": 1, "operations": ["lighten"]}}], image)
    assert value.dtype == np.uint8 and value.shape == (4, 4, 3)
    assert 50 < int(value[0, 0, 0]) < 100
    assert int(image.value.max()) == 50


def test_augmix_refuses_texts_and_boxes() -> None:
    with pytest.raises(ParameterError, match="only images and sounds"):
        made([{"augmix": ["mark"]}])
    boxed = Sample("image", np.zeros((4, 4), np.uint8), "r1", boxes=np.zeros((1, 4), np.float32))
    with pytest.raises(NotApplicable, match="boxes and masks"):
        made([{"augmix": ["lighten"]}], boxed)


def test_limits_cap_and_veto_per_class_and_by_soft_label() -> None:
    policy = {"policy": ["mark"], "limits": {"six": {"mark": 0.1}, "*": {"mark": 0}}}
    assert made(policy, text(label="six")).split()[1].startswith("a0.100")
    assert made(policy, text(label="seven")) == "hi"
    mixed = Sample("text", "hi", "r1", soft={"six": 0.5, "seven": 0.5})
    assert made(policy, mixed) == "hi"


def test_operation_pool_is_by_medium() -> None:
    assert operation_pool("text") == ("mark_two",) and operation_pool("image") == ("lighten",)


@pytest.mark.parametrize(
    ("policy", "error", "words"),
    [
        (["marq"], PartError, "(?i)did you mean mark"),
        ([{"one_of": ["mark", "rand_augmet"]}], PartError, "(?i)did you mean rand_augment"),
        ([{"mark": {"size": 3}}], PartError, "no parameter 'size'"),
        (["mark", "lighten"], ParameterError, "changes text, not image|changes image, not text"),
        ({"medium": "image", "policy": ["mark"]}, ParameterError, "mark changes text, not image"),
        (["trivial_augment"], ParameterError, "nothing to draw from"),
        (["mark", "pairs"], ParameterError, "stands first"),
        ([{"pairs": {"p": 0.5}}], ParameterError, "neither p nor"),
    ],
)
def test_policies_that_cannot_work_say_why(policy: Any, error: type[Exception], words: str) -> None:
    with pytest.raises(error, match=words):
        Augmenter(AugmentationPolicy.from_dict(policy))


def test_sample_of_another_medium_is_refused() -> None:
    with pytest.raises(ParameterError, match="this policy changes text"):
        made(["mark"], Sample("image", np.zeros((2, 2), np.uint8), "r1"))


def test_pickled_augmenter_does_the_same() -> None:
    augmenter = Augmenter(AugmentationPolicy.from_dict(["mark", {"rand_augment": ["mark"]}]), 5)
    again = pickle.loads(pickle.dumps(augmenter))
    assert again.replay(text(), 4).value == augmenter(text(), 4).value


def test_operations_that_want_the_training_rows_get_them_and_carry_them_to_workers() -> None:
    plain = Augmenter(AugmentationPolicy.from_dict([{"quote": {"magnitude": [0.1, 0.9]}}, "mark"]))
    assert plain.wants_fit and not Augmenter(AugmentationPolicy.from_dict(["mark"])).wants_fit
    fitted = plain.fit([text("a"), Sample("text", "ho", "b")])
    values = {fitted(text(str(i))).value.split()[1] for i in range(20)}
    assert values == {"hi", "ho"} and not fitted.wants_fit
    assert pickle.loads(pickle.dumps(fitted))(text("5"), 1).value == fitted(text("5"), 1).value
    assert '"known"' not in fitted(text()).recipe


def test_batch_recipe_comes_first_and_names_its_parents() -> None:
    rows = [text("r1", "x"), Sample("text", "ho", "r2", "y")]
    augmenter = Augmenter(AugmentationPolicy.from_dict(["pairs", "mark"]))
    first = augmenter.generate(rows, 3, Run())
    again = augmenter.generate(rows, 3, Run())
    assert [s.value for s in first] == [s.value for s in again]
    assert first[0].value.startswith("hi+ho a") and first[0].parents == ("r1", "r2") and first[0].label == "x"
    assert [next(iter(step)) if isinstance(step, dict) else step for step in json.loads(first[0].recipe)] == [
        "pairs",
        "mark",
    ]
    with pytest.raises(ParameterError, match="one by one"):
        Augmenter(AugmentationPolicy.from_dict(["mark"])).generate(rows, 1, Run())


def test_generated_sample_without_parents_is_refused() -> None:
    augmenter = Augmenter(AugmentationPolicy.from_dict([{"pairs": {"orphan": True}}]))
    with pytest.raises(ParameterError, match="no parents"):
        augmenter.generate([text()], 1, Run())
