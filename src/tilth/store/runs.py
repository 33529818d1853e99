"""Findings of one run: an Arrow file with the rows of all parts, and a header for the ledger."""

from __future__ import annotations

import io
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pyarrow as pa

from tilth.errors import StoreError
from tilth.records import FINDINGS_SCHEMA, Findings
from tilth.store.depot import replace_file
from tilth.store.faults import guarded

__all__ = ["read_findings", "write_findings"]


def write_findings(folder: Path, findings: Mapping[str, Findings]) -> tuple[str, list[dict[str, Any]]]:
    """Write the rows; returns the run's id and one header a part, which the caller publishes."""
    run_id = os.urandom(8).hex()
    parts = [
        {
            "part": name,
            "rows": len(found),
            "snapshot_id": found.snapshot_id,
            "maker": found.maker,
            "threshold": found.threshold,
            "summary": found.summary,
        }
        for name, found in findings.items()
    ]
    tables = [found.table.cast(FINDINGS_SCHEMA) for found in findings.values()]
    table = pa.concat_tables(tables) if tables else FINDINGS_SCHEMA.empty_table()
    sink = io.BytesIO()
    with pa.ipc.new_file(sink, FINDINGS_SCHEMA) as writer:
        writer.write_table(table)
    with guarded(str(folder)):
        folder.mkdir(exist_ok=True)
        replace_file(folder / f"{run_id}.arrow", sink.getvalue())
    return run_id, parts


def read_findings(folder: Path, run_id: str, parts: list[dict[str, Any]]) -> dict[str, Findings]:
    """Findings by part, in the order they were written."""
    path = folder / f"{run_id}.arrow"
    with guarded(str(path)):
        table = pa.ipc.open_file(io.BytesIO(path.read_bytes())).read_all()
    if len(table) != sum(part["rows"] for part in parts):
        raise StoreError(
            "stored findings are corrupt", where=str(path), found=f"{len(table)} rows", fix="run the audit again"
        )
    found: dict[str, Findings] = {}
    start = 0
    for part in parts:
        rows = table.slice(start, part["rows"])
        found[part["part"]] = Findings(rows, part["snapshot_id"], part["maker"], part["threshold"], part["summary"])
        start += part["rows"]
    return found
