"""Random insertion: synonyms of words of the text, put anywhere."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.generators.text._wordnet import wordnet_synonyms
from tilth.numerics.augment.text_eda import random_insertion
from tilth.plugin import Example

__all__ = ["RandomInsertion"]


@dataclass(frozen=True)
class RandomInsertion(TextOperation):
    """Insert synonyms of words of the text at random places [1]_; never right after a negation.

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
    wordnet : str, optional
        Folder or archive with WordNet's dictionary; by default where it is installed.
    senses : int, default=0
        Look only at so many senses of a word, the commonest first; 0 for all, as in the paper.

    References
    ----------
    .. [1] Wei, Zou (2019). EDA: easy data augmentation techniques for boosting performance on text classification
       tasks. EMNLP.

    Examples
    --------
    >>> RandomInsertion(alpha=0.1).spec()["params"]["alpha"]
    0.1
    """

    alpha: float | None = None
    keep_negations: bool = True
    wordnet: str = ""
    senses: int = 0

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "alpha")
        check_setting(self, "senses", high=1000)

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text with words more."""
        alpha = self.magnitude**2 / 2 if self.alpha is None else self.alpha
        synonyms = wordnet_synonyms(self.wordnet).limited(self.senses)
        return random_insertion(
            text, rng, synonyms=synonyms, alpha=alpha, protected=self.protected, keep_negations=self.keep_negations
        )

    @classmethod
    def example(cls) -> Example:
        """One word more."""
        return text_example(
            "what a boring movie",
            "The text keeps its words and gets one more.",
            lambda text: len(text.split()) > 4 and {"what", "a", "boring", "movie"} <= set(text.split()),
        )
