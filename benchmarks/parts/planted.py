"""Planted label noise, uniform and class-dependent, on five real datasets, three seeds a setting: average precision of
the label-error score, and test accuracy of one fixed model (standardised logistic regression) after nothing, after
tilth's automatic fix and after cleanlab's CleanLearning; "drop" drops the rows whose cross-validated prediction differs
from the label. At most 2,500 rows of a dataset. `make bench-labels` adds instance-dependent noise, a sixth dataset and
targets."""

from __future__ import annotations

from typing import Any

import numpy as np

from parts import labels_suite
from parts.labels_data import DATASETS

TITLE = "Planted label noise"
KINDS = ("uniform", "class_dependent")


def measure(python: str, peer: str, *, quick: bool) -> dict[str, Any]:
    """The table of the suite; this part shows figures and sets no target."""
    del python
    names = [name for name in DATASETS if name != "banking77"]
    rows, absent = labels_suite.collect(names[:2] if quick else names, peer, kinds=KINDS, quick=quick)
    columns = ("ap", "peer_ap", "nothing", "fix", "peer_acc", "drop", "oracle")
    heads = ("AP tilth", "AP best peer", "nothing", "fix", "CleanLearning", "drop", "clean labels")
    lines = ["| dataset | noise | rate | " + " | ".join(heads) + " |", "|" + "---|" * (3 + len(heads))]
    for r in rows:
        cells = [r["dataset"], r["kind"], f"{r['rate']:.0%}", *(f"{r[c]:.3f}" for c in columns)]
        lines.append("| " + " | ".join(cells) + " |")
    if absent:
        lines.append(f"\nNot measured, since the data are absent: {', '.join(absent)}.")
    mean = {column: float(np.mean([r[column] for r in rows])) for column in columns}
    summary = [
        {"name": "mean average precision", "tilth": f"{mean['ap']:.3f}", "peer": f"{mean['peer_ap']:.3f} (best score)"},
        {
            "name": "mean test accuracy after the automatic fix",
            "tilth": f"{mean['fix']:.3f}",
            "peer": f"CleanLearning {mean['peer_acc']:.3f}, drop {mean['drop']:.3f}, nothing {mean['nothing']:.3f}",
        },
    ]
    return {"rows": summary, "text": "\n".join(lines)}
