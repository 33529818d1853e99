"""Weak supervision against snorkel 0.10: `make bench-weak` prints the table and writes RESULTS-weak.md.

snorkel is installed into an environment of its own, with the small build of torch, and both sides run there, in one
process a part, on the same data. A figure that is not reached makes the exit code non-zero.
Options: --only NAME (a part; its section of the results is renewed, the others stay), --quick (smaller data; writes
no results), --python PATH (an environment that has the peer).
"""

from __future__ import annotations

import argparse
import importlib
import json
import os
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / ".venv-peers-weak"
PARTS = {
    "youtube": "YouTube comments, ten rules",
    "generated": "Never below majority vote: fifty generated problems",
    "imbalanced": "Never below majority vote: fifty more in which one class holds 80 or 90 of 100 rows",
    "accuracies": "Ratner's model beside snorkel's",
    "speed": "100,000 rows beside snorkel's PandasLFApplier",
    "large": "A million rows, a hundred rules",
}


def peers_python() -> str:
    """The interpreter of the peers' environment, installed where it is missing."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        print("installing the peers into .venv-peers-weak ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        requirements = str(HERE / "requirements-peers-weak.txt")
        install = [str(python), "-m", "pip", "install", "--quiet"]
        subprocess.run([*install, "-r", requirements], check=True)
        subprocess.run([*install, "--no-deps", "snorkel==0.10.0"], check=True)
    return str(python)


def run_part(python: str, name: str, quick: bool) -> dict[str, Any]:
    """Rows and text of one part, measured in a process of its own."""
    data = os.environ.get("TILTH_DATA", str(HERE.parent.parent / "shared" / "data"))
    environment = {
        **os.environ, "PYTHONPATH": str(HERE.parent / "src"), "PYTHONWARNINGS": "ignore", "TILTH_DATA": data,
        "OMP_NUM_THREADS": "1",
    }  # fmt: skip
    command = [python, str(HERE / "parts" / "weak.py"), name, *(["--quick"] if quick else [])]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    """Run the parts, write the results, say whether every figure is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=tuple(PARTS), action="append")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--python", help="interpreter that has the peers; default: .venv-peers-weak")
    arguments = parser.parse_args()
    sys.path.insert(0, str(HERE))
    shared = importlib.import_module("main")
    python = arguments.python or peers_python()
    sections: list[str] = []
    failed: list[str] = []
    for name in arguments.only or PARTS:
        start = time.perf_counter()
        result = run_part(python, name, arguments.quick)
        text = f"## {PARTS[name]}\n\n{shared.table(result['rows'])}"
        if result["text"]:
            text += f"\n\n{result['text']}"
        print(f"\n{text}\n\n({time.perf_counter() - start:.0f} s)", flush=True)
        sections.append(text)
        failed += [row["name"] for row in result["rows"] if row.get("passed") is False]
    if not arguments.quick:
        head = (
            "# Weak supervision, measured against snorkel\n\nWritten by `make bench-weak`. Peer and tilth "
            "run in the same run on the same data; quote the ratios, not the seconds.\n\n"
            f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores; peers as in "
            "`benchmarks/requirements-peers-weak.txt`.\n\n"
        )
        shared.write_results(HERE / "RESULTS-weak.md", head, sections, renew=bool(arguments.only))
    for name in failed:
        print(f"not reached: {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
