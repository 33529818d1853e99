"""Back-translation: into another language and back."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Self

import numpy as np

from tilth.generators.text._base import TextOperation, check_setting, text_example
from tilth.generators.text._models import check_model, translations
from tilth.generators.text._tiny import tiny_translator
from tilth.numerics.augment.text_forms import split_sentences
from tilth.numerics.augment.text_words import guarded, read_word, uniforms
from tilth.plugin import Example, Operation, Run
from tilth.records import Sample

__all__ = ["BackTranslation"]

#: Sentences that were translated in this process, by models and beams.
_KEPT: dict[tuple[Any, ...], tuple[str, ...]] = {}
_MOST_KEPT = 200_000


@dataclass(frozen=True)
class BackTranslation(TextOperation):
    """Translate a text into another language and back, sentence by sentence, by MarianMT models [1]_.

    The beam search gives several ways back; which is taken is drawn, so that epochs differ. What comes back equal, with
    a negation more or less, or without a protected word is not taken. `fit` translates all rows at once, in batches,
    and gives a copy that holds the answers: it makes the same rows again without the models.

    Parameters
    ----------
    magnitude : float, default=0.5
        Share of the ways back that are drawn from, the likeliest first; 0 leaves texts as they are.
    protected : tuple of str
        Words, in any case, without which a translation is not taken.
    forward : str
        Folder or hub name of the model into the other language.
    backward : str
        Folder or hub name of the model back.
    beams : int, default=5
        Width of the search, and number of ways back.
    batch_size : int, default=32
    keep_negations : bool, default=True
        Take no translation with a negation more or less.
    device : str
        "auto" for a GPU where there is one, else "cpu", "cuda", "mps".
    known : mapping of str to sequence of str
        Ways back of sentences, as `fit` finds them.

    References
    ----------
    .. [1] Sennrich, Haddow, Birch (2016). Improving neural machine translation models with monolingual data. ACL.

    Examples
    --------
    >>> policy = BackTranslation(known={"It was late.": ["It had got late."]})
    >>> policy.apply(Sample("text", "It was late. Go home!"), np.random.default_rng(0)).value
    'It had got late. Go home!'
    """

    forward: str = "Helsinki-NLP/opus-mt-en-de"
    backward: str = "Helsinki-NLP/opus-mt-de-en"
    beams: int = 5
    batch_size: int = 32
    keep_negations: bool = True
    device: str = "auto"
    known: Mapping[str, Sequence[str]] = field(default_factory=dict)

    cost: ClassVar[str] = "model"
    extra: ClassVar[str] = "translate"

    def __post_init__(self) -> None:
        super().__post_init__()
        check_setting(self, "beams", 1, 100)
        check_setting(self, "batch_size", 1, 4096)
        check_model(self, "forward", "backward")

    def fit(self, rows: Sequence[Sample]) -> Self:
        """A copy that holds the ways back of every sentence of `rows`."""
        sentences = sorted({part for row in rows for part in split_sentences(row.value) if _translatable(part)})
        return dataclasses.replace(self, known={**self.known, **self._translated(sentences)})

    def generate(self, rows: Sequence[Sample], count: int, run: Run) -> list[Sample]:
        """`count` changed rows; all of `rows` are translated at once before."""
        return Operation.generate(self.fit(rows[:count]) if self.magnitude else self, rows, count, run)

    def _translated(self, sentences: Sequence[str]) -> dict[str, tuple[str, ...]]:
        key = (self.forward, self.backward, self.beams, self.device)
        new = [one for one in sentences if one not in self.known and (*key, one) not in _KEPT]
        if new:
            size = {"batch_size": self.batch_size}
            there = translations(self, self.forward, self.device, new, beams=self.beams, best=1, **size)
            ways = [found[0] if found else "" for found in there]
            asked = sorted({way for way in ways if way})
            back = translations(self, self.backward, self.device, asked, beams=self.beams, best=self.beams, **size)
            answers = dict(zip(asked, back, strict=True))
            if len(_KEPT) > _MOST_KEPT:
                _KEPT.clear()
            for one, way in zip(new, ways, strict=True):
                _KEPT[(*key, one)] = tuple(dict.fromkeys(answers.get(way, ())))
        return {one: _KEPT[(*key, one)] for one in sentences if (*key, one) in _KEPT}

    def _fits(self, old: str, new: str) -> bool:
        """Whether a translation may stand for a sentence."""
        words = [[read_word(token) for token in text.split()] for text in (old, new)]
        lower = [[word.lower for word in text] for text in words]
        turns = [sum(word.kind == "negation" for word in text) for text in words]
        kept = guarded(self.protected) & set(lower[0])
        same = [word for word in lower[0] if word] == [word for word in lower[1] if word]
        return bool(new) and not same and kept <= set(lower[1]) and (not self.keep_negations or turns[0] == turns[1])

    def change(self, text: str, rng: np.random.Generator) -> str:
        """The text, translated there and back."""
        if self.magnitude == 0 or sum(read_word(token).kind != "other" for token in text.split()) < 2:
            return text
        sentences = split_sentences(text)
        lacking = [] if self.known else sorted({one for one in sentences if _translatable(one)})
        ways = {**self._translated(lacking), **self.known}
        draw, new = uniforms(rng), []
        for one in sentences:
            fits = [way for way in ways.get(one, ()) if self._fits(one, way)]
            allowed = fits[: max(1, round(self.magnitude * self.beams))]
            new.append(allowed[int(next(draw) * len(allowed))] if allowed else one)
        return text if new == sentences else " ".join(new)

    @classmethod
    def example(cls) -> Example:
        """A model of a few hundred numbers, made at random: it says something else, but never a negation more."""
        folder = tiny_translator(cls())
        return text_example(
            "it was not the movie",
            "A text goes through two models and comes back, or stays where a negation would be lost.",
            lambda text: text.split().count("not") == 1,
            forward=folder,
            backward=folder,
            magnitude=1.0,
        )


def _translatable(sentence: str) -> bool:
    return any(read_word(token).kind != "other" for token in sentence.split())
