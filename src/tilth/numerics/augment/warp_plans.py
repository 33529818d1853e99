"""Plans of warps: flips, crops, affine, perspective, grid, elastic and optical distortion."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tilth.errors import ParameterError
from tilth.numerics.augment.warps import Matrix, Warp

__all__ = [
    "affine_warp",
    "crop_warp",
    "elastic_warp",
    "flip_warp",
    "grid_warp",
    "optical_warp",
    "perspective_warp",
    "resized_crop_warp",
    "transpose_warp",
    "turn_warp",
]


def _size(shape: tuple[int, ...]) -> tuple[int, int]:
    return int(shape[0]), int(shape[1])


def flip_warp(shape: tuple[int, ...], *, vertical: bool = False) -> Warp:
    """Left and right exchanged, or top and bottom.

    Parameters
    ----------
    shape : (h, w) or (h, w, c)
        Shape of the images.
    vertical : bool, default False

    Examples
    --------
    >>> flip_warp((2, 2), vertical=True).image(np.array([[1, 2], [3, 4]])).tolist()
    [[3, 4], [1, 2]]
    """
    height, width = _size(shape)
    matrix = np.diag([1.0, -1.0, 1.0]) if vertical else np.diag([-1.0, 1.0, 1.0])
    matrix[1 if vertical else 0, 2] = height if vertical else width
    return Warp((height, width), (height, width), matrix)


def turn_warp(shape: tuple[int, ...], quarters: int) -> Warp:
    """Turned by quarters of a circle, counter-clockwise.

    Examples
    --------
    >>> turn_warp((1, 2), 1).image(np.array([[1, 2]])).tolist()
    [[2], [1]]
    """
    height, width = _size(shape)
    steps = quarters % 4
    matrix = {
        0: [[1, 0, 0], [0, 1, 0]],
        1: [[0, -1, width], [1, 0, 0]],
        2: [[-1, 0, width], [0, -1, height]],
        3: [[0, 1, 0], [-1, 0, height]],
    }[steps]
    size = (width, height) if steps % 2 else (height, width)
    return Warp((height, width), size, np.array([*matrix, [0, 0, 1]], dtype=np.float64))


def transpose_warp(shape: tuple[int, ...]) -> Warp:
    """Rows and columns exchanged.

    Examples
    --------
    >>> transpose_warp((1, 2)).image(np.array([[1, 2]])).tolist()
    [[1], [2]]
    """
    height, width = _size(shape)
    return Warp((height, width), (width, height), np.array([[0, 1, 0], [1, 0, 0], [0, 0, 1]], dtype=np.float64))


def crop_warp(
    shape: tuple[int, ...],
    box: tuple[float, float, float, float],
    size: tuple[int, int] | None = None,
    *,
    fill: float | str = 0.0,
    interpolation: str = "bilinear",
) -> Warp:
    """A rectangle of the image, resized.

    Parameters
    ----------
    shape : (h, w) or (h, w, c)
    box : (float, float, float, float)
        Pixel corners x0, y0, x1, y1.
    size : (int, int), optional
        Height and width of the result; None for the rectangle's own, rounded.

    Examples
    --------
    >>> crop_warp((2, 3), (1, 0, 3, 1)).image(np.array([[1, 2, 3], [4, 5, 6]])).tolist()
    [[2, 3]]
    """
    x0, y0, x1, y1 = box
    if not (x0 < x1 and y0 < y1):
        raise ParameterError("a box is x0 < x1 and y0 < y1", found=repr(box))
    height, width = size or (max(1, round(y1 - y0)), max(1, round(x1 - x0)))
    matrix = np.array([[(x1 - x0) / width, 0, x0], [0, (y1 - y0) / height, y0], [0, 0, 1]], dtype=np.float64)
    return Warp(_size(shape), (height, width), matrix, fill=fill, interpolation=interpolation)


def resized_crop_warp(
    shape: tuple[int, ...],
    rng: np.random.Generator,
    *,
    scale: tuple[float, float] = (0.08, 1.0),
    ratio: tuple[float, float] = (3 / 4, 4 / 3),
    size: tuple[int, int] | None = None,
) -> Warp:
    """A random rectangle of the image, resized: Inception's crop.

    Parameters
    ----------
    shape : (h, w) or (h, w, c)
    rng : numpy.random.Generator
    scale : (float, float)
        Smallest and largest part of the image's area.
    ratio : (float, float)
        Smallest and largest width by height, relative to the image's own proportions; drawn on a log scale.
    size : (int, int), optional
        Height and width of the result; None for those of the image.

    References
    ----------
    .. [1] Szegedy et al. (2015). Going deeper with convolutions. CVPR.

    Examples
    --------
    >>> resized_crop_warp((40, 60), np.random.default_rng(0), size=(32, 32)).size
    (32, 32)
    """
    if not 0 < scale[0] <= scale[1] <= 1 or not 0 < ratio[0] <= ratio[1]:
        raise ParameterError("scale lies in (0, 1] and ratio above 0, low before high", found=f"{scale} and {ratio}")
    height, width = _size(shape)
    for _ in range(10):
        area = rng.uniform(*scale)
        stretch = float(np.exp(rng.uniform(*np.log(ratio))))
        wide, tall = width * np.sqrt(area * stretch), height * np.sqrt(area / stretch)
        if wide <= width and tall <= height:
            break
    else:
        wide, tall = width * np.sqrt(scale[1]), height * np.sqrt(scale[1])
    tall, wide = max(1, round(tall)), max(1, round(wide))
    top, left = int(rng.integers(0, height - tall + 1)), int(rng.integers(0, width - wide + 1))
    return crop_warp(shape, (left, top, left + wide, top + tall), size or (height, width))


def affine_warp(
    shape: tuple[int, ...],
    *,
    angle: float = 0.0,
    translate: tuple[float, float] = (0.0, 0.0),
    scale: float = 1.0,
    shear: tuple[float, float] = (0.0, 0.0),
    fill: float | str = 0.0,
    interpolation: str = "bilinear",
) -> Warp:
    """Turn, move, scale and shear about the middle of the image.

    Parameters
    ----------
    shape : (h, w) or (h, w, c)
    angle : float
        Degrees, counter-clockwise.
    translate : (float, float)
        Pixels to the right and down.
    scale : float
        Above 1 enlarges.
    shear : (float, float)
        Along x and along y, as tangents of the angle.
    fill, interpolation
        As in `Warp`.

    Examples
    --------
    >>> affine_warp((1, 3), translate=(1, 0)).image(np.array([[1, 2, 3]])).tolist()
    [[0, 1, 2]]
    """
    if not (all(map(math.isfinite, (angle, *translate, scale, *shear))) and scale > 0 and shear[0] * shear[1] != 1):
        raise ParameterError(
            "an affine warp needs finite numbers, a positive scale, and shears that leave an area",
            found=f"angle {angle}, translate {translate}, scale {scale}, shear {shear}",
        )
    height, width = _size(shape)
    turn = math.radians(angle)
    cos, sin = math.cos(turn), math.sin(turn)
    across, down = shear
    # the inverse of scale * turn * shear
    area = scale * (1 - across * down)
    a, b = (cos - sin * across) / area, -(sin + cos * across) / area
    c, d = (sin - cos * down) / area, (cos + sin * down) / area
    x, y = width / 2 + translate[0], height / 2 + translate[1]
    entries = (a, b, width / 2 - a * x - b * y, c, d, height / 2 - c * x - d * y, 0.0, 0.0, 1.0)
    near = [float(round(value)) if abs(value - round(value)) < 1e-12 else value for value in entries]
    matrix: Matrix = np.array(near).reshape(3, 3)
    return Warp((height, width), (height, width), matrix, fill=fill, interpolation=interpolation)


def perspective_warp(
    shape: tuple[int, ...], rng: np.random.Generator, distortion: float = 0.3, *, fill: float | str = 0.0
) -> Warp:
    """Seen from another point: each corner moves inwards by a random part of half the image.

    Parameters
    ----------
    shape : (h, w) or (h, w, c)
    rng : numpy.random.Generator
    distortion : float in [0, 1]
    fill
        As in `Warp`.

    Examples
    --------
    >>> perspective_warp((8, 8), np.random.default_rng(0), 0.0).image(np.eye(8)).trace().item()
    8.0
    """
    if not 0 <= distortion <= 1:
        raise ParameterError("a distortion lies in [0, 1]", found=repr(distortion))
    height, width = _size(shape)
    corners = np.array([[0, 0], [width, 0], [width, height], [0, height]], dtype=np.float64)
    inwards = np.array([[1, 1], [-1, 1], [-1, -1], [1, -1]])
    # below half the image, so that opposite corners never meet
    moved = corners + inwards * rng.uniform(0, 0.499 * distortion, size=(4, 2)) * [width, height]
    rows, ends = [], []
    for (x, y), (u, v) in zip(moved.tolist(), corners.tolist(), strict=True):
        rows += [[x, y, 1, 0, 0, 0, -u * x, -u * y], [0, 0, 0, x, y, 1, -v * x, -v * y]]
        ends += [u, v]
    matrix = np.append(np.linalg.solve(np.array(rows), np.array(ends)), 1.0).reshape(3, 3)
    near = np.rint(matrix)
    matrix = np.where(np.abs(matrix - near) < 1e-10, near, matrix)
    return Warp((height, width), (height, width), matrix, fill=fill)


def _middles(shape: tuple[int, ...]) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    height, width = _size(shape)
    return np.arange(width, dtype=np.float32) + np.float32(0.5), np.arange(height, dtype=np.float32) + np.float32(0.5)


def grid_warp(
    shape: tuple[int, ...], rng: np.random.Generator, limit: float = 0.3, *, steps: int = 5, fill: float | str = 0.0
) -> Warp:
    """The columns and rows of a grid made wider and narrower; the edges of the image stay.

    Parameters
    ----------
    shape : (h, w) or (h, w, c)
    rng : numpy.random.Generator
    limit : float in [0, 1)
        Widths of cells are multiplied by a factor from [1 - limit, 1 + limit].
    steps : int
        Cells along each side.
    fill
        As in `Warp`.

    Examples
    --------
    >>> grid_warp((4, 4), np.random.default_rng(0), 0.0).image(np.eye(4)).tolist() == np.eye(4).tolist()
    True
    """
    if not 0 <= limit < 1 or steps < 1:
        raise ParameterError("a limit lies in [0, 1), and there is a cell at least", found=f"{limit} and {steps}")
    ends = []
    for middles, n in zip(_middles(shape), _size(shape)[::-1], strict=True):
        widths = rng.uniform(1 - limit, 1 + limit, size=steps)
        knots = np.concatenate([[0.0], np.cumsum(widths)]) * (n / widths.sum())
        ends.append(np.interp(middles, knots, np.linspace(0, n, steps + 1)).astype(np.float32))
    places = np.stack(np.meshgrid(*ends))
    return Warp(_size(shape), _size(shape), places=places, fill=fill)


def elastic_warp(
    shape: tuple[int, ...],
    rng: np.random.Generator,
    alpha: float = 34.0,
    sigma: float = 4.0,
    *,
    fill: float | str = "reflect",
) -> Warp:
    """Smooth random displacements, as of ink on rubber.

    Parameters
    ----------
    shape : (h, w) or (h, w, c)
    rng : numpy.random.Generator
    alpha : float
        Factor of the displacements: uniform in [-1, 1], then smoothed.
    sigma : float
        Standard deviation of the smoothing in pixels.
    fill
        As in `Warp`.

    References
    ----------
    .. [1] Simard, Steinkraus, Platt (2003). Best practices for convolutional neural networks applied to visual
           document analysis. ICDAR.

    Examples
    --------
    >>> elastic_warp((4, 4), np.random.default_rng(0), 0.0).image(np.eye(4)).tolist() == np.eye(4).tolist()
    True
    """
    from scipy.ndimage import gaussian_filter

    if not (np.isfinite([alpha, sigma]).all() and alpha >= 0 and sigma > 0):
        raise ParameterError("alpha is at least 0 and sigma positive", found=f"{alpha} and {sigma}")
    noise = rng.random((2, *_size(shape)), dtype=np.float32) * 2 - 1
    shifts = gaussian_filter(noise, (0, sigma, sigma), mode="constant", truncate=3.0) * np.float32(alpha)
    places = np.stack(np.meshgrid(*_middles(shape))) + shifts
    return Warp(_size(shape), _size(shape), places=places.astype(np.float32), fill=fill)


def optical_warp(
    shape: tuple[int, ...], strength: float, *, shift: tuple[float, float] = (0.0, 0.0), fill: float | str = 0.0
) -> Warp:
    """The image through a lens: barrel distortion for positive strength, pincushion for negative.

    Parameters
    ----------
    shape : (h, w) or (h, w, c)
    strength : float above -1
        A point at distance r of the middle, 1 at the sides, comes from distance r (1 + strength r²).
    shift : (float, float)
        Middle of the lens to the right and down of the image's, as parts of its sides.
    fill
        As in `Warp`.

    Examples
    --------
    >>> optical_warp((4, 4), 0.0).image(np.eye(4)).tolist() == np.eye(4).tolist()
    True
    """
    if not (np.isfinite(strength) and strength > -1):
        raise ParameterError("a strength lies above -1", found=repr(strength))
    height, width = _size(shape)
    x, y = _middles(shape)
    centre = np.array([width * (0.5 + shift[0]), height * (0.5 + shift[1])], dtype=np.float32)
    right, down = (x - centre[0])[None], (y - centre[1])[:, None]
    factor = 1 + np.float32(strength) * ((2 * right / width) ** 2 + (2 * down / height) ** 2)
    places = np.stack([centre[0] + right * factor, centre[1] + down * factor]).astype(np.float32)
    return Warp((height, width), (height, width), places=places, fill=fill)
