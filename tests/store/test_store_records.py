"""Decisions, patch files, evidence, item caches and findings in a workspace."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from tilth.errors import AlignmentError, ParameterError, SourceError, StoreError
from tilth.records import Decision, Evidence, Findings, Outcome
from tilth.store import Workspace


@pytest.fixture
def space(tmp_path: Path) -> Any:
    with Workspace.open(tmp_path / ".tilth") as opened:
        yield opened


@pytest.fixture(scope="module")
def module_space(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with Workspace.open(tmp_path_factory.mktemp("records")) as opened:
        yield opened


def decision(i: int, dataset: str = "d", **more: Any) -> Decision:
    return Decision("ann", f"t{i:04d}", "keep", (f"r{i}", "é\x00'"), dataset=dataset, **more)


def test_decisions_keep_their_order_and_ignore_duplicates(space: Workspace) -> None:
    listed = [decision(i) for i in (5, 1, 9, 1, 3)]
    assert space.append(listed) == 4
    assert space.append([decision(0), decision(9), decision(2, "other")]) == 2
    assert space.append([]) == 0
    assert [d.when for d in space.decisions("d")] == ["t0005", "t0001", "t0009", "t0003", "t0000"]
    assert space.decisions("other") == [decision(2, "other")] and space.decisions("none") == []
    assert space.append([decision(i) for i in range(1500)]) == 1495


def test_an_append_is_all_or_nothing(space: Workspace) -> None:
    with pytest.raises(ParameterError, match="names no dataset"):
        space.append([decision(1), decision(2, "")])
    assert space.decisions("d") == []


def test_a_closed_workspace_left_everything_on_disk(tmp_path: Path) -> None:
    with Workspace.open(tmp_path) as first:
        first.append([decision(1)])
    with Workspace.open(tmp_path, create=False) as second:
        assert second.decisions("d") == [decision(1)]


def test_patches_go_round(space: Workspace, tmp_path: Path) -> None:
    space.append([decision(i, because="say \n 'é'") for i in range(5)])
    patch = tmp_path / "fix.jsonl"
    assert space.export_patch("d", patch) == 5
    assert len(patch.read_text(encoding="utf-8").splitlines()) == 5
    with Workspace.open(tmp_path / "w2") as other:
        other.append([decision(2, because="say \n 'é'")])
        assert other.import_patch("d", patch) == 4
        assert other.import_patch("d", patch) == 0
        assert {d.id for d in other.decisions("d")} == {d.id for d in space.decisions("d")}
        with pytest.raises(SourceError, match=r"fix.jsonl:1.*another dataset"):
            other.import_patch("e", patch)


def test_bad_patches_name_their_line_and_add_nothing(space: Workspace, tmp_path: Path) -> None:
    patch = tmp_path / "p.jsonl"
    space.append([decision(1), decision(2)])
    space.export_patch("d", patch)
    good = patch.read_text(encoding="utf-8")
    with Workspace.open(tmp_path / "w2") as other:
        for bad in ("{", "[]", "3", '{"who": "x"}', '{"rows": 3, "who": "x"}', "\udcff"):
            patch.write_bytes((good + bad + "\n").encode("utf-8", "surrogateescape"))
            with pytest.raises(SourceError, match=r"p.jsonl:3: this line is no decision"):
                other.import_patch("d", patch)
        patch.write_text(good.replace("ann", "bob"), encoding="utf-8")
        with pytest.raises(SourceError, match=r"p.jsonl:1: .*does not fit"):
            other.import_patch("d", patch)
        with pytest.raises(StoreError, match="no such patch"):
            other.import_patch("d", tmp_path / "none")
        assert other.decisions("d") == []


DTYPES = ["<f4", ">f8", "<f2", "<i8", "|i1", "<u8", "|b1", "<c16", "<M8[us]", "<m8[s]", "<U3"]
ARRAYS = st.sampled_from(DTYPES).flatmap(
    lambda d: hnp.arrays(
        d,
        hnp.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
        elements=st.text("aé ", max_size=3) if "U" in d else None,
    )
)


@settings(max_examples=80, deadline=None, suppress_health_check=list(HealthCheck))
@given(values=ARRAYS)
def test_any_array_comes_back_exactly(module_space: Workspace, values: np.ndarray[Any, Any]) -> None:
    ids = np.asarray([f"r{len(values) - i}" for i in range(len(values))], dtype=object)
    evidence = Evidence("x", "s", ids, values, maker={"shape": list(values.shape), "bytes": values.tobytes().hex()})
    evidence = Evidence("x", "s", ids, values, maker={**evidence.maker, "d": values.dtype.str})
    module_space.put_evidence(evidence)
    back = module_space.get_evidence(evidence.address)
    assert back is not None and back.row_ids.tolist() == ids.tolist()
    assert (back.values.dtype, back.values.shape) == (values.dtype, values.shape)
    assert back.values.tobytes() == np.ascontiguousarray(values).tobytes()
    assert back.values.flags.writeable


def test_evidence_keeps_everything_said_about_it(space: Workspace) -> None:
    evidence = Evidence(
        "probs",
        "s",
        np.asarray(["b", "a"], dtype=object),
        np.asarray([[0.1, 0.9], [1, 0]], np.float32),
        classes=("x", "y"),
        maker={"part": "m", "params": {"a": [1]}},
        out_of_sample=True,
        extra={"who": np.asarray(["é", None], dtype=object), "more": np.arange(2, dtype=np.uint64)},
        notes=("n",),
    )
    assert space.get_evidence(evidence.address) is None
    space.put_evidence(evidence)
    back = space.get_evidence(evidence.address, "probs")
    assert back is not None and back.address == evidence.address
    assert (back.classes, back.maker, back.out_of_sample, back.notes) == (
        evidence.classes,
        evidence.maker,
        True,
        ("n",),
    )
    assert back.extra["who"].tolist() == ["é", None] and back.extra["more"].dtype == np.uint64
    assert space.get_evidence(evidence.address, "votes") is None
    space.put_evidence(evidence, address="mine")
    assert space.get_evidence("mine") is not None
    with pytest.raises(StoreError, match="element 1"):
        space.put_evidence(Evidence("x", "s", evidence.row_ids, np.asarray(["a", {}], dtype=object)))
    with pytest.raises(StoreError, match="cannot be stored"):
        space.put_evidence(Evidence("x", "s", evidence.row_ids, np.zeros(2, "V4")))


def test_evidence_put_twice_replaces_and_frees(space: Workspace) -> None:
    ids = np.asarray(["a"], dtype=object)
    for value in (1.0, 2.0):
        space.put_evidence(Evidence("x", "s", ids, np.asarray([value])))
    back = space.get_evidence(Evidence("x", "s", ids, np.asarray([0.0])).address)
    assert back is not None and back.values.tolist() == [2.0]
    assert space.clean() > 0


def test_long_evidence_keeps_the_order_of_rows(space: Workspace) -> None:
    n = 300_000
    order = np.random.default_rng(0).permutation(n)
    evidence = Evidence("x", "s", order.astype(str).astype(object), order)
    space.put_evidence(evidence)
    back = space.get_evidence(evidence.address)
    assert back is not None and np.array_equal(back.values, order)


def test_item_caches(space: Workspace) -> None:
    cache = space.item_cache("maker")
    found, values = cache.get(["a", "b"])
    assert (found.tolist(), values.shape) == ([False, False], (0,))
    cache.put(["a", "b"], np.asarray([[1, 2], [3, 4]], np.float32))
    cache.put(["c", "a"], np.asarray([[5, 6], [9, 9]], np.float32))
    for reader in (cache, space.item_cache("maker")):
        found, values = reader.get(["c", "x", "a", "b", "a"])
        assert found.tolist() == [True, False, True, True, True]
        assert values.tolist() == [[5, 6], [1, 2], [3, 4], [1, 2]] and values.dtype == np.float32
        found, values = reader.get([])
        assert values.shape == (0, 2) and values.dtype == np.float32
        assert reader.get(["x"])[1].shape == (0, 2)
    assert not space.item_cache("other").get(["a"])[0].any()
    with pytest.raises(StoreError, match="Raise the version"):
        cache.put(["d"], np.zeros((1, 3), np.float32))
    with pytest.raises(StoreError, match="Raise the version"):
        space.item_cache("maker").put(["d"], np.zeros((1, 2), np.float64))
    with pytest.raises(AlignmentError, match="2 and 1"):
        cache.put(["d", "e"], np.zeros((1, 2), np.float32))
    cache.put([], np.zeros((0, 9)))


def test_item_caches_of_texts_and_scalars(space: Workspace) -> None:
    texts = space.item_cache("t")
    texts.put(["a"], np.asarray(["x"]))
    texts.put(["b"], np.asarray(["longer é"]))
    assert space.item_cache("t").get(["b", "a"])[1].tolist() == ["longer é", "x"]
    hashes = space.item_cache("h")
    hashes.put(["a"], np.asarray([2**64 - 1], np.uint64))
    assert hashes.get(["a"])[1].tolist() == [2**64 - 1]


def test_item_errors_stay_until_there_is_a_result(space: Workspace) -> None:
    cache = space.item_cache("m")
    cache.put_errors({})
    assert cache.get_errors(["a"]) == {}
    cache.put_errors({"a": "bad é", "b": "worse"})
    assert space.item_cache("m").get_errors(["b", "x", "a"]) == {"b": "worse", "a": "bad é"}
    cache.put(["a"], np.ones(1))
    assert cache.get_errors(["a", "b"]) == {"b": "worse"}


def test_a_corrupt_item_file_is_named(space: Workspace) -> None:
    space.item_cache("m").put(["a"], np.ones(1))
    file = next(space.path.glob("items/*/v-*.arrow"))
    file.write_bytes(file.read_bytes()[:100])
    with pytest.raises(StoreError, match=file.name):
        space.item_cache("m").get(["a"])


def test_findings_go_round(space: Workspace) -> None:
    assert space.latest_findings("d") is None
    one = Findings.build("i", ["a", "b"], [0.5, 1], [False, True], ["w", "é"], related=[["b"], []], summary={"n": 1})
    one = Findings(one.table, "snap1", {"part": "one"}, 0.25, {"n": 1})
    outcomes = [Outcome("one", "ran", "", 0.5), Outcome("two", "not applicable", "no images")]
    first = space.put_findings("d", {"one": one, "none": Findings.none()}, outcomes, {"rows": 2})
    found = space.latest_findings("d")
    assert found is not None
    findings, ended, summary = found
    assert list(findings) == ["one", "none"] and findings["one"].table.equals(one.table)
    assert (findings["one"].maker, findings["one"].threshold) == ({"part": "one"}, 0.25)
    assert len(findings["none"]) == 0 and math.isnan(findings["none"].threshold)
    assert ended == tuple(outcomes) and summary == {"rows": 2}
    second = space.put_findings("d", {}, [], {"second": True}, snapshot_id="snap2")
    assert first != second
    assert (space.latest_findings("d") or ({}, (), {}))[2] == {"second": True}
    assert (space.latest_findings("d", "snap1") or ({}, (), {}))[2] == {"rows": 2}
    assert space.latest_findings("e") is None


def test_now_is_utc_with_microseconds(space: Workspace) -> None:
    assert len(space.now()) == 32 and space.now().endswith("+00:00")
