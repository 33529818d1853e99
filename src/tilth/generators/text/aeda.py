"""AEDA: punctuation between the words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.numerics.augment.text_eda import aeda
from tilth.plugin import Example

__all__ = ["Aeda"]


@dataclass(frozen=True)
class Aeda(TextOperation):
    """Insert punctuation marks between the words; no word is touched [1]_.

    Parameters
    ----------
    magnitude : float, default=0.5
        The largest number of marks is 0.3 times it, as a share of the words: at 1 as in the paper.
    protected : tuple of str
        Of no use here: no word is touched.
    ratio : float in [0, 1], optional
        The largest number of marks as a share of the words, whatever the magnitude.

    References
    ----------
    .. [1] Karimi, Rossi, Prati (2021). AEDA: an easier data augmentation technique for text classification. Findings
       of EMNLP.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> Aeda().apply(Sample("text", "a sad , superior human comedy"), np.random.default_rng(0)).value
    'a . sad , superior human comedy'
    """

    pooled: ClassVar[bool] = True

    ratio: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "ratio")

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text with marks in it."""
        return aeda(text, rng, ratio=0.3 * self.magnitude if self.ratio is None else self.ratio)

    @classmethod
    def example(cls) -> Example:
        """The words in their order."""
        return text_example(
            "what a boring movie",
            "Marks come in, the words stay.",
            lambda text: (
                [word for word in text.split() if word.isalpha()] == ["what", "a", "boring", "movie"] and len(text) > 19
            ),
        )
