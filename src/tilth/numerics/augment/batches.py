"""Batches of images on a graphics card, through kornia, with randomness of their own for each row."""

from __future__ import annotations

import difflib
import inspect
from collections import defaultdict
from collections.abc import Sequence
from typing import Any

import numpy as np

from tilth.errors import AlignmentError, MissingExtraError, ParameterError

__all__ = ["kornia_batch"]


def kornia_batch(images: Any, rngs: Sequence[np.random.Generator], transform: str, **params: Any) -> Any:
    """A batch of images through a transform of kornia, where the images are: on the processor or a graphics card.

    What becomes of a row depends on its generator alone, not on the rows beside it: any batch size, order or device
    draws the same numbers, and no global random state moves.

    Parameters
    ----------
    images : (n, c, h, w) float torch.Tensor
        Values from 0 to 1.
    rngs : sequence of n numpy.random.Generator
    transform : str
        Name of a class in ``kornia.augmentation``, such as "ColorJiggle".
    **params
        Its arguments; it always applies unless ``p`` is among them.

    Returns
    -------
    (n, c, h, w) float torch.Tensor
        On the same device; h and w are others where the transform crops or resizes.

    Raises
    ------
    MissingExtraError
        torch or kornia is not installed.
    ParameterError
        No such transform (with the nearest names), or arguments that it refuses.
    AlignmentError
        Not one generator a row.

    References
    ----------
    .. [1] Riba et al. (2020). Kornia: an open source differentiable computer vision library for PyTorch. WACV.

    Examples
    --------
    >>> import torch  # doctest: +SKIP
    >>> rngs = [np.random.default_rng(row) for row in range(2)]
    >>> kornia_batch(torch.zeros(2, 3, 4, 4), rngs, "RandomInvert").mean().item()  # doctest: +SKIP
    1.0
    """
    return _run(images, rngs, transform, params)[0]


def _run(images: Any, rngs: Sequence[np.random.Generator], transform: str, params: dict[str, Any]) -> tuple[Any, Any]:
    """The batch, and the (n, 3, 3) matrices of geometric transforms; None for others."""
    torch, aug = _made(transform, params)
    if images.ndim != 4 or not images.is_floating_point():
        raise ParameterError("images are (n, c, h, w) floats", found=f"{images.dtype} of shape {tuple(images.shape)}")
    if len(rngs) != len(images):
        raise AlignmentError("every row needs a generator", found=f"{len(rngs)} for {len(images)} rows")
    drawn = [_draw(torch, aug, tuple(images.shape), int(rng.integers(2**63))) for rng in rngs]
    groups: dict[bytes, list[int]] = defaultdict(list)
    for row, (_, mark) in enumerate(drawn):
        groups[mark].append(row)
    outs: list[Any] = [None] * len(images)
    matrices: list[Any] = [None] * len(images)
    for rows in groups.values():
        at = torch.as_tensor(rows, device=images.device)
        joined = _joined(torch, [drawn[row][0] for row in rows], (len(rows), *images.shape[1:]))
        made = aug(images[at], params=joined)
        matrix = getattr(aug, "transform_matrix", None)
        for place, row in enumerate(rows):
            outs[row] = made[place]
            matrices[row] = None if matrix is None else matrix[place]
    return torch.stack(outs) if outs else images, matrices


def _made(transform: str, params: dict[str, Any]) -> tuple[Any, Any]:
    try:
        import kornia.augmentation as kornia_augmentation
        import torch
    except ImportError as error:
        raise MissingExtraError(
            "kornia_batch needs the libraries torch and kornia", found=str(error), fix="run: pip install 'tilth[torch]'"
        ) from error
    base = kornia_augmentation.AugmentationBase2D
    known = [n for n, c in vars(kornia_augmentation).items() if inspect.isclass(c) and issubclass(c, base)]
    if transform not in known:
        lower = {name.lower(): name for name in known}
        wanted = transform.replace("_", "").lower()
        near = [lower[name] for name in difflib.get_close_matches(wanted, lower, n=3, cutoff=0.4)]
        raise ParameterError(
            "kornia has no such transform of images",
            found=repr(transform),
            fix=f"did you mean {' or '.join(near)}?" if near else "names are written as in its documentation",
        )
    try:
        with torch.random.fork_rng(devices=[]):
            return torch, getattr(kornia_augmentation, transform)(**{"p": 1.0, **params})
    except (TypeError, ValueError) as error:
        raise ParameterError(f"kornia refuses the parameters of {transform}", found=str(error)[:300]) from error


def _draw(torch: Any, aug: Any, shape: tuple[int, ...], seed: int) -> tuple[dict[str, Any], bytes]:
    """The random parameters of one row, and a mark of those that hold for a whole batch, such as an order of steps."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        drawn = aug.forward_parameters(torch.Size((1, *shape[1:])))
    shared = [key for key, value in drawn.items() if not _by_row(key, value)]
    mark = b"".join(key.encode() + np.asarray(drawn[key]).tobytes() for key in sorted(shared) if key not in _SHAPES)
    return drawn, mark


_SHAPES = ("forward_input_shape",)


def _by_row(key: str, value: Any) -> bool:
    return key not in _SHAPES and getattr(value, "ndim", 0) > 0 and value.shape[0] == 1


def _joined(torch: Any, drawn: list[dict[str, Any]], shape: tuple[int, ...]) -> dict[str, Any]:
    joined = {}
    for key, value in drawn[0].items():
        if key in _SHAPES:
            joined[key] = torch.tensor(shape)
        elif _by_row(key, value):
            joined[key] = torch.cat([one[key] for one in drawn])
        else:
            joined[key] = value
    return joined
