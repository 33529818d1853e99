"""Two image test sets whose suspicious labels people checked: average precision among the checked rows, from the
given probabilities together with features of the images, beside cleanlab's scores from the probabilities."""

from __future__ import annotations

import subprocess
import tempfile
from typing import Any

import numpy as np

from parts.labels_data import VERDICT_SETS, load_verdicts

TITLE = "Label errors that people confirmed"
TARGETS = {"cifar10_test": 0.277, "mnist_test": 0.504}

PEER = """
import sys
import numpy as np
from cleanlab.rank import get_label_quality_scores
from sklearn.metrics import average_precision_score
data = np.load(sys.argv[1]); out = {}
rows = data["checked"]
for method in ("self_confidence", "normalized_margin", "confidence_weighted_entropy"):
    score = 1 - get_label_quality_scores(data["labels"], data["pred_probs"], method=method)
    out[method] = average_precision_score(data["wrong"][rows], score[rows])
np.savez(sys.argv[2], **out)
"""


def measure(python: str, peer: str, *, quick: bool) -> dict[str, Any]:
    """One row per set."""
    del python
    from sklearn.metrics import average_precision_score

    from tilth.numerics.label_errors.model import estimate_label_errors

    rows: list[dict[str, Any]] = []
    for name in VERDICT_SETS[1:] if quick else VERDICT_SETS:
        data = load_verdicts(name)
        if data is None:
            continue
        with tempfile.TemporaryDirectory() as folder:
            small = {key: data[key] for key in ("labels", "pred_probs", "checked", "wrong")}
            np.savez(f"{folder}/in.npz", **small)
            subprocess.run([peer, "-c", PEER, f"{folder}/in.npz", f"{folder}/out.npz"], check=True)
            theirs = {key: float(value) for key, value in dict(np.load(f"{folder}/out.npz")).items()}
        found = estimate_label_errors(data["X"], data["labels"], pred_probs=data["pred_probs"])
        checked = data["checked"]
        mine = float(average_precision_score(data["wrong"][checked], found.p_error[checked]))
        rows.append(
            {"name": f"{name}, average precision among checked rows", "tilth": f"{mine:.3f}",
             "peer": ", ".join(f"{v:.3f} ({k})" for k, v in theirs.items()), "target": f"over {TARGETS[name]}",
             "passed": mine > TARGETS[name]}
        )  # fmt: skip
    return {"rows": rows}
