"""Other names for the people of a text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.numerics.augment.text_entities import change_names
from tilth.plugin import Example

__all__ = ["ChangeNames"]


@dataclass(frozen=True)
class ChangeNames(TextOperation):
    """Give people other names: first names of the same gender, family names; one name, one new name [1]_.

    Names are known by a list of common ones and their capital letter; lower-case text is left as it is.

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
    >>> ChangeNames(share=1.0).apply(Sample("text", "Mary Smith called Hans."), np.random.default_rng(0)).value
    'Dorothy Williams called Arjun.'
    """

    share: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "share")

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text with other people."""
        share = self.magnitude if self.share is None else self.share
        return change_names(text, rng, share=share, protected=self.protected)

    @classmethod
    def example(cls) -> Example:
        """Everything else stays."""
        return text_example(
            "Mary Smith called Hans.",
            "Every name is another one, and the rest the same.",
            lambda text: text.split()[2] == "called" and not {"Mary", "Smith", "Hans."} & set(text.split()),
            magnitude=1.0,
        )
