"""Queries on the ledger about datasets, snapshots, evidence and runs."""

from __future__ import annotations

import difflib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

import sqlalchemy as sa

from tilth.errors import BusyError, StoreError
from tilth.store.evidence import EvidenceRecord
from tilth.store.ledger import Ledger, tables

__all__ = ["Catalog", "Stored"]


@dataclass(frozen=True)
class Stored:
    """Where a snapshot's rows lie and what they must be."""

    id: str
    folder: str
    version: int
    rows: int
    places: str
    schema: str
    arrow: str


class Catalog:
    """What is stored, by name."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def setting(self, name: str, wanted: str) -> str:
        """The stored value of a setting; `wanted` is stored where there is none."""
        t = tables.settings
        with self._ledger.read() as c:
            value = c.scalar(sa.select(t.c.value).where(t.c.name == name))
        if value is None:
            with self._ledger.write() as c:
                value = c.scalar(sa.select(t.c.value).where(t.c.name == name))
                if value is None:
                    c.execute(t.insert().values(name=name, value=wanted))
                    value = wanted
        return str(value)

    def datasets(self) -> list[str]:
        """Names, in the order they were first used."""
        t = tables.datasets
        with self._ledger.read() as c:
            return list(c.scalars(sa.select(t.c.name).order_by(t.c.seq)))

    def field(self, dataset: str, column: str) -> str | None:
        """One column of a dataset's record; None where there is no such dataset or it is not set."""
        t = tables.datasets
        with self._ledger.read() as c:
            value: str | None = c.scalar(sa.select(t.c[column]).where(t.c.name == dataset))
        return value

    def set_field(self, dataset: str, column: str, value: str) -> None:
        """Set one column of a dataset's record, making the record where there is none."""
        t = tables.datasets
        with self._ledger.write() as c:
            _ensure_dataset(c, dataset)
            c.execute(t.update().where(t.c.name == dataset).values({column: value}))

    def set_head(self, dataset: str, snapshot_id: str, expected: str | None) -> None:
        """Move the head from `expected`, or raise `BusyError` where it is elsewhere."""
        t = tables.datasets
        with self._ledger.write() as c:
            _ensure_dataset(c, dataset)
            same = t.c.head.is_(None) if expected is None else t.c.head == expected
            done = c.execute(t.update().where(t.c.name == dataset, same).values(head=snapshot_id))
            if done.rowcount:
                return
            found = c.scalar(sa.select(t.c.head).where(t.c.name == dataset))
        raise BusyError(
            "the head moved while this was being decided, so nothing was changed",
            where=f"dataset {dataset!r}",
            found=f"head {found}, expected {expected}",
            fix="run the same command again: it starts from the new head and keeps both changes",
        )

    def stored(self, snapshot_id: str) -> Stored | None:
        """The record of exactly this snapshot."""
        t = tables.snapshots
        with self._ledger.read() as c:
            row = c.execute(sa.select(t).where(t.c.id == snapshot_id)).mappings().first()
        return Stored(**row) if row else None

    def find(self, prefix: str) -> Stored:
        """The record of a snapshot by id or unique prefix; `StoreError` with what is near otherwise."""
        t = tables.snapshots
        with self._ledger.read() as c:
            ids = list(c.scalars(sa.select(t.c.id).where(t.c.id == prefix)))
            if not ids and prefix:
                ids = list(c.scalars(sa.select(t.c.id).where(t.c.id.startswith(prefix, autoescape=True)).limit(10)))
            if len(ids) != 1:
                known = list(c.scalars(sa.select(tables.lineage.c.snapshot_id).order_by(tables.lineage.c.seq.desc())))
        if len(ids) > 1:
            raise StoreError(
                "this prefix fits several snapshots", found=repr(prefix), fix=f"type more of one of {', '.join(ids)}"
            )
        found = self.stored(ids[0]) if ids else None
        if found is not None:
            return found
        near = difflib.get_close_matches(prefix, known, n=3, cutoff=0.6) or list(dict.fromkeys(known))[:3]
        raise StoreError(
            "no such snapshot",
            found=repr(prefix),
            fix=f"near ones are {', '.join(near)}" if near else "the workspace is empty: run tilth ingest first",
        )

    def publish(self, stored: Stored, lineage: Mapping[str, str], *, new: bool) -> None:
        """Name a snapshot and how it was made, in one transaction: from here on it exists."""
        s, t = tables.snapshots, tables.lineage
        with self._ledger.write() as c:
            _ensure_dataset(c, lineage["dataset"])
            if new:
                c.execute(s.delete().where(s.c.id == stored.id))
                c.execute(s.insert().values(asdict(stored)))
            says = {name: value for name, value in lineage.items() if name != "made"}
            same = sa.and_(*(t.c[name] == value for name, value in says.items()))
            if c.scalar(sa.select(t.c.seq).where(same).limit(1)) is None:
                c.execute(t.insert().values(**lineage))

    def lineage(self, *, dataset: str | None = None, snapshot_id: str | None = None) -> list[dict[str, Any]]:
        """Lineage entries in the order they were made, each with the snapshot's number of rows."""
        t, s = tables.lineage, tables.snapshots
        query = sa.select(t, s.c.rows).join(s, s.c.id == t.c.snapshot_id).order_by(t.c.seq)
        if dataset is not None:
            query = query.where(t.c.dataset == dataset)
        if snapshot_id is not None:
            query = query.where(t.c.snapshot_id == snapshot_id)
        with self._ledger.read() as c:
            found = [dict(row) for row in c.execute(query).mappings()]
        for row in found:
            row["parents"], row["recipe"] = tuple(json.loads(row["parents"])), json.loads(row["recipe"])
        return found

    def versions(self) -> dict[str, set[int]]:
        """Every Lance version of rows that a record names, by folder."""
        t = tables.snapshots
        named: dict[str, set[int]] = {}
        with self._ledger.read() as c:
            for folder, version in c.execute(sa.select(t.c.folder, t.c.version)):
                named.setdefault(folder, set()).add(version)
        return named

    def put_evidence(self, record: EvidenceRecord) -> None:
        """Name a piece of evidence, in place of an earlier one at the same address."""
        t = tables.evidence
        with self._ledger.write() as c:
            c.execute(t.delete().where(t.c.address == record.address))
            c.execute(t.insert().values({**asdict(record), "header": json.dumps(record.header)}))

    def evidence(self, address: str) -> EvidenceRecord | None:
        """The record at an address."""
        t = tables.evidence
        with self._ledger.read() as c:
            row = c.execute(sa.select(t).where(t.c.address == address)).mappings().first()
        return EvidenceRecord(**{**row, "header": json.loads(row["header"])}) if row else None

    def evidence_folders(self) -> set[str]:
        """Every folder of evidence that a record names."""
        with self._ledger.read() as c:
            return set(c.scalars(sa.select(tables.evidence.c.folder)))

    def put_run(self, values: Mapping[str, Any]) -> None:
        """Name a run and what it found."""
        with self._ledger.write() as c:
            c.execute(tables.runs.insert().values(**values))

    def put_proof(self, dataset: str, made: str, content: str) -> None:
        """Keep a proof, as JSON."""
        with self._ledger.write() as c:
            c.execute(tables.proofs.insert().values(dataset=dataset, made=made, content=content))

    def proofs(self, dataset: str) -> list[str]:
        """All proofs of a dataset as JSON, oldest first."""
        t = tables.proofs
        with self._ledger.read() as c:
            return list(c.scalars(sa.select(t.c.content).where(t.c.dataset == dataset).order_by(t.c.seq)))

    def latest_run(self, dataset: str, snapshot_id: str | None) -> dict[str, Any] | None:
        """The newest run on a dataset, or on one of its snapshots."""
        t = tables.runs
        query = sa.select(t).where(t.c.dataset == dataset).order_by(t.c.seq.desc()).limit(1)
        if snapshot_id is not None:
            query = query.where(t.c.snapshot_id == snapshot_id)
        with self._ledger.read() as c:
            row = c.execute(query).mappings().first()
        return dict(row) if row else None

    def runs(self) -> set[str]:
        """Ids of all runs."""
        with self._ledger.read() as c:
            return set(c.scalars(sa.select(tables.runs.c.id)))


def _ensure_dataset(connection: sa.Connection, name: str) -> None:
    t = tables.datasets
    if connection.scalar(sa.select(t.c.seq).where(t.c.name == name)) is None:
        connection.execute(t.insert().values(name=name))
