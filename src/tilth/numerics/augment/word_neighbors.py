"""Words of like meaning, by the angle between word vectors."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from tilth.errors import AlignmentError, DataError
from tilth.numerics.augment.text_words import check_share, is_negation

__all__ = ["WordNeighbors"]


class WordNeighbors:
    """The nearest words of a word in a table of vectors; looked up once, then kept.

    Word vectors put words together that occur in like places, opposites among them ("good", "bad"): where these make
    the label, protect them or ask for a high similarity.

    Parameters
    ----------
    words : sequence of str, length n
        Commonest first, as vector files are. Of words that differ only in case the first is kept.
    vectors : (n, d) array_like of float
    k : int, default 10
        Neighbours of a word, at most.
    min_similarity : float in [0, 1], default 0.5
        Smallest cosine.

    Raises
    ------
    AlignmentError
        Another number of words than of vectors.
    DataError
        Vectors that are not finite numbers in two dimensions.
    ParameterError
        `min_similarity` out of range.

    References
    ----------
    .. [1] Wang, Yang (2015). That's so annoying!!!: a lexical and frame-semantic embedding based data augmentation
       approach. EMNLP.

    Examples
    --------
    >>> near = WordNeighbors(["film", "movie", "tea"], [[1, 0], [0.9, 0.1], [0, 1]])
    >>> near("film"), near("tea"), near("zebra")
    (('movie',), (), ())
    """

    def __init__(self, words: Sequence[str], vectors: ArrayLike, *, k: int = 10, min_similarity: float = 0.5) -> None:
        table = np.asarray(vectors, dtype=np.float32)
        if table.ndim != 2 or not np.isfinite(table).all():
            raise DataError("word vectors are finite numbers, one row a word", found=f"shape {table.shape}")
        if len(words) != len(table):
            raise AlignmentError("words and vectors differ in number", found=f"{len(words)} and {len(table)}")
        self.k, self.min_similarity = k, check_share("min_similarity", min_similarity)
        keep: dict[str, int] = {}
        for at, word in enumerate(words):
            if word.replace("-", "").replace("'", "").isalpha() and not is_negation(word):
                keep.setdefault(word.lower(), at)
        self.words = list(keep)
        self._at = {word: at for at, word in enumerate(self.words)}
        chosen = table[list(keep.values())]
        self._vectors = chosen / np.maximum(np.linalg.norm(chosen, axis=1, keepdims=True), 1e-12)
        self._known: dict[str, tuple[str, ...]] = {}

    def __len__(self) -> int:
        return len(self.words)

    def __call__(self, word: str) -> tuple[str, ...]:
        """Neighbours of a word, nearest first; none for an unknown one."""
        low = word.lower()
        if low not in self._known:
            self._known[low] = self._look_up(low)
        return self._known[low]

    def _look_up(self, word: str) -> tuple[str, ...]:
        at = self._at.get(word)
        if at is None:
            return ()
        near = np.round(self._vectors @ self._vectors[at], 5)
        near[at] = -1
        top = np.argpartition(-near, min(self.k, len(near) - 1))[: self.k + 1]
        best = sorted((-float(near[row]), int(row)) for row in top if near[row] >= self.min_similarity)
        return tuple(self.words[row] for _, row in best[: self.k])
