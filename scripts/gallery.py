"""Draw what every augmentation does: ``python scripts/gallery.py`` writes the pages and pictures of docs/augmentation.

Each medium has a module beside this one, ``gallery_MEDIUM.py``, with a function ``write(docs)`` that gets the folder.
"""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
DOCS = HERE.parent / "docs" / "augmentation"


def media() -> list[str]:
    """The media that have a module."""
    return sorted(path.stem.removeprefix("gallery_") for path in HERE.glob("gallery_*.py"))


def main(wanted: list[str]) -> None:
    """Write the pages of some media, by default of all."""
    sys.path.insert(0, str(HERE))
    DOCS.mkdir(parents=True, exist_ok=True)
    for medium in wanted or media():
        importlib.import_module(f"gallery_{medium}").write(DOCS)
        print(f"docs/augmentation: {medium}")


if __name__ == "__main__":
    main(sys.argv[1:])
