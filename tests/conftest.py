"""Fixtures shared by all tests."""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent


def data_root() -> Path:
    """Folder of real data sets: $TILTH_DATA, by default ../shared/data beside the repository."""
    return Path(os.environ.get("TILTH_DATA", ROOT.parent / "shared" / "data"))


@pytest.fixture(scope="session")
def shared_data() -> Callable[[str], Path]:
    """Path of a real data set; the test is skipped, with the reason, where it is absent."""

    def find(name: str) -> Path:
        path = data_root() / name
        if not path.exists():
            pytest.skip(f"real data {name!r} not found below {data_root()}; set TILTH_DATA to run this test")
        return path

    return find
