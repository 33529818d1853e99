"""New rows between neighbours of one class: the SMOTE family."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from tilth.errors import NotApplicable, ParameterError
from tilth.generators.table._rows import by_position, check_ranges, example_rows, fits_ranges, matrix
from tilth.numerics.augment.oversampling import SMOTE_KINDS, smote
from tilth.plugin import Example, Generator, Run
from tilth.records import Sample

__all__ = ["Smote"]


@dataclass(frozen=True)
class Smote(Generator):
    """Fill up small classes with rows between neighbouring rows of the class, through imbalanced-learn.

    The smallest classes are filled first, up to the size of the largest; what is left of `count` goes to all classes
    evenly. Rows of numbers, of numbers and categories (SMOTENC) and of categories (SMOTEN) are taken. A class of one
    row has no neighbours and gets none. Balancing helps weak models; a strong model with a tuned threshold often
    gains nothing [3]_: prove it.

    Parameters
    ----------
    kind : {"smote", "borderline", "svm", "adasyn"}
        All but "smote" need a number in every column.
    k_neighbors : int
    ranges : mapping of column name to (low, high) or to allowed categories
        Declared ranges, which nothing leaves.

    References
    ----------
    .. [1] Chawla et al. (2002). SMOTE: Synthetic minority over-sampling technique. JAIR 16.
    .. [2] He et al. (2008). ADASYN: Adaptive synthetic sampling approach for imbalanced learning. IJCNN.
    .. [3] Elor, Averbuch-Elor (2022). To SMOTE, or not to SMOTE? arXiv 2201.08528.

    Examples
    --------
    >>> Smote(kind="borderline").spec()["params"]["kind"]
    'borderline'
    """

    accepts: ClassVar[tuple[str, ...]] = ("number", "category")
    extra: ClassVar[str] = "tables"

    kind: str = "smote"
    k_neighbors: int = 5
    ranges: Mapping[str, Sequence[Any]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        if self.kind not in SMOTE_KINDS:
            raise ParameterError(
                "no such kind of SMOTE", found=repr(self.kind), fix=f"use one of {', '.join(SMOTE_KINDS)}"
            )
        if isinstance(self.k_neighbors, bool) or not isinstance(self.k_neighbors, int) or self.k_neighbors < 1:
            raise ParameterError("k_neighbors is a whole number from 1", found=repr(self.k_neighbors))
        check_ranges(self.ranges, "smote")

    def notes(self, rows: Sequence[Sample]) -> tuple[str, ...]:
        """What is to be said of these training rows: how many lie outside of the ranges."""
        return fits_ranges(self.ranges, rows, "smote, ranges")

    def generate(self, rows: Sequence[Sample], count: int, run: Run) -> list[Sample]:
        """About `count` new rows of the small classes; `NotApplicable` for rows of other media or one class."""
        self.require("imblearn")
        rows = [row for row in rows if row.label is not None]
        names, cells = matrix(rows)
        self.notes(rows)
        labels = [row.label for row in rows]
        classes = sorted(set(labels), key=str)
        if len(classes) < 2:
            raise NotApplicable("SMOTE needs rows of at least two classes", found=f"{len(classes)} classes")
        codes = np.array([classes.index(label) for label in labels])
        wanted = _shares(Counter(codes.tolist()), count)
        if not wanted:
            raise NotApplicable("every class has a single row", where="smote", fix="label more rows of each class")
        seed = int(run.rng.integers(2**31 - 1))
        new, said, parents = smote(
            cells, codes, wanted, kind=self.kind, k_neighbors=self.k_neighbors,
            ranges=by_position(self.ranges, names), random_state=seed,
        )  # fmt: skip
        run.advance(len(new))
        return [
            Sample(
                "table",
                dict(zip(names, new[i], strict=True)),
                row_id=rows[parents[i, 0]].row_id,
                label=classes[said[i]],
                parents=tuple(dict.fromkeys(rows[p].row_id for p in parents[i])),
                recipe=self.name,
            )
            for i in range(len(new))
        ]

    @classmethod
    def example(cls) -> Example:
        """Four young and three old people, two towns: one more old person is made."""

        def check(rows: list[Sample]) -> str:
            if len(rows) != 1 or rows[0].label != "old" or len(rows[0].parents) != 2:
                return f"{[(row.label, row.parents) for row in rows]}"
            return "" if 50 <= rows[0].value["age"] <= 55 else f"age {rows[0].value['age']}"

        return Example(example_rows()[:7], check, "The small class is filled up between its own rows.")


def _shares(sizes: Counter[int], count: int) -> dict[int, int]:
    """How many of `count` new rows each class gets: the smallest first, until all are level, then evenly."""
    able = {code: n for code, n in sizes.items() if n > 1}
    wanted = dict.fromkeys(able, 0)
    for _ in range(count if able else 0):
        least = min(able, key=lambda code: (able[code] + wanted[code], code))
        wanted[least] += 1
    return {code: n for code, n in wanted.items() if n}
