"""Errors of text recognition."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.numerics.augment.text_noise import ocr_errors
from tilth.plugin import Example

__all__ = ["OcrErrors"]


@dataclass(frozen=True)
class OcrErrors(TextOperation):
    """Characters taken for others that look alike, one a word: o and 0, l and 1, rn and m, cl and d [1]_.

    Parameters
    ----------
    magnitude : float, default=0.5
        Share of the words that get an error: 0.3 times it.
    protected : tuple of str
        Words, in any case, that stay as and where they are.
    share : float in [0, 1], optional
        Share of the words, whatever the magnitude.
    keep_negations : bool, default=True
        Leave "not", "n't", "never" and the like alone: they decide the label.

    References
    ----------
    .. [1] Nguyen, Jatowt, Coustaty, Nguyen, Doucet (2019). Deep statistical analysis of OCR errors for effective
       post-OCR processing. JCDL.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> OcrErrors().apply(Sample("text", "the morning clock is slow"), np.random.default_rng(0)).value
    'the morning clock 1s slow'
    """

    share: float | None = None
    keep_negations: bool = True

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "share")

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text with errors."""
        share = 0.3 * self.magnitude if self.share is None else self.share
        return ocr_errors(text, rng, share=share, protected=self.protected, keep_negations=self.keep_negations)

    @classmethod
    def example(cls) -> Example:
        """One word of three is misread."""
        return text_example(
            "not his clock",
            "A character is taken for another; the negation is read right.",
            lambda text: text != "not his clock" and text.startswith("not "),
        )
