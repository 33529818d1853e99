"""Figures of active learning: `make bench-active` prints the tables and writes benchmarks/RESULTS-active.md.

scikit-activeml runs in an environment of its own, in the same run, on the same splits. A figure that is not reached
makes the exit code non-zero. Options: --quick (two small datasets, two splits; writes nothing), --only curves|speed,
--data NAME (may be repeated), --jobs N.
"""

from __future__ import annotations

import argparse
import os
import platform
import subprocess
import sys
import time
from importlib.metadata import version
from pathlib import Path
from typing import Any

os.environ.setdefault("OMP_NUM_THREADS", "1")  # the same for both sides: curves run one a process
HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / ".venv-peers-active"


def peers_python() -> str:
    """The interpreter of the peers' environment, installed where it is missing."""
    python = PEERS / "bin" / "python"
    if not python.exists() or subprocess.run([str(python), "-c", "import skactiveml"], check=False).returncode:
        print("installing scikit-activeml into .venv-peers-active ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        requirements = str(HERE / "requirements-peers-active.txt")
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    return str(python)


def main() -> int:
    """Run both parts; say whether every figure is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=("curves", "speed"))
    parser.add_argument("--data", action="append", help="datasets of the curves; default: all")
    parser.add_argument("--quick", action="store_true", help="two small datasets and splits; writes no results")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1)
    arguments = parser.parse_args()
    sys.path.insert(0, str(HERE))
    from main import table
    from parts import active_curves, active_speed

    peer = peers_python()
    parts: list[tuple[str, Any, Any]] = []
    if arguments.only != "curves":
        parts.append(("speed", active_speed, lambda: active_speed.measure(peer, quick=arguments.quick)))
    if arguments.only != "speed":
        run = lambda: active_curves.measure(  # noqa: E731
            peer, quick=arguments.quick, jobs=arguments.jobs, only=arguments.data
        )
        parts.append(("curves", active_curves, run))
    sections, failed = [], []
    for _, part, measure in parts:
        start = time.perf_counter()
        result = measure()
        text = f"## {part.TITLE}\n\n{part.__doc__.strip()}\n\n{table(result['rows'])}\n{result['text']}"
        print(f"\n{text}\n\n({time.perf_counter() - start:.0f} s)", flush=True)
        sections.append(text)
        failed += [row["name"] for row in result["rows"] if row.get("passed") is False]
    if not (arguments.quick or arguments.only or arguments.data):
        libraries = ", ".join(f"{n} {version(n)}" for n in ("numpy", "scipy", "scikit-learn"))
        head = (
            "# Active learning, measured\n\nWritten by `make bench-active`. Both sides run in the same run on the "
            "same splits, one thread a process. Seconds depend on what else the machine does: compare the two sides of "
            f"a row.\n\nPython {platform.python_version()}, {platform.machine()}, {libraries}; "
            "scikit-activeml as in `benchmarks/requirements-peers-active.txt`.\n\n"
        )
        (HERE / "RESULTS-active.md").write_text(head + "\n\n".join(sections) + "\n", encoding="utf-8")
    for name in failed:
        print(f"not reached: {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
