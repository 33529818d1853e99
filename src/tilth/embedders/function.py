"""Items to vectors by a function of your own."""

from __future__ import annotations

import importlib
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tilth.errors import PartError
from tilth.plugin import Embedder, Example, Run

__all__ = ["Function", "text_shape"]


@dataclass(frozen=True)
class Function(Embedder):
    """Embed anything with a function that you name: it gets the items and returns one vector for each.

    Parameters
    ----------
    target : str
        ``package.module:callable``, importable from where you start. It is called once with what an
        embedder of your medium gets (a list of str or None; lazily read bytes of images or sounds; a
        `pyarrow.Table`) and returns numbers of shape (n, d). A row of NaN means that it could not be read.
    revision : str
        Change it whenever the function changes: results are looked up by target and revision.

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> Function("tilth.embedders.function:text_shape").embed(["two words", None], Run()).tolist()
    [[9.0, 2.0], [0.0, 0.0]]
    """

    target: str = ""
    revision: str = ""

    cost: ClassVar[str] = "model"
    default: ClassVar[bool] = False

    def embed(self, items: Any, run: Run) -> npt.NDArray[np.float32]:
        """Vectors that the function gives, shape (n, d), checked."""
        del run
        function = self._load()
        answer = np.asarray(function(items))
        if answer.ndim != 2 or len(answer) != len(items) or answer.dtype.kind not in "fiub" or not answer.shape[1]:
            raise PartError(
                "an embedding function must return numbers of shape (n, d)",
                where=self.target,
                found=f"{answer.dtype} of shape {answer.shape} for {len(items)} items",
            )
        return answer.astype(np.float32)

    def _load(self) -> Callable[[Any], Any]:
        module, _, attribute = self.target.partition(":")
        fix = "name an importable function as package.module:callable"
        if not module or not attribute:
            raise PartError("no embedding function is named", where="target", found=repr(self.target), fix=fix)
        try:
            found: Any = importlib.import_module(module)
            for piece in attribute.split("."):
                found = getattr(found, piece)
        except (ImportError, AttributeError, ValueError) as error:
            raise PartError("cannot import this function", where=self.target, found=str(error), fix=fix) from error
        if not callable(found):
            raise PartError("this is no function", where=self.target, found=type(found).__name__, fix=fix)
        made: Callable[[Any], Any] = found
        return made

    @classmethod
    def example(cls) -> Example:
        """Length and number of words of three texts."""
        target = f"{cls.__module__}:text_shape"

        def check(vectors: npt.NDArray[np.float32]) -> str:
            return "" if vectors.tolist() == [[9.0, 2.0], [3.0, 1.0]] else f"wrong answer {vectors.tolist()}"

        return Example(["two words", "one"], check, "Any importable function can embed.", {"target": target})


def text_shape(texts: Sequence[str | None]) -> npt.NDArray[np.float64]:
    """Characters and words of each text, shape (n, 2): the smallest useful embedding function."""
    return np.asarray([[len(text or ""), len((text or "").split())] for text in texts], dtype=np.float64).reshape(-1, 2)
