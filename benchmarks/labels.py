"""Label errors against cleanlab: `make bench-labels` prints the table and writes benchmarks/RESULTS-labels.md.

The peer runs in an environment of its own, in the same run and on the same data. A figure that is not reached makes
the exit code non-zero. Options: --only NAME (a part; its section of the results is renewed, the others stay), --quick
(fewer data; writes no results).
"""

from __future__ import annotations

import argparse
import importlib
import sys
import time
from pathlib import Path

HERE = Path(__file__).resolve().parent
PARTS = ("labels_suite", "labels_alone", "labels_verdicts", "other_targets", "labels_worth")


def main() -> int:
    """Run the parts, write the results, say whether every figure is reached."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=PARTS, action="append")
    parser.add_argument("--quick", action="store_true", help="fewer data; writes no results")
    parser.add_argument("--peer", help="interpreter that has cleanlab; by default .venv-peers, made where missing")
    arguments = parser.parse_args()
    sys.path.insert(0, str(HERE))
    shared = importlib.import_module("main")
    peer = arguments.peer or shared.peers_python()
    sections: list[str] = []
    failed: list[str] = []
    for name in arguments.only or PARTS:
        start = time.perf_counter()
        part = importlib.import_module(f"parts.{name}")
        result = part.measure(sys.executable, peer, quick=arguments.quick)
        text = f"## {part.TITLE}\n\n{part.__doc__.strip()}\n\n{shared.table(result['rows'])}"
        if result.get("text"):
            text += f"\n\n{result['text']}"
        print(f"\n{text}\n\n({time.perf_counter() - start:.0f} s)", flush=True)
        sections.append(text)
        failed += [row["name"] for row in result["rows"] if row.get("passed") is False]
    if not arguments.quick:
        head = "# Label errors, measured against cleanlab\n\nWritten by `make bench-labels`.\n\n"
        shared.write_results(HERE / "RESULTS-labels.md", head, sections, renew=bool(arguments.only))
    for name in failed:
        print(f"not reached: {name}")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
