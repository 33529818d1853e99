"""Every mask and ranking of `find_label_issues` against cleanlab 2.9.0: 300 generated problems (2 to 50 classes,
missing classes, ties) and two image test sets with human verdicts. The order among exact ties may differ."""

from __future__ import annotations

import os
import subprocess
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

TITLE = "Same results as cleanlab"
FILTERS = (
    "prune_by_noise_rate",
    "prune_by_class",
    "both",
    "confident_learning",
    "predicted_neq_given",
    "low_normalized_margin",
    "low_self_confidence",
)
RANKINGS = ("self_confidence", "normalized_margin", "confidence_weighted_entropy")

PEER = f"""
import sys, warnings
import numpy as np
warnings.simplefilter("ignore")
from cleanlab.filter import find_label_issues
data = np.load(sys.argv[1]); out = {{}}
for i in range(int(data["count"])):
    labels, probs = data[f"labels{{i}}"], data[f"probs{{i}}"]
    for f in {FILTERS!r}:
        out[f"{{i}}/{{f}}"] = find_label_issues(labels, probs, filter_by=f, n_jobs=1)
        for r in {RANKINGS!r}:
            found = find_label_issues(labels, probs, filter_by=f, return_indices_ranked_by=r, n_jobs=1)
            out[f"{{i}}/{{f}}/{{r}}"] = found
np.savez(sys.argv[2], **out)
"""


def problem(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Labels and probabilities of a generated problem."""
    rng = np.random.default_rng(seed)
    k = int(rng.integers(2, 51))
    n = int(rng.integers(max(20, 3 * k), 600))
    truth = rng.choice(k, n, p=rng.dirichlet(np.full(k, 2.0)))
    if k > 3 and rng.random() < 0.3:
        truth[truth == int(rng.integers(k))] = 0
    labels = np.where(rng.random(n) < rng.uniform(0, 0.4), rng.integers(0, k, n), truth)
    logits = rng.normal(0, 1, (n, k))
    logits[np.arange(n), truth] += rng.uniform(0.5, 4)
    probs = np.exp(logits)
    probs /= probs.sum(axis=1, keepdims=True)
    if rng.random() < 0.3:
        probs = np.round(probs, 2)
        probs[probs.sum(axis=1) == 0, 0] = 1.0
    return labels, probs


def _problems(count: int) -> list[tuple[np.ndarray, np.ndarray]]:
    made = [problem(seed) for seed in range(count)]
    root = Path(os.environ.get("TILTH_DATA", Path(__file__).resolve().parents[3] / "shared" / "data")) / "label_errors"
    for name in ("cifar10_test", "mnist_test"):
        if (root / name).exists():
            import pyarrow.parquet as pq

            labels = pq.read_table(root / name / "items.parquet", columns=["given_label"]).column(0).to_numpy()
            made.append((labels.astype(np.int64), np.load(root / name / "pred_probs.npy")))
    return made


def measure(python: str, peer: str, *, quick: bool) -> dict[str, Any]:
    """Rows that count differing masks and rankings."""
    del python
    from tilth import find_label_issues, get_label_quality_scores

    problems = _problems(30 if quick else 300)
    with tempfile.TemporaryDirectory() as folder:
        given, answer = f"{folder}/in.npz", f"{folder}/out.npz"
        arrays = {f"labels{i}": y for i, (y, _) in enumerate(problems)} | {
            f"probs{i}": p for i, (_, p) in enumerate(problems)
        }
        np.savez(given, count=len(problems), **arrays)
        subprocess.run([peer, "-c", PEER, given, answer], check=True)
        theirs = dict(np.load(answer))
    masks = orders = wrong_masks = wrong_orders = 0
    for i, (labels, probs) in enumerate(problems):
        for name in FILTERS:
            masks += 1
            wrong_masks += not np.array_equal(find_label_issues(labels, probs, filter_by=name), theirs[f"{i}/{name}"])
            for ranking in RANKINGS:
                orders += 1
                mine = find_label_issues(labels, probs, filter_by=name, return_indices_ranked_by=ranking)
                other = theirs[f"{i}/{name}/{ranking}"]
                scores = get_label_quality_scores(labels, probs, method=ranking)
                same = set(mine.tolist()) == set(other.tolist()) and np.allclose(scores[mine], scores[other], atol=1e-9)
                wrong_orders += not same
    return {
        "rows": [
            {"name": f"masks, {len(problems)} problems x 7 filters", "tilth": f"{masks - wrong_masks} equal",
             "peer": f"{masks} by cleanlab", "target": "all equal", "passed": wrong_masks == 0},
            {"name": "rankings, x 3 scores", "tilth": f"{orders - wrong_orders} equal",
             "peer": f"{orders} by cleanlab", "target": "all equal", "passed": wrong_orders == 0},
        ]
    }  # fmt: skip
