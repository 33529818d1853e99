"""Mixtures: values and labels have the same weights, whatever the form of the arrays and of the labels."""

from __future__ import annotations

import pickle
from typing import Any

import numpy as np
import pytest

import tilth
from tilth.errors import AlignmentError, DataError, LabelError, ParameterError

N, H, W = 12, 10, 8
#: Image i is i everywhere, so the mean value tells the weights.
IMAGES = np.broadcast_to(np.arange(N, dtype=np.float64)[:, None, None, None], (N, H, W, 3)).copy()
LABELS = np.arange(N)
MIXES: dict[str, Any] = {"mixup": tilth.mixup, "cutmix": tilth.cutmix, "resizemix": tilth.resizemix}


@pytest.mark.parametrize("name", MIXES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32, np.uint8])
def test_the_label_is_what_the_image_shows(name: str, dtype: type) -> None:
    images = IMAGES.astype(dtype)
    before = images.copy()
    mixed, soft = MIXES[name](images, LABELS, 3)
    np.testing.assert_array_equal(images, before)
    assert mixed.dtype == dtype
    assert mixed.shape == images.shape
    assert soft.dtype == np.float32
    np.testing.assert_allclose(soft.sum(axis=1), 1, atol=1e-6)
    shown = mixed.astype(np.float64).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(shown, soft @ np.arange(N), atol=0.51 if dtype == np.uint8 and name == "mixup" else 1e-4)
    assert (soft.max(axis=1) < 1).any()


@pytest.mark.parametrize("name", MIXES)
def test_equal_seeds_give_equal_mixtures_and_no_global_state_moves(name: str) -> None:
    before = np.random.get_state()[1].copy()  # noqa: NPY002 - it must not move
    first, again = (MIXES[name](IMAGES, LABELS, np.random.default_rng(5)) for _ in range(2))
    np.testing.assert_array_equal(first[0], again[0])
    np.testing.assert_array_equal(first[1], again[1])
    assert not np.array_equal(first[0], MIXES[name](IMAGES, LABELS, 6)[0])
    np.testing.assert_array_equal(before, np.random.get_state()[1])  # noqa: NPY002


def test_a_cut_at_the_edge_counts_what_is_pasted() -> None:
    """With a rectangle half as large as the image, most pasted areas are smaller: the label follows the area."""
    areas = []
    for seed in range(200):
        mixed, soft = tilth.cutmix(np.stack([np.zeros((20, 20)), np.ones((20, 20))]), [0, 1], seed, partners=[1, 0])
        np.testing.assert_allclose(mixed.mean(axis=(1, 2)), soft[:, 1], atol=1e-6)
        areas += [soft[0, 1], soft[1, 0]]
    assert np.mean(areas) < 0.42  # 0.5 were drawn on average


@pytest.mark.parametrize("name", ["cutmix", "resizemix"])
def test_channels_may_come_first(name: str) -> None:
    last, soft = MIXES[name](IMAGES, LABELS, 3)
    first, again = MIXES[name](IMAGES.transpose(0, 3, 1, 2), LABELS, 3, channels_first=True)
    np.testing.assert_allclose(first.transpose(0, 2, 3, 1), last)
    np.testing.assert_array_equal(soft, again)


def test_resizemix_pastes_the_whole_image() -> None:
    ramp = np.zeros((2, 40, 40), dtype=np.float32)
    ramp[1] = np.linspace(1, 2, 40)
    for seed in range(5):
        mixed, _ = tilth.resizemix(ramp, [0, 1], seed, partners=[1, 0], scale=(0.5, 0.8))
        pasted = mixed[0][mixed[0] > 0]
        assert pasted.min() < 1.05
        assert pasted.max() > 1.95


def test_soft_labels_and_names_are_carried() -> None:
    soft = np.full((N, 4), 0.25)
    np.testing.assert_allclose(tilth.mixup(IMAGES, soft, 0)[1], 0.25, atol=1e-6)
    names = ["b", "a"] * (N // 2)
    mixed = tilth.mixup(IMAGES, names, 0, classes=["a", "b"], partners=np.arange(N))[1]
    np.testing.assert_array_equal(mixed, tilth.soft_labels([1, 0] * (N // 2)))
    assert tilth.soft_labels([0, 1], n_classes=5).shape == (2, 5)


@pytest.mark.parametrize(
    ("labels", "hint"),
    [
        (["cat"] * N, "classes="),
        ([None] * N, "classes="),
        (np.linspace(0, 1, N), "c_mixup"),
        (np.where(np.arange(N) == 2, np.nan, 1.0), "without a label"),
        (np.where(np.arange(N) == 2, -1, 1), "row 2"),
        (np.zeros((N, 4, 4), dtype=int), "mosaic"),
        (np.full((N, 2), 1.5), "c_mixup"),
        (np.full((N, 2), np.nan), "weights"),
    ],
)
@pytest.mark.parametrize("name", MIXES)
def test_a_label_that_cannot_be_mixed_is_an_error(name: str, labels: Any, hint: str) -> None:
    with pytest.raises(LabelError, match=hint):
        MIXES[name](IMAGES, labels, 0)


def test_other_bad_input_is_named() -> None:
    with pytest.raises(LabelError, match="row 1"):
        tilth.mixup(IMAGES[:2], ["a", "x"], 0, classes=["a", "b"])
    with pytest.raises(LabelError, match="outside 0 to 2"):
        tilth.mixup(IMAGES, LABELS, 0, n_classes=3)
    with pytest.raises(LabelError, match="columns"):
        tilth.soft_labels(np.full((2, 3), 0.1), n_classes=2)
    with pytest.raises(AlignmentError, match="lengths"):
        tilth.mixup(IMAGES, LABELS[:3], 0)
    with pytest.raises(AlignmentError, match="partners"):
        tilth.mixup(IMAGES, LABELS, 0, partners=[99] * N)
    with pytest.raises(DataError, match="numbers"):
        tilth.mixup(np.array([["a"]] * N), LABELS, 0)
    with pytest.raises(DataError, match="axes"):
        tilth.cutmix(np.zeros((N, 3)), LABELS, 0)
    for alpha in (0, -1, float("nan")):
        with pytest.raises(ParameterError, match="alpha"):
            tilth.mixup(IMAGES, LABELS, 0, alpha=alpha)
    with pytest.raises(ParameterError, match="scale"):
        tilth.resizemix(IMAGES, LABELS, 0, scale=(0.5, 2))


def test_one_row_and_no_rows_stay() -> None:
    for mix in MIXES.values():
        np.testing.assert_allclose(mix(IMAGES[3:4], [0], 0)[0].mean(), 3)
        assert mix(IMAGES[:0], np.zeros(0, dtype=int), 0, n_classes=2)[1].shape == (0, 2)


def test_c_mixup_mixes_neighbours_and_keeps_the_line() -> None:
    y = np.concatenate([np.linspace(0, 1, 50), np.linspace(100, 101, 50)])
    mixed, targets = tilth.c_mixup(y[:, None], y, 0, bandwidth=0.5)
    np.testing.assert_allclose(mixed[:, 0], targets)
    assert not ((targets > 2) & (targets < 99)).any()
    assert (np.abs(targets - y) > 0.01).any()
    wide = tilth.c_mixup(y[:, None], y, 0, bandwidth=1000.0)[1]
    assert ((wide > 2) & (wide < 99)).any()
    both = tilth.c_mixup(y[:, None], np.stack([y, -y], axis=1), 0)[1]
    np.testing.assert_allclose(both[:, 0], -both[:, 1])
    np.testing.assert_allclose(tilth.c_mixup(np.ones((3, 1)), [2.0, 2.0, 2.0], 0)[1], 2)
    for wrong in ([1.0, np.nan], ["a", "b"]):
        with pytest.raises(LabelError, match="numeric"):
            tilth.c_mixup(np.ones((2, 1)), wrong, 0)


def test_sounds_are_mixed_by_loudness() -> None:
    t = np.arange(4000) / 8000
    loud, quiet = np.sin(2 * np.pi * 440 * t), 0.01 * np.sin(2 * np.pi * 990 * t)
    mixed, soft = tilth.audio_mixup(np.stack([loud, quiet]).astype(np.float32), [0, 1], 4, partners=[1, 0])
    assert mixed.dtype == np.float32
    power = np.abs(np.fft.rfft(mixed[0])) ** 0.5
    ratio = (power[220] / power[495]) ** 2  # amplitudes of the two tones
    assert ratio == pytest.approx(soft[0, 0] / soft[0, 1], rel=0.02)
    silent = tilth.audio_mixup(np.zeros((2, 10)), [0, 1], 0)[0]
    assert not silent.any()
    assert np.abs(tilth.audio_mixup(np.ones((4, 9)), [0, 1, 0, 1], 0)[0]).max() <= 1


def test_padding_of_embeddings_counts_as_nothing() -> None:
    tokens = np.full((2, 4, 3), 5.0)
    mask = np.array([[1, 1, 1, 0], [1, 0, 0, 0]])
    mixed, soft = tilth.embedding_mixup(tokens, [0, 1], 0, mask=mask, partners=[1, 0])
    np.testing.assert_allclose(mixed[:, 3], 0)
    np.testing.assert_allclose(mixed[0, 1], 5 * soft[0, 0], rtol=1e-6)
    with pytest.raises(AlignmentError, match="mask"):
        tilth.embedding_mixup(np.ones((2, 3)), [0, 1], 0, mask=np.ones((2, 3)))


def test_tables_keep_their_kinds() -> None:
    n = 200
    table = {
        "age": np.arange(n, dtype=float),
        "rooms": np.arange(n),
        "town": np.where(np.arange(n) % 2, "Ulm", "Bonn"),
        "gap": np.where(np.arange(n) % 3, 1.0, np.nan),
        "flag": np.arange(n) % 2 == 0,
    }
    mixed, soft = tilth.table_mixup(table, np.arange(n), 0, alpha=2.0)
    np.testing.assert_allclose(mixed["age"], soft @ np.arange(n), rtol=1e-5)
    assert mixed["rooms"].dtype == table["rooms"].dtype
    assert np.abs(mixed["rooms"] - mixed["age"]).max() <= 0.5
    assert set(mixed["town"]) == {"Ulm", "Bonn"}
    assert mixed["flag"].dtype == bool
    assert np.isnan(mixed["gap"]).sum() < np.isnan(table["gap"]).sum()
    assert set(mixed["gap"][~np.isnan(mixed["gap"])]) == {1.0}
    with pytest.raises(AlignmentError, match="short"):
        tilth.table_mixup({"short": [1.0]}, [0, 1], 0)


def test_a_mosaic_has_four_images_by_area() -> None:
    four = [np.full((10 + i, 20 - 2 * i, 3), 50 * i, np.uint8) for i in range(4)]
    boxes = [np.array([[0, 0, im.shape[1], im.shape[0]]]) for im in four]
    masks = [np.full(im.shape[:2], i + 1) for i, im in enumerate(four)]
    for seed in range(20):
        made = tilth.mosaic(four, seed, size=(32, 48), boxes=boxes, masks=masks)
        assert made.image.shape == (32, 48, 3)
        assert made.mask is not None
        assert made.shares.sum() == pytest.approx(1)
        for i in range(4):
            shown = made.image[..., 0] == 50 * i
            assert shown.mean() == pytest.approx(made.shares[i])
            np.testing.assert_array_equal(made.mask[shown], i + 1)
        assert made.origins.tolist() == [[i, 0] for i in range(4)]
        sides = made.boxes[:, 2:] - made.boxes[:, :2]
        np.testing.assert_allclose(sides.prod(axis=1) / (32 * 48), made.shares, rtol=1e-5)
    with pytest.raises(AlignmentError, match="four"):
        tilth.mosaic(four[:3], 0)
    with pytest.raises(ParameterError, match="two pixels"):
        tilth.mosaic([np.zeros((1, 1))] * 4, 0)


def test_the_collate_function_depends_on_the_batch_alone() -> None:
    collate = tilth.MixCollate(("mixup", "cutmix", "resizemix"), n_classes=N, seed=1)
    batches = [[(IMAGES[i], i) for i in range(start, start + 4)] for start in (0, 4, 8)]
    straight = [collate(batch) for batch in batches]
    backwards = [tilth.MixCollate(("mixup", "cutmix", "resizemix"), n_classes=N, seed=1)(b) for b in batches[::-1]][
        ::-1
    ]
    for (images, soft), (again, same) in zip(straight, backwards, strict=True):
        np.testing.assert_array_equal(images, again)
        np.testing.assert_array_equal(soft, same)
        np.testing.assert_allclose(images.mean(axis=(1, 2, 3)), soft @ np.arange(N), atol=1e-4)
    collate.epoch = 1
    later = collate(batches[0])[1]
    assert not np.array_equal(later, straight[0][1])
    sent = pickle.loads(pickle.dumps(collate))
    collate.epoch = 0
    assert sent.epoch == 1
    np.testing.assert_array_equal(sent(batches[0])[1], later)
    never = tilth.MixCollate("mixup", n_classes=N, p=0)
    np.testing.assert_array_equal(never(batches[0])[0], IMAGES[:4])
    numbers = tilth.MixCollate("c_mixup")([(np.full(2, float(i)), float(i)) for i in range(6)])
    np.testing.assert_allclose(numbers[0][:, 0], numbers[1])


def test_the_collate_function_refuses_nonsense() -> None:
    with pytest.raises(ParameterError, match="way to mix"):
        tilth.MixCollate("fmix")
    with pytest.raises(ParameterError, match="alone"):
        tilth.MixCollate(["mixup", "c_mixup"])
    with pytest.raises(ParameterError, match="probability"):
        tilth.MixCollate("mixup", p=2)
    with pytest.raises(ParameterError, match="n_classes"):
        tilth.MixCollate("mixup")([(np.zeros(2), 0)])
    with pytest.raises(DataError, match="shapes"):
        tilth.MixCollate("mixup", n_classes=2)([(np.zeros(2), 0), (np.zeros(3), 1)])
    with pytest.raises(DataError, match="empty batch"):
        tilth.MixCollate("mixup", n_classes=2)([])
    with pytest.raises(ParameterError, match="way to mix"):
        tilth.MixCollate([])
    for epoch in (-1, 1.5, True, "1"):
        with pytest.raises(ParameterError, match="epoch"):
            tilth.MixCollate("mixup").epoch = epoch  # type: ignore[assignment]
