"""Checks of generators: samples out, parents named, labels kept, and nothing that breaks on poor input."""

from __future__ import annotations

import copy
import random
import warnings
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from tilth.errors import MissingExtraError, NotApplicable, ParameterError, TilthError
from tilth.plugin import Generator, Operation, Part, Run, sample_rng
from tilth.records import Sample, digest

__all__ = ["GENERATOR_CHECKS", "generated", "mark_of_samples"]

#: Mean change of pixels, samples and cells, as a share of full scale, that still counts as next to nothing.
_LITTLE = 0.03


def generated(part: Part, given: list[Sample]) -> list[Sample]:
    """What a generator makes of its example: as many samples as an operation got, or one of a batch recipe."""
    count = len(given) if isinstance(part, Operation) else 1
    made: list[Sample] = part.generate(given, count, Run(seed=0, path=part.name))  # type: ignore[attr-defined]
    return made


def _plain(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [str(value.dtype), list(value.shape), np.ascontiguousarray(value).tobytes().hex()]
    if isinstance(value, dict):
        return {str(key): _plain(cell) for key, cell in value.items()}
    return value.item() if isinstance(value, np.generic) else value


def _facts(sample: Sample) -> list[Any]:
    boxes = [None if value is None else _plain(value) for value in (sample.boxes, sample.mask)]
    kept = [sample.medium, _plain(sample.value), _plain(sample.label), dict(sample.soft), sample.rate, sample.row_id]
    return [*kept, *boxes, list(sample.box_labels), list(sample.parents), sample.recipe]


def mark_of_samples(samples: list[Sample]) -> str:
    """A hash of samples: equal samples, equal marks."""
    return digest([_facts(sample) for sample in samples])


def _ready(part: type[Part], given: list[Sample], **params: Any) -> Operation:
    """An operation that knows the training rows, where it wants to."""
    if part.cost == "model":  # the models of its example: those of its defaults may have to be fetched
        params = {**part.example().params, **params}
    made: Any = part(**params)
    return made.fit(given) if hasattr(made, "fit") else made  # type: ignore[no-any-return]


def _check_samples(part: type[Part]) -> str:
    """New samples name parents that were given, and a recipe; the given ones stay as they are."""
    example = part.example()
    given: list[Sample] = example.given
    before = copy.deepcopy([_facts(sample) for sample in given])
    made = generated(part(**example.params), given)
    if not isinstance(made, list) or not all(isinstance(sample, Sample) for sample in made) or not made:
        return "it did not return a list of samples"
    known = {sample.row_id for sample in given}
    for sample in made:
        if not sample.parents or not set(sample.parents) <= known:
            return f"a sample names the parents {sample.parents}"
        if not sample.recipe:
            return "a sample names no recipe"
        if sample.soft and (sample.label is not None or abs(sum(sample.soft.values()) - 1) > 1e-6):
            return f"soft label {sample.soft} beside label {sample.label!r}"
    return "it changed its input" if [_facts(sample) for sample in given] != before else ""


def _check_global_state_untouched(part: type[Part]) -> str:
    example = part.example()
    before = digest([str(np.random.get_state()), str(random.getstate())])  # noqa: NPY002 - it must not have moved
    generated(part(**example.params), example.given)
    after = digest([str(np.random.get_state()), str(random.getstate())])  # noqa: NPY002
    return "" if before == after else "it drew from a global random generator"


def _check_medium(part: type[Part]) -> str:
    if not issubclass(part, Operation):
        return ""
    given = part.example().given
    if part.medium not in ("image", "text", "audio", "table"):
        return f"its medium is {part.medium!r}"
    return "" if all(sample.medium == part.medium for sample in given) else "its example is of another medium"


def _check_magnitudes(part: type[Part]) -> str:
    """Every magnitude keeps medium, dtype and label; one out of range is refused."""
    if not issubclass(part, Operation):
        return ""
    given = part.example().given
    for magnitude in (0.0, 0.3, 1.0):
        made = _ready(part, given, magnitude=magnitude)
        for sample in given:
            for epoch in range(3):
                wrong = _kept(sample, made.apply(sample, sample_rng(0, epoch, sample.row_id, part.name)), part.retypes)
                if wrong:
                    return f"at magnitude {magnitude:g} {wrong}"
    refused: tuple[Any, ...] = (1.5, -0.1, float("nan"), "much")
    for wanted in refused:
        try:
            part(magnitude=wanted)
        except ParameterError:
            continue
        return f"it takes the magnitude {wanted!r}"
    return ""


def _kept(old: Sample, new: Sample, retypes: bool) -> str:
    """What an operation may not change, or an empty string."""
    if not isinstance(new, Sample) or new.medium != old.medium or new.row_id != old.row_id:
        return "it returned something else than the sample changed"
    if new.label != old.label or new.soft != old.soft:
        return "it changed the label"
    if isinstance(old.value, np.ndarray):
        value = new.value
        same = isinstance(value, np.ndarray) and value.ndim == old.value.ndim
        if not same or (value.dtype != old.value.dtype and not retypes):
            return f"it made {getattr(value, 'dtype', type(value).__name__)} of {old.value.dtype}"
        if value.dtype.kind == "f" and not np.isfinite(value).all():
            return "it made values that are not finite"
    elif isinstance(old.value, dict):
        return "" if list(new.value) == list(old.value) else "it changed the columns"
    elif type(new.value) is not type(old.value):
        return f"it made {type(new.value).__name__} of {type(old.value).__name__}"
    return ""


def _check_magnitude_zero(part: type[Part]) -> str:
    if not issubclass(part, Operation) or not part.ranged:
        return ""
    given = part.example().given
    made = _ready(part, given, magnitude=0.0)
    changes = [_change(s, made.apply(s, sample_rng(0, 0, s.row_id, part.name))) for s in given]
    return "" if max(changes, default=0.0) <= _LITTLE else f"at magnitude 0 it changes {max(changes):.0%} of a sample"


def _change(old: Sample, new: Sample) -> float:
    if isinstance(old.value, np.ndarray):
        if old.value.shape != new.value.shape:
            return 1.0
        scale = 255.0 if old.value.dtype.kind == "u" else 1.0
        return float(np.abs(old.value.astype(np.float64) - new.value).mean() / scale) if old.value.size else 0.0
    if isinstance(old.value, str):  # most published recipes change one word at the least
        words = max(len(old.value.split()), len(new.value.split()))
        moved = sum(a != b for a, b in zip(old.value.split(), new.value.split(), strict=False))
        return 0.0 if old.value == new.value or moved <= 2 or abs(words - len(old.value.split())) == 1 else 1.0
    cells = list(old.value)
    return sum(_cell_change(old.value[name], new.value[name]) for name in cells) / max(1, len(cells))


def _cell_change(old: Any, new: Any) -> float:
    if isinstance(old, (int, float)) and isinstance(new, (int, float)) and not isinstance(old, bool):
        return min(1.0, abs(old - new) / (abs(old) + 1))
    return float(old != new)


def _poor_samples(medium: str) -> Iterator[tuple[str, Sample]]:
    """Samples that cannot be changed, or hardly."""
    values: dict[str, dict[str, Any]] = {
        "image": {
            "an image of one pixel": np.zeros((1, 1, 3), np.uint8),
            "a grey image of one pixel": np.full((1, 1), 255, np.uint8),
            "a grey image": np.arange(64, dtype=np.uint8).reshape(8, 8),
            "an image of one row": np.zeros((1, 9, 3), np.uint8),
            "an image of one colour": np.full((6, 5, 3), 7, np.uint8),
            "a float image": np.linspace(0, 1, 192, dtype=np.float32).reshape(8, 8, 3),
        },
        "text": {
            "an empty text": "",
            "blanks": "  \n",
            "one word": "word",
            "emoji": "😀👍🏽 🇩🇪",
            "a mark": "!",
        },
        "audio": {
            "silence": np.zeros(800, np.float32),
            "a sound of one sample": np.full(1, 0.5, np.float32),
            "a sound of no sample": np.zeros(0, np.float32),
        },
        "table": {"a row without cells": {}, "a row of gaps": {"a": None, "b": None}},
    }
    for what, value in values[medium].items():
        yield what, Sample(medium, value, "r0", "label", rate=8000 if medium == "audio" else 0)


def _check_poor_input(part: type[Part]) -> str:
    if not issubclass(part, Operation):
        return ""
    given = part.example().given
    for magnitude in (0.2, 1.0):
        made = _ready(part, given, magnitude=magnitude)
        for what, sample in _poor_samples(part.medium):
            before = copy.deepcopy(_facts(sample))
            with warnings.catch_warnings():
                warnings.simplefilter("error")
                try:
                    new = made.apply(sample, sample_rng(0, 0, "r0", part.name))
                except (Warning, ValueError, TypeError, LookupError, ArithmeticError) as error:
                    return f"{what}: {type(error).__name__}: {error}"
            wrong = _kept(sample, new, part.retypes)
            if wrong or _facts(sample) != before:
                return f"{what}: {wrong or 'it changed its input'}"
    return ""


def _check_no_rows(part: type[Part]) -> str:
    """No rows: nothing is made, or `NotApplicable` says why."""
    example = part.example()
    made: Generator = part(**example.params)  # type: ignore[assignment]
    try:
        answer = made.generate([], 3, Run(path=part.name))
    except NotApplicable as reason:
        return "" if reason.what else "it does not apply, but does not say why"
    except MissingExtraError:
        raise
    except TilthError as error:
        return f"it fails on no rows: {type(error).__name__}: {error}"
    return "" if answer == [] else f"it made {len(answer)} samples of no rows"


GENERATOR_CHECKS: list[Callable[[type[Part]], str]] = [
    _check_samples,
    _check_global_state_untouched,
    _check_medium,
    _check_magnitudes,
    _check_magnitude_zero,
    _check_poor_input,
    _check_no_rows,
]
