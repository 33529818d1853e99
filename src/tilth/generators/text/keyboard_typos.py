"""Keyboard typos."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.numerics.augment.text_noise import keyboard_typos
from tilth.plugin import Example

__all__ = ["KeyboardTypos"]


@dataclass(frozen=True)
class KeyboardTypos(TextOperation):
    """Slips on a QWERTY keyboard, one a word: a key beside, a key missing, twice, or two keys exchanged [1]_.

    Parameters
    ----------
    magnitude : float, default=0.5
        Share of the words that get a slip: 0.3 times it.
    protected : tuple of str
        Words, in any case, that stay as and where they are.
    share : float in [0, 1], optional
        Share of the words, whatever the magnitude.
    keep_negations : bool, default=True
        Leave "not", "n't", "never" and the like alone: they decide the label.

    References
    ----------
    .. [1] Belinkov, Bisk (2018). Synthetic and natural noise both break neural machine translation. ICLR.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> KeyboardTypos().apply(Sample("text", "where is my new card"), np.random.default_rng(0)).value
    'where is my nww card'
    """

    pooled: ClassVar[bool] = True

    share: float | None = None
    keep_negations: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "share")

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text with slips."""
        share = 0.3 * self.magnitude if self.share is None else self.share
        return keyboard_typos(text, rng, share=share, protected=self.protected, keep_negations=self.keep_negations)

    @classmethod
    def example(cls) -> Example:
        """One word of four is mistyped."""
        return text_example(
            "it is never boring",
            "A word is mistyped; the negation is not.",
            lambda text: text.startswith("it is never b") and not text.endswith("boring"),
        )
