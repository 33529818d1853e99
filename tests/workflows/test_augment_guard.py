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
from tilth.workflows.weak.label_rules import label_rules


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
    assert {rule.label for rule in label_rules([str(i) for i in range(10)], "image")} == set("0123456789")
    assert "random_rotate90" in label_rules(list("bd"), "image")[0].operations
    rules = label_rules(["look_left", "look_right", "straight"], "image")
    assert {rule.label for rule in rules} == {"look_left", "look_right"}
    assert label_rules(["left"], "image") == () and label_rules(["up", "down"], "text") == ()
    assert label_rules(["leftover", "right"], "image") == (), "words, not pieces of words"


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
