"""Bad input: every error says what, where, what was found and what to do, and nothing half-written stays."""

from __future__ import annotations

import io
import os
import shutil
import struct
import subprocess
import sys
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import tilth
from made_data import images, png, sounds, table, wav, write_csv
from tilth.errors import (
    AlignmentError,
    BusyError,
    DataError,
    LabelError,
    ParameterError,
    ProbabilityError,
    SchemaError,
    SourceError,
    StoreError,
    TilthError,
)
from tilth.workflows.project import opened

OPTIONS = tilth.RunOptions(jobs=1)


def refused(
    target: Any,
    kind: type[TilthError],
    *,
    what: str,
    where: str | None = "",
    found: str | None = "",
    fix: str | None = "",
    verb: Callable[..., Any] = tilth.ingest,
    **options: Any,
) -> TilthError:
    """The error of a verb, whose four pieces must hold these texts; None where a piece may be empty."""
    with pytest.raises(kind) as caught:
        verb(target, options=OPTIONS, **options)
    error = caught.value
    assert type(error) is kind, f"{type(error).__name__} instead of {kind.__name__}: {error}"
    for name, wanted in (("what", what), ("where", where), ("found", found), ("fix", fix)):
        piece = getattr(error, name)
        if wanted is None:
            continue
        assert piece, f"the error does not say {name!r}: {error}"
        assert wanted in piece, f"{name}: {piece!r} does not hold {wanted!r}"
        assert piece.lower() in str(error).lower()
    assert "\n" not in str(error), "one line"
    return error


def untouched(folder: Path) -> None:
    """No workspace was made, and no temporary file stays."""
    left = sorted(p.name for p in folder.iterdir() if p.name.startswith(".") or p.name.endswith(".part"))
    assert left == []


def state(workspace: Path) -> tuple[Any, ...]:
    """What a workspace says: heads, lineage and decisions of all datasets."""
    said = []
    for name in sorted(p.name for p in workspace.parent.glob("*") if not p.name.startswith(".")):
        with opened(tilth.Dataset(workspace, name)) as store:
            if name in store.datasets():
                said.append((name, store.head(name), store.base(name), store.history(name), store.decisions(name)))
    return tuple(said)


def rows_file(folder: Path, n: int = 60, name: str = "d.csv") -> Path:
    return write_csv(folder / name, table(n)[0])


# --- files ---------------------------------------------------------------------------------------------


def test_no_such_file(tmp_path: Path) -> None:
    rows_file(tmp_path, name="flowers.csv")
    refused(
        tmp_path / "flower.csv",
        SourceError,
        what="no such file",
        where="flower.csv",
        found=None,
        fix="did you mean",
    )
    refused(tmp_path / "nowhere" / "d.csv", SourceError, what="no such file", where="d.csv", found="'nowhere'")
    untouched(tmp_path)


@pytest.mark.parametrize("name", ["d.csv", "d.tsv", "d.jsonl", "d.parquet"])
def test_an_empty_file(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"")
    refused(tmp_path / name, SourceError, what="empty", where=name, found=None)
    untouched(tmp_path)


def test_an_empty_folder(tmp_path: Path) -> None:
    (tmp_path / "pictures").mkdir()
    refused(tmp_path / "pictures", SourceError, what="empty", where="pictures", found=None)
    untouched(tmp_path)


def test_a_header_without_rows(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("text,label\n")
    refused(tmp_path / "d.csv", SourceError, what="no rows", where="d.csv:1", found="text, label")
    refused(pa.table({"a": pa.array([], pa.int64())}), SourceError, what="no rows", name="d", workspace=tmp_path / "w")
    untouched(tmp_path)
    assert not (tmp_path / "w").exists()


def test_a_ragged_row_is_named_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("text,label\none,a\ntwo,b\nthree,c,surplus\nfour,a\n")
    refused(tmp_path / "d.csv", SourceError, what="found 3", where="d.csv:4", found="surplus")
    (tmp_path / "d.csv").write_text('text,label\n"one\nmore",a\ntwo\n')
    refused(tmp_path / "d.csv", SourceError, what="found 1", where="d.csv:4", found="two")
    untouched(tmp_path)


def test_a_broken_json_line_is_named_by_file_and_line(tmp_path: Path) -> None:
    (tmp_path / "d.jsonl").write_text('{"a": 1}\n{"a": 2}\n{"a": \n')
    refused(tmp_path / "d.jsonl", SourceError, what="", where="d.jsonl:3")
    untouched(tmp_path)


def test_a_truncated_parquet_file(tmp_path: Path) -> None:
    import pyarrow.parquet as pq

    pq.write_table(pa.Table.from_pylist(table(60)[0]), tmp_path / "d.parquet")
    data = (tmp_path / "d.parquet").read_bytes()
    (tmp_path / "d.parquet").write_bytes(data[: len(data) // 2])
    refused(tmp_path / "d.parquet", SourceError, what="", where="d.parquet")
    untouched(tmp_path)


def test_a_wrong_encoding_is_named_with_one_that_works(tmp_path: Path) -> None:
    text = "text,label\n" + "".join(f"caf\u00e9 number {i},{'ab'[i % 2]}\n" for i in range(20))
    (tmp_path / "d.csv").write_bytes(text.encode("cp1252"))
    refused(tmp_path / "d.csv", SourceError, what="not in utf-8", where="d.csv:2, byte 14", found="0xe9", fix="cp1252")
    untouched(tmp_path)
    read = tilth.ingest(tmp_path / "d.csv", encoding="cp1252", options=OPTIONS)
    assert read.snapshot.table.column("text")[0].as_py() == "caf\u00e9 number 0"
    refused(tmp_path / "d.csv", ParameterError, what="encoding", where=None, found="klingon", encoding="klingon")


def test_a_utf_16_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "d.csv").write_text("text,label\none,a\n" * 3, encoding="utf-16")
    refused(
        tmp_path / "d.csv", SourceError, what="not in utf-8", where="d.csv", found="utf-16", fix="--encoding utf-16"
    )
    untouched(tmp_path)


def test_a_byte_order_mark_is_skipped_and_said(tmp_path: Path) -> None:
    rows, _ = table(60)
    plain = write_csv(tmp_path / "plain.csv", rows)
    marked = tmp_path / "marked.csv"
    marked.write_bytes(b"\xef\xbb\xbf" + plain.read_bytes())
    read = tilth.ingest(marked, options=OPTIONS)
    assert any("byte-order mark" in note for note in read.notes)
    assert read.snapshot.id == tilth.ingest(plain, options=OPTIONS).snapshot.id


# --- roles and labels ----------------------------------------------------------------------------------


def test_duplicate_ids_name_both_rows_and_the_value(tmp_path: Path) -> None:
    rows, _ = table(60)
    for i, row in enumerate(rows):
        row["key"] = f"r{i}" if i != 40 else "r7"
    path = write_csv(tmp_path / "d.csv", rows)
    said = tilth.RoleOverrides(id="key")
    refused(path, SchemaError, what="same id", where="rows 7 and 40", found="'r7'", fix="--id", overrides=said)
    rows[40]["key"] = None
    write_csv(path, rows)
    refused(path, SchemaError, what="no id", where="row 40", found=None, fix="--id", overrides=said)
    untouched(tmp_path)


def test_no_label_column_is_said_and_a_named_one_must_exist(tmp_path: Path) -> None:
    rows = [{"a": i + 0.5, "b": i * 0.37} for i in range(30)]
    path = write_csv(tmp_path / "d.csv", rows)
    said = tilth.RoleOverrides(label="lable")
    refused(path, SchemaError, what="no such column", where="--label 'lable'", found=None, fix="a, b", overrides=said)
    untouched(tmp_path)
    read = tilth.ingest(path, options=OPTIONS)
    assert any("no label column" in note and "--label" in note for note in read.notes)


def test_an_ambiguous_label_lists_the_candidates(tmp_path: Path) -> None:
    rows = [{"x": i * 1.5 + 0.25, "kind": "ab"[i % 2], "grade": "pqr"[i % 3]} for i in range(30)]
    path = write_csv(tmp_path / "d.csv", rows)
    refused(path, SchemaError, what="several columns", where=None, found="kind, grade", fix="--label")
    untouched(tmp_path)
    assert tilth.ingest(path, overrides=tilth.RoleOverrides(label="none"), options=OPTIONS).snapshot.classes == ()


def test_several_flags_can_say_none(tmp_path: Path) -> None:
    rows = [{"id": i, "x": i * 1.5 + 0.25, "label": "ab"[i % 2]} for i in range(30)]
    path = write_csv(tmp_path / "d.csv", rows)
    said = tilth.RoleOverrides(label="none", id="none", split="none")
    read = tilth.ingest(path, overrides=said, options=OPTIONS)
    assert read.snapshot.classes == () and not read.snapshot.schema.one("id")


def test_one_column_with_two_roles(tmp_path: Path) -> None:
    said = tilth.RoleOverrides(label="label", group="label")
    refused(
        rows_file(tmp_path), SchemaError, what="two roles", where="'label'", found="--label and --group", overrides=said
    )
    untouched(tmp_path)


def test_one_class_is_audited_and_what_needs_two_says_so(tmp_path: Path) -> None:
    rows = [{**row, "label": "only"} for row in table(40)[0]]
    found = tilth.audit(write_csv(tmp_path / "d.csv", rows), options=OPTIONS)
    assert not found.failed
    outcomes = {o.part: o for o in found.outcomes}
    assert outcomes["label_error"].outcome == "not applicable"
    assert "two classes" in outcomes["label_error"].reason and "40 rows" in outcomes["label_error"].reason
    assert outcomes["outlier"].outcome == "ran"
    with pytest.raises(TilthError) as caught:
        tilth.fix(found.dataset, yes=True, options=OPTIONS, policies=[tilth.Policy("outlier", "drop")])
        tilth.prove(found.dataset, repeats=2, options=OPTIONS)
    assert "class" in str(caught.value) or "same snapshot" in str(caught.value)


def test_a_class_with_one_row_survives(tmp_path: Path) -> None:
    rows, _ = table(60, wrong=4)
    rows[11]["label"] = "lonely"
    path = write_csv(tmp_path / "d.csv", rows)
    found = tilth.audit(path, options=OPTIONS)
    assert not found.failed and "lonely" in found.snapshot.classes
    assert {o.part: o.outcome for o in found.outcomes}["label_error"] == "ran"
    tilth.fix(path, yes=True, options=OPTIONS, policies=[tilth.Policy("label_error", "drop")])
    assert tilth.prove(path, repeats=2, options=OPTIONS).verdict


@pytest.mark.parametrize("labels", [[0.0, 1.0, 2.0], [0.0, None, 2.0], [0.0, float("nan"), 2.0]])
def test_whole_floats_are_classes_and_gaps_are_unlabelled(labels: list[Any], tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(30, 3))
    y = np.asarray(labels * 10, dtype=object)
    read = tilth.ingest((X, y), name="d", workspace=tmp_path / "w", options=OPTIONS)
    assert read.snapshot.classes == tuple(str(int(v)) for v in labels if v is not None and v == v)
    assert (read.snapshot.labels < 0).sum() == 10 * sum(v is None or v != v for v in labels)


def test_fractional_labels_are_a_target_and_infinite_ones_an_error(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(30, 3))
    read = tilth.ingest((X, np.linspace(0.1, 3, 30)), name="d", workspace=tmp_path / "w", options=OPTIONS)
    assert read.snapshot.classes == () and any("numeric target" in note for note in read.notes)
    for y in ([0.0, 1.0, float("inf")] * 10, [0.5, 1.0, float("-inf")] * 10):
        with pytest.raises(DataError) as caught:
            tilth.ingest((X, np.asarray(y)), name="e", workspace=tmp_path / "w2", options=OPTIONS)
        assert "row 2" in caught.value.where and "inf" in caught.value.found and caught.value.fix
    assert not (tmp_path / "w2").exists()
    frame = pa.table({"a": X[:, 0], "label": [0.0, 1.0, float("inf")] * 10})
    refused(frame, SchemaError, what="", where="row 2", found="inf", name="e", workspace=tmp_path / "w2")
    assert not (tmp_path / "w2").exists()


def test_huge_whole_floats_are_classes_too(tmp_path: Path) -> None:
    frame = pa.table({"a": np.arange(30) * 0.37, "label": [1e300, -1e300, 3.0] * 10})
    read = tilth.ingest(frame, name="d", workspace=tmp_path / "w", options=OPTIONS)
    assert len(read.snapshot.classes) == 3


def test_labels_of_mixed_types_are_refused(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(30, 3))
    y = np.asarray([1, "two", 3] * 10, dtype=object)
    refused((X, y), SourceError, what="", where="row 1", name="d", workspace=tmp_path / "w")
    assert not (tmp_path / "w").exists()


def test_labels_that_are_all_missing_are_no_classes(tmp_path: Path) -> None:
    rows = [{**row, "label": None} for row in table(30)[0]]
    found = tilth.audit(write_csv(tmp_path / "d.csv", rows), options=OPTIONS)
    assert not found.failed and found.snapshot.classes == ()


def test_an_id_column_taken_for_the_label_is_refused(tmp_path: Path) -> None:
    rows = [{"a": i * 0.37, "b": "xy"[i % 2], "key": f"n{i}"} for i in range(30)]
    path = write_csv(tmp_path / "d.csv", rows)
    said = tilth.RoleOverrides(label="key")
    error = refused(path, SchemaError, what="id", where="'key'", found="30 different", fix="--label", overrides=said)
    assert "'n0'" in error.found
    untouched(tmp_path)


def test_more_classes_than_half_the_rows_are_refused(tmp_path: Path) -> None:
    rows = [{"a": i * 0.37, "label": f"c{i % 16}"} for i in range(31)]
    refused(
        write_csv(tmp_path / "d.csv", rows), SchemaError, what="more classes than half", where="'label'", found="16"
    )
    untouched(tmp_path)
    rows = [{"a": i * 0.37, "label": f"c{i % 15}"} for i in range(31)]
    assert len(tilth.ingest(write_csv(tmp_path / "d.csv", rows), options=OPTIONS).snapshot.classes) == 15


# --- features and probabilities ------------------------------------------------------------------------


def test_infinite_features_name_row_and_column_and_nan_is_missing(tmp_path: Path) -> None:
    X = np.random.default_rng(0).normal(size=(40, 3))
    y = np.arange(40) % 2
    X[7, 2] = np.inf
    refused(
        (X, y), SourceError, what="infinite", where="row 7, column x2", found="inf", name="d", workspace=tmp_path / "w"
    )
    assert not (tmp_path / "w").exists()
    X[7, 2] = np.nan
    found = tilth.audit((X, y), name="d", workspace=tmp_path / "w", options=OPTIONS)
    assert not found.failed and found.findings["missing_values"].n_flagged == 1


@pytest.mark.parametrize("value", ["inf", "-Infinity"])
def test_infinite_cells_of_a_file_are_flagged_by_row_and_column(value: str, tmp_path: Path) -> None:
    rows, _ = table(60)
    rows[9]["b"] = value
    numbers = [float(row["b"]) for row in rows]
    path = write_csv(tmp_path / "d.csv", rows)
    parquet = tmp_path / "d.parquet"
    pq.write_table(
        pa.table({name: [row[name] for row in rows] for name in rows[0] if name != "b"} | {"b": numbers}), parquet
    )
    for file in (path, parquet):
        found = tilth.audit(file, options=OPTIONS, workspace=tmp_path / f"w{file.suffix}")
        assert not found.failed, found.failed[0].reason
        flagged = found.findings["missing_values"].flagged().to_dicts()
        assert [row["row_id"] for row in flagged] == [found.snapshot.row_ids[9]] and flagged[0]["score"] == 1
        assert flagged[0]["why"] == f"'b' is {numbers[9]}, which no model can use"
        assert found.findings["missing_values"].summary["infinite_cells"] == 1


@pytest.fixture
def arrays(tmp_path: Path) -> tilth.Dataset:
    from sklearn.datasets import make_blobs

    X, y = make_blobs(60, centers=3, random_state=0)
    return tilth.ingest((X, y), name="d", workspace=tmp_path / "w", options=OPTIONS).dataset


def probs(n: int = 60, classes: str = "012") -> dict[str, np.ndarray]:
    values = np.random.default_rng(0).dirichlet(np.ones(len(classes)), n)
    return {c: values[:, k].copy() for k, c in enumerate(classes)}


def broken(change: Callable[[dict[str, np.ndarray]], Any]) -> pa.Table:
    given = probs()
    change(given)
    return pa.table(given)


def setter(row: int, column: str, value: float) -> Callable[[dict[str, np.ndarray]], None]:
    def change(given: dict[str, np.ndarray]) -> None:
        given[column][row] = value

    return change


@pytest.mark.parametrize("value", [float("nan"), 1.2, -0.1, float("inf")])
def test_probabilities_outside_0_and_1_name_row_and_column(value: float, arrays: tilth.Dataset) -> None:
    bad = broken(setter(13, "1", value))
    refused(
        arrays,
        ProbabilityError,
        verb=tilth.audit,
        probs=bad,
        what="outside [0, 1]",
        where="row 13, column '1'",
        found=str(value),
        fix="predict_proba",
    )
    with opened(arrays) as store:
        assert store.latest_findings("d") is None, "no run is recorded"


def test_probabilities_of_the_wrong_shape(arrays: tilth.Dataset) -> None:
    short = pa.table(probs(59))
    refused(arrays, AlignmentError, verb=tilth.audit, probs=short, what="number of rows", where=None, found="59 and 60")
    two = pa.table(probs(60, "01"))
    refused(arrays, ProbabilityError, verb=tilth.audit, probs=two, what="no column", where=None, found="'2'")
    text = pa.table({**probs(60, "01"), "2": ["x"] * 60})
    refused(arrays, ProbabilityError, verb=tilth.audit, probs=text, what="text", where="'2'", found="x")
    unknown = pa.table({**probs(60), "row_id": [f"z{i}" for i in range(60)]})
    with pytest.raises(TilthError, match="z0"):
        tilth.audit(arrays, probs=unknown, options=OPTIONS)


def test_plain_functions_refuse_bad_probabilities() -> None:
    labels = np.arange(60) % 3
    good = np.column_stack(list(probs().values()))
    for change, kind in (
        (lambda p: p[:, :2], (ProbabilityError, LabelError)),
        (lambda p: p[:50], (AlignmentError, ProbabilityError)),
        (lambda p: p[:, 0], ProbabilityError),
        (lambda p: p * 3, ProbabilityError),
        (lambda p: np.where(p == p[5, 1], np.nan, p), ProbabilityError),
    ):
        with pytest.raises(kind) as caught:
            tilth.find_label_issues(labels, change(good.copy()))
        assert caught.value.found or caught.value.where
    with pytest.raises(DataError, match=r"row|label"):
        tilth.find_label_issues(np.where(labels == 2, np.nan, labels), good)


# --- media ---------------------------------------------------------------------------------------------


def bomb(width: int = 60_000, height: int = 60_000) -> bytes:
    """A PNG of a few hundred bytes that says it has 3.6 billion pixels."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(b"\0" * 9)) + chunk(b"IEND", b"")
    )


def scrambled() -> bytes:
    """A PNG whose header is right and whose pixels are noise that no one packed."""
    data = png(1, np.random.default_rng(0))
    return data[:50] + np.random.default_rng(1).bytes(len(data) - 60) + data[-10:]


BROKEN_IMAGES = {
    "corrupt": scrambled,
    "truncated": lambda: png(1, np.random.default_rng(0))[:-200],
    "zero_byte": lambda: b"",
    "bomb": bomb,
    "text": lambda: b"this is no image",
}


@pytest.mark.parametrize("kind", list(BROKEN_IMAGES))
def test_a_broken_image_is_flagged_and_the_rest_goes_on(kind: str, tmp_path: Path) -> None:
    folder, _ = images(tmp_path / "pictures", 30)
    (folder / "slope" / "broken.png").write_bytes(BROKEN_IMAGES[kind]())
    found = tilth.audit(folder, options=OPTIONS)
    assert not found.failed
    rows = found.findings["unreadable"].flagged().to_dicts()
    assert [row["row_id"] for row in rows] == ["slope/broken.png"]
    assert rows[0]["why"] and rows[0]["score"] == 1
    assert "unreadable" in found.actions[0]
    assert "slope/broken.png" not in found.findings["label_error"].table.column("row_id").to_pylist()
    made = tilth.fix(folder, yes=True, options=OPTIONS)
    assert "slope/broken.png" not in set(made.snapshot.row_ids)
    assert not tilth.audit(folder, options=OPTIONS).findings["unreadable"].n_flagged


BROKEN_SOUNDS = {
    "corrupt": lambda: b"RIFF" + b"\xff" * 300,
    "truncated": lambda: wav(0, np.random.default_rng(0))[:30],
    "zero_byte": lambda: b"",
    "text": lambda: b"this is no sound",
}


@pytest.mark.parametrize("kind", list(BROKEN_SOUNDS))
def test_a_broken_sound_is_flagged_and_the_rest_goes_on(kind: str, tmp_path: Path) -> None:
    folder, _ = sounds(tmp_path / "noises", 24)
    (folder / "low" / "broken.wav").write_bytes(BROKEN_SOUNDS[kind]())
    found = tilth.audit(folder, options=OPTIONS)
    assert not found.failed
    assert [r["row_id"] for r in found.findings["unreadable"].flagged().to_dicts()] == ["low/broken.wav"]


def test_only_broken_images_leave_nothing_to_embed_and_say_so(tmp_path: Path) -> None:
    for i in range(6):
        path = tmp_path / "pictures" / "ab"[i % 2] / f"{i}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(f"no image {i}".encode())
    found = tilth.audit(tmp_path / "pictures", options=OPTIONS)
    assert not found.failed and found.findings["unreadable"].n_flagged == 6
    assert {o.part: o.outcome for o in found.outcomes}["label_error"] == "not applicable"


def test_a_file_that_goes_missing_after_ingest_is_unreadable(tmp_path: Path) -> None:
    folder, _ = images(tmp_path / "pictures", 30)
    rows = [{"path": p.relative_to(tmp_path).as_posix(), "label": p.parent.name} for p in sorted(folder.rglob("*.png"))]
    path = write_csv(tmp_path / "d.csv", rows)
    (tmp_path / rows[4]["path"]).unlink()
    found = tilth.audit(path, options=OPTIONS)
    assert not found.failed
    (row,) = found.findings["unreadable"].flagged().to_dicts()
    assert rows[4]["path"] in row["row_id"] or rows[4]["path"] in row["why"]


def test_a_link_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    folder, _ = images(tmp_path / "pictures", 12)
    secret = tmp_path / "secret.png"
    secret.write_bytes(png(0, np.random.default_rng(1)))
    (folder / "slope" / "link.png").symlink_to(secret)
    refused(folder, SourceError, what="outside", where="slope/link.png", found="secret.png")
    untouched(tmp_path)
    (folder / "slope" / "link.png").unlink()
    (folder / "up").symlink_to(tmp_path)
    refused(folder, SourceError, what="outside", where="up", found=str(tmp_path))
    untouched(tmp_path)


def test_a_path_in_a_table_that_leaves_the_folder_is_refused(tmp_path: Path) -> None:
    folder, _ = images(tmp_path / "here" / "pictures", 12)
    (tmp_path / "secret.png").write_bytes(png(0, np.random.default_rng(1)))
    rows = [
        {"path": p.relative_to(tmp_path / "here").as_posix(), "label": p.parent.name} for p in folder.rglob("*.png")
    ]
    rows.append({"path": "../secret.png", "label": "slope"})
    path = write_csv(tmp_path / "here" / "d.csv", rows)
    refused(path, SourceError, what="outside", where="d.csv", found="secret.png")
    untouched(tmp_path / "here")


def test_a_link_that_is_made_after_ingest_is_not_followed(tmp_path: Path) -> None:
    folder, _ = images(tmp_path / "pictures", 24)
    read = tilth.ingest(folder, options=OPTIONS)
    (tmp_path / "secret.png").write_bytes(png(0, np.random.default_rng(1)))
    victim = folder / "slope" / "img002.png"
    victim.unlink()
    victim.symlink_to(tmp_path / "secret.png")
    found = tilth.audit(read.dataset, options=OPTIONS)
    assert not found.failed
    (row,) = found.findings["unreadable"].flagged().to_dicts()
    assert row["row_id"] == "slope/img002.png" and "outside" in row["why"]


# --- the workspace -------------------------------------------------------------------------------------


def test_two_writers_of_one_workspace_take_turns_or_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = rows_file(tmp_path)
    first = tilth.ingest(path, options=OPTIONS)
    holder = (
        "import sys, time\nfrom tilth.store import Workspace\n"
        f"with Workspace.open({str(first.dataset.workspace)!r}) as w, w.write_lock():\n"
        "    print('held', flush=True)\n    time.sleep(60)\n"
    )
    from tilth.store import Workspace

    patient = Workspace.write_lock
    monkeypatch.setattr(Workspace, "write_lock", lambda self, timeout=0.3: patient(self, 0.3))
    with subprocess.Popen([sys.executable, "-c", holder], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None and process.stdout.readline() == "held\n"
            write_csv(path, table(60, seed=8)[0])
            refused(path, BusyError, what="another process", where=".tilth", found=str(process.pid), fix="wait")
        finally:
            process.kill()
    assert tilth.history(first.dataset).head == first.snapshot.id
    assert tilth.ingest(path, options=OPTIONS).snapshot.id != first.snapshot.id, "the lock died with its holder"


@pytest.fixture
def tiny_disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 3 MB; the test is skipped where none can be mounted."""
    place = tmp_path / "tiny"
    place.mkdir()
    mount = shutil.which("mount")
    made = mount and subprocess.run([mount, "-t", "tmpfs", "-o", "size=3m", "tmpfs", place], capture_output=True)
    if not made or made.returncode:
        pytest.skip("no tmpfs can be mounted here (needs root)")
    try:
        yield place
    finally:
        subprocess.run(["umount", "-l", str(place)], check=False, capture_output=True)


def test_a_full_disk_is_said_and_leaves_the_former_state(tiny_disk: Path, tmp_path: Path) -> None:
    path = rows_file(tmp_path, 60)
    read = tilth.ingest(path, workspace=tiny_disk / ".tilth", options=OPTIONS)
    before = (read.snapshot.id, tilth.history(read.dataset).snapshots)
    with pytest.raises(OSError), (tiny_disk / "fill").open("wb", buffering=0) as file:
        while True:
            file.write(os.urandom(4096))
    big, _ = table(3000, seed=4)
    write_csv(path, big)
    with pytest.raises(StoreError) as caught:
        tilth.ingest(path, workspace=tiny_disk / ".tilth", options=OPTIONS)
    assert "full" in caught.value.what and caught.value.fix and str(tiny_disk) in caught.value.where
    with pytest.raises(StoreError, match="full"):
        tilth.audit(read.dataset, options=OPTIONS)
    with pytest.raises(TilthError, match="full"):
        tilth.export(read.dataset, tiny_disk / "out.csv")
    assert not (tiny_disk / "out.csv").exists()
    (tiny_disk / "fill").unlink()
    log = tilth.history(read.dataset)
    assert (log.head, log.snapshots) == before
    assert tilth.audit(read.dataset, options=OPTIONS).snapshot.id == read.snapshot.id


def test_a_folder_that_cannot_be_written_moves_the_workspace_here(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    sealed, here = tmp_path / "sealed", tmp_path / "here"
    sealed.mkdir()
    here.mkdir()
    path = rows_file(sealed)
    monkeypatch.chdir(here)
    monkeypatch.setattr("tilth.workflows.project._writable", lambda folder: folder != sealed)
    read = tilth.ingest(path, options=OPTIONS)
    assert read.dataset.workspace == here / ".tilth"
    untouched(sealed)


def test_verbs_on_what_was_never_ingested_say_what_to_run(tmp_path: Path) -> None:
    dataset = tilth.Dataset(tmp_path / ".tilth", "d.csv")
    for verb in (tilth.history, tilth.compare, tilth.undo):
        with pytest.raises(StoreError, match="nothing has been ingested") as caught:
            verb(dataset)
        assert "tilth audit d.csv" in caught.value.fix
    untouched(tmp_path)
    rows_file(tmp_path)
    tilth.ingest(tmp_path / "d.csv", options=OPTIONS)
    with pytest.raises(StoreError, match=r"no dataset called 'e\.csv'") as caught:
        tilth.history(tilth.Dataset(tmp_path / ".tilth", "e.csv"))
    assert "d.csv" in caught.value.found


def test_a_refused_file_leaves_the_dataset_as_it_was(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "d.csv", table(wrong=12)[0])
    tilth.fix(path, yes=True, options=OPTIONS)
    before = state(tmp_path / ".tilth")
    good = path.read_text()
    for text in ("", "a,label\n", good + "1,2\n", "a,label\n" + "".join(f"{i},u{i}\n" for i in range(30))):
        path.write_text(text)
        for verb in (tilth.ingest, tilth.audit, tilth.fix, tilth.prove):
            with pytest.raises(DataError):
                verb(path, options=OPTIONS)
        assert state(tmp_path / ".tilth") == before
    path.write_text(good)
    assert tilth.ingest(path, options=OPTIONS).snapshot.id == before[0][1]


def test_a_bad_patch_file_names_its_line_and_changes_nothing(tmp_path: Path) -> None:
    from tilth.workflows.export import import_patch

    read = tilth.ingest(rows_file(tmp_path), options=OPTIONS)
    before = state(tmp_path / ".tilth")
    row = str(read.snapshot.row_ids[0])
    good = tilth.Decision("ann", "2026-01-01T00:00:00+00:00", "relabel", (row,), "k1", dataset="d.csv")
    import json

    patch = tmp_path / "patch.jsonl"
    patch.write_text(json.dumps(good.to_dict()) + '\n{"who": "bob"}\n')
    with pytest.raises(TilthError) as caught:
        import_patch(read.dataset, patch)
    assert "patch.jsonl:2" in str(caught.value)
    unknown = tilth.Decision("ann", "2026-01-01T00:00:00+00:00", "relabel", (row,), "no class", dataset="d.csv")
    patch.write_text(json.dumps(unknown.to_dict()) + "\n")
    with pytest.raises(SchemaError, match="not declared"):
        import_patch(read.dataset, patch)
    assert state(tmp_path / ".tilth") == before, "a patch that cannot be applied is not kept either"


def test_export_never_overwrites_or_leaves_half_a_file(tmp_path: Path) -> None:
    read = tilth.ingest(rows_file(tmp_path), options=OPTIONS)
    (tmp_path / "out.csv").write_text("mine")
    with pytest.raises(ParameterError, match="overwrite") as caught:
        tilth.export(read.dataset, tmp_path / "out.csv")
    assert "--force" in caught.value.fix and (tmp_path / "out.csv").read_text() == "mine"
    with pytest.raises(ParameterError, match="names no format") as caught:
        tilth.export(read.dataset, tmp_path / "out.docx")
    assert ".parquet" in caught.value.fix
    with pytest.raises(SourceError):
        tilth.export(read.dataset, tmp_path / "nowhere" / "out.csv")
    assert sorted(p.name for p in tmp_path.iterdir()) == [".tilth", "d.csv", "out.csv"]


@pytest.mark.parametrize(
    "text",
    ["label_error", "label_error=relable", "label_error=relabel:x", "label_error=drop:2", "lable_error=drop", "=drop"],
)
def test_bad_policies_are_refused(text: str) -> None:
    from tilth.workflows.fix import parse_policy

    with pytest.raises(TilthError) as caught:
        parse_policy(text)
    assert caught.value.fix or caught.value.found


def test_formats_of_bytes_that_are_something_else(tmp_path: Path) -> None:
    buffer = io.BytesIO()
    np.save(buffer, np.zeros(3))
    (tmp_path / "d.npy").write_bytes(buffer.getvalue())
    refused(tmp_path / "d.npy", SourceError, what="no source", where="d.npy", found=".npy", fix="what can be read")
    (tmp_path / "d.csv").write_bytes(buffer.getvalue())
    refused(tmp_path / "d.csv", SourceError, what="", where="d.csv", found="")
    untouched(tmp_path)
