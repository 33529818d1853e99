"""Folders of images and sounds: what their names and tables say, and what is refused."""

from __future__ import annotations

import errno
import os
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest

from tilth.errors import SourceError
from tilth.plugin import Run
from tilth.records import Rows
from tilth.sources import choose_source, hash_bytes, write_folder, write_rows


def fill(root: Path, *names: str) -> Path:
    for name in names:
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(name.encode())
    return root


def read(path: Path) -> Rows:
    return choose_source(path).read(path, Run())


def refused(path: Path) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(path)
    return caught.value


def said(rows: Rows) -> list[tuple[Any, ...]]:
    return [tuple(row.values()) for row in rows.table.to_pylist()]


def test_class_folders_in_path_order(tmp_path: Path) -> None:
    rows = read(fill(tmp_path, "dog/b.PNG", "dog/a.jpeg", "cat/z.gif", ".hidden/x.png", "dog/.x.png"))
    assert said(rows) == [("cat/z.gif", "cat"), ("dog/a.jpeg", "dog"), ("dog/b.PNG", "dog")]
    assert (rows.media, rows.roles, rows.root) == ({"image": "image"}, {"label": "label"}, str(tmp_path))
    assert rows.hashes["image"] == [hash_bytes(name.encode()) for name in ("cat/z.gif", "dog/a.jpeg", "dog/b.PNG")]
    assert rows.notes == ()


def test_sounds_outnumber_images(tmp_path: Path) -> None:
    rows = read(fill(tmp_path, "a/1.wav", "a/2.FLAC", "b/3.mp3", "b/cover.png", "b/4.ogg"))
    assert rows.table.column("audio").to_pylist() == ["a/1.wav", "a/2.FLAC", "b/3.mp3", "b/4.ogg"]
    assert rows.media == {"audio": "audio"}
    assert rows.notes == ("1 files that are no audio files were left out: b/cover.png",)


@pytest.mark.parametrize(
    ("names", "wanted"),
    [
        (("train", "val", "test"), ["test", "train", "val"]),
        (("Training", "validation", "testing"), ["train", "test", "val"]),
        (("train", "dev"), ["val", "train"]),
        (("train",), ["train"]),
    ],
)
def test_split_folders(names: tuple[str, ...], wanted: list[str], tmp_path: Path) -> None:
    rows = read(fill(tmp_path, *(f"{name}/cat/1.png" for name in names)))
    assert rows.table.column("split").to_pylist() == wanted
    assert set(rows.table.column("label").to_pylist()) == {"cat"}
    assert rows.roles == {"label": "label", "split": "split"}


def test_one_split_name_among_classes_is_a_class(tmp_path: Path) -> None:
    rows = read(fill(tmp_path, "bus/1.png", "car/1.png", "train/1.png"))
    assert rows.table.column("label").to_pylist() == ["bus", "car", "train"]
    assert "split" not in rows.table.column_names


def test_splits_beside_other_folders_are_refused(tmp_path: Path) -> None:
    error = refused(fill(tmp_path, "train/a/1.png", "test/a/1.png", "spare/1.png"))
    assert error.found == "test, train beside spare"


def test_wrapping_folders_are_stepped_into(tmp_path: Path) -> None:
    rows = read(fill(tmp_path, "data/images/train/a/1.png", "data/images/test/b/1.png"))
    assert [row[1:] for row in said(rows)] == [("b", "test"), ("a", "train")]
    assert [note for note in rows.notes if "all files are below" in note] == list(rows.notes)
    only = read(fill(tmp_path / "one", "cat/1.png", "cat/2.png"))
    assert only.table.column("label").to_pylist() == ["cat", "cat"]


def test_deeper_folders_do_not_count_and_are_said(tmp_path: Path) -> None:
    rows = read(fill(tmp_path, "a/x/1.png", "a/2.png", "b/3.png"))
    assert rows.table.column("label").to_pylist() == ["a", "a", "b"]
    assert "1 files, the first is a/x/1.png" in rows.notes[0]


def test_unlabelled_files(tmp_path: Path) -> None:
    rows = read(fill(tmp_path / "some", "a/1.png", "b/2.png", "3.png", "unlabeled/4.png"))
    assert rows.table.column("label").to_pylist() == [None, "a", "b", None]
    assert "2 files are unlabelled" in rows.notes[0]
    flat = read(fill(tmp_path / "flat", "2.png", "1.png"))
    assert said(flat) == [("1.png",), ("2.png",)] and flat.roles == {}
    split = read(fill(tmp_path / "split", "train/1.png", "test/2.png"))
    assert split.table.to_pydict() == {"image": ["test/2.png", "train/1.png"], "split": ["test", "train"]}


def test_empty_broken_and_missing_files_stay_as_rows(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.png", "a/2.png")
    (tmp_path / "a/2.png").write_bytes(b"")
    (tmp_path / "a/3.png").symlink_to("gone.png")
    rows = read(tmp_path)
    assert rows.table.num_rows == 3
    assert rows.hashes["image"] == [hash_bytes(b"a/1.png"), hash_bytes(b""), ""]
    assert "a/3.png" in rows.notes[0]


def test_links(tmp_path: Path) -> None:
    root = fill(tmp_path / "d", "a/1.png", "b/2.png")
    (root / "a/loop").symlink_to(root, target_is_directory=True)
    (root / "a/self.png").symlink_to("self.png")
    (root / "b/same.png").symlink_to("../a/1.png")
    rows = read(root)
    assert rows.table.column("image").to_pylist() == ["a/1.png", "a/self.png", "b/2.png", "b/same.png"]
    assert rows.hashes["image"][1] == "" and rows.hashes["image"][3] == hash_bytes(b"a/1.png")
    assert any("a/loop" in note for note in rows.notes)


@pytest.mark.parametrize("target", ["outside.png", "outside", "nowhere.png"])
def test_a_link_out_of_the_folder_is_refused(target: str, tmp_path: Path) -> None:
    fill(tmp_path, "outside.png", "outside/x.png", "d/a/1.png")
    (tmp_path / "d/a/2.png").symlink_to(tmp_path / target)
    error = refused(tmp_path / "d")
    assert "outside the dataset" in error.what
    assert error.where == "a/2.png"


def test_the_folder_itself_may_be_a_link(tmp_path: Path) -> None:
    fill(tmp_path, "real/a/1.png")
    (tmp_path / "link").symlink_to("real", target_is_directory=True)
    assert read(tmp_path / "link").table.column("label").to_pylist() == ["a"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes on this system")
def test_a_pipe_is_no_file_and_is_not_waited_for(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.png")
    os.mkfifo(tmp_path / "a/2.png")
    assert read(tmp_path).table.column("image").to_pylist() == ["a/1.png"]


def test_a_name_that_is_no_unicode(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.png")
    try:
        (tmp_path / os.fsdecode(b"a/\xff.png")).write_bytes(b"x")
    except OSError:
        pytest.skip("this file system refuses such names")
    error = refused(tmp_path)
    assert "not valid Unicode" in error.what
    error.where.encode()


# --- tables beside files -------------------------------------------------------------------------------


def test_a_table_in_the_folder_leads(tmp_path: Path) -> None:
    fill(tmp_path, "im/1.png", "im/2.png", "im/3.png", "im/4.png", "im/5.png", "readme.txt")
    (tmp_path / "labels.csv").write_text("file,kind\n./im/2.png,x\nim\\1.png,y\nim/9.png,\nim/3.png,x\nim/4.png,x\n")
    rows = read(tmp_path)
    assert said(rows)[:3] == [("im/2.png", "x"), ("im/1.png", "y"), ("im/9.png", None)]
    assert rows.media == {"file": "image"} and rows.root == str(tmp_path)
    assert rows.hashes["file"][:3] == [hash_bytes(b"im/2.png"), hash_bytes(b"im/1.png"), ""]
    notes = " ".join(rows.notes)
    assert "labels.csv" in notes and "im/5.png" in notes and "readme.txt" in notes and "im/9.png" in notes
    same = read(tmp_path / "labels.csv")
    assert same.table == rows.table and same.hashes == rows.hashes


def test_paths_below_a_sub_folder_and_absolute_ones(tmp_path: Path) -> None:
    fill(tmp_path, "clips/1.wav", "clips/2.wav")
    (tmp_path / "metadata.jsonl").write_text('{"file_name": "1.wav", "w": 1}\n{"file_name": "2.wav", "w": 2}\n')
    rows = read(tmp_path)
    assert rows.root == str(tmp_path / "clips") and rows.table.column("file_name").to_pylist() == ["1.wav", "2.wav"]
    assert not any("stand in no row" in note for note in rows.notes)
    write_rows(pa.table({"f": [str(tmp_path / "clips/2.wav"), None]}), tmp_path / "t.parquet")
    rows = read(tmp_path / "t.parquet")
    assert rows.table.column("f").to_pylist() == ["clips/2.wav", None]
    assert rows.hashes["f"] == [hash_bytes(b"clips/2.wav"), ""]


@pytest.mark.parametrize("path", ["../secret.png", "{root}/secret.png"])
def test_a_table_that_leads_out_is_refused(path: str, tmp_path: Path) -> None:
    fill(tmp_path, "secret.png", "d/1.png")
    (tmp_path / "d/t.csv").write_text(f"f,y\n1.png,a\n{path.format(root=tmp_path)},b\n")
    for target in (tmp_path / "d", tmp_path / "d/t.csv"):
        error = refused(target)
        assert "outside" in error.what
        assert "t.csv, row 2" in error.where


def test_paths_to_nowhere_are_text_and_said(tmp_path: Path) -> None:
    (tmp_path / "t.csv").write_text("f,y\n1.png,a\n2.png,b\n")
    rows = read(tmp_path / "t.csv")
    assert rows.media == {} and "'f'" in rows.notes[0]


def test_several_tables_and_broken_ones(tmp_path: Path) -> None:
    fill(tmp_path, "a/1.png", "b/2.png")
    (tmp_path / "one.csv").write_text("f\na/1.png\n")
    (tmp_path / "two.csv").write_text("f\nb/2.png\n")
    error = refused(tmp_path)
    assert error.found == "one.csv, two.csv"
    (tmp_path / "labels.csv").write_text("f,label\na/1.png,x\n")
    assert read(tmp_path).table.num_rows == 1
    for name in ("one.csv", "labels.csv"):
        (tmp_path / name).unlink()
    (tmp_path / "two.csv").write_text("f,y\n1\n")
    rows = read(tmp_path)
    assert rows.table.column("label").to_pylist() == ["a", "b"]
    assert any("two.csv was not used" in note for note in rows.notes)


def test_the_only_table_of_a_flat_folder_must_be_readable(tmp_path: Path) -> None:
    fill(tmp_path, "1.png")
    (tmp_path / "labels.csv").write_text("f,y\n1.png\n")
    assert "labels.csv:2" in refused(tmp_path).found


# --- writing -------------------------------------------------------------------------------------------


def test_a_folder_reads_back(tmp_path: Path) -> None:
    source = read(fill(tmp_path / "in", "train/a/1.png", "train/b/1.png", "test/a/1.png", "test/unsup/4.png"))
    out = tmp_path / "out"
    write_folder(source.table, out, root=source.root, media="image", label="label", split="split")
    again = read(out)
    assert not (out / "metadata.csv").exists()
    key = lambda rows: sorted(zip(rows.hashes["image"], *(map(str, rows.table[c]) for c in ("label", "split"))))  # noqa: E731, B905
    assert key(again) == key(source)
    assert (out / "test/unlabelled/4.png").read_bytes() == b"test/unsup/4.png"


def test_equal_names_are_numbered_and_other_columns_kept(tmp_path: Path) -> None:
    fill(tmp_path / "in", "p/1.png", "q/1.png", "r/1.PNG")
    table = pa.table({"f": ["p/1.png", "q/1.png", "r/1.PNG"], "y": ["n/a", "n/a", "n/a"], "who": ["u", "v", "w"]})
    write_folder(table, tmp_path / "out", root=str(tmp_path / "in"), media="f", label="y")
    rows = read(tmp_path / "out")
    assert said(rows) == [("n_a/1.png", "n/a", "u"), ("n_a/1-2.png", "n/a", "v"), ("n_a/1-3.PNG", "n/a", "w")]
    assert rows.hashes["f"] == [hash_bytes(name.encode()) for name in ("p/1.png", "q/1.png", "r/1.PNG")]


@pytest.mark.parametrize("label", ["..", "../up", "/etc", ".hidden", "", "unlabelled", "train", "a\nb", "x" * 300])
def test_hostile_class_names_stay_inside_and_survive(label: str, tmp_path: Path) -> None:
    fill(tmp_path / "in", "1.png", "2.png")
    table = pa.table({"f": ["1.png", "2.png"], "y": [label, "ok"]})
    write_folder(table, tmp_path / "out", root=str(tmp_path / "in"), media="f", label="y")
    assert sorted(p.name for p in tmp_path.iterdir()) == ["in", "out"]
    assert read(tmp_path / "out").table.column("y").to_pylist() == [label or None, "ok"]


def test_a_folder_is_written_whole_or_not_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    root = str(fill(tmp_path / "in", "1.png", "2.png"))
    table = pa.table({"f": ["1.png", "2.png"]})
    with pytest.raises(SourceError, match="something here already"):
        write_folder(table, tmp_path / "in", root=root, media="f")
    with pytest.raises(SourceError, match="cannot read this media file"):
        write_folder(pa.table({"f": ["1.png", "9.png"]}), tmp_path / "out", root=root, media="f")
    with pytest.raises(SourceError, match="outside the dataset"):
        write_folder(pa.table({"f": ["../in/../x.png"]}), tmp_path / "out", root=root, media="f")
    written = Path.write_bytes

    def full(self: Path, data: bytes) -> int:
        if self.name == "2.png":
            raise OSError(errno.ENOSPC, "No space left on device")
        return written(self, data)

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(SourceError, match="the disk is full: nothing was written"):
        write_folder(table, tmp_path / "out", root=root, media="f")
    assert [p.name for p in tmp_path.iterdir()] == ["in"]


# --- real data -----------------------------------------------------------------------------------------


def test_real_folders(shared_data: Any) -> None:
    rows = read(shared_data("images/sign_language_digits"))
    assert rows.table.num_rows == 2062 and rows.media == {"path": "image"} and all(rows.hashes["path"])
    rows = read(shared_data("audio/fsdd"))
    assert rows.table.num_rows == 900 and rows.media == {"path": "audio"} and "speaker" in rows.table.column_names
