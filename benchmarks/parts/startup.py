"""Whole processes, median of nine: `import tilth` above a bare interpreter, and `tilth --help`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

TITLE = "Start-up"


def _seconds(command: list[str], runs: int = 9) -> float:
    times = []
    for _ in range(runs + 1):
        start = time.perf_counter()
        subprocess.run(command, check=True, capture_output=True)
        times.append(time.perf_counter() - start)
    return statistics.median(times[1:])


def measure(python: str, peer: str, *, quick: bool) -> dict[str, Any]:
    """Rows of start-up times in seconds."""
    del quick
    bare = _seconds([python, "-c", "pass"])
    ours = _seconds([python, "-c", "import tilth"]) - bare
    theirs = _seconds([peer, "-c", "import cleanlab"], 3) - _seconds([peer, "-c", "pass"], 3)
    helped = _seconds([str(Path(sys.executable).parent / "tilth"), "--help"])
    return {
        "rows": [
            {
                "name": "import, above bare Python",
                "tilth": f"{ours:.3f} s",
                "peer": f"cleanlab {theirs:.2f} s",
                "ratio": f"{theirs / max(ours, 1e-3):.0f}x",
                "target": "< 0.3 s",
                "passed": ours < 0.3,
            },
            {"name": "`tilth --help`", "tilth": f"{helped:.2f} s", "target": "< 1 s", "passed": helped < 1.0},
        ]
    }
