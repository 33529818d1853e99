"""Rules about changes that make another class of a sample, by the names of the classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

__all__ = ["LabelRule", "label_rules"]

MIRRORS = ("horizontal_flip", "vertical_flip", "transpose")
TURNS = ("random_rotate90",)


@dataclass(frozen=True)
class LabelRule:
    """Operations that are left out for a class, and why."""

    label: str
    operations: tuple[str, ...]
    why: str


def label_rules(classes: Sequence[str], medium: str) -> tuple[LabelRule, ...]:
    """What the names of classes say about operations.

    Digits and letters are neither mirrored nor turned by right angles: a 6 becomes a 9, a b a d. Classes that name a
    side are not mirrored along it.

    Examples
    --------
    >>> [(rule.label, rule.operations[0]) for rule in label_rules(["6", "9"], "image")]
    [('6', 'horizontal_flip'), ('9', 'horizontal_flip')]
    >>> label_rules(["turn left", "turn right", "stop"], "image")[0].operations
    ('horizontal_flip', 'transpose', 'random_rotate90')
    >>> label_rules(["cat", "dog"], "image")
    ()
    """
    if medium != "image" or len(classes) < 2:
        return ()
    if all(len(name) == 1 and name.isalnum() for name in classes):
        why = "characters are neither mirrored nor turned: a 6 becomes a 9, a b a d"
        return tuple(LabelRule(name, (*MIRRORS, *TURNS), why) for name in classes)
    words = {name: set(re.findall(r"[a-z]+", name.lower())) for name in classes}
    every = set().union(*words.values())
    made = []
    for one, other, operations in (
        ("left", "right", ("horizontal_flip", "transpose", *TURNS)),
        ("up", "down", ("vertical_flip", "transpose", *TURNS)),
        ("top", "bottom", ("vertical_flip", "transpose", *TURNS)),
        ("horizontal", "vertical", ("transpose", *TURNS)),
    ):
        if one in every and other in every:
            made += [
                LabelRule(name, operations, f"its name tells {one} from {other}")
                for name, own in words.items()
                if one in own or other in own
            ]
    return tuple(made)
