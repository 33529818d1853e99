"""Rows as samples and samples as files: every kind of picture, poor sounds, gaps, whatever comes."""

from __future__ import annotations

import io
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

import tilth
from tilth.engine.sample_rows import encode_sample, medium_columns, sample_media, sample_rows
from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.media.images import decode_image
from tilth.numerics.media.sounds import decode_audio
from tilth.records import RoleOverrides, Sample
from tilth.workflows.ingest import ingest


def pictures() -> dict[str, Image.Image]:
    rng = np.random.default_rng(0)
    colours = Image.fromarray(rng.integers(0, 255, (12, 10, 3), dtype=np.uint8))
    turned = Image.Exif()
    turned[0x0112] = 6
    made = {
        "one": Image.fromarray(np.full((1, 1, 3), 7, np.uint8)),
        "grey": colours.convert("L"),
        "alpha": colours.convert("RGBA"),
        "palette": colours.convert("P"),
        "bits": Image.fromarray(rng.integers(0, 65535, (12, 10)).astype(np.uint16)),
        "colours": colours,
    }
    made["turned"] = colours.copy()
    made["turned"].info["exif"] = turned.tobytes()
    return made


def picture_folder(folder: Path) -> Path:
    for i, (name, image) in enumerate(pictures().items()):
        target = folder / "pictures" / ("a" if i % 2 else "b")
        target.mkdir(parents=True, exist_ok=True)
        exif = image.info.get("exif", b"")
        image.save(target / f"{name}.png", exif=exif) if exif else image.save(target / f"{name}.png")
    return folder / "pictures"


def test_every_kind_of_picture_is_augmented_and_written_upright(tmp_path: Path) -> None:
    path = picture_folder(tmp_path)
    policy = "[{rand_augment: {n: 3, m: 0.8}}, horizontal_flip, coarse_dropout, elastic_transform]"
    made = tilth.augment(path, policy=policy, times=2, write=True, check=False)
    assert made.added >= 8 and made.added + made.unchanged == 14
    written = {p.name.split("-")[0]: Image.open(io.BytesIO(p.read_bytes())) for p in made.folder.glob("*.png")}
    assert written["turned"].size == (12, 10) and written["colours"].size == (10, 12)
    assert written["grey"].mode == "L" and written["colours"].mode == "RGB", "grey stays grey"
    assert written["alpha"].mode == "RGBA" and written["palette"].mode == "RGB"
    assert written["bits"].mode.startswith("I;16") and len(np.unique(np.asarray(written["bits"]))) > 50


def test_depth_and_opacity_come_through_to_the_bit(tmp_path: Path) -> None:
    path = picture_folder(tmp_path)
    made = tilth.augment(path, policy="[horizontal_flip]", times=1, write=True, check=False)
    written = {p.name.split("-")[0]: np.asarray(Image.open(p)) for p in made.folder.glob("*.png")}
    for name in ("bits", "alpha"):
        np.testing.assert_array_equal(written[name], np.asarray(pictures()[name])[:, ::-1])


def test_a_normalised_image_is_refused_before_anything_is_written(tmp_path: Path) -> None:
    path = picture_folder(tmp_path)
    policy = "[horizontal_flip, {normalize: {p: 0.01}}]"
    with pytest.raises(ParameterError, match="normalised image cannot be written"):
        tilth.augment(path, policy=policy, write=True, out=tmp_path / "new", check=False, workspace=tmp_path / "w")
    assert not (tmp_path / "new").exists()
    streamed = next(iter(tilth.stream(path, ["normalize"], workspace=tmp_path / "w")))
    assert streamed.value.dtype == np.float32


def test_silent_and_one_sample_sounds_are_augmented(tmp_path: Path) -> None:
    folder = tmp_path / "sounds"
    tone = np.sin(np.arange(2000) / 5).astype(np.float32)
    for i, samples in enumerate([np.zeros(800, np.float32), np.full(1, 0.5, np.float32), tone, tone[:1500]]):
        (folder / "ab"[i % 2]).mkdir(parents=True, exist_ok=True)
        soundfile.write(folder / "ab"[i % 2] / f"s{i}.wav", samples, 8000)
    made = tilth.augment(
        folder, policy="[{audio_noise: 0.5}, {audio_shift: 0.4}, {pitch_shift: 0.3}]", times=2, write=True, check=False
    )
    assert made.added >= 4
    for path in made.folder.glob("*.wav"):
        samples, rate = decode_audio(path.read_bytes())
        assert rate == 8000 and np.isfinite(samples).all()


def test_empty_and_emoji_texts_are_augmented(tmp_path: Path) -> None:
    texts = ["", "one", "😀👍🏽", "a whole sentence, with words"] * 4
    table = pa.table({"text": texts, "label": ["x", "y"] * 8})
    made = tilth.augment(
        table, policy="[{random_swap: 1.0}, {random_deletion: 1.0}, {keyboard_typos: 1.0}]", times=1, write=True,
        check=False, workspace=tmp_path, name="texts", overrides=RoleOverrides(text=("text",)),
    )  # fmt: skip
    assert made.after is not None and made.added > 0 and None not in made.after.table.column("text").to_pylist()[16:]


@given(st.integers(0, 10_000))
def test_pictures_and_sounds_round_trip(seed: int) -> None:
    rng = np.random.default_rng(seed)
    image = rng.integers(0, 256, (int(rng.integers(1, 9)), int(rng.integers(1, 9)), 3), dtype=np.uint8)
    assert np.array_equal(decode_image(encode_sample(Sample("image", image))), image)
    sound = (rng.integers(-32767, 32768, int(rng.integers(1, 50))) / 32767).astype(np.float32)
    samples, rate = decode_audio(encode_sample(Sample("audio", sound, rate=8000)))
    assert rate == 8000 and np.abs(samples - sound).max() <= 1.5 / 32768


def test_float_pictures_loud_sounds_and_texts_as_files() -> None:
    image = np.linspace(-0.5, 1.5, 48, dtype=np.float32).reshape(4, 4, 3)
    with pytest.raises(ParameterError, match=r"row r: .*cannot be written.*float32.*normalize"):
        encode_sample(Sample("image", image, "r"))
    loud = encode_sample(Sample("audio", np.asarray([2.0, -3.0], np.float32), rate=8000))
    assert soundfile.read(io.BytesIO(loud), dtype="int16")[0].tolist() == [32767, -32767]
    with pytest.raises(ParameterError, match="only images and sounds"):
        encode_sample(Sample("text", "x"))


def snapshot(tmp_path: Path, **columns: Any) -> Any:
    return ingest(pa.table(columns), workspace=tmp_path, name="data").snapshot


def test_rows_of_tables_with_gaps_and_columns_that_are_asked_for(tmp_path: Path) -> None:
    made = snapshot(tmp_path, a=[1.5, None, 3.0] * 4, b=["x", None, "y"] * 4, label=["p", "q", None] * 4)
    rows = sample_rows(made, "table", [0, 1, 2])
    assert rows[1].value == {"a": None, "b": None} and rows[0].value == {"a": 1.5, "b": "x"}
    assert [rows[i].label for i in range(3)] == ["p", "q", None] and len(rows) == 3
    assert sample_media(made) == ("table",) and medium_columns(made, "table") == ("a", "b")
    with pytest.raises(NotApplicable, match="no image to change"):
        medium_columns(made, "image")


def test_column_of_another_medium_is_refused(tmp_path: Path) -> None:
    words = ["some words in a row here", "and other words in that row"] * 6
    made = snapshot(tmp_path, text=[f"{w} {i}" for i, w in enumerate(words)], n=[float(i) + 0.5 for i in range(12)])
    if "text" in sample_media(made):
        with pytest.raises(ParameterError, match="holds no text"):
            sample_rows(made, "text", [0], "n")
