from __future__ import annotations

import tracemalloc
from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tilth.engine import EngineRun, Event
from tilth.engine.resolve import Resolver
from tilth.engine.runs import CHUNK, WORKER_BYTES
from tilth.errors import Cancelled, DataError, ParameterError
from tilth.records import Column, Evidence, Schema, Snapshot
from tilth.records.items import MemoryItems


class DictCache:
    def __init__(self) -> None:
        self.values: dict[str, Any] = {}
        self.errors: dict[str, str] = {}

    def get(self, keys: Sequence[str]) -> tuple[np.ndarray, np.ndarray]:
        found = np.array([key in self.values for key in keys], dtype=bool)
        return found, np.array([self.values[key] for key in keys if key in self.values])

    def put(self, keys: Sequence[str], values: np.ndarray) -> None:
        self.values.update(zip(keys, values, strict=True))

    def get_errors(self, keys: Sequence[str]) -> dict[str, str]:
        return {key: self.errors[key] for key in keys if key in self.errors}

    def put_errors(self, errors: dict[str, str]) -> None:
        self.errors.update(errors)


class DictStore:
    """A store in memory, for tests of what the engine asks of a store."""

    def __init__(self) -> None:
        self.evidence: dict[str, Evidence] = {}
        self.caches: dict[str, DictCache] = {}

    def get_evidence(self, address: str) -> Evidence | None:
        return self.evidence.get(address)

    def put_evidence(self, evidence: Evidence) -> None:
        self.evidence[evidence.address] = evidence

    def item_cache(self, maker_key: str) -> DictCache:
        return self.caches.setdefault(maker_key, DictCache())


def length(data: bytes) -> np.ndarray:
    """Two numbers of an item; an empty item is an error."""
    if not data:
        raise DataError("nothing in it")
    return np.array([len(data), data[0]], dtype=np.float32)


def items(n: int) -> MemoryItems:
    return MemoryItems([bytes([i % 250 + 1]) * (i // 250 + 1) for i in range(n)])


MAKER = {"part": "length", "version": 1}


def test_results_come_in_order_and_errors_take_their_place() -> None:
    run = EngineRun(store=DictStore(), jobs=1)
    results = run.map_items(length, MemoryItems([b"abc", b"", b"x"]), maker=MAKER)
    assert results[0].tolist() == [3, 97]
    assert isinstance(results[1], DataError)
    assert "nothing in it" in str(results[1])
    assert results[2].tolist() == [1, 120]


def test_the_pool_gives_the_same_as_one_process() -> None:
    many = items(600)
    serial = EngineRun(jobs=1).map_items(length, many, maker=MAKER)
    pooled = EngineRun(jobs=2).map_items(length, many, maker=MAKER)
    np.testing.assert_array_equal(np.stack(serial), np.stack(pooled))


def test_known_items_are_not_computed_again() -> None:
    store = DictStore()
    calls: list[bytes] = []

    def counted(data: bytes) -> np.ndarray:
        calls.append(data)
        return length(data)

    first = EngineRun(store=store, jobs=1).map_items(counted, MemoryItems([b"a", b"b", b"a", b""]), maker=MAKER)
    assert calls == [b"a", b"b", b""]
    again = EngineRun(store=store, jobs=1).map_items(counted, MemoryItems([b"", b"b", b"c"]), maker=MAKER)
    assert calls == [b"a", b"b", b"", b"c"]
    assert isinstance(again[0], DataError)
    np.testing.assert_array_equal(first[1], again[1])
    EngineRun(store=store, jobs=1).map_items(counted, MemoryItems([b"a"]), maker={**MAKER, "version": 2})
    assert calls[-1] == b"a"


def test_a_stop_keeps_what_was_finished_and_the_next_run_goes_on() -> None:
    store = DictStore()
    many = items(3 * CHUNK)
    run = EngineRun(store=store, jobs=1)
    seen: list[Event] = []

    def stop_early(event: Event) -> None:
        seen.append(event)
        if event.done >= CHUNK:
            run.stop.set()

    run.listener = stop_early
    with pytest.raises(Cancelled):
        run.map_items(length, many, maker=MAKER)
    (cache,) = store.caches.values()
    assert len(cache.values) == CHUNK
    calls = []

    def counted(data: bytes) -> np.ndarray:
        calls.append(data)
        return length(data)

    assert len(EngineRun(store=store, jobs=1).map_items(counted, many, maker=MAKER)) == 3 * CHUNK
    assert len(calls) == 2 * CHUNK


def test_steps_start_and_end_even_when_they_break() -> None:
    seen: list[tuple[str, str]] = []
    run = EngineRun(listener=lambda e: seen.append((e.path, e.kind)))
    with pytest.raises(RuntimeError), run.step("a") as inner, inner.step("b"):
        raise RuntimeError
    assert seen == [("a", "start"), ("a/b", "start"), ("a/b", "end"), ("a", "end")]


def test_randomness_is_a_function_of_seed_and_path() -> None:
    draw = EngineRun(1).child("x").rng.integers(1 << 60)
    assert EngineRun(1, jobs=2).child("x").rng.integers(1 << 60) == draw
    assert EngineRun(2).child("x").rng.integers(1 << 60) != draw
    assert EngineRun(1).child("y").rng.integers(1 << 60) != draw


def test_negative_jobs_raise() -> None:
    with pytest.raises(ParameterError, match="negative"):
        EngineRun(jobs=-1)


def test_fewer_workers_run_where_the_memory_budget_is_small() -> None:
    assert EngineRun(jobs=16, memory_budget=8 * WORKER_BYTES).workers == 8
    assert EngineRun(jobs=4, memory_budget=8 * WORKER_BYTES).workers == 4
    assert EngineRun(jobs=4, memory_budget=1).workers == 1
    with pytest.raises(ParameterError, match="memory budget"):
        EngineRun(memory_budget=0)


def test_a_small_memory_budget_makes_small_blocks_of_neighbours_and_the_same_graph() -> None:
    rows, budget = 3000, 8 * 2**20
    table = pa.table(
        {
            "row_id": [f"r{i}" for i in range(rows)],
            "item": [f"{i:032x}" for i in range(rows)],
            "position": range(rows),
            "x": np.zeros(rows),
        }
    )
    snapshot = Snapshot(table, Schema((Column("x", "input", "number"),)))
    vectors = np.random.default_rng(0).normal(size=(rows, 4)).astype(np.float32)
    given = {"embeddings": Evidence("embeddings", snapshot.id, snapshot.row_ids, vectors, maker={"kind": "given"})}

    def peak(memory_budget: int) -> tuple[int, Evidence]:
        resolver = Resolver(snapshot, EngineRun(memory_budget=memory_budget), given=given)
        tracemalloc.start()
        try:
            found = resolver.get("neighbors")
            return tracemalloc.get_traced_memory()[1], found
        finally:
            tracemalloc.stop()

    roomy, expected = peak(2 * 2**30)
    tight, found = peak(budget)
    assert tight < budget < roomy
    np.testing.assert_array_equal(found.values, expected.values)
    np.testing.assert_array_equal(found.extra["distances"], expected.extra["distances"])
