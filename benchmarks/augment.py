"""Augmentation measured: `make bench-augment` prints the tables and writes RESULTS-augment.md.

What it brings (EDA beside its paper, policies found by search on four real data sets), whether samples are the same
to the bit for any number of workers, and speed beside albumentations, torchvision, nlpaug, the original EDA script,
torchaudio and audiomentations, which are installed into an environment of their own, where both sides run. A figure
that is not reached makes the exit code non-zero. Options: --only NAME (a part; its section of the results is renewed,
the others stay), --quick (fewer seeds; writes no results), --python PATH (an environment that has the peers).
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
PEERS = HERE.parent / ".venv-peers-augment"
#: Title, file, arguments, and whether it needs the peers.
PARTS: dict[str, tuple[str, str, tuple[str, ...], bool]] = {
    "eda": ("EDA at 500 rows, beside the paper", "augment_gain.py", ("eda",), False),
    "search": ("Policies found by search", "augment_gain.py", ("search",), False),
    "equality": ("The same bits", "augment_equality.py", (), False),
    "speed": ("Speed: texts and spectrograms", "augment_speed.py", (), True),
    "images": ("Speed: images", "augment_image_speed.py", (), True),
}
QUICK = ("eda", "search")
THREADS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def peers_python() -> str:
    """The interpreter of the peers' environment, installed where it is missing."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        print("installing the peers into .venv-peers-augment ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        requirements = str(HERE / "requirements-peers-augment.txt")
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    return str(python)


def run_part(name: str, quick: bool, python: str) -> dict[str, Any]:
    """Rows and text of one part, measured in a process of its own; a part that breaks is a figure not reached."""
    title, file, more, needs_peers = PARTS[name]
    interpreter = (python or peers_python()) if needs_peers else sys.executable
    environment = {**os.environ, "PYTHONPATH": str(HERE.parent / "src"), "PYTHONWARNINGS": "ignore"}
    environment |= dict.fromkeys(THREADS, "1")
    line = [interpreter, str(HERE / "parts" / file), *more, *(["--quick"] if quick and name in QUICK else [])]
    done = subprocess.run(line, env=environment, capture_output=True, text=True, check=False)
    if done.returncode:
        last = (done.stderr.strip().splitlines() or [""])[-1]
        return {"rows": [{"name": f"{title}: it did not run: {last[:200]}", "passed": False}], "text": ""}
    found: Any = json.loads(done.stdout)
    if isinstance(found, list):
        found = {"rows": found, "text": []}
    text = found.get("text") or []
    return {"rows": found["rows"], "text": text if isinstance(text, str) else "\n".join(text).strip()}


def main() -> int:
    """Run the parts, write the results, say whether every figure is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=tuple(PARTS), action="append")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--python", default="", help="interpreter that has the peers; default: .venv-peers-augment")
    arguments = parser.parse_args()
    sys.path.insert(0, str(HERE))
    shared = importlib.import_module("main")
    sections: list[str] = []
    failed: list[str] = []
    begun = time.perf_counter()
    for name in arguments.only or PARTS:
        start = time.perf_counter()
        result = run_part(name, arguments.quick, arguments.python)
        text = f"## {PARTS[name][0]}\n\n{shared.table(result['rows'])}"
        if result["text"]:
            text += f"\n\n{result['text']}"
        print(f"\n{text}\n\n({time.perf_counter() - start:.0f} s)", flush=True)
        sections.append(text)
        failed += [row["name"] for row in result["rows"] if row.get("passed") is False]
    if not arguments.quick:
        head = (
            "# Augmentation, measured\n\nWritten by `make bench-augment`. Gains are differences on test rows that "
            "neither the search nor the model saw, paired by seed, with 95% t intervals over seeds. Of speed quote the "
            "ratios, not the seconds: both sides run in the same run on the same machine.\n\n"
            f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, "
            f"{(time.perf_counter() - begun) / 60:.0f} minutes; peers as in "
            "`benchmarks/requirements-peers-augment.txt`.\n\n"
        )
        shared.write_results(HERE / "RESULTS-augment.md", head, sections, renew=bool(arguments.only))
    for name in failed:
        print(f"not reached: {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
