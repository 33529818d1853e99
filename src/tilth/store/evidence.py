"""Evidence in Lance: one dataset for each address, its rows in the order of the array."""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa

from tilth.errors import StoreError
from tilth.records import Evidence
from tilth.store import lance_io
from tilth.store.arrays import from_column, to_column
from tilth.store.depot import Depot

__all__ = ["EvidenceRecord", "read_evidence", "write_evidence"]

ROOM = "evidence"


@dataclass(frozen=True)
class EvidenceRecord:
    """What the ledger knows of one piece of evidence: everything but the arrays."""

    address: str
    kind: str
    snapshot_id: str
    folder: str
    rows: int
    version: int
    header: dict[str, Any]


def write_evidence(depot: Depot, evidence: Evidence, address: str) -> EvidenceRecord:
    """Write the arrays under a fresh name; the caller publishes the record."""
    row_ids = pa.array([str(row_id) for row_id in evidence.row_ids], pa.large_string())
    columns, forms, names = [row_ids], [], ["row_id"]
    for place, (name, array) in enumerate({"values": evidence.values, **evidence.extra}.items()):
        column, form = to_column(array, f"{evidence.kind} {name}")
        columns.append(column)
        names.append(f"a{place}")
        forms.append({"name": name, **form})
    folder = f"{evidence.kind[:20]}-{address[:16]}-{os.urandom(4).hex()}.lance".replace("/", "-")
    depot.make(ROOM)
    version = lance_io.write(depot.uri(ROOM, folder), pa.table(columns, names=names))
    depot.sync(ROOM, folder)
    header = {
        "arrays": forms,
        "classes": list(evidence.classes),
        "maker": evidence.maker,
        "notes": list(evidence.notes),
        "out_of_sample": bool(evidence.out_of_sample),
    }
    return EvidenceRecord(address, evidence.kind, evidence.snapshot_id, folder, len(evidence.row_ids), version, header)


def read_evidence(depot: Depot, record: EvidenceRecord) -> Evidence:
    """Evidence as it was put; `StoreError` where the stored rows are not those of the record."""
    uri = depot.uri(ROOM, record.folder)
    table = lance_io.read(uri, record.version)
    if len(table) != record.rows:
        raise StoreError(
            "stored evidence is corrupt",
            where=uri,
            found=f"{len(table)} rows, the record says {record.rows}",
            fix="delete that folder; the evidence is computed again",
        )
    header = record.header
    arrays = {form["name"]: from_column(table.column(f"a{i}"), form) for i, form in enumerate(header["arrays"])}
    values = arrays.pop("values")
    return Evidence(
        kind=record.kind,
        snapshot_id=record.snapshot_id,
        row_ids=np.asarray(table.column("row_id").to_pylist(), dtype=object),
        values=values,
        classes=tuple(header["classes"]),
        maker=header["maker"],
        out_of_sample=header["out_of_sample"],
        extra=arrays,
        notes=tuple(header["notes"]),
    )
