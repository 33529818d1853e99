"""Mixtures of images that keep their pixels: CutMix, ResizeMix and Mosaic, labelled by the area really pasted."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tilth.errors import AlignmentError, DataError, ParameterError
from tilth.numerics.augment.mixing import Rng, blended, checked, partners_of, positive
from tilth.numerics.augment.pixels import Pixels, check_pixels
from tilth.numerics.augment.soft_labels import is_torch, like, soft_labels
from tilth.numerics.augment.warp_plans import crop_warp

__all__ = ["Mosaic", "cutmix", "mosaic", "pasted_box", "resizemix", "resizemix_box"]

Box = tuple[int, int, int, int]


def pasted_box(height: int, width: int, share: float, rng: np.random.Generator) -> Box:
    """CutMix's rectangle: part `share` of the area about a random place, cut at the edges; top, left, bottom, right."""
    tall, wide = height * np.sqrt(share), width * np.sqrt(share)
    y, x = rng.uniform(0, height), rng.uniform(0, width)
    top, bottom = (int(np.clip(round(y + side * tall / 2), 0, height)) for side in (-1, 1))
    left, right = (int(np.clip(round(x + side * wide / 2), 0, width)) for side in (-1, 1))
    return top, left, bottom, right


def resizemix_box(height: int, width: int, scale: tuple[float, float], rng: np.random.Generator) -> Box:
    """ResizeMix's rectangle: a random size and a random place, wholly in the image; top, left, bottom, right."""
    if not 0 < scale[0] <= scale[1] <= 1:
        raise ParameterError("a scale lies in (0, 1], low before high", found=repr(scale))
    side = rng.uniform(*scale)
    tall, wide = max(1, round(height * side)), max(1, round(width * side))
    top, left = int(rng.integers(0, height - tall + 1)), int(rng.integers(0, width - wide + 1))
    return top, left, top + tall, left + wide


def _images(images: Any, labels: Any, channels_first: bool | None) -> tuple[Any, int, int, int]:
    """The batch, the axis of its rows of pixels, and height and width."""
    x = checked(images, labels)
    first = is_torch(x) if channels_first is None else channels_first
    if x.ndim not in (3, 4):
        raise DataError("a batch of images has three or four axes", found=f"shape {tuple(x.shape)}")
    axis = 2 if first and x.ndim == 4 else 1
    return x, axis, int(x.shape[axis]), int(x.shape[axis + 1])


def _slot(axis: int, row: int, box: Box) -> tuple[Any, ...]:
    top, left, bottom, right = box
    return (row, *[slice(None)] * (axis - 1), slice(top, bottom), slice(left, right))


def cutmix(
    images: Any,
    labels: Any,
    rng: Rng = None,
    *,
    alpha: float = 1.0,
    n_classes: int | None = None,
    classes: Sequence[Any] | None = None,
    partners: Any = None,
    channels_first: bool | None = None,
) -> tuple[Any, Any]:
    """Paste a rectangle of another image into each image, in the same place.

    Parameters
    ----------
    images : (n, h, w), (n, h, w, c) or (n, c, h, w) numpy array or torch.Tensor
    labels, rng, n_classes, classes, partners
        As in `mixup`.
    alpha : float, default 1.0
        The part of an image that stays is drawn from Beta(alpha, alpha).
    channels_first : bool, optional
        Default: True for torch, False for numpy.

    Returns
    -------
    mixed : array of the kind and dtype of `images`
    soft : (n, k) float32 of the kind of `images`
        The other label has the weight of the area really pasted: less than drawn where the rectangle meets an edge.

    References
    ----------
    .. [1] Yun et al. (2019). CutMix: regularization strategy to train strong classifiers with localizable features.
           ICCV.

    Examples
    --------
    >>> images = np.stack([np.zeros((8, 8)), np.ones((8, 8))])
    >>> mixed, soft = cutmix(images, [0, 1], 0, partners=[1, 0])
    >>> bool(np.allclose(mixed.mean(axis=(1, 2)), soft[:, 1]))
    True
    """
    gen = np.random.default_rng(rng)
    alpha = positive(alpha, "alpha")
    x, axis, height, width = _images(images, labels, channels_first)
    soft = soft_labels(labels, n_classes=n_classes, classes=classes)
    other = partners_of(len(x), gen, partners)
    made = x.clone() if is_torch(x) else x.copy()
    weights = np.ones(len(x))
    for row in range(len(x)):
        box = pasted_box(height, width, 1 - gen.beta(alpha, alpha), gen)
        made[_slot(axis, row, box)] = x[_slot(axis, int(other[row]), box)]
        weights[row] = 1 - (box[2] - box[0]) * (box[3] - box[1]) / (height * width)
    return made, like(blended(soft, soft[other], weights), x)


def resizemix(
    images: Any,
    labels: Any,
    rng: Rng = None,
    *,
    scale: tuple[float, float] = (0.1, 0.8),
    n_classes: int | None = None,
    classes: Sequence[Any] | None = None,
    partners: Any = None,
    channels_first: bool | None = None,
) -> tuple[Any, Any]:
    """Paste the whole of another image, made smaller, into each image at a random place.

    Parameters
    ----------
    images : (n, h, w), (n, h, w, c) or (n, c, h, w) numpy array or torch.Tensor
    labels, rng, n_classes, classes, partners, channels_first
        As in `cutmix`.
    scale : (float, float), default (0.1, 0.8)
        Smallest and largest side of the pasted image as a part of the image's.

    Returns
    -------
    mixed, soft
        As in `cutmix`.

    References
    ----------
    .. [1] Qin et al. (2020). ResizeMix: mixing data with preserved object information and true labels.
           arXiv:2012.11101.

    Examples
    --------
    >>> images = np.stack([np.zeros((8, 8)), np.ones((8, 8))])
    >>> mixed, soft = resizemix(images, [0, 1], 0, partners=[1, 0])
    >>> bool(np.allclose(mixed.mean(axis=(1, 2)), soft[:, 1]))
    True
    """
    gen = np.random.default_rng(rng)
    x, axis, height, width = _images(images, labels, channels_first)
    soft = soft_labels(labels, n_classes=n_classes, classes=classes)
    other = partners_of(len(x), gen, partners)
    made = x.clone() if is_torch(x) else x.copy()
    weights = np.ones(len(x))
    for row in range(len(x)):
        box = resizemix_box(height, width, scale, gen)
        made[_slot(axis, row, box)] = _shrunk(x[int(other[row])], axis, box[2] - box[0], box[3] - box[1])
        weights[row] = 1 - (box[2] - box[0]) * (box[3] - box[1]) / (height * width)
    return made, like(blended(soft, soft[other], weights), x)


def _shrunk(image: Any, axis: int, height: int, width: int) -> Any:
    """One image of a batch, its rows of pixels along ``axis - 1``, resized with smoothing."""
    if not is_torch(image):
        plain = np.moveaxis(image, 0, -1) if axis == 2 else image
        size = plain.shape[:2]
        small = crop_warp(size, (0, 0, size[1], size[0]), (height, width)).image(plain)
        return np.moveaxis(small, -1, 0) if axis == 2 else small
    from torch.nn.functional import interpolate

    plain = image if image.is_floating_point() else image.float()
    if plain.ndim == 2:
        plain = plain[None]
    elif axis == 1:
        plain = plain.permute(2, 0, 1)
    small = interpolate(plain[None], size=(height, width), mode="bilinear", antialias=True, align_corners=False)[0]
    small = small if image.is_floating_point() else small.round().to(image.dtype)
    if image.ndim == 2:
        return small[0]
    return small.permute(1, 2, 0) if axis == 1 else small


@dataclass(frozen=True, eq=False)
class Mosaic:
    """Four images in one.

    Parameters
    ----------
    image : (h, w) or (h, w, c) array
    shares : (4,) float64
        Part of the area that each image has; they sum to one.
    boxes : (k, 4) float32
        Pixel corners x0, y0, x1, y1 of the boxes that are left.
    origins : (k, 2) int64
        Which image each box came from, and which of its boxes it was.
    mask : (h, w) array or None
        None unless every image has a mask.
    """

    image: Pixels
    shares: NDArray[np.float64]
    boxes: NDArray[np.float32]
    origins: NDArray[np.int64]
    mask: NDArray[Any] | None = None


def mosaic(
    images: Sequence[Any],
    rng: Rng = None,
    *,
    size: tuple[int, int] | None = None,
    boxes: Sequence[Any] | None = None,
    masks: Sequence[Any] | None = None,
    min_visible: float = 0.1,
) -> Mosaic:
    """Four images around a random point, each covering its quarter; boxes and masks follow.

    Each image is resized to cover its quarter and cut where it reaches beyond.

    Parameters
    ----------
    images : four (h, w) or (h, w, c) numpy arrays of one dtype and number of channels
        Sizes may differ.
    rng : numpy.random.Generator, int or None
    size : (int, int), optional
        Height and width of the result; default: the first image's.
    boxes : four (m, 4) array_like, optional
        Pixel corners of the objects in each image.
    masks : four (h, w) arrays, optional
    min_visible : float, default 0.1
        A box of which a smaller part of the area is left is dropped.

    Returns
    -------
    Mosaic
        Where the images have one label each, the soft label is the `shares`.

    References
    ----------
    .. [1] Bochkovskiy, Wang, Liao (2020). YOLOv4: optimal speed and accuracy of object detection. arXiv:2004.10934.

    Examples
    --------
    >>> four = [np.full((8, 8), value) for value in (0.0, 1.0, 2.0, 3.0)]
    >>> made = mosaic(four, 0)
    >>> bool(np.isclose(made.image.mean(), made.shares @ [0, 1, 2, 3]))
    True
    """
    gen = np.random.default_rng(rng)
    parts = [check_pixels(image) for image in images]
    if len(parts) != 4 or len({(part.dtype, part.shape[2:]) for part in parts}) != 1:
        raise AlignmentError(
            "a mosaic takes four images of one dtype and number of channels",
            found=", ".join(f"{part.dtype} {part.shape}" for part in parts),
        )
    height, width = size or parts[0].shape[:2]
    if min(height, width) < 2:
        raise ParameterError("a mosaic has two pixels each way at least", found=f"{height} x {width}")
    y = int(np.clip(round(height * gen.uniform(0.25, 0.75)), 1, height - 1))
    x = int(np.clip(round(width * gen.uniform(0.25, 0.75)), 1, width - 1))
    made = np.empty((height, width, *parts[0].shape[2:]), dtype=parts[0].dtype)
    mask = np.zeros((height, width), dtype=np.result_type(*masks)) if masks is not None else None
    places, origins = [np.zeros((0, 4), dtype=np.float32)], [np.zeros((0, 2), dtype=np.int64)]
    tiles = [(0, 0, y, x), (0, x, y, width), (y, 0, height, x), (y, x, height, width)]
    for at, (top, left, bottom, right) in enumerate(tiles):
        warp = crop_warp(
            parts[at].shape, _cover(parts[at].shape, bottom - top, right - left, gen), (bottom - top, right - left)
        )
        made[top:bottom, left:right] = warp.image(parts[at])
        if mask is not None and masks is not None:
            mask[top:bottom, left:right] = warp.mask(masks[at])
        if boxes is not None:
            moved, kept = warp.boxes(boxes[at], min_visible=min_visible)
            places.append(moved + np.array([left, top, left, top], dtype=np.float32))
            origins.append(np.stack([np.full(len(kept), at), kept], axis=1))
    shares = np.array([(b - t) * (r - le) for t, le, b, r in tiles]) / (height * width)
    return Mosaic(made, shares, np.concatenate(places), np.concatenate(origins), mask)


def _cover(
    shape: tuple[int, ...], height: int, width: int, rng: np.random.Generator
) -> tuple[float, float, float, float]:
    """The largest rectangle of an image with the proportions of its tile, at a random place; x0, y0, x1, y1."""
    tall, wide = shape[0], shape[1]
    scale = min(tall / height, wide / width)
    side_y, side_x = height * scale, width * scale
    top, left = rng.uniform(0, 1) * (tall - side_y), rng.uniform(0, 1) * (wide - side_x)
    return left, top, min(left + side_x, wide), min(top + side_y, tall)
