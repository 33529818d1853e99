"""Contractions, written out or pulled together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.numerics.augment.text_forms import contractions
from tilth.plugin import Example

__all__ = ["Contractions"]


@dataclass(frozen=True)
class Contractions(TextOperation):
    """Write contractions out, or pull words together: "isn't" and "is not" [1]_. What is negated stays negated.

    Parameters
    ----------
    magnitude : float, default=0.5
        Probability that a place is rewritten.
    protected : tuple of str
        Of no use here: nothing but contractions is touched.
    to : {"both", "long", "short"}
        "long" writes out, "short" contracts, "both" draws one of the two for each text.
    share : float in [0, 1], optional
        Probability that a place is rewritten, whatever the magnitude.

    References
    ----------
    .. [1] Ribeiro, Wu, Guestrin, Singh (2020). Beyond accuracy: behavioral testing of NLP models with CheckList. ACL.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("text", "It's late and they can't stay.")
    >>> Contractions(magnitude=1.0, to="long").apply(sample, np.random.default_rng(0)).value
    'It is late and they cannot stay.'
    """

    pooled: ClassVar[bool] = True

    to: str = "both"
    share: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "share")
        contractions("", 0, to=self.to)  # raises where there is no such direction

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text in the other form."""
        return contractions(text, rng, to=self.to, share=self.magnitude if self.share is None else self.share)

    @classmethod
    def example(cls) -> Example:
        """The only contraction."""
        return text_example(
            "it isn't fine",
            "A contraction is written out; it means the same.",
            lambda text: text == "it is not fine",
            magnitude=1.0,
        )
