"""The ledger: every small record of a workspace in SQL, through SQLAlchemy Core.

SQLite is the default. It runs in WAL mode, so that readers never wait for a writer, and with
``synchronous=FULL``: each commit is on the disk before it returns, so nothing that was acknowledged is
lost when the process is killed or the power fails (``NORMAL`` survives only the former).
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import sqlalchemy as sa

from tilth.errors import BusyError, StoreError
from tilth.records import Decision
from tilth.store.faults import explain

__all__ = ["Ledger", "tables"]

_BUSY_MS = 30_000
_metadata = sa.MetaData()


class tables:  # noqa: N801 - a namespace, read as tables.decisions
    """The tables of the ledger."""

    settings = sa.Table(
        "settings", _metadata, sa.Column("name", sa.String(64), primary_key=True), sa.Column("value", sa.Text)
    )
    datasets = sa.Table(
        "datasets",
        _metadata,
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("name", sa.String(255), nullable=False, unique=True),
        sa.Column("base", sa.String(16)),
        sa.Column("head", sa.String(16)),
        sa.Column("source", sa.Text),
    )
    snapshots = sa.Table(
        "snapshots",
        _metadata,
        sa.Column("id", sa.String(16), primary_key=True),
        sa.Column("folder", sa.String(255), nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("places", sa.String(32), nullable=False),
        sa.Column("schema", sa.Text, nullable=False),
        sa.Column("arrow", sa.Text, nullable=False),
    )
    lineage = sa.Table(
        "lineage",
        _metadata,
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("dataset", sa.String(255), nullable=False, index=True),
        sa.Column("snapshot_id", sa.String(16), nullable=False, index=True),
        sa.Column("made", sa.String(40), nullable=False),
        sa.Column("root", sa.Text, nullable=False),
        sa.Column("parents", sa.Text, nullable=False),
        sa.Column("recipe", sa.Text, nullable=False),
        sa.Column("decisions_hash", sa.String(64), nullable=False),
    )
    decisions = sa.Table(
        "decisions",
        _metadata,
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(16), nullable=False, unique=True),
        sa.Column("dataset", sa.String(255), nullable=False, index=True),
        sa.Column("made", sa.Text, nullable=False),
        sa.Column("who", sa.Text, nullable=False),
        sa.Column("action", sa.String(16), nullable=False),
        sa.Column("rows", sa.Text, nullable=False),
        sa.Column("value", sa.Text, nullable=False),
        sa.Column("because", sa.Text, nullable=False),
        sa.Column("snapshot_id", sa.String(64), nullable=False),
    )
    evidence = sa.Table(
        "evidence",
        _metadata,
        sa.Column("address", sa.String(64), primary_key=True),
        sa.Column("kind", sa.String(64), nullable=False),
        sa.Column("snapshot_id", sa.String(64), nullable=False),
        sa.Column("folder", sa.String(255), nullable=False),
        sa.Column("rows", sa.Integer, nullable=False),
        sa.Column("version", sa.Integer, nullable=False),
        sa.Column("header", sa.Text, nullable=False),
    )
    runs = sa.Table(
        "runs",
        _metadata,
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("id", sa.String(32), nullable=False, unique=True),
        sa.Column("dataset", sa.String(255), nullable=False, index=True),
        sa.Column("snapshot_id", sa.String(64), nullable=False, index=True),
        sa.Column("made", sa.String(40), nullable=False),
        sa.Column("parts", sa.Text, nullable=False),
        sa.Column("outcomes", sa.Text, nullable=False),
        sa.Column("summary", sa.Text, nullable=False),
    )
    proofs = sa.Table(
        "proofs",
        _metadata,
        sa.Column("seq", sa.Integer, primary_key=True, autoincrement=True),
        sa.Column("dataset", sa.String(255), nullable=False, index=True),
        sa.Column("made", sa.String(40), nullable=False),
        sa.Column("content", sa.Text, nullable=False),
    )


class Ledger:
    """A database of a workspace's records.

    Parameters
    ----------
    url : str
        SQLAlchemy URL.
    where : str
        What messages call it.
    """

    def __init__(self, url: str, where: str) -> None:
        self._where = where
        self._pid = os.getpid()
        with self._explained():
            self._engine = sa.create_engine(url)
            if self._engine.dialect.name == "sqlite":
                sa.event.listen(self._engine, "connect", _set_up_sqlite)
                sa.event.listen(self._engine, "begin", _begin_sqlite)
        with self.write() as connection:
            _metadata.create_all(connection)

    def close(self) -> None:
        """Close all connections."""
        self._engine.dispose(close=self._pid == os.getpid())

    @contextmanager
    def _explained(self) -> Iterator[None]:
        try:
            yield
        except sa.exc.IntegrityError:
            raise
        except sa.exc.DBAPIError as error:
            cause = error.orig if isinstance(error.orig, Exception) else error
            if "locked" in str(cause):
                raise BusyError(
                    "another process is writing the ledger",
                    where=self._where,
                    found=f"{cause}, after {_BUSY_MS // 1000} s",
                    fix="wait until it ends and run the same command again",
                ) from error
            raise explain(cause, self._where) from error

    @contextmanager
    def read(self) -> Iterator[sa.Connection]:
        """A connection that sees one state of the ledger."""
        with self._connect({}) as connection:
            yield connection

    @contextmanager
    def write(self) -> Iterator[sa.Connection]:
        """One transaction: all of it is on the disk when the block ends, or none of it."""
        with self._connect({"tilth_write": True}) as connection:
            yield connection

    @contextmanager
    def _connect(self, options: dict[str, Any]) -> Iterator[sa.Connection]:
        if self._pid != os.getpid():  # a forked child must not speak through its parent's connections
            self._engine.dispose(close=False)
            self._pid = os.getpid()
        with self._explained(), self._engine.connect().execution_options(**options) as connection, connection.begin():
            yield connection

    def append(self, decisions: Sequence[Decision]) -> int:
        """Add decisions in one transaction; ids that are already there are left out. Returns how many are new."""
        for attempt in (0, 1):
            try:
                with self.write() as connection:
                    known = _known_ids(connection, [decision.id for decision in decisions])
                    fresh = {d.id: d for d in decisions if d.id not in known}
                    if fresh:
                        connection.execute(tables.decisions.insert(), [_decision_row(d) for d in fresh.values()])
                return len(fresh)
            except sa.exc.IntegrityError:  # another process added one of them in between (not on SQLite)
                if attempt:
                    raise
        return 0

    def decisions(self, dataset: str) -> list[Decision]:
        """All decisions about a dataset, in the order they were added."""
        t = tables.decisions
        with self.read() as connection:
            rows = connection.execute(sa.select(t).where(t.c.dataset == dataset).order_by(t.c.seq)).mappings().all()
        return [self._decision(dict(row)) for row in rows]

    def _decision(self, row: Mapping[str, Any]) -> Decision:
        decision = Decision(
            who=row["who"],
            when=row["made"],
            action=row["action"],
            rows=tuple(json.loads(row["rows"])),
            value=row["value"],
            because=row["because"],
            snapshot_id=row["snapshot_id"],
            dataset=row["dataset"],
        )
        if decision.id != row["id"]:
            raise StoreError(
                "a decision in the ledger was changed from outside",
                where=f"{self._where}, decision {row['id']}",
                found=f"content with id {decision.id}",
                fix="bring the ledger back from a backup or a patch file",
            )
        return decision


def _known_ids(connection: sa.Connection, ids: Sequence[str]) -> set[str]:
    known: set[str] = set()
    column = tables.decisions.c.id
    for start in range(0, len(ids), 500):
        known.update(connection.scalars(sa.select(column).where(column.in_(ids[start : start + 500]))))
    return known


def _decision_row(decision: Decision) -> dict[str, Any]:
    return {
        "id": decision.id,
        "dataset": decision.dataset,
        "made": decision.when,
        "who": decision.who,
        "action": decision.action,
        "rows": json.dumps(list(decision.rows)),
        "value": decision.value,
        "because": decision.because,
        "snapshot_id": decision.snapshot_id,
    }


def _set_up_sqlite(connection: Any, _record: Any) -> None:
    connection.isolation_level = None  # transactions are begun below, not by the driver's guesses
    cursor = connection.cursor()
    for pragma in (f"busy_timeout={_BUSY_MS}", "journal_mode=WAL", "synchronous=FULL"):
        cursor.execute(f"PRAGMA {pragma}")
    cursor.close()


def _begin_sqlite(connection: sa.Connection) -> None:
    # A write that began as a read could find the ledger changed under it; so writers queue from the start.
    write = connection.get_execution_options().get("tilth_write")
    connection.exec_driver_sql("BEGIN IMMEDIATE" if write else "BEGIN")
