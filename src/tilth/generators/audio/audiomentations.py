"""Any transform of the audiomentations library."""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, ClassVar

import numpy as np

from tilth.errors import MissingExtraError, ParameterError
from tilth.generators.audio._base import AudioOperation, Sound, audio_example
from tilth.plugin import Example
from tilth.records import Sample

__all__ = ["Audiomentations"]


@dataclass(frozen=True)
class Audiomentations(AudioOperation):
    """A transform of the audiomentations library [1]_, by its name: the ones that have no recipe here.

    The library draws from Python's and numpy's global generators. They are set from the row's own generator for the
    call and put back after it, so that a row comes out the same with any number of worker processes.

    Parameters
    ----------
    magnitude : float, default=0.5
        Of no use here: a transform takes its strength from `params`.
    transform : str
        Name of a class of the library, such as "AirAbsorption", "SevenBandParametricEQ" or "Limiter".
    params : mapping of str to object
        Its parameters.

    References
    ----------
    .. [1] Jordal et al. audiomentations: a Python library for audio data augmentation.

    Examples
    --------
    >>> Audiomentations(transform="TanhDistortion", params={"min_distortion": 0.5}).transform
    'TanhDistortion'
    """

    ranged: ClassVar[bool] = False
    extra: ClassVar[str] = "audio"

    transform: str = "TanhDistortion"
    params: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        super().__post_init__()
        if not isinstance(self.transform, str) or not self.transform.isidentifier():
            raise ParameterError(
                "a transform is the name of a class", where="audiomentations.transform", found=repr(self.transform)
            )

    def change(self, sample: Sample, rng: np.random.Generator) -> Sound:
        """The sound as the library changes it."""
        library = self.require("audiomentations")
        cls = getattr(library, self.transform, None)
        if not isinstance(cls, type):
            raise ParameterError(
                "audiomentations has no such transform", where="audiomentations.transform", found=repr(self.transform)
            )
        where = f"audiomentations.{self.transform}"
        try:
            made = cls(**{"p": 1.0, **self.params})
            with _seeded(int(rng.integers(2**32))):
                new = made(samples=sample.value.astype(np.float32), sample_rate=sample.rate)
        except (TypeError, ValueError) as error:
            raise ParameterError("the transform fails with these parameters", where=where, found=str(error)) from error
        except ImportError as error:
            fix = "run: pip install 'audiomentations[extras]'"
            raise MissingExtraError("this transform needs more", where=where, found=str(error), fix=fix) from error
        return np.nan_to_num(np.asarray(new, dtype=np.float32)).reshape(-1)

    @classmethod
    def example(cls) -> Example:
        """A distortion."""
        return audio_example(
            "The tone is distorted: it keeps its length and gets overtones.",
            lambda old, new: len(old) == len(new) and not np.allclose(old, new, atol=1e-3),
            params={"min_distortion": 0.5, "max_distortion": 0.6},
        )


@contextmanager
def _seeded(seed: int) -> Iterator[None]:
    """The global generators set to `seed`, and put back."""
    before, numpy_before = random.getstate(), np.random.get_state()  # noqa: NPY002 - the library draws from it
    random.seed(seed)
    np.random.seed(seed)  # noqa: NPY002
    try:
        yield
    finally:
        random.setstate(before)
        np.random.set_state(numpy_before)  # noqa: NPY002
