"""Agreement and consensus against peers: `make bench-agreement` prints the table and writes RESULTS-agreement.md.

scikit-learn, statsmodels, krippendorff, crowd-kit and cleanlab are installed into an environment of their own, and both
sides run there, in one process a part, on the same data. A figure that is not reached makes the exit code non-zero.
Options: --only NAME (a part), --quick (fewer tables and panels, no large data; writes no results), --python PATH (an
environment that has the peers).
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
PEERS = HERE.parent / ".venv-peers-agreement"
PARTS = {
    "exactness": "Equal to scikit-learn, statsmodels and krippendorff",
    "coverage": "Bootstrap intervals",
    "crowds": "Real crowds beside crowd-kit",
    "speed": "8,315 items x 3 votes beside crowd-kit",
    "model": "Model-assisted consensus beside cleanlab's CROWDLAB",
    "recommended": "Is the recommended method better than majority?",
    "large": "Ten million votes",
}


def peers_python() -> str:
    """The interpreter of the peers' environment, installed where it is missing."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        print("installing the peers into .venv-peers-agreement ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        requirements = str(HERE / "requirements-peers-agreement.txt")
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    return str(python)


def run_part(python: str, name: str, quick: bool) -> dict[str, Any]:
    """Rows and text of one part, measured in a process of its own."""
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "src"), "PYTHONWARNINGS": "ignore"}
    command = [python, str(HERE / "parts" / "agreement.py"), name, *(["--quick"] if quick else [])]
    done = subprocess.run(command, env=environment, check=True, capture_output=True, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def main() -> int:
    """Run the parts, write the results, say whether every figure is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=tuple(PARTS), action="append")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--python", help="interpreter that has the peers; default: .venv-peers-agreement")
    arguments = parser.parse_args()
    sys.path.insert(0, str(HERE))
    shared = importlib.import_module("main")
    python = arguments.python or peers_python()
    sections: list[str] = []
    failed: list[str] = []
    for name in arguments.only or PARTS:
        if arguments.quick and name == "large":
            continue
        start = time.perf_counter()
        result = run_part(python, name, arguments.quick)
        text = f"## {PARTS[name]}\n\n{shared.table(result['rows'])}"
        if result["text"]:
            text += f"\n\n{result['text']}"
        print(f"\n{text}\n\n({time.perf_counter() - start:.0f} s)", flush=True)
        sections.append(text)
        failed += [row["name"] for row in result["rows"] if row.get("passed") is False]
    if not arguments.quick and not arguments.only:
        head = (
            "# Agreement and consensus, measured against peers\n\nWritten by `make bench-agreement`. Peer and tilth "
            "run in the same run on the same data; quote the ratios, not the seconds.\n\n"
            f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores; peers as in "
            "`benchmarks/requirements-peers-agreement.txt`.\n\n"
        )
        (HERE / "RESULTS-agreement.md").write_text(head + "\n\n".join(sections) + "\n", encoding="utf-8")
    for name in failed:
        print(f"not reached: {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
