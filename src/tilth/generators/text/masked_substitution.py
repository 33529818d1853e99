"""Masked substitution: words for those that a language model would put in their place."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.generators.text._models import check_model, guesses
from tilth.generators.text._tiny import tiny_masked_model
from tilth.numerics.augment.text_words import guarded, is_negation, join_words, like, read_word, split_words, uniforms
from tilth.plugin import Example

__all__ = ["MaskedSubstitution"]


@dataclass(frozen=True)
class MaskedSubstitution(TextOperation):
    """Replace words by what a masked language model reads into their place, drawn by its probabilities [1]_.

    The model sees the words around a place, not the label: "good" may become "bad". Protect the words that make the
    label, or let the label guard choose the magnitude. One word is masked at a time, all places of a text in one batch.

    Parameters
    ----------
    magnitude : float, default=0.5
        Share of the words that change: half its square, as in EDA.
    protected : tuple of str
        Words, in any case, that stay as and where they are.
    model : str
        Folder or hub name of a masked language model.
    alpha : float in [0, 1], optional
        Share of the words, whatever the magnitude.
    top_k : int, default=10
        Words to draw from, the likeliest.
    keep_negations : bool, default=True
        Leave "not", "n't", "never" and the like alone: they decide the label.
    device : str
        "auto" for a GPU where there is one, else "cpu", "cuda", "mps".

    References
    ----------
    .. [1] Kobayashi (2018). Contextual augmentation: data augmentation by words with paradigmatic relations. NAACL.

    Examples
    --------
    >>> MaskedSubstitution(model="my/folder").spec()["params"]["top_k"]
    10
    """

    model: str = "distilbert/distilbert-base-uncased"
    alpha: float | None = None
    top_k: int = 10
    keep_negations: bool = True
    device: str = "auto"

    cost: ClassVar[str] = "model"
    extra: ClassVar[str] = "text"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "alpha")
        check_setting(self, "top_k", 1, 1000)
        check_model(self, "model")

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text with the model's words in it."""
        alpha = self.magnitude**2 / 2 if self.alpha is None else self.alpha
        tokens, gaps = split_words(text)
        words, kept = [read_word(token) for token in tokens], guarded(self.protected)
        pool = [at for at, word in enumerate(words) if word.kind == "content" and word.lower not in kept]
        if not self.keep_negations:
            pool = sorted({*pool, *(at for at, word in enumerate(words) if word.kind == "negation")})
        if alpha == 0 or not pool or sum(word.kind != "other" for word in words) < 2:
            return text
        draw = uniforms(rng)
        count = min(len(pool), max(1, int(alpha * len(words))))
        chosen = [pool.pop(int(next(draw) * len(pool))) for _ in range(count)]
        places = []
        for at in chosen:
            masked = [*tokens[:at], f"{words[at].before}\0{words[at].after}", *tokens[at + 1 :]]
            before, _, after = join_words(masked, gaps).partition("\0")
            places.append((before, after))
        for at, found in zip(chosen, guesses(self, self.model, self.device, places, self.top_k), strict=True):
            word = words[at]
            fits = [
                (new, chance)
                for new, chance in found
                if new.lower() != word.lower and not (self.keep_negations and is_negation(new))
            ]
            total = sum(chance for _, chance in fits)
            if not total > 0:
                continue
            at_most, left = next(draw) * total, 0.0
            for new, chance in fits:
                left += chance
                if at_most < left:
                    tokens[at] = f"{word.before}{like(word.core, new)}{word.after}"
                    break
        return join_words(tokens, gaps)

    @classmethod
    def example(cls) -> Example:
        """A model of a few hundred numbers, made at random: it knows eight words."""
        return text_example(
            "it was not the movie",
            "A word is exchanged for one that the model knows; the negation stays.",
            lambda text: text.startswith("it was not the ") and not text.endswith("movie"),
            model=tiny_masked_model(cls()),
        )
