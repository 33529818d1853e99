"""The library albumentations, safely: the one version that is free to use, its update check off, transforms kept."""

from __future__ import annotations

import difflib
import importlib
import importlib.metadata
import inspect
import json
import os
import random
import threading
import warnings
from collections.abc import Mapping, Sequence
from types import ModuleType
from typing import Any

import numpy as np

from tilth.errors import MissingExtraError, ParameterError, PartError

__all__ = ["VERSION", "library", "made_transform", "nearest", "refusals", "seeded"]

#: The last release under the MIT licence.
VERSION = "2.0.8"
_SWITCH = "NO_ALBUMENTATIONS_UPDATE"
_kept = threading.local()


def _installed(distribution: str) -> str:
    try:
        return importlib.metadata.version(distribution)
    except importlib.metadata.PackageNotFoundError:
        return ""


def library() -> ModuleType:
    """The module; `MissingExtraError` where it is missing or another version, `PartError` for the AGPL fork."""
    if fork := _installed("albumentationsx"):
        raise PartError(
            "albumentationsx is installed: it hides albumentations under the same name, has the AGPL licence and sends "
            "usage data",
            found=f"albumentationsx {fork}",
            fix=f"run: pip uninstall albumentationsx && pip install --force-reinstall albumentations=={VERSION}",
        )
    found = _installed("albumentations")
    if found != VERSION:
        raise MissingExtraError(
            f"the part albumentations needs the library albumentations {VERSION}",
            found=found or "none",
            fix="run: pip install 'tilth[image]'",
        )
    before = os.environ.get(_SWITCH)
    os.environ[_SWITCH] = "1"
    try:
        return importlib.import_module("albumentations")
    except ImportError as error:
        raise MissingExtraError(
            "albumentations cannot be imported", found=str(error), fix="run: pip install 'tilth[image]'"
        ) from error
    finally:
        if before is None:
            del os.environ[_SWITCH]
        else:
            os.environ[_SWITCH] = before


def made_transform(name: str, params: Mapping[str, Any], *, boxes: bool) -> Any:
    """A transform that always applies; each thread makes it once.

    With boxes, a transform that moves pixels stands in a Compose, which carries them.
    """
    key = (name, json.dumps(dict(params), sort_keys=True, default=repr), boxes)
    kept: dict[Any, Any] = _kept.__dict__.setdefault("made", {})
    if key not in kept:
        a = library()
        made = _one(a, name, params)
        if boxes and isinstance(made, a.DualTransform):
            how = a.BboxParams(format="pascal_voc", label_fields=["at"], min_visibility=0.1, clip=True)
            made = a.Compose([made], bbox_params=how)
        kept[key] = made
    return kept[key]


def nearest(name: str, known: Sequence[str]) -> list[str]:
    """The known names most like one, whatever their case."""
    lower = {one.lower(): one for one in known}
    return [lower[one] for one in difflib.get_close_matches(name.replace("_", "").lower(), lower, n=3, cutoff=0.4)]


def refusals() -> tuple[type[Exception], ...]:
    """What transforms raise for images that they cannot change."""
    crops = importlib.import_module("albumentations.augmentations.crops.transforms")
    return (ValueError, TypeError, NotImplementedError, KeyError, crops.CropSizeError)


def _one(a: ModuleType, name: str, params: Mapping[str, Any]) -> Any:
    known = [n for n, c in vars(a).items() if inspect.isclass(c) and issubclass(c, a.BasicTransform)]
    if name not in known:
        near = nearest(name, known)
        raise ParameterError(
            "albumentations has no such transform",
            found=repr(name),
            fix=f"did you mean {' or '.join(near)}?" if near else "names are written as in its documentation",
        )
    with warnings.catch_warnings():
        warnings.simplefilter("error", UserWarning)
        try:
            return getattr(a, name)(**{"p": 1.0, **params})
        except (ValueError, TypeError, UserWarning) as error:
            raise ParameterError(
                f"albumentations refuses the parameters of {name}", found=f"{error}".replace("\n", " ")[:300]
            ) from error


def seeded(transform: Any, rng: np.random.Generator) -> Any:
    """The transform, drawing from `rng` alone."""
    transform.set_random_state(rng, random.Random(int(rng.integers(2**63))))
    return transform
