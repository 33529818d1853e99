"""The library albumentations, safely: the one version that is free to use, its update check off, transforms kept."""

from __future__ import annotations

import difflib
import functools
import importlib
import importlib.metadata
import inspect
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
#: Transforms that a thread keeps.
_MOST = 256
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


def made_transform(part: Any, *, boxes: bool) -> tuple[Any, bool]:
    """The transform of a part, which always applies, and whether it carries boxes; each thread makes it once.

    With boxes, a transform that moves pixels stands in a Compose, which carries them.
    """
    kept: dict[Any, Any] = _kept.__dict__.setdefault("made", {})
    found = kept.get((id(part), boxes))
    if found is None or found[0] is not part:  # the part is kept beside it, so that its id stays its own
        if len(kept) >= _MOST:
            kept.clear()
        found = kept[id(part), boxes] = (part, _composed(part.transform, part.params, boxes))
    made: tuple[Any, bool] = found[1]
    return made


def _composed(name: str, params: Mapping[str, Any], boxes: bool) -> tuple[Any, bool]:
    a = library()
    made = _one(a, name, params)
    if boxes and isinstance(made, (a.DualTransform, a.BaseCompose)):
        how = a.BboxParams(format="pascal_voc", label_fields=["at"], min_visibility=0.1, clip=True)
        return _own(a.Compose([made], bbox_params=how)), True
    return _own(made), False


def _own(transform: Any) -> Any:
    """The transform with generators of its own, of fast kinds; `seeded` starts them for each image."""
    transform.set_random_state(np.random.Generator(np.random.SFC64(0)), random.Random(0))
    return transform


def nearest(name: str, known: Sequence[str]) -> list[str]:
    """The known names most like one, whatever their case."""
    lower = {one.lower(): one for one in known}
    return [lower[one] for one in difflib.get_close_matches(name.replace("_", "").lower(), lower, n=3, cutoff=0.4)]


@functools.cache
def refusals() -> tuple[type[Exception], ...]:
    """What transforms raise for images that they cannot change."""
    crops = importlib.import_module("albumentations.augmentations.crops.transforms")
    return (ValueError, TypeError, NotImplementedError, KeyError, crops.CropSizeError)


def _named(step: Any) -> tuple[str, Mapping[str, Any]]:
    """A transform within another one: its name, or ``{name: arguments}``."""
    if isinstance(step, str):
        return step, {}
    if isinstance(step, Mapping) and len(step) == 1:
        ((name, params),) = step.items()
        if isinstance(params, Mapping):
            return str(name), params
    raise ParameterError(
        "a transform is a name, or one name with its arguments", found=repr(step)[:80], fix="write {CLAHE: {p: 0.5}}"
    )


def _one(a: ModuleType, name: str, params: Mapping[str, Any]) -> Any:
    kinds = (a.BasicTransform, a.BaseCompose)
    known = [n for n, c in vars(a).items() if inspect.isclass(c) and issubclass(c, kinds)]
    if name not in known:
        near = nearest(name, known)
        raise ParameterError(
            "albumentations has no such transform",
            found=repr(name),
            fix=f"did you mean {' or '.join(near)}?" if near else "names are written as in its documentation",
        )
    if "transforms" in params and issubclass(getattr(a, name), a.BaseCompose):
        params = {**params, "transforms": [_one(a, *_named(step)) for step in params["transforms"]]}
    with warnings.catch_warnings(record=True) as said:
        warnings.simplefilter("always", UserWarning)
        try:
            made = getattr(a, name)(**{"p": 1.0, **params})
        except (ValueError, TypeError) as error:
            raise ParameterError(
                f"albumentations refuses the parameters of {name}", found=f"{error}".replace("\n", " ")[:300]
            ) from error
    # it only warns of an argument that does not exist; its other warnings are advice
    if ignored := [str(one.message) for one in said if "not valid" in str(one.message)]:
        raise ParameterError(f"albumentations refuses the parameters of {name}", found=ignored[0])
    return made


def seeded(transform: Any, rng: np.random.Generator) -> Any:
    """The transform, drawing from `rng` alone: its two generators start from what `rng` draws.

    They are its own, and shared with every transform within it, since `_composed`: starting them again costs a tenth of
    handing new ones to all.
    """
    first, *words = rng.bit_generator.random_raw(5).tolist()
    state = {"state": np.array(words, dtype=np.uint64)}
    transform.random_generator.bit_generator.state = {
        "bit_generator": "SFC64", "state": state, "has_uint32": 0, "uinteger": 0,
    }  # fmt: skip
    transform.py_random.seed(first)
    return transform
