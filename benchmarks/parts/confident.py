"""`find_label_issues` on large tables of probabilities, beside cleanlab's default and batched functions.

Every side runs in a process of its own. Time is the median of repeated calls after one that warms up; extra memory is
the highest resident memory of the process during the calls less that with only the input loaded. For the mapped file
it is the highest anonymous (private) memory of the whole process.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import tempfile
from pathlib import Path
from typing import Any

TITLE = "Confident learning on large tables"

N_CLASSES = 100
_STEP = 50_000

_MAKE = """
import sys
import numpy as np
folder, n, k, step = sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), int(sys.argv[4])
rng = np.random.default_rng(0)
true = rng.integers(0, k, n)
labels = np.where(rng.random(n) < 0.1, rng.integers(0, k, n), true)
np.save(folder + "/labels.npy", labels)
probs = np.lib.format.open_memmap(folder + "/probs.npy", mode="w+", dtype=np.float32, shape=(n, k))
for i in range(0, n, step):
    part = rng.standard_normal((min(step, n - i), k), dtype=np.float32)
    part[np.arange(len(part)), true[i : i + step]] += 5
    np.exp(part, out=part)
    part /= part.sum(axis=1, keepdims=True)
    probs[i : i + step] = part
probs.flush()
"""

_RUN = """
import json, resource, sys, threading, time, zlib
import numpy as np
folder, which, repeats, mapped = sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4] == "mapped"
if which == "tilth":
    from tilth.numerics.confident.issues import find_label_issues as call
    options = {}
elif which == "default":
    from cleanlab.filter import find_label_issues as call
    options = {}
else:
    from cleanlab.experimental.label_issues_batched import find_label_issues_batched as call
    options = {"verbose": False, "return_mask": True}
labels = np.load(folder + "/labels.npy")
probs = np.load(folder + "/probs.npy", mmap_mode="r" if mapped else None)
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
highest, done = [0], threading.Event()
def watch():
    while not done.wait(0.01):
        with open("/proc/self/status") as status:
            anonymous = [int(line.split()[1]) for line in status if line.startswith("RssAnon")]
        highest[0] = max(highest[0], *anonymous)
watcher = threading.Thread(target=watch)
if mapped:
    watcher.start()
seconds = []
for _ in range(repeats):
    start = time.perf_counter()
    mask = call(labels, probs, **options)
    seconds.append(time.perf_counter() - start)
done.set()
if mapped:
    watcher.join()
after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
print(json.dumps({
    "seconds": float(np.median(seconds[1:] or seconds)), "extra_mb": (after - before) / 1024,
    "private_mb": highest[0] / 1024, "found": int(mask.sum()), "digest": zlib.crc32(np.packbits(mask).tobytes()),
}))
"""


def _run(python: str, code: str, *arguments: object) -> str:
    command = [python, "-c", code, *map(str, arguments)]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def _side(python: str, folder: str, which: str, repeats: int, place: str = "loaded") -> dict[str, Any]:
    found: dict[str, Any] = json.loads(_run(python, _RUN, folder, which, repeats, place).splitlines()[-1])
    return found


def in_memory(tilth_python: str, peer_python: str, n_rows: int) -> list[dict[str, Any]]:
    """Time and extra memory on an `n_rows` x 100 float32 array, beside cleanlab."""
    with tempfile.TemporaryDirectory() as folder:
        _run(tilth_python, _MAKE, folder, n_rows, N_CLASSES, _STEP)
        first = _side(tilth_python, folder, "tilth", 6)
        default = _side(peer_python, folder, "default", 3)
        tilth = _side(tilth_python, folder, "tilth", 6)
        batched = _side(peer_python, folder, "batched", 6)
        last = _side(tilth_python, folder, "tilth", 6)
    # Taking turns spreads what else the machine does over both sides.
    tilth["seconds"] = sorted(run["seconds"] for run in (first, tilth, last))[1]
    what = f"find_label_issues, {n_rows:,} x {N_CLASSES} float32"
    rows = []
    for name, peer, least in (("default", default, 8), ("batched", batched, 3)):
        ratio = peer["seconds"] / tilth["seconds"]
        rows.append(
            {
                "name": f"{what}: time, cleanlab {name}",
                "tilth": f"{tilth['seconds']:.2f} s",
                "peer": f"{peer['seconds']:.2f} s",
                "ratio": f"{ratio:.1f}x",
                "target": f"at least {least}x",
                "passed": ratio >= least,
            }
        )
    rows.append(
        {
            "name": f"{what}: extra memory",
            "tilth": f"{tilth['extra_mb']:.0f} MB",
            "peer": f"{default['extra_mb']:.0f} MB, batched {batched['extra_mb']:.0f} MB",
            "ratio": f"{default['extra_mb'] / max(tilth['extra_mb'], 1):.1f}x",
            "target": "below 150 MB",
            "passed": tilth["extra_mb"] < 150,
        }
    )
    same = tilth["digest"] == default["digest"]
    rows.append(
        {
            "name": f"{what}: same mask as cleanlab default",
            "tilth": f"{tilth['found']:,} found",
            "peer": f"{default['found']:,} found",
            "ratio": "equal" if same else "differs",
            "target": "equal",
            "passed": same,
        }
    )
    return rows


def mapped_file(tilth_python: str, gigabytes: float) -> list[dict[str, Any]]:
    """Private memory on a mapped float32 file of this size, or of half the free disk where that is less."""
    with tempfile.TemporaryDirectory() as folder:
        size = min(gigabytes * 1e9, shutil.disk_usage(Path(folder)).free / 2)
        n_rows = int(size // (4 * N_CLASSES))
        _run(tilth_python, _MAKE, folder, n_rows, N_CLASSES, _STEP)
        tilth = _side(tilth_python, folder, "tilth", 1, "mapped")
    return [
        {
            "name": f"find_label_issues, mapped file of {size / 1e9:.1f} GB ({n_rows:,} rows): private memory",
            "tilth": f"{tilth['private_mb']:.0f} MB in {tilth['seconds']:.1f} s",
            "peer": "",
            "ratio": "",
            "target": "at most 500 MB",
            "passed": tilth["private_mb"] <= 500,
        }
    ]


def measure(tilth_python: str, peer_python: str, *, quick: bool = False) -> dict[str, Any]:
    """All figures of this part; smaller data if `quick`."""
    rows = in_memory(tilth_python, peer_python, 200_000 if quick else 1_000_000)
    return {"rows": rows + mapped_file(tilth_python, 0.5 if quick else 8.0)}
