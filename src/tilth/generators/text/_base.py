"""What the recipes for texts share."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from tilth.errors import ParameterError
from tilth.generators._settings import check_setting
from tilth.plugin import Example, Operation
from tilth.records import Sample

__all__ = ["TextOperation", "check_setting", "text_example"]


@dataclass(frozen=True)
class TextOperation(Operation):
    """An operation on one text; `change` does the work on the string.

    Parameters
    ----------
    magnitude : float, default=0.5
    protected : tuple of str
        Words, in any case, that stay as and where they are.
    """

    medium: ClassVar[str] = "text"

    protected: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        super().__post_init__()
        given: Any = self.protected
        if isinstance(given, str):
            raise ParameterError(
                "protected must be a list of words",
                where=self.name or type(self).__name__,
                found=repr(given),
                fix=f"write [{given}]",
            )

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The changed text."""
        raise NotImplementedError

    def apply(self, sample: Sample, rng: np.random.Generator) -> Sample:
        """The sample with its text changed; the sample itself where nothing could be changed."""
        new = self.change(sample.value, rng)
        return sample if new == sample.value else sample.changed(new)


def text_example(text: str, shows: str, check: Callable[[str], bool], **params: Any) -> Example:
    """The example of an operation: two copies of a text; `check` tells whether a changed text is as it should be."""
    given = [Sample("text", text, row_id="1", label="a"), Sample("text", text, row_id="2", label="b")]

    def judge(made: list[Sample]) -> str:
        wrong = [sample.value for sample in made if not check(sample.value)]
        return f"it made {wrong[0]!r}" if wrong else ""

    return Example(given, judge, shows, params)
