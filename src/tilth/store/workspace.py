"""A workspace: the folder `.tilth/` that keeps snapshots, evidence, findings and the ledger.

Data are written first and the record that names them last, so a crash at any byte leaves every earlier
snapshot readable, and `Workspace.clean` removes what the crash left. What lies where::

    .tilth/format          version of this layout
    .tilth/ledger.db       datasets, lineage, decisions, records of evidence and runs (SQLite)
    .tilth/rows/           one Lance dataset a named dataset, one version a snapshot
    .tilth/evidence/       one Lance dataset an address
    .tilth/findings/       one Arrow file a run
    .tilth/items/          one folder of Arrow files a maker
    .tilth/lock            held while data are written
"""

from __future__ import annotations

import json
import weakref
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import asdict
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

from tilth.errors import ParameterError, StoreError, TilthError
from tilth.records import Decision, Evidence, Findings, Outcome, Proof, Schema, Snapshot, digest
from tilth.store.cells import read_schema, schema_text
from tilth.store.depot import Depot
from tilth.store.items import ItemCache, clean_items
from tilth.store.layout import SnapshotRecord, SourceRecord, check_format, check_name, corrupt, folder_name, places
from tilth.store.lock import WriterLock
from tilth.store.patch import read_patch, write_patch

if TYPE_CHECKING:
    from tilth.store.catalog import Catalog, Stored
    from tilth.store.ledger import Ledger
    from tilth.store.rows import Placement

__all__ = ["Workspace"]


class Workspace:
    """Everything tilth keeps between two commands; made by `Workspace.open`.

    One process at a time writes data (`write_lock`); decisions need no lock, any number of processes
    may append them. Reading never waits.

    Examples
    --------
    >>> import tempfile
    >>> from tilth.records import Decision
    >>> with tempfile.TemporaryDirectory() as folder, Workspace.open(f"{folder}/.tilth") as space:
    ...     new = space.append([Decision("ann", space.now(), "keep", ("r1",), dataset="pets")])
    ...     new, [d.action for d in space.decisions("pets")]
    (1, ['keep'])
    """

    def __init__(self, path: Path, ledger: Ledger, catalog: Catalog, depot: Depot) -> None:
        self.path = path
        self._ledger = ledger
        self._catalog = catalog
        self._depot = depot
        self._lock = WriterLock(path / "lock")
        self._recent: weakref.WeakValueDictionary[str, Snapshot] = weakref.WeakValueDictionary()

    @classmethod
    def open(cls, path: str | Path, *, create: bool = True, storage: str = "") -> Workspace:
        """Open a workspace, making it where there is none.

        Parameters
        ----------
        path : str or Path
            The workspace folder itself, by convention named ``.tilth``.
        create : bool
            Whether to make it where there is none.
        storage : str
            Object-store URL (``s3://bucket/prefix``) that holds rows and evidence in place of the
            folder; remembered, so later calls leave it out.

        Raises
        ------
        StoreError
            There is no workspace and `create` is False; it was made by a newer version; it is
            corrupt; the folder cannot be written.
        """
        if "://" in str(path):
            raise StoreError(
                "the ledger of a workspace needs a folder",
                found=str(path),
                fix=f"open a local folder and keep the rows there: storage={str(path)!r}",
            )
        folder = Path(path).absolute()
        check_format(folder, create)
        from tilth.store.catalog import Catalog
        from tilth.store.ledger import Ledger

        ledger = Ledger(f"sqlite:///{folder / 'ledger.db'}", str(folder / "ledger.db"))
        catalog = Catalog(ledger)
        kept = catalog.setting("storage", storage)
        if storage and kept != storage:
            ledger.close()
            raise StoreError(
                "this workspace keeps its rows elsewhere",
                where=str(folder),
                found=f"{kept or 'the folder itself'}, wanted {storage}",
                fix="leave `storage` out, or open another folder",
            )
        return cls(folder, ledger, catalog, Depot(kept or str(folder)))

    def close(self) -> None:
        """Close the ledger."""
        self._ledger.close()

    def __enter__(self) -> Workspace:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @staticmethod
    def now() -> str:
        """The time: ISO 8601, UTC, microseconds."""
        return datetime.now(UTC).isoformat(timespec="microseconds")

    @contextmanager
    def write_lock(self, timeout: float = 30.0) -> Iterator[None]:
        """Hold the writer lock; `BusyError` naming its holder where it stays taken for `timeout` seconds.

        Re-entrant within a thread. The lock dies with its process.
        """
        with self._lock.hold(timeout):
            yield

    # --- snapshots -----------------------------------------------------------------------------

    def save_snapshot(self, dataset: str, snapshot: Snapshot, *, decisions_hash: str = "") -> None:
        """Keep a snapshot; one that is already kept gets a line of lineage only.

        A child of a kept snapshot with the same columns is written as its difference. Files that
        moved while their content stayed (same id, other paths) replace the old paths.

        Parameters
        ----------
        dataset : str
        snapshot : Snapshot
        decisions_hash : str
            Hash of the decisions that made it, for the caller's own look-up in `history`.
        """
        check_name(dataset)
        lineage = {
            "dataset": dataset,
            "snapshot_id": snapshot.id,
            "made": self.now(),
            "root": snapshot.root,
            "parents": json.dumps(list(snapshot.parents)),
            "recipe": json.dumps(snapshot.recipe, sort_keys=True),
            "decisions_hash": decisions_hash,
        }
        from tilth.store.catalog import Stored

        with self.write_lock():
            stored, hidden = self._catalog.stored(snapshot.id), places(snapshot)
            new = stored is None or stored.places != hidden
            if stored is None or new:
                placed = self._place(dataset, snapshot, stored)
                arrow, schema = schema_text(snapshot.table.schema), json.dumps(snapshot.schema.to_dict())
                stored = Stored(snapshot.id, placed.folder, placed.version, len(snapshot), hidden, schema, arrow)
            self._catalog.publish(stored, lineage, new=new)
        self._recent[snapshot.id] = snapshot

    def _place(self, dataset: str, snapshot: Snapshot, same: Stored | None) -> Placement:
        from tilth.store.rows import Placement, read_table, write_snapshot

        folder = same.folder if same else folder_name(dataset)
        arrow = schema_text(snapshot.table.schema)
        candidates = [same] if same else [self._catalog.stored(parent) for parent in snapshot.parents]
        for parent in candidates:
            if parent is None or parent.folder != folder or parent.arrow != arrow:
                continue
            placement = Placement(parent.folder, parent.version)
            recent = self._recent.get(parent.id) if same is None else None
            table = recent.table if recent else read_table(self._depot, placement, read_schema(parent.arrow))
            return write_snapshot(self._depot, folder, snapshot, (placement, table))
        return write_snapshot(self._depot, folder, snapshot)

    def load_snapshot(self, snapshot_id: str) -> Snapshot:
        """A kept snapshot, its rows sorted by position.

        Parameters
        ----------
        snapshot_id : str
            The id or a prefix of it that fits no other.

        Raises
        ------
        StoreError
            No such snapshot (near ones are listed), or its rows are not what they were.
        """
        stored = self._catalog.find(snapshot_id)
        from tilth.store.rows import Placement, read_table

        lineage = self._catalog.lineage(snapshot_id=stored.id)[-1]
        where = self._depot.uri("rows", stored.folder)
        try:
            table = read_table(self._depot, Placement(stored.folder, stored.version), read_schema(stored.arrow))
            schema = Schema.from_dict(json.loads(stored.schema))
            snapshot = Snapshot(table, schema, lineage["root"], lineage["parents"], lineage["recipe"])
            found = snapshot.id
        except StoreError:
            raise
        except (TilthError, KeyError) as error:
            raise corrupt(stored.id, where, str(error)) from error
        if found != stored.id:
            raise corrupt(stored.id, where, f"rows with id {found}")
        self._recent[stored.id] = snapshot
        return snapshot

    def datasets(self) -> list[str]:
        """Names of all datasets, in the order they were first kept."""
        return self._catalog.datasets()

    def base(self, dataset: str) -> str | None:
        """Id of the snapshot that was last ingested."""
        return self._catalog.field(dataset, "base")

    def head(self, dataset: str) -> str | None:
        """Id of the snapshot that stands after all decisions."""
        return self._catalog.field(dataset, "head")

    def set_base(self, dataset: str, snapshot_id: str) -> None:
        """Name the snapshot that was ingested; it must be kept."""
        check_name(dataset)
        self._catalog.set_field(dataset, "base", self._catalog.find(snapshot_id).id)

    def set_head(self, dataset: str, snapshot_id: str, *, expected: str | None) -> None:
        """Move the head from `expected` to a kept snapshot; `BusyError` where another process moved it."""
        check_name(dataset)
        self._catalog.set_head(dataset, self._catalog.find(snapshot_id).id, expected)

    def history(self, dataset: str) -> list[SnapshotRecord]:
        """How the snapshots of a dataset were made, oldest first."""
        head, base = self.head(dataset), self.base(dataset)
        return [
            SnapshotRecord(
                id=row["snapshot_id"],
                when=row["made"],
                parents=row["parents"],
                recipe=row["recipe"],
                rows=row["rows"],
                is_head=row["snapshot_id"] == head,
                is_base=row["snapshot_id"] == base,
                decisions_hash=row["decisions_hash"],
            )
            for row in self._catalog.lineage(dataset=dataset)
        ]

    def remember_source(
        self, dataset: str, uri: str, root: str, overrides: Mapping[str, Any], encoding: str = ""
    ) -> None:
        """Remember where a dataset was ingested from."""
        check_name(dataset)
        text = json.dumps(asdict(SourceRecord(uri, root, dict(overrides), encoding)))
        self._catalog.set_field(dataset, "source", text)

    def source_of(self, dataset: str) -> SourceRecord | None:
        """Where a dataset was last ingested from, or None."""
        text = self._catalog.field(dataset, "source")
        return SourceRecord(**json.loads(text)) if text else None

    # --- decisions -----------------------------------------------------------------------------

    def append(self, decisions: Sequence[Decision]) -> int:
        """Add decisions to the ledger: all or none, on the disk before this returns.

        Returns
        -------
        int
            How many were new; one whose id is already there is left out.
        """
        for decision in decisions:
            if not decision.dataset:
                raise ParameterError(
                    "a decision names no dataset", where=f"decision {decision.id}", fix="give it dataset=NAME"
                )
        return self._ledger.append(decisions) if decisions else 0

    def decisions(self, dataset: str) -> list[Decision]:
        """All decisions about a dataset, in the order they were added."""
        return self._ledger.decisions(dataset)

    def export_patch(self, dataset: str, path: str | Path) -> int:
        """Write the ledger of a dataset as JSON lines; returns how many."""
        decisions = self.decisions(dataset)
        write_patch(Path(path), decisions)
        return len(decisions)

    def import_patch(self, dataset: str, path: str | Path) -> int:
        """Add the decisions of a patch file: all or none; returns how many are new."""
        return self.append(read_patch(Path(path), dataset))

    # --- evidence and findings -----------------------------------------------------------------

    def put_evidence(self, evidence: Evidence, *, address: str = "") -> None:
        """Keep evidence at its address (or at one that the caller computed from narrower inputs)."""
        from tilth.store.evidence import write_evidence

        with self.write_lock():
            self._catalog.put_evidence(write_evidence(self._depot, evidence, address or evidence.address))

    def get_evidence(self, address: str, kind: str = "") -> Evidence | None:
        """Evidence at an address, or None where there is none (of that kind); row order is kept."""
        record = self._catalog.evidence(address)
        if record is None or (kind and record.kind != kind) or not self._depot.exists("evidence", record.folder):
            return None
        from tilth.store.evidence import read_evidence

        return read_evidence(self._depot, record)

    def item_cache(self, maker_key: str) -> ItemCache:
        """Cached results of one maker, by content hash of the item. Local, whatever the storage."""
        return ItemCache(self.path / "items" / digest(maker_key))

    def put_findings(
        self,
        dataset: str,
        findings: Mapping[str, Findings],
        outcomes: Sequence[Outcome],
        summary: Mapping[str, Any],
        *,
        snapshot_id: str = "",
    ) -> str:
        """Keep what one run found; returns the run's id.

        Parameters
        ----------
        dataset : str
        findings : mapping of part to Findings
        outcomes : sequence of Outcome
        summary : mapping
            JSON-like.
        snapshot_id : str
            What was looked at; by default what the findings say, or the head.
        """
        check_name(dataset)
        from tilth.store.runs import write_findings

        named = (found.snapshot_id for found in findings.values() if found.snapshot_id)
        about = snapshot_id or next(named, "") or self.head(dataset) or ""
        texts = {"outcomes": json.dumps([asdict(o) for o in outcomes]), "summary": json.dumps(dict(summary))}
        with self.write_lock():
            run_id, parts = write_findings(self.path / "findings", findings)
            record = {"id": run_id, "dataset": dataset, "snapshot_id": about, "made": self.now()}
            self._catalog.put_run({**record, **texts, "parts": json.dumps(parts)})
        return run_id

    def latest_findings(
        self, dataset: str, snapshot_id: str | None = None
    ) -> tuple[dict[str, Findings], tuple[Outcome, ...], dict[str, Any]] | None:
        """Findings by part, outcomes and summary of the newest run on a dataset (or one snapshot of it)."""
        run = self._catalog.latest_run(dataset, snapshot_id)
        if run is None:
            return None
        from tilth.store.runs import read_findings

        findings = read_findings(self.path / "findings", run["id"], json.loads(run["parts"]))
        return findings, tuple(Outcome(**o) for o in json.loads(run["outcomes"])), json.loads(run["summary"])

    def put_proof(self, dataset: str, proof: Proof) -> None:
        """Keep a proof."""
        check_name(dataset)
        self._catalog.put_proof(dataset, self.now(), json.dumps(proof.to_dict()))

    def proofs(self, dataset: str) -> list[Proof]:
        """All proofs of a dataset, oldest first."""
        return [Proof.from_dict(json.loads(content)) for content in self._catalog.proofs(dataset)]

    # --- upkeep --------------------------------------------------------------------------------

    def clean(self) -> int:
        """Remove what killed runs left: data that no record names. Returns the bytes freed."""
        from tilth.store.upkeep import clean_depot, clean_files

        with self.write_lock():
            freed = clean_depot(self._depot, self._catalog.versions(), self._catalog.evidence_folders())
            freed += clean_files(self.path, self._catalog.runs())
            return freed + clean_items(self.path / "items")
