"""What the model of a search sees of a sample, by medium, and the model itself where none is given."""

from __future__ import annotations

import io
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine.inputs import default_embedder
from tilth.engine.runs import EngineRun
from tilth.numerics.augment.table_columns import is_missing, sorted_values
from tilth.numerics.cross_fitting.crossfit import default_classifier
from tilth.records import MemoryItems, Sample
from tilth.workflows.augment.guard import embed_samples

__all__ = ["Features", "TableEncoder", "features_of", "model_of", "sentence_model", "texts_of"]

#: Samples of one medium to what a model takes: one row, or one text, a sample.
Features = Callable[[Sequence[Sample]], Any]
#: Categories of one column that get a column of their own.
_MOST = 40


def texts_of(samples: Sequence[Sample]) -> npt.NDArray[Any]:
    """The texts themselves, shape (n,), object: what a pipeline that begins with a vectoriser takes."""
    out = np.empty(len(samples), dtype=object)
    out[:] = [sample.value or "" for sample in samples]
    return out


def sentence_model(seed: int = 0) -> Any:
    """Words and pairs of words by TF-IDF, fitted on the training texts of each fold alone, and logistic regression."""
    from sklearn.feature_extraction.text import TfidfVectorizer
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline

    words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b|[^\w\s]", sublinear_tf=True)
    return make_pipeline(words, LogisticRegression(C=10.0, max_iter=1000, random_state=seed))


class TableEncoder:
    """Rows of mixed tables as numbers, by columns that are fixed once: the same for a row and for a changed one.

    A number is its place in the distribution of its column and its distance from the median, a category one column
    a value; a column says where a cell is missing.

    Parameters
    ----------
    rows : sequence of Sample

    Examples
    --------
    >>> rows = [Sample("table", {"age": 20, "town": "Ulm"}), Sample("table", {"age": None, "town": "Bonn"})]
    >>> TableEncoder(rows)(rows).tolist()
    [[0.5, 0.0, 0.0, 0.0, 1.0], [0.5, 0.0, 1.0, 1.0, 0.0]]
    """

    def __init__(self, rows: Sequence[Sample]) -> None:
        self.columns: dict[str, tuple[list[float], float, float] | list[str]] = {}
        for name in dict.fromkeys(name for row in rows for name in row.value):
            known = [row.value.get(name) for row in rows if not is_missing(row.value.get(name))]
            if known and all(isinstance(v, (int, float)) and not isinstance(v, bool) for v in known):
                pool = [float(v) for v in sorted_values(known)]
                low, middle, high = np.quantile(pool, [0.25, 0.5, 0.75])
                spread = (high - low) / 1.349 or float(np.std(pool)) or 1.0
                self.columns[name] = (pool, float(middle), float(spread))
            elif known:
                names, counts = np.unique([str(v) for v in known], return_counts=True)
                order = sorted(range(len(names)), key=lambda at: (-counts[at], names[at]))[:_MOST]
                self.columns[name] = sorted(str(names[at]) for at in order)

    def __call__(self, rows: Sequence[Sample]) -> npt.NDArray[np.float32]:
        """Numbers of some rows, shape (n, d)."""
        blocks: list[list[list[float]]] = []
        for name, column in self.columns.items():
            cells = [row.value.get(name) for row in rows]
            blocks.append(
                [self._number(v, *column) if isinstance(column, tuple) else _one_hot(v, column) for v in cells]
            )
        if not blocks:
            return np.zeros((len(rows), 1), dtype=np.float32)
        return np.concatenate([np.asarray(block, dtype=np.float32) for block in blocks], axis=1)

    @staticmethod
    def _number(value: Any, pool: list[float], middle: float, spread: float) -> list[float]:
        if is_missing(value) or not isinstance(value, (int, float)):
            return [0.5, 0.0, 1.0]
        place = (bisect_left(pool, value) + bisect_right(pool, value)) / (2 * len(pool))
        away = (float(value) - middle) / spread
        return [place, float(np.sign(away) * min(abs(away), 3 + np.log1p(max(abs(away) - 3, 0.0)))), 0.0]


def _one_hot(value: Any, names: list[str]) -> list[float]:
    text = None if is_missing(value) else str(value)
    return [float(text == name) for name in names]


def features_of(samples: Sequence[Sample], run: EngineRun, embedder: str = "") -> Features:
    """How the samples of a medium become what the default model takes; nothing of it sees a label."""
    medium = samples[0].medium
    if medium == "text":
        return texts_of
    if medium == "table":
        return TableEncoder(samples)
    if medium == "image":
        return lambda given: _embed_pictures(given, run, embedder)
    return lambda given: embed_samples(given, run, embedder)


def _embed_pictures(samples: Sequence[Sample], run: EngineRun, embedder: str) -> npt.NDArray[np.float32]:
    """Vectors of pictures, handed over without compression: packing them would take as long as looking at them."""
    from PIL import Image

    packed = []
    for sample in samples:
        pixels = np.asarray(sample.value)
        if pixels.dtype.kind == "f":
            pixels = np.clip(np.rint(pixels * 255), 0, 255).astype(np.uint8)
        buffer = io.BytesIO()
        picture = pixels[..., 0] if pixels.ndim == 3 and pixels.shape[2] == 1 else pixels
        Image.fromarray(np.ascontiguousarray(picture)).save(buffer, "PNG", compress_level=0)
        packed.append(buffer.getvalue())
    inner = EngineRun(run.seed, f"{run.path}/embeddings", jobs=run.jobs, memory_budget=run.memory_budget)
    inner.stop = run.stop
    made = default_embedder("image", embedder).embed(MemoryItems(packed), inner)
    return np.nan_to_num(np.asarray(made, dtype=np.float32))


def model_of(medium: str, seed: int) -> Any:
    """The fixed model of a medium."""
    return sentence_model(seed) if medium == "text" else default_classifier(seed)
