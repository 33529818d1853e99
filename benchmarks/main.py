"""Figures of the main job against peers: `make bench-main` prints the table and writes benchmarks/RESULTS.md.

Peers run in an environment of their own, in the same run and on the same data. Times are ratios of medians; a
figure that is not reached makes the exit code non-zero. Options: --only NAME (a part, whose
section is renewed), --quick (smaller data; writes no results).
"""

from __future__ import annotations

import argparse
import importlib
import platform
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
PEERS = HERE.parent / ".venv-peers"
PARTS = ("startup", "parity", "confident", "neighbors", "datalab", "planted")


def peers_python() -> str:
    """The interpreter of the peers' environment, installed where it is missing."""
    python = PEERS / "bin" / "python"
    if not python.exists():
        print("installing the peers into .venv-peers ...", flush=True)
        subprocess.run([sys.executable, "-m", "venv", str(PEERS)], check=True)
        requirements = str(HERE / "requirements-peers.txt")
        subprocess.run([str(python), "-m", "pip", "install", "--quiet", "-r", requirements], check=True)
    return str(python)


def table(rows: list[dict[str, Any]]) -> str:
    """Rows as a Markdown table."""
    lines = ["| figure | tilth | peer | ratio | target | reached |", "|---|---|---|---|---|---|"]
    for row in rows:
        reached = {True: "yes", False: "**no**", None: "-"}[row.get("passed")]
        cells = [str(row.get(key, "")) for key in ("name", "tilth", "peer", "ratio", "target")]
        lines.append("| " + " | ".join([*cells, reached]) + " |")
    return "\n".join(lines)


def write_results(path: Path, head: str, sections: list[str], *, renew: bool) -> None:
    """Write the results, or put new sections in the places of those of the same title."""
    kept = path.read_text(encoding="utf-8").split("\n## ")[1:] if renew and path.exists() else []
    by_title = {text.split("\n", 1)[0]: f"## {text.rstrip()}" for text in kept}
    by_title |= {text.split("\n", 1)[0].removeprefix("## "): text.rstrip() for text in sections}
    path.write_text(head + "\n\n".join(by_title.values()) + "\n", encoding="utf-8")


def main() -> int:
    """Run the parts, write the results, say whether every figure is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--quick", action="store_true", help="smaller data; writes no results")
    arguments = parser.parse_args()
    sys.path.insert(0, str(HERE))
    peer = peers_python()
    sections: list[str] = []
    failed: list[str] = []
    for name in arguments.only or PARTS:
        start = time.perf_counter()
        part = importlib.import_module(f"parts.{name}")
        result = part.measure(sys.executable, peer, quick=arguments.quick)
        text = f"## {part.TITLE}\n\n{part.__doc__.strip()}\n\n{table(result['rows'])}"
        if result.get("text"):
            text += f"\n\n{result['text']}"
        print(f"\n{text}\n\n({time.perf_counter() - start:.0f} s)", flush=True)
        sections.append(text)
        failed += [row["name"] for row in result["rows"] if row.get("passed") is False]
    if not arguments.quick:
        from importlib.metadata import version

        libraries = ", ".join(f"{n} {version(n)}" for n in ("numpy", "scipy", "scikit-learn", "pyarrow", "faiss-cpu"))
        head = (
            "# The main job, measured against peers\n\nWritten by `make bench-main`. Peer and tilth run in the same "
            f"run on the same data; quote the ratios, not the seconds.\n\nPython {platform.python_version()}, "
            f"{platform.machine()}, {libraries}; peers as in `benchmarks/requirements-peers.txt`.\n\n"
        )
        write_results(HERE / "RESULTS.md", head, sections, renew=bool(arguments.only))
    for name in failed:
        print(f"not reached: {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
