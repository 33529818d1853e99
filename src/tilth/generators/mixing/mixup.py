"""MixUp: two samples laid over each other, and their labels with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.mixing._mix import example_of, mixed_soft, mixtures, positive
from tilth.generators.mixing._values import mixed_value
from tilth.plugin import Example, Generator, Run
from tilth.records import Sample

__all__ = ["Mixup"]


@dataclass(frozen=True)
class Mixup(Generator):
    """Each sample laid over another one: images, sounds (by loudness) and rows of tables.

    An image takes the size and channels of the first, a sound its length. Of a row, numbers are averaged and each
    category is one of the two. The label becomes two weights. Texts cannot be mixed as text: mix their embeddings
    with `tilth.embedding_mixup`.

    Parameters
    ----------
    alpha : float, default=0.2
        The weight of the first sample is drawn from Beta(alpha, alpha).

    References
    ----------
    .. [1] Zhang, Cisse, Dauphin, Lopez-Paz (2018). mixup: beyond empirical risk minimization. ICLR.
    .. [2] Tokozume, Ushiku, Harada (2018). Learning from between-class examples for deep sound recognition. ICLR.

    Examples
    --------
    >>> rows = [Sample("table", {"x": 0.0}, "0", "a"), Sample("table", {"x": 1.0}, "1", "b")]
    >>> made = Mixup(alpha=1.0).generate(rows, 1, Run())[0]
    >>> made.value["x"] == made.soft["b"], made.parents
    (True, ('0', '1'))
    """

    accepts: ClassVar[tuple[str, ...]] = ("image", "audio", "number", "category")

    alpha: float = 0.2

    def __post_init__(self) -> None:
        positive(self.alpha, "alpha")

    def generate(self, rows: Sequence[Sample], count: int, run: Run) -> list[Sample]:
        """`count` mixtures of two rows each; `LabelError` for a label that mixing cannot carry."""
        return mixtures(rows, count, run, self.name or "mixup", self._mix)

    def _mix(self, pair: list[Sample], rng: np.random.Generator) -> Sample:
        first, second = pair
        weight = float(rng.beta(self.alpha, self.alpha))
        soft = mixed_soft(pair, (weight, 1 - weight))
        return first.changed(mixed_value(first, second, weight, rng), label=None, soft=soft)

    @classmethod
    def example(cls) -> Example:
        """The grey value tells the weight of the label."""
        return example_of(
            "The grey value tells the weight of the label.",
            lambda made: (
                "" if abs(made.value.mean() / 255 - made.soft.get("b", 0)) < 0.01 else f"it has the label {made.soft}"
            ),
        )
