"""The policy language: read, written, limited, refused."""

from __future__ import annotations

from typing import Any

import pytest

from tilth.errors import ParameterError
from tilth.records.augmentation_policy import AugmentationPolicy, Step

WHOLE: dict[str, Any] = {
    "name": "gentle",
    "medium": "image",
    "policy": [
        "flip",
        {"rotate": {"p": 0.5, "magnitude": 0.3, "limit": 20}},
        {"one_of": {"weights": [1, 2], "steps": ["blur", {"noise": {"magnitude": [0.1, 0.4]}}]}},
        {"sometimes": {"p": 0.2, "steps": ["grey", "invert"]}},
        {"rand_augment": {"n": 3, "m": 0.4, "operations": ["shear"]}},
        "trivial_augment",
        {"augmix": {"width": 2, "depth": 1}},
    ],
    "limits": {"6": {"rotate": 0.2}, "*": {"flip": 0}},
}


def test_dictionary_round_trip_keeps_everything() -> None:
    policy = AugmentationPolicy.from_dict(WHOLE)
    assert policy.to_dict() == WHOLE
    again = AugmentationPolicy.from_dict(policy.to_dict())
    assert again == policy and again.key == policy.key and hash(again) == hash(policy)


def test_short_forms_say_the_same_as_long_ones() -> None:
    short = AugmentationPolicy.from_dict([{"rotate": 0.3}, {"one_of": ["a", "b"]}, {"rand_augment": ["c"]}])
    long = AugmentationPolicy.from_dict(
        {
            "policy": [
                {"rotate": {"magnitude": 0.3}},
                {"one_of": {"steps": ["a", "b"]}},
                {"rand_augment": {"operations": ["c"]}},
            ]
        }
    )
    assert short == long
    assert short.operations() == ("rotate", "a", "b", "c")


def test_name_is_not_part_of_the_identity() -> None:
    named = AugmentationPolicy.from_dict({"policy": ["a"], "name": "x"})
    assert named.key == AugmentationPolicy.from_dict("a").key
    assert named.key != AugmentationPolicy.from_dict("b").key


def test_sometimes_is_taken_half_the_time_unless_told() -> None:
    assert Step.from_dict({"sometimes": ["a"]}).p == 0.5
    assert Step.from_dict({"sometimes": {"p": 1.0, "steps": ["a"]}}).to_dict() == {
        "sometimes": {"p": 1.0, "steps": ["a"]}
    }


def test_limits_of_a_class_of_all_classes_and_none() -> None:
    policy = AugmentationPolicy.from_dict(WHOLE)
    assert policy.limit("6", "rotate") == 0.2
    assert policy.limit("6", "flip") == 0 and policy.limit(None, "flip") == 0
    assert policy.limit("7", "rotate") == 1


def test_further_limits_only_lower() -> None:
    policy = AugmentationPolicy.from_dict(WHOLE).with_limits({"6": {"rotate": 0.9, "blur": 0.5}, "9": {"rotate": 0.1}})
    assert policy.limit("6", "rotate") == 0.2 and policy.limit("6", "blur") == 0.5
    assert policy.limit("9", "rotate") == 0.1


@pytest.mark.parametrize(
    ("data", "words"),
    [
        ([], "at least one step"),
        ([{"rotate": {"magnitude": 1.5}}], "rotate: a magnitude is a number from 0 to 1"),
        ([{"rotate": {"magnitude": -0.1}}], "from 0 to 1"),
        ([{"rotate": {"magnitude": [0.5]}}], "two ends"),
        ([{"rotate": {"magnitude": [0.5, 0.2]}}], "lower end"),
        ([{"rotate": {"p": 2}}], "a probability p"),
        ([{"rotate": {"p": True}}], "a probability p"),
        ([{"rotate": 0.1, "flip": 0.2}], "one name with its fields"),
        ([{"rotate": "much"}], "names and values"),
        ([{"one_of": {}}], "joins nothing"),
        ([{"one_of": {"steps": ["a"], "weights": [1, 2]}}], "one weight a step"),
        ([{"one_of": {"steps": ["a"], "weights": [0]}}], "all zero"),
        ([{"compose": {"steps": "a"}}], "are a list"),
        ([{"compose": {"steps": ["a"], "magnitude": 0.5}}], "has no magnitude"),
        ([{"rand_augment": {"n": 0}}], "whole number"),
        ([{"rand_augment": {"m": 7}}], "from 0 to 1"),
        ([{"rand_augment": {"count": 2}}], "takes no 'count'"),
        ([{"augmix": {"alpha": 0}}], "alpha"),
        ({"polcy": ["a"]}, "(?i)did you mean policy"),
        ({"policy": ["a"], "medium": "smell"}, "no such medium"),
        ({"policy": ["a"], "limits": {"6": {"rotate": 2}}}, "limits of 6/rotate"),
        ({"policy": ["a"], "limits": {"6": 0.1}}, "limits of a class"),
        (7, "list of steps"),
        ([7], "policy/0"),
    ],
)
def test_what_is_wrong_is_said_with_its_place(data: Any, words: str) -> None:
    with pytest.raises(ParameterError, match=words):
        AugmentationPolicy.from_dict(data)
