"""Other places for those of a text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.numerics.augment.text_entities import change_places
from tilth.plugin import Example

__all__ = ["ChangePlaces"]


@dataclass(frozen=True)
class ChangePlaces(TextOperation):
    """Exchange cities for other cities and countries for other countries; one place, one new place [1]_.

    Places are known by a list of large ones and their capital letter; lower-case text is left as it is.

    Parameters
    ----------
    magnitude : float, default=0.5
        Probability that a name is changed.
    protected : tuple of str
        Names that stay.
    share : float in [0, 1], optional
        Probability that a name is changed, whatever the magnitude.

    References
    ----------
    .. [1] Ribeiro, Wu, Guestrin, Singh (2020). Beyond accuracy: behavioral testing of NLP models with CheckList. ACL.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> sample = Sample("text", "From Paris to Berlin, not to Rome.")
    >>> ChangePlaces(share=1.0).apply(sample, np.random.default_rng(0)).value
    'From Milan to Madrid, not to Dubai.'
    """

    share: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "share")

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text with other places."""
        share = self.magnitude if self.share is None else self.share
        return change_places(text, rng, share=share, protected=self.protected)

    @classmethod
    def example(cls) -> Example:
        """Everything else stays."""
        return text_example(
            "From Paris to Berlin, not to Rome.",
            "Every name is another one, and the rest the same.",
            lambda text: not any(city in text for city in ("Paris", "Berlin", "Rome")) and ", not to " in text,
            magnitude=1.0,
        )
