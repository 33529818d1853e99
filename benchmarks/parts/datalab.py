"""Every check that Datalab runs by default on 10,000 rows of 64 features with probabilities: missing cells, label
errors, outliers, near-duplicates, row order (non-IID), class imbalance and weak groups. Each side in its own process,
after one call on 300 rows that loads the libraries; wall time and peak memory of the process, median of three."""

from __future__ import annotations

import json
import statistics
import subprocess
from typing import Any

TITLE = "End to end beside Datalab"

DATA = """
import json, resource, sys, time
import numpy as np
from sklearn.datasets import make_blobs
n = int(sys.argv[1])
X, y = make_blobs(n, 64, centers=10, cluster_std=6.0, random_state=0)
rng = np.random.default_rng(0)
noisy = np.where(rng.random(n) < 0.1, rng.integers(0, 10, n), y)
X[:20] = X[20:40] + rng.normal(0, 1e-3, (20, 64)); X[40:50] *= 8
d = np.stack([((X - X[y == k].mean(0)) ** 2).sum(1) for k in range(10)], 1)
P = np.exp(-(d - d.min(1, keepdims=True)) / 60); P /= P.sum(1, keepdims=True)
"""
DONE = """
seconds, peak = time.perf_counter() - start, resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
print(json.dumps({"seconds": seconds, "mb": peak, "found": found}))
"""
PEER = (
    DATA
    + """
from cleanlab import Datalab
Datalab({"y": noisy[:300]}, label_name="y", verbosity=0).find_issues(features=X[:300], pred_probs=P[:300])
start = time.perf_counter()
lab = Datalab({"y": noisy}, label_name="y", verbosity=0)
lab.find_issues(features=X, pred_probs=P)
found = {row["issue_type"]: int(row["num_issues"]) for _, row in lab.issue_summary.iterrows()}
"""
    + DONE
)
OURS = (
    DATA
    + """
import tilth
from tilth.workflows.arrays import check_arrays
CHECKS = "missing_values confident_learning outlier near_duplicate non_iid class_imbalance"
CHECKS = [*CHECKS.split(), "underperforming_group"]
check_arrays(X[:300], noisy[:300], pred_probs=P[:300], issues=CHECKS)
start = time.perf_counter()
made = check_arrays(X, noisy, pred_probs=P, issues=CHECKS)
found = {name: f.n_flagged for name, f in made.findings.items()}
"""
    + DONE
)


def _run(python: str, code: str, n: int, runs: int) -> tuple[float, float, dict[str, int]]:
    results = []
    for _ in range(runs):
        done = subprocess.run([python, "-W", "ignore", "-c", code, str(n)], check=True, capture_output=True, text=True)
        results.append(json.loads(done.stdout.strip().splitlines()[-1]))
    return (
        statistics.median(r["seconds"] for r in results),
        statistics.median(r["mb"] for r in results),
        results[0]["found"],
    )


def measure(python: str, peer: str, *, quick: bool) -> dict[str, Any]:
    """Rows for time and memory."""
    n, runs = (2000, 1) if quick else (10_000, 3)
    ours, our_mb, found = _run(python, OURS, n, runs)
    theirs, their_mb, peer_found = _run(peer, PEER, n, runs)
    return {
        "rows": [
            {"name": f"time, {n:,} x 64", "tilth": f"{ours:.2f} s", "peer": f"{theirs:.2f} s",
             "ratio": f"{ours / theirs:.2f}", "target": "<= 0.5", "passed": ours <= 0.5 * theirs},
            {"name": "peak memory of the process", "tilth": f"{our_mb:.0f} MB", "peer": f"{their_mb:.0f} MB",
             "ratio": f"{our_mb / their_mb:.2f}", "target": "<= 0.5", "passed": our_mb <= 0.5 * their_mb},
        ],
        "text": f"Flagged by tilth: {found}. By Datalab: {peer_found}.",
    }  # fmt: skip
