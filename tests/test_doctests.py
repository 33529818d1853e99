"""Every docstring example runs."""

from __future__ import annotations

import doctest
import importlib
import pkgutil

import pytest

import tilth
from tilth.errors import MissingExtraError

MODULES = sorted(module.name for module in pkgutil.walk_packages(tilth.__path__, "tilth."))


@pytest.mark.parametrize("name", MODULES)
def test_examples(name: str) -> None:
    try:
        module = importlib.import_module(name)
        failed, tried = doctest.testmod(module, raise_on_error=False, optionflags=doctest.NORMALIZE_WHITESPACE)
    except MissingExtraError as error:
        pytest.skip(str(error))
    assert failed == 0, f"{failed} of {tried} examples fail"
