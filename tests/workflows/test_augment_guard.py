"""Which changes are vetoed for which class, and how far samples move: by rules, a model and features."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image
from sklearn.datasets import load_digits

import tilth
from made_data import images, sounds, table, texts, write_csv
from tilth.workflows.augment.guard import Veto, grouped
from tilth.workflows.augment.label_rules import label_rules
from tilth.workflows.augment.motions import Motion, motion_of


@pytest.fixture(scope="module")
def digits(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Twenty scans of each of 0, 1, 6 and 9, under names that say nothing."""
    folder = tmp_path_factory.mktemp("digits") / "scans"
    data = load_digits()
    names = {0: "round", 1: "stroke", 6: "six", 9: "nine"}
    for digit, name in names.items():
        (folder / name).mkdir(parents=True)
        for i in np.flatnonzero(data.target == digit)[:20]:
            Image.fromarray((data.images[i] * 15.9).astype(np.uint8)).save(folder / name / f"{i}.png")
    return folder


def limits(made: Any) -> dict[tuple[str, str], float]:
    return {(v.operation, v.label): v.limit for v in made.check.vetoes}


def test_model_finds_that_a_turned_six_is_a_nine(digits: Path) -> None:
    made = tilth.augment(digits, policy="[{rotate: {limit: 180}}, {brightness: 0.3}]")
    found = limits(made)
    assert found.get(("rotate", "six")) == 0.0 or found.get(("rotate", "nine")) == 0.0
    assert {operation for operation, _ in found} == {"rotate"}
    assert ("rotate", "round") not in found
    why = next(v.why for v in made.check.vetoes if v.label in ("six", "nine"))
    assert "go over to other classes" in why and ("'nine'" in why or "'six'" in why)
    assert made.policy.limit("six", "rotate") == found.get(("rotate", "six"), 1.0)


def test_small_turns_are_left_alone(digits: Path) -> None:
    assert limits(tilth.augment(digits, policy="[{rotate: {limit: 8}}]")) == {}


def test_vetoed_operation_is_not_done_to_its_class(digits: Path) -> None:
    policy = "[{rotate: {limit: 180}}]"
    made = tilth.augment(digits, policy=policy)
    data = tilth.stream(digits, made.policy)
    vetoed = {label for (_, label), limit in limits(made).items() if limit == 0}
    for at, sample in enumerate(data.epoch(0)):
        same = np.array_equal(sample.value, data.original(at).value)
        assert same == (sample.label in vetoed)


def test_names_of_characters_and_sides_rule_out_mirrors() -> None:
    assert {rule.label for rule in label_rules([str(i) for i in range(11)], "image")} == {str(i) for i in range(11)}
    said = ["digit_6", "letter b", "Character-Q", "number12", "6", "left hand", "turnRight", "letters", "charm", "top"]
    assert {rule.label: rule.keeps for rule in label_rules(said, "image")} == {
        **dict.fromkeys(said[:5], ("x", "y")), "left hand": ("x",), "turnRight": ("x",),
    }  # fmt: skip
    rules = label_rules(["look_up", "look_down", "straight"], "image")
    assert {rule.label: rule.keeps for rule in rules} == {"look_up": ("y",), "look_down": ("y",)}
    assert label_rules(["up"], "image") == () and label_rules(["6", "9"], "text") == ()
    assert label_rules(["leftover", "copyright"], "image") == (), "words, not pieces of words"
    level = label_rules(["horizontal", "vertical"], "image")[0]
    assert not level.broken_by(Motion(-1.0, 1.0, 1.0)) and level.broken_by(Motion(0.0, 0.0, 0.0))


@pytest.mark.parametrize(
    ("step", "x", "y"),
    [
        ("horizontal_flip", -1, 1), ("vertical_flip", 1, -1), ("transpose", 0, 0), ("random_rotate90", -1, -1),
        ({"rotate": {"limit": 180}}, -1, -1), ({"rotate": {"magnitude": 1.0}}, 0.88, 0.88),
        ({"shift_scale_rotate": {"rotate": 180}}, -1, -1), ({"brightness": 1.0}, 1, 1),
        ({"elastic_transform": 1.0}, 1, 1),
        ({"albumentations": {"transform": "HorizontalFlip"}}, -1, 1),
        ({"albumentations": {"transform": "OneOf", "params": {"transforms": [{"VerticalFlip": {"p": 0.1}}]}}}, 1, -1),
        ({"kornia": {"transform": "RandomHorizontalFlip", "params": {"p": 0.01}}}, -1, 1),
    ],
)  # fmt: skip
def test_what_an_operation_does_to_directions_is_seen_whatever_it_is_called(step: Any, x: float, y: float) -> None:
    from tilth.engine.augment import Augmenter

    ((part,),) = Augmenter(tilth.load_policy([step])).operations().values()
    found = motion_of(part)
    assert (found.x, found.y) == pytest.approx((x, y), abs=0.06)


def test_turns_by_parameters_of_an_adapter_are_seen() -> None:
    pytest.importorskip("albumentations")
    from tilth.generators.image.albumentations import Albumentations

    assert motion_of(Albumentations(transform="Affine", params={"rotate": [-180, 180]})).x < -0.9
    assert motion_of(Albumentations(transform="Affine", params={"rotate": [-20, 20]})).x > 0.9


@pytest.fixture(scope="module")
def numerals(digits: Path) -> Path:
    """The same scans, called by their digits."""
    import shutil

    folder = digits.parent / "numerals"
    for old, new in (("six", "digit_6"), ("nine", "9"), ("round", "round"), ("stroke", "10")):
        shutil.copytree(digits / old, folder / new)
    return folder


@pytest.mark.parametrize(
    "policy",
    [
        "[{rotate: {limit: 180}}]",
        "[{shift_scale_rotate: {rotate: 180}}]",
        "[{rotate: 0.3}, {rotate: {limit: 120}}]",
        "[{rand_augment: {operations: [horizontal_flip]}}]",
    ],
)
def test_no_way_to_mirror_or_turn_passes_by_names_of_characters(policy: str, numerals: Path) -> None:
    found = limits(tilth.augment(numerals, policy=policy, times=1))
    assert {label for (_, label), limit in found.items() if limit == 0} >= {"digit_6", "9", "10"}


def test_transform_of_a_library_is_left_out_by_itself(numerals: Path) -> None:
    pytest.importorskip("albumentations")
    flip, level = {"albumentations": {"transform": "HorizontalFlip"}}, {"albumentations": {"transform": "CLAHE"}}
    made = tilth.augment(numerals, policy=[flip, level], times=1)
    assert set(limits(made)) == {("albumentations/HorizontalFlip", label) for label in ("digit_6", "9", "10")}
    assert made.policy.limit("9", "albumentations/HorizontalFlip") == 0
    assert made.policy.limit("9", "albumentations/CLAHE") == 1
    assert made.policy.with_limits({"9": {"albumentations": 0.5}}).limit("9", "albumentations/CLAHE") == 0.5


def test_parameter_that_overrides_the_magnitude_is_vetoed_rather_than_capped(digits: Path) -> None:
    found = limits(tilth.augment(digits, policy="[{shear_x: {limit: 1.0}}, {rotate: {limit: 170}}]", times=1))
    assert found and set(found.values()) == {0.0}, "a limit above 0 would change nothing"


def test_rules_are_in_the_plan_and_users_add_their_own(tmp_path: Path) -> None:
    folder = images(tmp_path / "img", 24)[0]
    for name, new in (("square", "left"), ("stripes", "right")):
        (folder / name).rename(folder / new)
    made = tilth.augment(folder, policy="[horizontal_flip, {rotate: 0.2}]", limits={"slope": {"rotate": 0.1}}, times=1)
    found = limits(made)
    assert found[("horizontal_flip", "left")] == found[("horizontal_flip", "right")] == 0.0
    assert made.policy.limit("slope", "rotate") == 0.1 and made.policy.limit("left", "rotate") == 1.0
    unchecked = tilth.augment(folder, policy="[horizontal_flip]", check=False, times=1)
    assert unchecked.check.vetoes == () and unchecked.policy.limits == {}


def test_the_same_limit_of_many_classes_is_one_line() -> None:
    vetoes = [Veto("flip", name, 0.0, "rule", "w") for name in "ab"] + [Veto("flip", "c", 0.5, "model", "w")]
    assert [v.label for v in grouped(vetoes)] == ["a, b", "c"]


@pytest.mark.parametrize(
    ("medium", "policy", "moves"),
    [
        ("image", "[{brightness: {magnitude: 1.0}}]", "brightness"),
        ("audio", "[{audio_gain: {magnitude: 1.0}}]", "loudness in dB"),
        ("text", "[{aeda: {magnitude: 1.0}}]", "marks"),
        ("table", "[{inject_missing: {magnitude: 1.0}}]", "colour"),
    ],
)
def test_feature_that_an_operation_moves_is_said_to_move(medium: str, policy: str, moves: str, tmp_path: Path) -> None:
    path: Path
    if medium == "image":
        path = images(tmp_path / "img", 45)[0]
    elif medium == "audio":
        path = sounds(tmp_path / "wav", 45)[0]
    else:
        path = write_csv(tmp_path / "rows.csv", texts(45)[0] if medium == "text" else table(90)[0])
    made = tilth.augment(path, policy=policy, times=1, check=False)
    far = {shift.name: shift.shift for shift in made.shifts}
    assert far[moves].distance > 0.1 and far[moves].p < 0.05
    assert "embedding" in far and len(made.vectors) == 2 * len(made.examples)


def test_nothing_done_moves_nothing(tmp_path: Path) -> None:
    made = tilth.augment(images(tmp_path / "img", 30)[0], policy="[{rotate: {p: 0}}]", times=1, check=False)
    assert all(shift.shift.distance <= 1e-9 for shift in made.shifts if shift.what != "vectors")
