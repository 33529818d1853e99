"""Other numbers for those of a text."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.numerics.augment.text_entities import change_numbers
from tilth.plugin import Example

__all__ = ["ChangeNumbers"]


@dataclass(frozen=True)
class ChangeNumbers(TextOperation):
    """Change numbers by up to a fifth; one number, one new number, with as many digits [1]_.

    Not for data whose label depends on a number. Dates, times, versions and codes are left alone.

    Parameters
    ----------
    magnitude : float, default=0.5
        The largest change, as a share of the number, is 0.4 times it: 0.2, as in CheckList, by default.
    protected : tuple of str
        Numbers, as written, that stay.
    spread : float in [0, 1], optional
        The largest change as a share of the number, whatever the magnitude.

    References
    ----------
    .. [1] Ribeiro, Wu, Guestrin, Singh (2020). Beyond accuracy: behavioral testing of NLP models with CheckList. ACL.

    Examples
    --------
    >>> from tilth.records import Sample
    >>> ChangeNumbers().apply(Sample("text", "I paid 49.90 for 12 tickets"), np.random.default_rng(0)).value
    'I paid 45.30 for 10 tickets'
    """

    spread: float | None = None

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "spread")

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text with other numbers."""
        spread = 0.4 * self.magnitude if self.spread is None else self.spread
        return change_numbers(text, rng, spread=spread, protected=self.protected)

    @classmethod
    def example(cls) -> Example:
        """A price changes, a date does not."""
        return text_example(
            "Paid 50 on 2024-05-01.",
            "A number changes by up to a fifth; a date stays.",
            lambda text: (
                text.endswith(" on 2024-05-01.") and 40 <= int(text.split()[1]) <= 60 and text.split()[1] != "50"
            ),
        )
