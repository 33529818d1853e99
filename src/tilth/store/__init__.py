"""The workspace on disk: rows and evidence in Lance, the ledger in SQL, findings and item caches in Arrow files.

Importing this room loads neither Lance nor SQLAlchemy: the ledger's library loads when a workspace is
opened, Lance when rows or evidence are read or written.
"""

from __future__ import annotations

from tilth.store.items import ItemCache
from tilth.store.layout import SnapshotRecord, SourceRecord
from tilth.store.workspace import Workspace

__all__ = ["ItemCache", "SnapshotRecord", "SourceRecord", "Workspace"]
