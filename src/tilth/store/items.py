"""The per-item cache: what one maker made of each item, filed under the item's content hash.

Every `put` is one Arrow file that appears whole or not at all, so that a killed run leaves all earlier
results in place, and processes can add at the same time without a lock.
"""

from __future__ import annotations

import fcntl
import json
import os
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from tilth.errors import AlignmentError, StoreError
from tilth.store.arrays import from_column, to_column
from tilth.store.depot import sync_folder
from tilth.store.faults import guarded

__all__ = ["ItemCache", "clean_items"]

_FORM = b"tilth.form"


class ItemCache:
    """Results of one maker, by item.

    Parameters
    ----------
    folder : Path
        Folder of this maker; made at the first `put`.
    """

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._seen: set[str] = set()
        self._keys: pa.ChunkedArray = pa.chunked_array([], pa.string())
        self._tables: list[pa.Table] = []
        self._starts: list[int] = [0]
        self._form: dict[str, Any] | None = None
        self._errors: dict[str, str] = {}

    def get(self, keys: Sequence[str]) -> tuple[npt.NDArray[np.bool_], npt.NDArray[Any]]:
        """What is known of some items.

        Parameters
        ----------
        keys : sequence of str, length n

        Returns
        -------
        found : (n,) bool
        values : (n_found, ...) array
            In the order of `keys`, without those that are not found; shape (0,) float32 where
            nothing was ever put.
        """
        self._refresh()
        if self._form is None or not len(keys):
            empty = self._empty()
            return np.zeros(len(keys), dtype=bool), empty
        if self._keys.num_chunks != 1:
            self._keys = pa.chunked_array([pa.concat_arrays(self._keys.chunks or [pa.array([], pa.string())])])
        index = pc.index_in(pa.array(list(keys), pa.string()), value_set=self._keys.chunk(0))
        found = np.asarray(index.is_valid().to_numpy(zero_copy_only=False), dtype=bool)
        rows = index.drop_null().to_numpy().astype(np.int64)
        return found, self._take(rows)

    def put(self, keys: Sequence[str], values: npt.NDArray[Any]) -> None:
        """Keep the results of some items; of one key the first result stays.

        Parameters
        ----------
        keys : sequence of str, length m
        values : (m, ...) array
            Numbers, booleans or text; one dtype and row shape for all items of a maker.

        Raises
        ------
        AlignmentError
            Different numbers of keys and values.
        StoreError
            Another dtype or row shape than earlier results, or a full disk.
        """
        values = np.asarray(values)
        if len(keys) != len(values):
            raise AlignmentError(
                "keys and values have different lengths",
                found=f"{len(keys)} and {len(values)}",
                fix="give one row of values for each key",
            )
        if not len(keys):
            return
        column, form = to_column(values, "a cached result")
        if self._form is None:
            self._refresh()
        self._check_form(form)
        schema = pa.schema(
            [pa.field("key", pa.string()), pa.field("value", column.type)], metadata={_FORM: json.dumps(form)}
        )
        self._write("v", pa.Table.from_arrays([pa.array(list(keys), pa.string()), column], schema=schema))
        self._form = self._form or form

    def get_errors(self, keys: Sequence[str]) -> dict[str, str]:
        """Messages of the items among `keys` that failed and have no result since."""
        self._refresh()
        failed = [key for key in keys if key in self._errors]
        if not failed:
            return {}
        found, _ = self.get(failed)
        return {key: self._errors[key] for key, known in zip(failed, found, strict=True) if not known}

    def put_errors(self, errors: Mapping[str, str]) -> None:
        """Remember that items failed, and why."""
        if errors:
            table = pa.table({"key": list(errors), "value": list(errors.values())})
            self._write("e", table.cast(pa.schema([("key", pa.string()), ("value", pa.string())])))

    def _empty(self) -> npt.NDArray[Any]:
        if self._form is None:
            return np.empty(0, dtype=np.float32)
        return self._take(np.zeros(0, dtype=np.int64))

    def _check_form(self, form: dict[str, Any]) -> None:
        known = self._form
        text = known is not None and np.dtype(known["dtype"]).kind == np.dtype(form["dtype"]).kind == "U"
        same = known is None or known == form or (text and known is not None and known["shape"] == form["shape"])
        if not same and known is not None:
            raise StoreError(
                "one maker gave results of two forms",
                where=str(self._folder),
                found=f"{form['dtype']} {form['shape']} after {known['dtype']} {known['shape']}",
                fix="raise the version of the part that makes them",
            )

    def _take(self, rows: npt.NDArray[np.int64]) -> npt.NDArray[Any]:
        owner = np.searchsorted(self._starts, rows, side="right") - 1
        pieces: list[npt.NDArray[Any]] = []
        places: list[npt.NDArray[np.int64]] = []
        for segment in np.unique(owner):
            where = np.flatnonzero(owner == segment)
            table = self._tables[int(segment)]
            local = pa.array(rows[where] - self._starts[int(segment)])
            pieces.append(from_column(table.column("value").take(local), _form_of(table)))
            places.append(where)
        if not pieces:
            form = self._form or {"dtype": "<f4", "shape": []}
            dtype = np.dtypes.StringDType() if form["dtype"] == "T" else np.dtype(form["dtype"])
            return np.empty((0, *form["shape"]), dtype=dtype)
        joined = np.concatenate(pieces)
        values = np.empty_like(joined)
        values[np.concatenate(places)] = joined
        return values

    def _refresh(self) -> None:
        if not self._folder.is_dir():
            return
        names = sorted(path.name for path in self._folder.glob("[ev]-*.arrow") if path.name not in self._seen)
        if not names:
            return
        chunks = list(self._keys.chunks)
        for name in names:
            table = _open(self._folder / name)
            self._seen.add(name)
            if name.startswith("e-"):
                pairs = zip(table.column("key").to_pylist(), table.column("value").to_pylist(), strict=True)
                self._errors.update(pairs)
                continue
            self._form = self._form or _form_of(table)
            self._tables.append(table)
            self._starts.append(self._starts[-1] + len(table))
            chunks += table.column("key").chunks
        self._keys = pa.chunked_array(chunks, pa.string())

    def _write(self, kind: str, table: pa.Table) -> None:
        with guarded(str(self._folder)):
            self._folder.mkdir(parents=True, exist_ok=True)
            while True:
                mark = f"{time.time_ns():020d}-{os.urandom(4).hex()}"  # in the order of time: the first result stays
                temporary = self._folder / f".tmp-{mark}"
                try:
                    _write_locked(temporary, self._folder / f"{kind}-{mark}.arrow", table)
                    break
                except FileNotFoundError:  # a clean-up took the file between its making and its lock
                    continue
                except OSError:
                    temporary.unlink(missing_ok=True)
                    raise
            sync_folder(self._folder)


def _write_locked(temporary: Path, final: Path, table: pa.Table) -> None:
    """Write, lock while writing (so that a clean-up knows it is alive), keep, move into place."""
    with temporary.open("xb") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        with pa.ipc.new_file(pa.PythonFile(file, mode="w"), table.schema) as writer:
            writer.write_table(table)
        file.flush()
        os.fsync(file.fileno())
        temporary.rename(final)


def _form_of(table: pa.Table) -> dict[str, Any]:
    form: dict[str, Any] = json.loads(table.schema.metadata[_FORM])
    return form


def _open(path: Path) -> pa.Table:
    try:
        return pa.ipc.open_file(pa.memory_map(str(path))).read_all()
    except (pa.ArrowInvalid, OSError) as error:
        raise StoreError(
            "a file of the item cache is corrupt",
            where=str(path),
            found=str(error)[:200],
            fix="delete that file; its items are computed again",
        ) from error


def clean_items(folder: Path) -> int:
    """Remove what killed writers left in the caches below `folder`; returns the bytes freed."""
    freed = 0
    with guarded(str(folder)):
        for path in folder.glob("*/.tmp-*"):
            with path.open("rb") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    continue
                freed += path.stat().st_size
                path.unlink(missing_ok=True)
    return freed
