from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from tilth.embedders.function import Function
from tilth.errors import PartError
from tilth.plugin import Run


@pytest.mark.parametrize(
    ("target", "found"),
    [
        ("", "no embedding function is named"),
        ("numpy", "no embedding function is named"),
        ("no_such_module_here:embed", "cannot import"),
        ("numpy:no_such_function", "cannot import"),
        ("numpy:pi", "no function"),
        ("builtins:len", r"shape \(n, d\)"),
    ],
)
def test_wrong_targets_say_what_is_wrong(target: str, found: str) -> None:
    with pytest.raises(PartError, match=found):
        Function(target).embed(["a", "b"], Run())


def one_row_too_few(items: Any) -> np.ndarray:
    return np.zeros((len(items) - 1, 2))


def test_a_wrong_number_of_rows_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tilth.embedders.function.text_shape", one_row_too_few)
    with pytest.raises(PartError, match=r"shape \(1, 2\) for 2 items"):
        Function("tilth.embedders.function:text_shape").embed(["a", "b"], Run())
