"""Random deletion: words are dropped."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.numerics.augment.text_eda import random_deletion
from tilth.plugin import Example

__all__ = ["RandomDeletion"]


@dataclass(frozen=True)
class RandomDeletion(TextOperation):
    """Drop words [1]_; a negation and the word after it stay.

    Parameters
    ----------
    magnitude : float, default=0.5
        Probability that a word is dropped: half its square, so 0.125 by default and 0.5, the most in the paper, at 1.
    protected : tuple of str
        Words, in any case, that stay as and where they are.
    alpha : float in [0, 1], optional
        Probability that a word is dropped, whatever the magnitude.
    keep_negations : bool, default=True
        Leave "not", "n't", "never" and the like alone: they decide the label.

    References
    ----------
    .. [1] Wei, Zou (2019). EDA: easy data augmentation techniques for boosting performance on text classification
       tasks. EMNLP.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> RandomDeletion(alpha=0.5).apply(Sample("text", "a long film, not a good one"), np.random.default_rng(0)).value
    'not a good one'
    """

    pooled: ClassVar[bool] = True

    alpha: float | None = None
    keep_negations: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "alpha")

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text with words less."""
        alpha = self.magnitude**2 / 2 if self.alpha is None else self.alpha
        return random_deletion(text, rng, alpha=alpha, protected=self.protected, keep_negations=self.keep_negations)

    @classmethod
    def example(cls) -> Example:
        """Fewer words."""
        return text_example(
            "one two three not four",
            "Words are dropped, but not the negation and what it negates.",
            lambda text: text.endswith("not four") and set(text.split()) <= {"one", "two", "three", "not", "four"},
            alpha=0.9,
        )
