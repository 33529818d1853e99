"""Tables in memory, arrays, Parquet, Arrow and Lance; choosing a source; writing back."""

from __future__ import annotations

import errno
import io
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from tilth.errors import AlignmentError, ParameterError, SourceError
from tilth.plugin import Run, Shelf
from tilth.records import Rows
from tilth.sources import choose_source, hash_bytes, read_media, write_rows


def read(value: Any) -> Rows:
    return choose_source(value).read(value, Run())


def refused(value: Any, kind: type[Exception] = SourceError) -> Any:
    with pytest.raises(kind) as caught:
        read(value)
    return caught.value


def png(colour: int) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.new("L", (4, 4), colour).save(file, "PNG")
    return file.getvalue()


WANTED = {"text": ["a", None], "n": [1, 2], "x": [0.5, None]}


@pytest.mark.parametrize(
    "value",
    [
        pa.table(WANTED),
        pa.RecordBatch.from_pydict(WANTED),
        pl.DataFrame(WANTED),
        pl.DataFrame(WANTED).lazy(),
        pd.DataFrame({"text": ["a", None], "n": [1, 2], "x": [0.5, np.nan]}),
        {"text": ["a", None], "n": np.array([1, 2]), "x": (0.5, float("nan"))},
        {"text": pd.Series(["a", None]), "n": pl.Series([1, 2]), "x": pa.array([0.5, None])},
        [{"text": "a", "n": 1, "x": 0.5}, {"n": 2}],
        np.array([("a", 1, 0.5), (None, 2, np.nan)], dtype=[("text", object), ("n", "i8"), ("x", "f8")]),
    ],
    ids=lambda value: type(value).__module__.split(".")[0] + "." + type(value).__name__,
)
def test_one_table_in_many_forms(value: Any) -> None:
    rows = read(value)
    assert rows.table.to_pydict() == WANTED
    assert rows.table.schema.types == [pa.string(), pa.int64(), pa.float64()]


def test_plain_types() -> None:
    import decimal

    table = pa.table(
        {
            "cat": pa.array(["b", "a"]).dictionary_encode(),
            "view": pa.array(["x", None], pa.string_view()),
            "large": pa.array(["x", "y"], pa.large_string()),
            "none": pa.nulls(2),
            "money": pa.array([decimal.Decimal("1.50"), None]),
            "half": pa.array([np.float16(0.5), np.float16("nan")]),
            "list": [[1, 2], None],
            "run": pa.RunEndEncodedArray.from_arrays([2], ["r"]),
        }
    )
    rows = read(table)
    assert rows.table.to_pydict() == {
        "cat": ["b", "a"],
        "view": ["x", None],
        "large": ["x", "y"],
        "none": [None, None],
        "money": [1.5, None],
        "half": [0.5, None],
        "list": ["[1, 2]", None],
        "run": ["r", "r"],
    }


def test_pandas_index_categories_and_missing_values() -> None:
    frame = pd.DataFrame(
        {
            "cat": pd.Categorical(["x", None], categories=["y", "x"]),
            "number": pd.Categorical([3, 1]),
            "whole": pd.array([1, None], dtype="Int64"),
            "flag": pd.array([True, None], dtype="boolean"),
            "label": np.array([1.0, np.nan]),
            "object": np.array(["a", pd.NA], dtype=object),
            "time": pd.to_datetime(["2024-01-01", None]),
        }
    )
    table = read(frame).table
    assert table.column_names == list(frame.columns)
    assert table.drop_columns(["time"]).to_pydict() == {
        "cat": ["x", None],
        "number": [3, 1],
        "whole": [1, None],
        "flag": [True, None],
        "label": [1.0, None],
        "object": ["a", None],
    }
    assert pa.types.is_timestamp(table.column("time").type) and table.column("time").null_count == 1
    assert read(frame.set_index(np.array([5, 6]))).table.column_names == list(frame.columns)
    named = read(frame.rename_axis("key").set_index(pd.Index(["p", "q"], name="key")))
    assert named.table.column("key").to_pylist() == ["p", "q"]
    assert "key" in named.notes[0]
    assert read(pd.DataFrame([[1, 2]])).table.column_names == ["0", "1"]


def test_mixed_columns_name_row_and_types() -> None:
    cells = ["a", None, 3]
    for value in (
        pd.DataFrame({"t": np.array(cells, dtype=object)}),
        {"t": cells},
        [{"t": cell} for cell in cells],
    ):
        error = refused(value)
        assert error.what == "this column mixes text and whole number"
        assert error.where == "row 2, column 't'"
        assert "3 after" in error.found.replace("'", "")


def test_values_no_table_can_hold() -> None:
    error = refused({"t": [object(), object()]})
    assert "row 0, column 't'" in error.where and "object" in error.found


def test_tables_that_are_no_tables() -> None:
    assert "no rows" in refused(pd.DataFrame({"a": []})).what
    assert "different lengths" in refused({"a": [1], "b": [1, 2]}, AlignmentError).what
    double = pa.table([pa.array([1]), pa.array([2])], names=["a", "a"])
    assert refused(double).found == "'a' as column 1 and column 2"
    assert "name of a column" in refused(pd.DataFrame({"k": [1]}, index=pd.Index(["x"], name="k"))).what


# --- Hugging Face --------------------------------------------------------------------------------------


@pytest.fixture
def hf(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Any:
    monkeypatch.setenv("TILTH_CACHE", str(tmp_path / "cache"))
    return pytest.importorskip("datasets")


def test_hf_class_names_order_and_splits(hf: Any) -> None:
    features = hf.Features({"text": hf.Value("string"), "label": hf.ClassLabel(names=["neg", "pos"])})
    data = hf.Dataset.from_dict({"text": ["a", "b", "c"], "label": [1, 0, -1]}, features=features)
    assert read(data).table.to_pydict() == {"text": ["a", "b", "c"], "label": ["pos", "neg", None]}
    assert read(data.select([2, 0])).table.column("text").to_pylist() == ["c", "a"]
    splits = hf.DatasetDict({"train": data, "validation": data.select([0])})
    assert read(splits).table.column("split").to_pylist() == ["train", "train", "train", "val"]
    assert "streamed" in refused(data.to_iterable_dataset()).what


def test_hf_images_inside_are_unpacked_once(hf: Any, tmp_path: Path) -> None:
    features = hf.Features({"image": hf.Image(), "label": hf.ClassLabel(names=["x"])})
    cells = [{"bytes": png(0), "path": None}, {"bytes": png(9), "path": "b.png"}, None, {"bytes": png(0), "path": None}]
    data = hf.Dataset.from_dict({"image": cells, "label": [0] * 4}, features=features)
    path = tmp_path / "d.parquet"
    data.to_parquet(path)
    for rows in (read(data), read(path)):
        paths = rows.table.column("image").to_pylist()
        assert rows.media == {"image": "image"}
        assert read_media(rows.root, paths[1]) == png(9)
        assert rows.hashes["image"] == [hash_bytes(png(0)), hash_bytes(png(9)), "", hash_bytes(png(0))]
        assert paths[0] == paths[3] and paths[2] is None
        assert rows.table.column("label").to_pylist() == ["x"] * 4
    assert sum(p.is_file() for p in (tmp_path / "cache").rglob("*")) == 2


def test_hf_images_on_disk_are_not_copied(hf: Any, tmp_path: Path) -> None:
    for name in ("p/1.png", "q/2.png"):
        (tmp_path / name).parent.mkdir()
        (tmp_path / name).write_bytes(png(int(name[2])))
    files = [str(tmp_path / "p/1.png"), str(tmp_path / "q/2.png")]
    data = hf.Dataset.from_dict({"image": files}).cast_column("image", hf.Image())
    rows = read(data)
    assert rows.table.column("image").to_pylist() == ["p/1.png", "q/2.png"]
    assert rows.root == str(tmp_path)
    assert rows.hashes["image"] == [hash_bytes(png(1)), hash_bytes(png(2))]
    assert not (tmp_path / "cache").exists()


def test_no_space_to_unpack(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILTH_CACHE", str(tmp_path / "cache"))

    def full(self: Path, data: bytes) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(Path, "write_bytes", full)
    error = refused({"image": [png(1)]})
    assert "No space left" in error.found and "TILTH_CACHE" in error.fix


# --- arrays --------------------------------------------------------------------------------------------


def test_arrays() -> None:
    X = np.array([[0.5, np.nan], [1, 2]], dtype=np.float32)
    rows = read((X, ["a", None]))
    assert rows.table.to_pydict() == {"x0": [0.5, 1.0], "x1": [None, 2.0], "y": ["a", None]}
    assert rows.roles == {"y": "label"}
    for value in (X, (X,), (X, None)):
        assert read(value).table.column_names == ["x0", "x1"]
        assert read(value).roles == {}


@pytest.mark.parametrize(
    ("y", "wanted"),
    [
        (np.array([[1], [0]]), [1, 0]),
        (np.array([1.0, np.nan]), [1.0, None]),
        (np.array([True, False]), [True, False]),
        (pd.Series(["a", "b"], name="kind"), ["a", "b"]),
        (pd.Series(pd.Categorical(["a", "b"])), ["a", "b"]),
        (pl.Series([1, None]), [1, None]),
        (pa.array(["a", "b"]), ["a", "b"]),
        (pd.DataFrame({"kind": [1, 2]}), [1, 2]),
    ],
    ids=str,
)
def test_labels_in_many_forms(y: Any, wanted: list[Any]) -> None:
    rows = read(([[0.0], [1.0]], y))
    (name,) = rows.roles
    assert rows.table.column(name).to_pylist() == wanted
    if isinstance(y, pd.Series) and y.name:
        assert name == "kind"


def test_features_with_names_texts_and_objects() -> None:
    frame = pd.DataFrame({"y": [1, 2], "c": ["u", None]})
    rows = read((frame, [0, 1]))
    assert rows.table.column_names == ["y", "c", "label"] and rows.roles == {"label": "label"}
    assert read((["one", "two"], [0, 1])).table.column_names == ["text", "y"]
    assert read((np.array(["one", "two"]), [0, 1])).table.column("text").to_pylist() == ["one", "two"]
    assert read(([[1, "u"], [2, None]], [0, 1])).table.to_pydict() == {"x0": [1, 2], "x1": ["u", None], "y": [0, 1]}


def test_arrays_that_cannot_be_rows() -> None:
    from scipy import sparse

    assert "sparse" in refused((sparse.csr_matrix(np.eye(2)), [0, 1])).what
    assert "reshape(-1, 1)" in refused((np.zeros(3), [0, 1, 1])).fix
    assert "reshape(len(X), -1)" in refused((np.zeros((2, 3, 3)), [0, 1])).fix
    error = refused((np.array([[1.0, 2.0], [3.0, -np.inf]]), [0, 1]))
    assert error.where == "row 1, column x1" and error.found == "-inf"
    assert refused(([[1.0], [2.0, 3.0]], [0, 1])).where == "row 1: 2 values, row 0 has 1"
    assert "argmax" in refused((np.zeros((2, 2)), np.eye(2))).fix
    assert refused((np.zeros((2, 2)), [0]), AlignmentError).found == "2 and 1"
    assert refused((np.zeros((2, 1)), ["a", 1])).where == "row 1 of y, column 'y'"
    assert "no rows" in refused((np.zeros((0, 2)), [])).what


# --- files and choice ----------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["parquet", "arrow"])
def test_a_binary_file_cut_short_or_empty(ending: str, tmp_path: Path) -> None:
    path = tmp_path / f"d.{ending}"
    write_rows(pa.table({"a": list(range(1000))}), path)
    whole = path.read_bytes()
    path.write_bytes(whole[: len(whole) // 2])
    assert "no readable" in refused(path).what
    path.write_bytes(b"this is not what it says")
    assert str(path) in refused(path).where
    path.write_bytes(b"")
    assert "empty" in refused(path).what


def test_a_lance_folder(tmp_path: Path) -> None:
    import lance

    path = tmp_path / "d.lance"
    lance.write_dataset(pa.table({"a": [1, 2]}), str(path))
    assert choose_source(path).name == "lance"
    assert read(path).table.to_pydict() == {"a": [1, 2]}
    for file in (path / "_versions").iterdir():
        file.write_bytes(b"broken")
    assert "Lance" in refused(path).what


def test_a_class_number_without_a_name(tmp_path: Path) -> None:
    meta = b'{"info": {"features": {"label": {"names": ["x"], "_type": "ClassLabel"}}}}'
    table = pa.table({"label": [0, 4]}).replace_schema_metadata({b"huggingface": meta})
    pq.write_table(table, tmp_path / "d.parquet")
    error = refused(tmp_path / "d.parquet")
    assert error.what == "a class number has no name"
    assert "row 1, column 'label'" in error.where


def test_choice_says_what_is_near_and_what_can_be_read(tmp_path: Path) -> None:
    (tmp_path / "train.csv").write_text("a\n1\n")
    (tmp_path / "notes.xyz").write_text("a\n1\n")
    (tmp_path / "nothing").mkdir()
    assert "train.csv" in refused(tmp_path / "trian.csv").fix
    assert "TRAIN.csv" not in refused(tmp_path / "Train.CSV").fix
    assert "'no'" in refused(tmp_path / "no" / "x.csv").found
    error = refused(tmp_path / "notes.xyz")
    assert error.found == "a file that ends in .xyz"
    for source in Shelf("sources"):
        assert (source.__doc__ or "").splitlines()[0].rstrip(".")[2:] in error.fix
    assert "empty" in refused(tmp_path / "nothing").what
    assert str(tmp_path / "train.csv") in refused(tmp_path).fix
    for odd in ("", " ", "a\0b", "x" * 5000):
        assert isinstance(refused(odd), SourceError)
    assert "type int" in refused(3).where


def test_choice_passes_the_encoding_on(tmp_path: Path) -> None:
    path = tmp_path / "D.CSV"
    path.write_bytes("a,b\né,x\n".encode("cp1252"))
    assert choose_source(path, encoding="cp1252").read(path, Run()).table.column("a").to_pylist() == ["é"]
    assert choose_source(pa.table({"a": [1]}), encoding="cp1252").name == "table"


# --- writing -------------------------------------------------------------------------------------------


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet", "arrow"])
def test_a_full_disk_leaves_what_was_there(ending: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / f"d.{ending}"
    path.write_text("before")
    opened = Path.open

    def full(self: Path, mode: str = "r", *args: Any, **kwargs: Any) -> Any:
        if "x" in mode:
            opened(self, "x").close()
            return opened(Path("/dev/full"), "wb", *args, **kwargs)
        return opened(self, mode, *args, **kwargs)

    monkeypatch.setattr(Path, "open", full)
    with pytest.raises(SourceError, match="the disk is full: nothing was written"):
        write_rows(pa.table({"a": ["text"] * 100_000}), path)
    monkeypatch.undo()
    assert path.read_text() == "before"
    assert [p.name for p in tmp_path.iterdir()] == [path.name]


def test_writing_where_one_cannot(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="cannot write this"):
        write_rows(pa.table({"a": [1]}), tmp_path / "no" / "d.csv")
    with pytest.raises(ParameterError, match="names no format"):
        write_rows(pa.table({"a": [1]}), tmp_path / "d.xls")
    with pytest.raises(ParameterError, match="no such column"):
        write_rows(pa.table({"a": [1]}), tmp_path / "d.csv", columns=("b",))
    for ending in ("csv", "jsonl"):
        with pytest.raises(SourceError, match="cannot hold"):
            write_rows(pa.table({"a": [b"1"]}), tmp_path / f"d.{ending}")
    assert list(tmp_path.iterdir()) == []


def test_some_columns_and_a_lone_column_with_gaps(tmp_path: Path) -> None:
    path = tmp_path / "d.csv"
    write_rows(pa.table({"a": ["x", None, "y"], "b": [1, 2, 3]}), path, columns=("a",))
    assert read(path).table.to_pydict() == {"a": ["x", None, "y"]}
