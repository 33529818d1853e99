"""EDA: one of its four operations."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.generators.text._wordnet import wordnet_synonyms
from tilth.numerics.augment.text_eda import eda
from tilth.plugin import Example

__all__ = ["Eda"]


@dataclass(frozen=True)
class Eda(TextOperation):
    """Easy data augmentation: one of synonym replacement, insertion, swap and deletion, each as likely [1]_.

    With ``times`` set to the paper's n_aug this is EDA as published; `tilth.eda` makes n_aug texts at once.

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
    >>> Eda(alpha=0.05).spec()["params"]["alpha"]
    0.05
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
        """The text changed by one of the four."""
        alpha = self.magnitude**2 / 2 if self.alpha is None else self.alpha
        synonyms = wordnet_synonyms(self.wordnet).limited(self.senses)
        return eda(
            text,
            rng,
            synonyms=synonyms,
            alpha=alpha,
            n_aug=1,
            protected=self.protected,
            keep_negations=self.keep_negations,
        )[0]

    @classmethod
    def example(cls) -> Example:
        """Something changed, the negation not."""
        return text_example(
            "it was not a boring movie at all",
            "One of the four operations changes the text; the negation stays.",
            lambda text: text != "it was not a boring movie at all" and "not" in text.split(),
            alpha=0.3,
        )
