"""Rules about changes that make another class of a sample, by the names of the classes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tilth.workflows.augment.motions import Motion

__all__ = ["LabelRule", "label_rules"]

#: What must be left of a direction: the cosine of 45 degrees, less what a probe of some pixels can tell.
KEPT = 0.66
_KIND = "(?:digit|letter|char|character|number)"
_CHARACTER = re.compile(rf"[0-9]+|[^\W_]|{_KIND}[\s_.:-]*[0-9]+|{_KIND}[\s_.:-]+[^\W_]", re.IGNORECASE)
_WORDS = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])")


@dataclass(frozen=True)
class LabelRule:
    """Directions that an image of a class must keep, within 45 degrees, and why.

    Parameters
    ----------
    label : str
    keeps : tuple of {"x", "y", "level"}
        Left and right, up and down; "level": the horizontal stays horizontal, mirrored or not.
    why : str
    """

    label: str
    keeps: tuple[str, ...]
    why: str

    def broken_by(self, motion: Motion) -> bool:
        """Whether an operation that moves images so makes another class of them."""
        return any(getattr(motion, direction) < KEPT for direction in self.keeps)


def label_rules(classes: Sequence[str], medium: str) -> tuple[LabelRule, ...]:
    """What the names of classes say about mirrors and turns of images.

    A class that is called like a character (a single letter or digit, a whole number, or one of these after the word
    digit, letter, character or number) is neither mirrored nor turned by more than 45 degrees: a 6 becomes a 9, a b a
    d. A class with the word left or right in its name is neither mirrored along that side nor turned; the same holds
    for up and down, top and bottom, horizontal and vertical, where both words occur among the classes.

    Examples
    --------
    >>> [(rule.label, rule.keeps) for rule in label_rules(["6", "digit_9", "blank"], "image")]
    [('6', ('x', 'y')), ('digit_9', ('x', 'y'))]
    >>> [(rule.label, rule.keeps) for rule in label_rules(["turnLeft", "stop"], "image")]
    [('turnLeft', ('x',))]
    >>> label_rules(["cat", "dog", "top"], "image")
    ()
    """
    if medium != "image":
        return ()
    why = "characters are neither mirrored nor turned: a 6 becomes a 9, a b a d"
    made = [LabelRule(name, ("x", "y"), why) for name in classes if _CHARACTER.fullmatch(name)]
    words = {name: {word.lower() for word in _WORDS.findall(name)} for name in classes}
    every = set().union(*words.values()) if words else set()
    for one, other, keeps in (
        ("left", "right", "x"),
        ("up", "down", "y"),
        ("top", "bottom", "y"),
        ("horizontal", "vertical", "level"),
    ):
        if (one in every and other in every) or (keeps == "x" and (one in every or other in every)):
            made += [
                LabelRule(name, (keeps,), f"its name tells {one} from {other}")
                for name, own in words.items()
                if one in own or other in own
            ]
    return tuple(made)
