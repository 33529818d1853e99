"""Tensors are mixed as arrays are: the same numbers, kind, device and dtype; and batches run through a DataLoader."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

import tilth

torch: Any = pytest.importorskip("torch", reason="torch is an optional library")
RNG = np.random.default_rng(0)
IMAGES = RNG.random((6, 3, 9, 7), dtype=np.float32)
LABELS = np.array([0, 1, 2, 0, 1, 2])


@pytest.mark.parametrize("name", ["mixup", "cutmix", "c_mixup", "audio_mixup", "embedding_mixup"])
def test_tensors_and_arrays_agree(name: str) -> None:
    mix = getattr(tilth, name)
    more = {"channels_first": True} if name == "cutmix" else {}
    values = IMAGES.reshape(6, -1) * 2 - 1 if name in ("audio_mixup", "embedding_mixup") else IMAGES
    mixed, labels = mix(values, LABELS, 3, **more)
    tensor, soft = mix(torch.from_numpy(values), torch.from_numpy(LABELS), 3)
    assert tensor.dtype == torch.float32
    assert isinstance(soft, torch.Tensor)
    np.testing.assert_allclose(tensor.numpy(), mixed, atol=1e-6)
    np.testing.assert_allclose(soft.numpy(), labels, atol=1e-6)


@pytest.mark.parametrize("dtype", ["uint8", "float32", "float64"])
@pytest.mark.parametrize("first", [True, False])
def test_resizemix_of_tensors(dtype: str, first: bool) -> None:
    flat = torch.arange(6).reshape(6, 1, 1, 1).expand(6, 3, 16, 12) if first else None
    images = flat if flat is not None else torch.arange(6).reshape(6, 1, 1, 1).expand(6, 16, 12, 3)
    images = images.to(getattr(torch, dtype)).clone()
    mixed, soft = tilth.resizemix(images, torch.arange(6), 1, channels_first=first)
    assert mixed.dtype == images.dtype
    np.testing.assert_allclose(mixed.double().mean(dim=(1, 2, 3)).numpy(), soft.numpy() @ np.arange(6), atol=1e-5)


def test_whole_numbers_stay_whole() -> None:
    mixed, _ = tilth.mixup((torch.from_numpy(IMAGES) * 255).to(torch.uint8), LABELS, 0)
    assert mixed.dtype == torch.uint8


def test_a_loader_gives_the_same_with_any_number_of_workers() -> None:
    rows = [(torch.from_numpy(IMAGES[i % 6]), int(LABELS[i % 6])) for i in range(12)]
    made = []
    for workers in (0, 2):
        loader = torch.utils.data.DataLoader(
            rows,  # type: ignore[arg-type]
            batch_size=4,
            num_workers=workers,
            multiprocessing_context="spawn" if workers else None,
            collate_fn=tilth.MixCollate(("mixup", "cutmix"), n_classes=3, seed=2),
        )
        made.append([(images.numpy(), soft.numpy()) for images, soft in loader])
    for (images, soft), (again, same) in zip(*made, strict=True):
        np.testing.assert_array_equal(images, again)
        np.testing.assert_array_equal(soft, same)
        assert soft.shape == (4, 3)


def test_workers_that_are_kept_see_the_epoch() -> None:
    rows = [(torch.from_numpy(IMAGES[i % 6]), int(LABELS[i % 6])) for i in range(8)]
    collate = tilth.MixCollate("mixup", n_classes=3, seed=2)
    loader = torch.utils.data.DataLoader(
        rows,  # type: ignore[arg-type]
        batch_size=4,
        num_workers=1,
        persistent_workers=True,
        multiprocessing_context="spawn",  # libraries that other tests loaded warn of forks
        collate_fn=collate,
    )
    for epoch in (0, 1, 5):
        collate.epoch = epoch
        kept = [soft.numpy() for _, soft in loader]
        here = [collate(rows[:4])[1].numpy(), collate(rows[4:])[1].numpy()]
        np.testing.assert_array_equal(kept, here)
    collate.epoch = 0
    assert not np.array_equal(collate(rows[:4])[1].numpy(), here[0])


def test_unmixed_numbers_come_as_tensors() -> None:
    rows = [(torch.zeros(2), torch.tensor(float(i))) for i in range(3)]
    values, targets = tilth.MixCollate("c_mixup", p=0)(rows)
    assert isinstance(values, torch.Tensor)
    assert targets.tolist() == [0.0, 1.0, 2.0]
