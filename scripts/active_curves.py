"""Write docs/active-learning-digits.svg and print the table that stands under it in docs/active-learning.md.

``python scripts/active_curves.py``; two minutes on two cores.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

PICTURE = Path(__file__).resolve().parent.parent / "docs" / "active-learning-digits.svg"


def main() -> None:
    """Replay the digits that scikit-learn brings."""
    from sklearn.datasets import load_digits

    import tilth
    from tilth.workflows.project import RunOptions

    X, y = load_digits(return_X_y=True)
    with tempfile.TemporaryDirectory() as folder:
        made = tilth.simulate(
            (X, y),
            strategies=["priority", "margin", "typiclust", "entropy"],
            seeds=5,
            budget=400,
            name="digits",
            workspace=Path(folder) / "workspace",
            options=RunOptions(jobs=2),
        )
    made.write(PICTURE, force=True)
    sys.stdout.write(f"{made.title}\n\n| {' | '.join(made.columns)} |\n|{'---|' * len(made.columns)}\n")
    for row in made.table():
        sys.stdout.write(f"| `{row[0]}` | {' | '.join(row[1:])} |\n")


if __name__ == "__main__":
    main()
