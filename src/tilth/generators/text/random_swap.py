"""Random swap: words change places."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.numerics.augment.text_eda import random_swap
from tilth.plugin import Example

__all__ = ["RandomSwap"]


@dataclass(frozen=True)
class RandomSwap(TextOperation):
    """Let words change places [1]_; a negation and the word after it keep theirs, punctuation too.

    Parameters
    ----------
    magnitude : float, default=0.5
        Share of the words that change: half its square, so 0.125 by default and 0.5, the most in the paper, at 1.
    protected : tuple of str
        Words, in any case, that stay as and where they are.
    alpha : float in [0, 1], optional
        Share of the words, whatever the magnitude.
    keep_negations : bool, default=True
        Leave "not", "n't", "never" and the like alone: they decide the label.

    References
    ----------
    .. [1] Wei, Zou (2019). EDA: easy data augmentation techniques for boosting performance on text classification
       tasks. EMNLP.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> RandomSwap().apply(Sample("text", "a long film, not a good one"), np.random.default_rng(0)).value
    'good long film, not a a one'
    """

    pooled: ClassVar[bool] = True

    alpha: float | None = None
    keep_negations: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "alpha")

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text in another order."""
        alpha = self.magnitude**2 / 2 if self.alpha is None else self.alpha
        return random_swap(text, rng, alpha=alpha, protected=self.protected, keep_negations=self.keep_negations)

    @classmethod
    def example(cls) -> Example:
        """The same words."""
        return text_example(
            "what a boring movie",
            "The words are the same, their order is not.",
            lambda text: text != "what a boring movie" and sorted(text.split()) == ["a", "boring", "movie", "what"],
        )
