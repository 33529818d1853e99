"""Boxes and masks of a dataset follow its images: into a stream, into written rows, and out of an export again."""

from __future__ import annotations

import base64
import csv
import io
import json
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from PIL import Image
from typer.testing import CliRunner

import tilth
from tilth.cli import app
from tilth.errors import DataError, NotApplicable, ParameterError, SourceError
from tilth.numerics.media.masks import decode_mask, encode_mask
from tilth.records import RoleOverrides
from tilth.sources import read_media

WIDTH, HEIGHT, N = 30, 20, 6
FLIP = ["horizontal_flip"]


def rows_of(folder: Path) -> list[dict[str, Any]]:
    """Images with one bright thing each, its box, and a palette mask of it."""
    (folder / "img").mkdir(parents=True)
    rng, rows = np.random.default_rng(0), []
    for i in range(N):
        pixels = rng.integers(0, 90, (HEIGHT, WIDTH, 3)).astype(np.uint8)
        mask = np.zeros((HEIGHT, WIDTH), np.uint8)
        pixels[5:10, 2 + i : 8 + i], mask[5:10, 2 + i : 8 + i] = 250, 1 + i
        Image.fromarray(pixels).save(folder / "img" / f"{i}.png")
        coloured = Image.fromarray(mask)
        coloured.putpalette(rng.integers(0, 256, 768).astype(np.uint8).tobytes())
        assert coloured.mode == "P"
        coloured.save(folder / "img" / f"{i}_mask.png")
        boxes = [[2 + i, 5, 8 + i, 10, "cup" if i % 2 else 7]]
        rows.append({"path": f"img/{i}.png", "label": "ab"[i % 2], "boxes": boxes, "mask": f"img/{i}_mask.png"})
    return rows


def written(folder: Path, rows: list[dict[str, Any]], kind: str = "jsonl") -> Path:
    path = folder / f"rows.{kind}"
    if kind == "jsonl":
        path.write_text("".join(json.dumps(row) + "\n" for row in rows))
        return path
    plain = [{**row, "boxes": json.dumps(row["boxes"]) if row["boxes"] is not None else None} for row in rows]
    if kind == "csv":
        with path.open("w", newline="") as file:
            table = csv.DictWriter(file, list(plain[0]))
            table.writeheader()
            table.writerows(plain)
    elif kind == "parquet":
        pq.write_table(pa.table({name: [row[name] for row in plain] for name in plain[0]}), path)
    return path


@pytest.mark.parametrize("kind", ["jsonl", "csv", "parquet"])
def test_a_flip_mirrors_the_written_boxes_and_masks(kind: str, tmp_path: Path) -> None:
    path = written(tmp_path, rows_of(tmp_path), kind)
    made = tilth.augment(path, policy=FLIP, times=1, write=True, check=False)
    assert made.added == N and any("boxes and masks follow" in note for note in made.notes)
    after = made.after
    assert after is not None
    new = after.table.slice(N).to_pylist()
    for row in new:
        i = int(Path(row["path"]).name[0])
        assert json.loads(row["boxes"]) == [[WIDTH - 8 - i, 5, WIDTH - 2 - i, 10, "cup" if i % 2 else 7]]
        before = decode_mask((tmp_path / "img" / f"{i}_mask.png").read_bytes())
        mask = decode_mask((made.folder / row["mask"]).read_bytes())
        assert before.max() == 1 + i
        np.testing.assert_array_equal(mask, before[:, ::-1])
        picture = np.asarray(Image.open(made.folder / row["path"]).convert("L"))
        np.testing.assert_array_equal(picture == 250, mask > 0)
        np.testing.assert_array_equal(decode_mask(read_media(after.root, row["mask"])), mask)
    for copies in (False, True):
        exported = tmp_path / f"out{copies}" / "all.csv"
        exported.parent.mkdir()
        tilth.export(made.dataset, exported, copy_media=copies)
        with exported.open() as file:
            lines = list(csv.DictReader(file))
        masks = [decode_mask((exported.parent / line["mask"]).read_bytes()) for line in lines]
        assert [mask.max() for mask in masks[:N]] == [mask.max() for mask in masks[N:]] and len(lines) == 2 * N
        assert all((exported.parent / line["path"]).is_file() for line in lines)


def test_a_stream_carries_them_with_any_number_of_workers(tmp_path: Path) -> None:
    path = written(tmp_path, rows_of(tmp_path) * 6)
    policy = [{"horizontal_flip": {"p": 0.5}}, {"shift_scale_rotate": 0.4}]
    with tilth.stream(path, policy, workspace=tmp_path / "ws") as data:
        here = list(data.epoch(3))
        assert data.original(0).boxes.tolist() == [[2, 5, 8, 10]] and data.original(0).box_labels == ("7",)  # type: ignore[union-attr]
    with tilth.stream(path, policy, workspace=tmp_path / "ws", options=tilth.RunOptions(jobs=2)) as data:
        for one, other in zip(here, data.epoch(3), strict=True):
            np.testing.assert_array_equal(one.boxes, other.boxes)  # type: ignore[arg-type]
            np.testing.assert_array_equal(one.mask, other.mask)  # type: ignore[arg-type]
            assert one.mask is not None and one.mask.shape == (HEIGHT, WIDTH) and one.box_labels == other.box_labels
    with tilth.stream(path, policy, workspace=tmp_path / "ws", follow=False) as data:
        assert data[0].boxes is None and data[0].mask is None
        np.testing.assert_array_equal(data[0].value, data.replay(0, 0).value)


def test_the_shell_streams_and_leaves_alone(tmp_path: Path) -> None:
    path = written(tmp_path, rows_of(tmp_path))
    said = CliRunner().invoke(app, ["augment", str(path), "--policy", "[horizontal_flip]", "--times", "1", "--stream"])
    assert said.exit_code == 0, said.output
    first = json.loads(said.stdout.splitlines()[0])
    assert first["boxes"] == [[22, 5, 28, 10, "7"]]
    assert decode_mask(base64.b64decode(first["mask_png_base64"]))[5, 22:28].tolist() == [1] * 6
    plan = tilth.augment(path, policy=FLIP, times=1, write=True, check=False, follow=False)
    assert "--no-follow" in plan.command and plan.after is not None
    assert plan.after.table.column("mask").to_pylist()[N:] == plan.before.table.column("mask").to_pylist()


def test_a_damaged_mask_of_an_earlier_run_is_made_again(tmp_path: Path) -> None:
    path, out = written(tmp_path, rows_of(tmp_path)), tmp_path / "made"
    whole = tilth.augment(path, policy=FLIP, times=1, write=True, check=False, out=out)
    before = {file.name: file.read_bytes() for file in out.iterdir()}
    tilth.undo(whole.dataset)
    masks = sorted(name for name in before if "-mask-" in name)
    (out / masks[2]).write_bytes(encode_mask(np.zeros((HEIGHT, WIDTH), np.uint8)))
    again = tilth.augment(path, policy=FLIP, times=1, write=True, check=False, out=out)
    assert again.resumed == 2
    assert {file.name: file.read_bytes() for file in out.iterdir()} == before


def test_another_annotation_is_another_job(tmp_path: Path) -> None:
    rows = rows_of(tmp_path)
    first = tilth.augment(written(tmp_path, rows), policy=FLIP, check=False).job
    rows[0]["boxes"][0][0] += 1
    second = tilth.augment(written(tmp_path, rows), policy=FLIP, check=False).job
    Image.fromarray(np.ones((HEIGHT, WIDTH), np.uint8)).save(tmp_path / "img" / "0_mask.png")
    third = tilth.augment(written(tmp_path, rows), policy=FLIP, check=False).job
    assert len({first, second, third}) == 3


def test_gaps_and_no_boxes_are_told_apart(tmp_path: Path) -> None:
    rows = rows_of(tmp_path)
    rows[0] |= {"boxes": None, "mask": None}
    rows[1] |= {"boxes": []}
    rows[2] |= {"boxes": [[2, 5, 100, 10]]}
    made = tilth.augment(written(tmp_path, rows), policy=FLIP, times=1, write=True, check=False)
    assert made.after is not None
    new = made.after.table.slice(N).to_pylist()
    assert (new[0]["boxes"], new[0]["mask"], new[1]["boxes"]) == (None, None, "[]")
    assert json.loads(new[2]["boxes"]) == [[0, 5, 28, 10]], "cut at the edge; no class, so none is written"


@pytest.mark.parametrize(
    "boxes",
    ["cup at 3", {"x": 1}, [[1, 2, 3]], [[8, 5, 2, 10, "cup"]], [["a", 1, 2, 3]], [[1, 2, 3, float("inf")]],
     [[1, 2, 3, 4, [5]]], [1, 2, 3, 4], [[True, 2, 3, 4]], [[40, 5, 50, 10, "cup"]]],
)  # fmt: skip
def test_malformed_boxes_name_row_and_form(boxes: Any, tmp_path: Path) -> None:
    rows = rows_of(tmp_path)
    rows[3]["boxes"] = boxes if isinstance(boxes, str) else json.dumps(boxes)
    for row in rows:
        row["boxes"] = row["boxes"] if isinstance(row["boxes"], str) else json.dumps(row["boxes"])
    with pytest.raises(DataError, match=r"img/3.png, column 'boxes'.*box.*x1, y1, x2, y2"):
        tilth.augment(written(tmp_path, rows), policy=FLIP, write=True, check=False)


def test_masks_that_are_none(tmp_path: Path) -> None:
    rows = rows_of(tmp_path)
    path = written(tmp_path, rows)
    mask = tmp_path / "img" / "2_mask.png"
    for wrong, said in (
        (np.zeros((4, 5), np.uint8), "mask 5 x 4, image 30 x 20"),
        (np.arange(HEIGHT * WIDTH * 3, dtype=np.uint8).reshape(HEIGHT, WIDTH, 3), "one whole number.*mode RGB"),
    ):
        Image.fromarray(wrong).save(mask)
        with pytest.raises(DataError, match=f"img/2.png, column 'mask'.*{said}"):
            list(tilth.stream(path, FLIP, workspace=tmp_path / "ws"))
    mask.unlink()
    with pytest.raises(SourceError, match=r"img/2.png, column 'mask': cannot read.*2_mask.png"):
        tilth.stream(path, FLIP, workspace=tmp_path / "ws")
    outside = tmp_path / "in"
    rows = rows_of(outside)
    Image.fromarray(np.zeros((HEIGHT, WIDTH), np.uint8)).save(tmp_path / "out.png")
    rows[1]["mask"] = "../out.png"
    with pytest.raises(SourceError, match="outside"):
        tilth.stream(written(outside, rows), FLIP, workspace=tmp_path / "ws2")


def test_two_columns_of_images_have_no_common_boxes(tmp_path: Path) -> None:
    rows = [{**row, "second": row["path"]} for row in rows_of(tmp_path)]
    path = written(tmp_path, rows)
    with pytest.raises(ParameterError, match=r"one column of images.*path, second.*--column"):
        tilth.augment(path, policy=FLIP, check=False)
    assert tilth.augment(path, policy=FLIP, check=False, column="second").added == 4 * N
    assert tilth.augment(path, policy=FLIP, check=False, follow=False).added == 4 * N


def test_what_cannot_carry_them_says_so_and_runs_without(tmp_path: Path) -> None:
    path = written(tmp_path, rows_of(tmp_path))
    with pytest.raises(NotApplicable, match="boxes and masks"):
        tilth.augment(path, policy=["augmix"], check=False)
    assert tilth.augment(path, policy=["augmix"], check=False, follow=False).added == 4 * N


def test_roles_are_guessed_and_can_be_said(tmp_path: Path) -> None:
    path = written(tmp_path, [{k: v for k, v in row.items() if k != "label"} for row in rows_of(tmp_path)])
    schema = tilth.ingest(path, workspace=tmp_path / "a").snapshot.schema
    assert [(c.name, c.role, c.media) for c in schema.columns] == [
        ("path", "input", "image"), ("boxes", "meta", "category"), ("mask", "meta", "image"),
    ]  # fmt: skip
    said = RoleOverrides(image=("path", "mask"))
    schema = tilth.ingest(path, workspace=tmp_path / "b", overrides=said).snapshot.schema
    assert schema.column("mask").role == "input"


def test_masks_keep_their_numbers() -> None:
    wide = np.array([[0, 300], [65535, 7]])
    np.testing.assert_array_equal(decode_mask(encode_mask(wide)), wide)
    assert decode_mask(encode_mask(wide)).dtype == np.uint16
    buffer = io.BytesIO()
    Image.fromarray(np.eye(3, dtype=bool)).save(buffer, "PNG")
    np.testing.assert_array_equal(decode_mask(buffer.getvalue()), np.eye(3))
    for wrong in (
        np.array([[-1]]),
        np.array([[70000]]),
        np.zeros((2, 2, 3), np.uint8),
        np.zeros((2, 2)),
        np.zeros((0, 2), int),
    ):
        with pytest.raises(DataError, match="one whole number"):
            encode_mask(wrong)
    with pytest.raises(DataError, match="here"):
        decode_mask(b"junk", where="here")
