"""albumentations and kornia: refused where they should be, and as repeatable as everything else."""

from __future__ import annotations

import importlib.metadata
import os
import random
from typing import Any

import numpy as np
import pytest

import tilth
from tilth.errors import AlignmentError, MissingExtraError, NotApplicable, ParameterError, PartError
from tilth.generators.image._base import tiny_images
from tilth.plugin import Shelf
from tilth.records import Sample

SHELF = Shelf("generators")


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.default_rng(seed)


def installed(monkeypatch: pytest.MonkeyPatch, **versions: str) -> None:
    def version(name: str) -> str:
        if name in versions:
            return versions[name]
        raise importlib.metadata.PackageNotFoundError(name)

    monkeypatch.setattr(importlib.metadata, "version", version)


def test_the_fork_is_refused_by_its_metadata(monkeypatch: pytest.MonkeyPatch) -> None:
    installed(monkeypatch, albumentations="2.0.8", albumentationsx="2.5.1")
    with pytest.raises(PartError, match=r"AGPL.*albumentationsx 2\.5\.1.*pip uninstall"):
        SHELF.make("albumentations", transform="Blur").apply(tiny_images()[0], rng())


@pytest.mark.parametrize("versions", [{}, {"albumentations": "1.4.0"}])
def test_another_version_is_refused_with_the_install_line(
    monkeypatch: pytest.MonkeyPatch, versions: dict[str, str]
) -> None:
    installed(monkeypatch, **versions)
    with pytest.raises(MissingExtraError, match=r"2\.0\.8.*tilth\[image\]"):
        SHELF.make("albumentations", transform="Blur").apply(tiny_images()[0], rng())


def test_wrong_fields_are_refused_without_the_library() -> None:
    for name in ("albumentations", "kornia"):
        with pytest.raises(ParameterError):
            SHELF.make(name, transform=3)
        with pytest.raises(ParameterError):
            SHELF.make(name, params=[1])


class TestAlbumentations:
    """With the library."""

    @pytest.fixture(autouse=True)
    def _library(self) -> None:
        os.environ["NO_ALBUMENTATIONS_UPDATE"] = "1"
        pytest.importorskip("albumentations", reason="albumentations is an optional library")

    @pytest.mark.parametrize(
        "name", ["HorizontalFlip", "Affine", "ElasticTransform", "CLAHE", "GaussNoise", "RandomRain", "CoarseDropout"]
    )
    def test_equal_generators_give_equal_images(self, name: str) -> None:
        part, state = SHELF.make("albumentations", transform=name), random.getstate()
        for sample in tiny_images():
            first, again = (part.apply(sample, rng(4)) for _ in range(2))
            np.testing.assert_array_equal(first.value, again.value)
            assert first.value.shape == sample.value.shape
        assert random.getstate() == state

    def test_what_was_changed_before_leaves_no_trace(self) -> None:
        inner = ["CoarseDropout", "ElasticTransform", {"OneOf": {"transforms": ["GaussNoise", "RandomRain", "Affine"]}}]
        params = {"transform": "Compose", "params": {"transforms": inner}}
        old = tiny_images()[0].changed(mask=None, boxes=None, box_labels=())
        fresh = [SHELF.make("albumentations", **params).apply(old, rng(seed)).value for seed in range(6)]
        used = SHELF.make("albumentations", **params)
        for seed in (5, 0, 3, 3, 1, 4, 2):
            np.testing.assert_array_equal(used.apply(old, rng(seed)).value, fresh[seed])
        assert len({made.tobytes() for made in fresh}) == 6

    def test_boxes_mask_and_alpha_follow(self) -> None:
        flip = SHELF.make("albumentations", transform="VerticalFlip")
        old = tiny_images()[0]
        new = flip.apply(old.changed(np.dstack([old.value, old.mask])), rng())
        np.testing.assert_array_equal(new.value[..., 3], new.mask)
        np.testing.assert_array_equal(new.mask, old.mask[::-1])
        np.testing.assert_allclose(new.boxes, [[4, 4, 12, 10]])
        assert new.box_labels == ("thing",)

    @pytest.mark.parametrize("shape", [(9, 7), (9, 7, 1), (9, 7, 2), (9, 7, 3), (9, 7, 4), (1, 1)])
    @pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
    def test_any_image_comes_through(self, shape: tuple[int, ...], dtype: type) -> None:
        top = 1 if dtype is np.float32 else np.iinfo(dtype).max
        image = (rng().random(shape) * top).astype(dtype)
        made = SHELF.make("albumentations", transform="Affine").apply(Sample("image", image, "r"), rng()).value
        assert made.shape == shape
        assert made.dtype == dtype

    def test_a_pipeline_is_one_transform(self) -> None:
        steps = [{"HorizontalFlip": {}}, "Transpose", {"OneOf": {"transforms": ["CLAHE", {"ToGray": {"p": 1.0}}]}}]
        part = SHELF.make("albumentations", transform="Compose", params={"transforms": steps})
        old = tiny_images()[0]
        new = part.apply(old, rng(1))
        np.testing.assert_array_equal(new.value, part.apply(old, rng(1)).value)
        np.testing.assert_array_equal(new.mask, old.mask[:, ::-1].T)
        np.testing.assert_allclose(new.boxes, [[2, 4, 8, 12]])
        with pytest.raises(ParameterError, match="a transform is a name"):
            SHELF.make("albumentations", transform="Compose", params={"transforms": [3]}).apply(old, rng())

    def test_mistakes_are_named(self) -> None:
        sample = tiny_images()[0]
        for transform, params, hint in (
            ("clahe", {}, "CLAHE"),
            ("CLAHE", {"clip": 3}, "clip"),
            ("RandomCrop", {"height": 99, "width": 99}, "colour"),
        ):
            with pytest.raises(ParameterError, match=hint):
                SHELF.make("albumentations", transform=transform, params=params).apply(sample, rng())


class TestKornia:
    """With the library, on the processor."""

    torch: Any

    @pytest.fixture(autouse=True)
    def _library(self) -> None:
        self.torch = pytest.importorskip("torch", reason="torch is an optional library")
        pytest.importorskip("kornia", reason="kornia is an optional library", exc_type=ImportError)

    @pytest.mark.parametrize(
        ("name", "params"),
        [
            ("ColorJitter", {"brightness": 0.5, "contrast": 0.5, "hue": 0.1}),
            ("RandomAffine", {"degrees": 30.0}),
            ("RandomErasing", {}),
            ("RandomElasticTransform", {}),
            ("RandomResizedCrop", {"size": (8, 8)}),
        ],
    )
    def test_a_row_depends_on_its_own_generator(self, name: str, params: dict[str, Any]) -> None:
        images = self.torch.from_numpy(rng().random((6, 3, 16, 16), dtype=np.float32))
        state = self.torch.get_rng_state()
        every = tilth.kornia_batch(images, [rng(i) for i in range(6)], name, **params)
        some = tilth.kornia_batch(images[[4, 2]], [rng(4), rng(2)], name, **params)
        np.testing.assert_allclose(every[[4, 2]].numpy(), some.numpy(), atol=1e-6)
        assert self.torch.equal(state, self.torch.get_rng_state())

    def test_boxes_and_mask_follow_a_matrix(self) -> None:
        old = tiny_images()[0]
        new = SHELF.make("kornia", transform="RandomHorizontalFlip").apply(old, rng())
        np.testing.assert_array_equal(new.mask, old.mask[:, ::-1])
        np.testing.assert_allclose(new.boxes, [[4, 2, 12, 8]], atol=1e-4)
        np.testing.assert_allclose(new.value, old.value[:, ::-1], atol=1)
        with pytest.raises(NotApplicable, match="Elastic"):
            SHELF.make("kornia", transform="RandomElasticTransform").apply(old, rng())

    @pytest.mark.parametrize("shape", [(9, 7), (9, 7, 1), (9, 7, 2), (9, 7, 3), (9, 7, 4), (1, 1)])
    def test_any_image_comes_through(self, shape: tuple[int, ...]) -> None:
        image = (rng().random(shape) * 255).astype(np.uint8)
        part = SHELF.make("kornia", transform="RandomRotation", params={"degrees": 20.0})
        made = part.apply(Sample("image", image, "r"), rng()).value
        assert made.shape == shape
        assert made.dtype == np.uint8

    def test_mistakes_are_named(self) -> None:
        images = self.torch.zeros(2, 3, 4, 4)
        with pytest.raises(ParameterError, match="RandomAffine"):
            tilth.kornia_batch(images, [rng(), rng()], "random_affine")
        with pytest.raises(ParameterError, match="refuses"):
            tilth.kornia_batch(images, [rng(), rng()], "RandomAffine", much=3)
        with pytest.raises(AlignmentError, match="generator"):
            tilth.kornia_batch(images, [rng()], "RandomInvert")
        with pytest.raises(ParameterError, match="floats"):
            tilth.kornia_batch(images.to(self.torch.uint8), [rng(), rng()], "RandomInvert")
