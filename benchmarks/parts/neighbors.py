"""A k = 10 neighbour graph of 60,000 x 784: tilth against scikit-learn's brute force, each in its own process."""

from __future__ import annotations

import json
import subprocess
import tempfile
from pathlib import Path
from typing import Any

TITLE = "Neighbour graph"
TARGET = 4.0
RECALL_TARGET = 0.99

_DATA = """
import numpy as np
def make(n, d=784, seed=0):
    rng = np.random.default_rng(seed)
    centres = 2 * rng.normal(size=(30, 24))
    latent = centres[rng.integers(30, size=n)] + rng.normal(size=(n, 24))
    X = np.tanh(latent @ rng.normal(size=(24, d)) / 5)
    return (X + 0.1 * rng.normal(size=(n, d))).astype(np.float32)
"""

_TILTH = """
import json, sys, time
from tilth.numerics.similarity.neighbors import nearest_neighbors
nearest_neighbors(make(500), 10, method="ivf")
X = make(int(sys.argv[1]))
start = time.perf_counter()
graph = nearest_neighbors(X, 10)
seconds = time.perf_counter() - start
np.save(sys.argv[3], graph.distances[:: len(X) // int(sys.argv[2])])
print(json.dumps({"seconds": seconds, "recall": graph.recall, "method": graph.method}))
"""

_PEER = """
import json, sys, time
from sklearn.neighbors import NearestNeighbors
X = make(int(sys.argv[1]))
queries = X[:: len(X) // int(sys.argv[2])]
index = NearestNeighbors(n_neighbors=11, algorithm="brute").fit(X)
index.kneighbors(X[:50])
start = time.perf_counter()
distances, _ = index.kneighbors(queries)
seconds = (time.perf_counter() - start) * len(X) / len(queries)
np.save(sys.argv[3], distances[:, 1:])
print(json.dumps({"seconds": seconds}))
"""


def _run(python: str, code: str, *arguments: str) -> dict[str, Any]:
    done = subprocess.run([python, "-c", _DATA + code, *arguments], capture_output=True, text=True, check=False)
    if done.returncode:
        raise RuntimeError(f"{python} failed:\n{done.stderr}")
    result: dict[str, Any] = json.loads(done.stdout.strip().splitlines()[-1])
    return result


def measure(python: str, peer: str, *, quick: bool) -> dict[str, Any]:
    """Time both sides, and measure the recall of tilth's graph against the peer's exact distances.

    The peer answers every tenth row only, and its time is scaled to all rows. tilth's time is that of the whole graph
    with building, tuning and searching.
    """
    import numpy as np

    rows, queries = (20_000, 2_000) if quick else (60_000, 6_000)
    with tempfile.TemporaryDirectory() as folder:
        ours, theirs = Path(folder, "tilth.npy"), Path(folder, "peer.npy")
        mine = _run(python, _TILTH, str(rows), str(queries), str(ours))
        brute = _run(peer, _PEER, str(rows), str(queries), str(theirs))
        found, true = np.load(ours), np.load(theirs)
    recall = float((found <= true[:, -1:] * (1 + 1e-4) + 1e-6).mean())
    ratio = brute["seconds"] / mine["seconds"]
    size = f"{rows:,} x 784, k = 10"
    return {
        "rows": [
            {
                "name": f"neighbour graph {size} (peer: brute force on {queries:,} rows, scaled)",
                "tilth": f"{mine['seconds']:.1f} s",
                "peer": f"{brute['seconds']:.1f} s",
                "ratio": f"{ratio:.1f}x",
                "target": f"at least {TARGET:g}x",
                "passed": ratio >= TARGET,
            },
            {
                "name": f"neighbour graph {size}, recall on {queries:,} rows ({mine['method']})",
                "tilth": f"{recall:.4f}",
                "target": f"at least {RECALL_TARGET:g}",
                "passed": recall >= RECALL_TARGET,
            },
        ]
    }
