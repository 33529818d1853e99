"""Every docstring example runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
from typing import Any

import pytest

import tilth
from tilth.errors import MissingExtraError

MODULES = sorted(module.name for module in pkgutil.walk_packages(tilth.__path__, "tilth."))


class Examples(doctest.DocTestRunner):
    """Runs the examples of a docstring and leaves it where a library of an extra is missing."""

    def report_unexpected_exception(self, out: Any, test: Any, example: Any, exc_info: Any) -> None:
        if isinstance(exc_info[1], MissingExtraError):
            raise exc_info[1]
        super().report_unexpected_exception(out, test, example, exc_info)


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    runner = Examples(optionflags=doctest.NORMALIZE_WHITESPACE)
    missing: list[str] = []
    try:
        module = importlib.import_module(name)
    except MissingExtraError as error:
        pytest.skip(str(error))
    for test in doctest.DocTestFinder().find(module):
        try:
            runner.run(test)
        except MissingExtraError as error:
            missing.append(f"{test.name}: {error}")
    failed, tried = runner.summarize(verbose=False)
    assert failed == 0, f"{failed} of {tried} examples fail"
    if missing:
        pytest.skip("; ".join(missing))
