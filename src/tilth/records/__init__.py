"""The nouns of tilth: frozen data, and pure functions on them.

Nothing here touches a disk, a network, a clock or a random generator.
"""

from tilth.records.augmentation_policy import AugmentationPolicy
from tilth.records.cells import SPLIT_WORDS, empty_cells, split_part
from tilth.records.decision import ACTIONS, Decision, added_rows, apply, effective, is_policy
from tilth.records.diff import RowChange, SnapshotDiff, diff
from tilth.records.evidence import Evidence
from tilth.records.findings import FINDINGS_SCHEMA, Findings, Outcome, finding_id
from tilth.records.hashing import digest, hash_item_rows
from tilth.records.items import Items, MemoryItems
from tilth.records.proof import Arm, ClassEffect, Effect, OrderEffect, Proof
from tilth.records.roles import RoleOverrides, guess_schema
from tilth.records.row_batch import Ballot, Row, RowBatch
from tilth.records.rows import Rows
from tilth.records.sample import Sample
from tilth.records.schema import MEDIA, ROLES, Column, Schema
from tilth.records.snapshot import SYSTEM_COLUMNS, Snapshot, sort_class_names

__all__ = [
    "ACTIONS",
    "FINDINGS_SCHEMA",
    "MEDIA",
    "ROLES",
    "SPLIT_WORDS",
    "SYSTEM_COLUMNS",
    "Arm",
    "AugmentationPolicy",
    "Ballot",
    "ClassEffect",
    "Column",
    "Decision",
    "Effect",
    "Evidence",
    "Findings",
    "Items",
    "MemoryItems",
    "OrderEffect",
    "Outcome",
    "Proof",
    "RoleOverrides",
    "Row",
    "RowBatch",
    "RowChange",
    "Rows",
    "Sample",
    "Schema",
    "Snapshot",
    "SnapshotDiff",
    "added_rows",
    "apply",
    "diff",
    "digest",
    "effective",
    "empty_cells",
    "finding_id",
    "guess_schema",
    "hash_item_rows",
    "is_policy",
    "sort_class_names",
    "split_part",
]
