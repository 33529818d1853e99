"""The one module that imports Lance, and only when a function runs: the import alone takes a second or two."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pyarrow as pa

from tilth.store.faults import guarded

__all__ = ["append", "delete_ids", "keep_only", "latest", "read", "restore", "update", "write"]


@contextmanager
def _lance(uri: str) -> Iterator[Any]:
    os.environ.setdefault("LANCE_LOG", "error")  # Lance warns on standard error at every first write
    import lance

    with guarded(uri):
        yield lance


def write(uri: str, table: pa.Table) -> int:
    """Write a whole table as a new version, creating the dataset where there is none; returns the version."""
    with _lance(uri) as lance:
        made = lance.write_dataset(table, uri, mode="overwrite", enable_stable_row_ids=True)
        return int(made.version)


def read(uri: str, version: int, columns: Sequence[str] | None = None) -> pa.Table:
    """The rows of one version in stored order."""
    with _lance(uri) as lance:
        dataset = lance.dataset(uri, version=version)
        return dataset.to_table(columns=None if columns is None else list(columns), scan_in_order=True)


def latest(uri: str) -> int:
    """Number of the newest version."""
    with _lance(uri) as lance:
        return int(lance.dataset(uri).version)


def restore(uri: str, version: int) -> int:
    """Make the newest version equal to `version`, so that changes can be put on it; returns its number."""
    with _lance(uri) as lance:
        if lance.dataset(uri).version == version:
            return version
        dataset = lance.dataset(uri, version=version)
        dataset.restore()
        return int(lance.dataset(uri).version)


def update(uri: str, table: pa.Table, key: str) -> int:
    """Change the cells of `table`'s columns in the rows that `key` names; returns the version."""
    with _lance(uri) as lance:
        dataset = lance.dataset(uri)
        dataset.merge_insert(key).when_matched_update_all().conflict_retries(0).execute(table)
        return int(lance.dataset(uri).version)


def append(uri: str, table: pa.Table) -> int:
    """Add rows; returns the version."""
    with _lance(uri) as lance:
        return int(lance.write_dataset(table, uri, mode="append").version)


def delete_ids(uri: str, keys: pa.Table, key: str) -> int:
    """Delete the rows that the one column of `keys` names; returns the version."""
    with _lance(uri) as lance:
        dataset = lance.dataset(uri)
        dataset.merge_insert(key).when_matched_delete().conflict_retries(0).execute(keys)
        return int(lance.dataset(uri).version)


def keep_only(uri: str, versions: set[int]) -> None:
    """Remove every other version and every file that no kept version needs. The caller holds the writer lock."""
    with _lance(uri) as lance:
        dataset = lance.dataset(uri)
        kept = lance.dataset(uri, version=max(versions))
        if dataset.version not in versions and _pieces(dataset) != _pieces(kept):
            kept.restore()  # Lance never removes the newest version: make it one that holds no stray rows
            dataset = lance.dataset(uri)
        unwanted = [v["version"] for v in dataset.versions() if v["version"] not in versions | {dataset.version}]
        # With no version to remove, stray files still go: nothing is older than a century.
        which = {"versions": unwanted} if unwanted else {"older_than": timedelta(days=36500)}
        dataset.cleanup_old_versions(**which, delete_unverified=True, error_if_tagged_old_versions=False)


def _pieces(dataset: Any) -> list[str]:
    return [str(fragment.metadata.to_json()) for fragment in dataset.get_fragments()]
