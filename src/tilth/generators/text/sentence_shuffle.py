"""Sentences in another order."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.text._base import TextOperation, text_example
from tilth.numerics.augment.text_forms import sentence_shuffle
from tilth.plugin import Example

__all__ = ["SentenceShuffle"]


@dataclass(frozen=True)
class SentenceShuffle(TextOperation):
    """Put the sentences of a text in another order; each stays as it is.

    Parameters
    ----------
    magnitude : float, default=0.5
        How far a sentence may wander, as a share of the text.
    protected : tuple of str
        Of no use here: no word is touched.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("text", "It rained. We left at 5. Dr. Lee stayed.")
    >>> SentenceShuffle(magnitude=1.0).apply(sample, np.random.default_rng(0)).value
    'Dr. Lee stayed. We left at 5. It rained.'
    """

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text with its sentences shuffled."""
        return sentence_shuffle(text, rng, strength=self.magnitude)

    @classmethod
    def example(cls) -> Example:
        """The same sentences."""
        return text_example(
            "One. Two. Three. Four.",
            "The sentences are the same, their order is another.",
            lambda text: sorted(text.split()) == ["Four.", "One.", "Three.", "Two."],
            magnitude=1.0,
        )
