"""Policy files: YAML there and back, by name, and what is wrong in them."""

from __future__ import annotations

from pathlib import Path

import pytest

from tilth.engine.augment import Augmenter
from tilth.errors import ParameterError, SourceError
from tilth.records import AugmentationPolicy
from tilth.workflows.augment.policies import (
    default_policy,
    load_policy,
    parse_limits,
    policy_from_yaml,
    policy_to_yaml,
    save_policy,
)


@pytest.mark.parametrize("medium", ["image", "text", "audio", "table"])
def test_default_policies_are_sound_and_round_trip(medium: str) -> None:
    policy = default_policy(medium)
    assert Augmenter(policy, 0, medium).medium == medium == policy.medium
    assert policy_from_yaml(policy_to_yaml(policy)) == policy
    assert load_policy(None, medium) == load_policy(medium) == policy


def test_whatever_names_a_policy(tmp_path: Path) -> None:
    policy = AugmentationPolicy.from_dict([{"rotate": {"magnitude": [0.1, 0.3]}}, {"sometimes": ["invert"]}])
    path = save_policy(policy, tmp_path / "mine.yaml")
    for given in (policy, policy.to_dict(), policy.to_dict()["policy"], path, str(path), policy_to_yaml(policy)):
        assert load_policy(given) == policy
    assert load_policy("rotate") == AugmentationPolicy.from_dict("rotate")
    assert load_policy("rand_augment", "audio").medium == "audio"


def test_classes_that_look_like_numbers_keep_their_limits() -> None:
    policy = policy_from_yaml("policy: [rotate]\nlimits: {6: {rotate: 0.2}}")
    assert policy.limit("6", "rotate") == 0.2 and policy.limit("7", "rotate") == 1


def test_what_is_wrong_with_a_file_is_said(tmp_path: Path) -> None:
    (tmp_path / "gentle.yaml").write_text("policy: [rotate")
    with pytest.raises(SourceError, match=r"gentle\.yaml, line 1"):
        load_policy(tmp_path / "gentle.yaml")
    with pytest.raises(SourceError, match=r"(?i)did you mean gentle\.yaml"):
        load_policy(tmp_path / "gentel.yaml")
    with pytest.raises(ParameterError, match="at least one step"):
        load_policy("policy: []")
    with pytest.raises(SourceError, match="cannot write"):
        save_policy(default_policy("text"), tmp_path / "no" / "folder.yaml")


@pytest.mark.parametrize("text", ["rotate=0.2", "6:rotate", "6:rotate=much", ":rotate=1", "6:=0.1"])
def test_limits_that_cannot_be_read(text: str) -> None:
    with pytest.raises(ParameterError, match="CLASS:OPERATION=HIGHEST"):
        parse_limits([text])


def test_limits_on_the_command_line() -> None:
    assert parse_limits(["a:b:rotate=0.5", "x:flip=0"]) == {"a:b": {"rotate": 0.5}, "x": {"flip": 0.0}}
