"""Texts to vectors without a trained model: word and character TF-IDF, compressed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tilth.errors import ParameterError
from tilth.plugin import Embedder, Example, Run

__all__ = ["Tfidf"]

Float32 = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Tfidf(Embedder):
    """Embed texts by the words and pieces of words they share: TF-IDF and a truncated SVD.

    Words and pairs of words, and runs of 3 to 5 characters within words, are counted with sublinear
    term frequency and inverse document frequency [1]_; the singular value decomposition keeps the
    main directions [2]_. It is fitted on the whole collection, so a vector depends on the other texts.

    A text that is missing, empty or blank has the zero vector, not NaN: it was read, and says nothing. So
    has a text without any letter, digit or other character to count.

    Parameters
    ----------
    dimensions : int
        Columns at the most; no more than an eighth of the texts, and at least 8 where there are as many terms.
    max_words, max_pieces : int
        Most frequent words and word pairs, and character runs, that are kept.
    max_characters : int
        Characters from which the runs of characters are taken; words are read to the end.

    References
    ----------
    .. [1] Salton, Buckley (1988). Term-weighting approaches in automatic text retrieval.
       Information Processing and Management 24(5).
    .. [2] Deerwester et al. (1990). Indexing by latent semantic analysis. JASIS 41(6).

    Examples
    --------
    >>> from tilth.plugin import Run
    >>> vectors = Tfidf().embed(["a red car", "the red cars", "good morning", None], Run())
    >>> vectors.shape, bool(vectors[0] @ vectors[1] > vectors[0] @ vectors[2]), bool(vectors[3].any())
    ((4, 3), True, False)
    """

    dimensions: int = 256
    max_words: int = 20_000
    max_pieces: int = 30_000
    max_characters: int = 1_000

    accepts: ClassVar[tuple[str, ...]] = ("text",)

    def __post_init__(self) -> None:
        for name in ("dimensions", "max_words", "max_pieces", "max_characters"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ParameterError("must be a whole number of at least 1", where=name, found=repr(value))

    def embed(self, items: Any, run: Run) -> Float32:
        """Unit vectors of texts, shape (n, d) with d at most `dimensions`; zero where there is no text."""
        texts = ["" if text is None else str(text) for text in items]
        if not any(text.strip() for text in texts):
            return np.zeros((len(texts), 1), dtype=np.float32)
        matrix = self._counts(texts, run)
        if matrix is None:
            return np.zeros((len(texts), 1), dtype=np.float32)
        run.check()
        return self._compress(matrix, run)

    def _counts(self, texts: Sequence[str], run: Run) -> Any:
        """Both TF-IDF blocks beside each other, sparse (n, terms); None where there is nothing to count."""
        from scipy.sparse import hstack
        from sklearn.feature_extraction.text import TfidfVectorizer

        common = {"sublinear_tf": True, "dtype": np.float32, "lowercase": True}
        words = TfidfVectorizer(ngram_range=(1, 2), token_pattern=r"(?u)\b\w+\b", max_features=self.max_words, **common)
        pieces = TfidfVectorizer(analyzer="char_wb", ngram_range=(3, 5), max_features=self.max_pieces, **common)
        blocks = []
        for vectorizer, given in ((words, texts), (pieces, [text[: self.max_characters] for text in texts])):
            if _says_anything(vectorizer.build_analyzer(), given):
                blocks.append(vectorizer.fit_transform(given))
            run.check()
        return hstack(blocks, format="csr", dtype=np.float32) if blocks else None

    def _compress(self, matrix: Any, run: Run) -> Float32:
        """Main directions of the rows, scaled to unit length."""
        from sklearn.decomposition import TruncatedSVD

        # with as many columns as rows a standardised model only sees noise: 150 texts at 10% noise .29 -> .9
        d = min(self.dimensions, max(8, matrix.shape[0] // 8), *matrix.shape)
        silent = np.diff(matrix.indptr) == 0
        if min(matrix.shape) <= 2 * d:  # small: the eigenvectors of the Gram matrix are as fast, and exact
            vectors = _exact_directions(matrix, d)
        else:
            seed = int(run.rng.integers(2**31 - 1))
            vectors = TruncatedSVD(d, n_iter=4, random_state=seed).fit_transform(matrix)
        lengths = np.linalg.norm(vectors, axis=1, keepdims=True)
        vectors = np.divide(vectors, lengths, out=np.zeros_like(vectors), where=lengths > 1e-12)
        vectors[silent] = 0
        return np.asarray(vectors, dtype=np.float32)

    @classmethod
    def example(cls) -> Example:
        """Two sentences about the weather, one about money, and an empty cell."""
        given = ["it rains in the mountains", "rain in the mountain", "my bank card is lost", None]

        def check(vectors: Float32) -> str:
            if vectors[3].any():
                return "a missing text should have the zero vector"
            near, far = float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])
            return "" if near > far + 0.1 else f"cosine {near:.2f} to the related text, {far:.2f} to the other"

        return Example(given, check, "Texts that share words or stems of words are near each other.")


def _says_anything(analyzer: Callable[[str], Sequence[str]], texts: Sequence[str]) -> bool:
    return any(len(analyzer(text)) for text in texts)


def _exact_directions(matrix: Any, d: int) -> npt.NDArray[Any]:
    """Rows in the basis of their d main directions, by the eigenvectors of the smaller Gram matrix."""
    n, terms = matrix.shape
    wide = matrix.astype(np.float64)
    gram = (wide @ wide.T if n <= terms else wide.T @ wide).toarray()
    values, vectors = np.linalg.eigh(gram)
    order = np.argsort(-values, kind="stable")[:d]
    order = order[values[order] > 1e-10 * values[order[0]]]
    values, vectors = values[order], vectors[:, order]
    signs = np.sign(vectors[np.argmax(np.abs(vectors), axis=0), np.arange(len(order))])
    vectors = vectors * np.where(signs == 0, 1, signs)
    if n <= terms:
        return np.asarray(vectors * np.sqrt(values))
    return np.asarray(wide @ vectors)
