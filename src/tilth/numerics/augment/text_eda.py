"""Easy data augmentation of texts: synonyms, insertion, swaps, deletion; and AEDA's punctuation.

Words keep their punctuation, case and blanks; negations and protected words stay as and where they are. A text with
fewer than two words comes back unchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Sequence
from typing import Any

import numpy as np

from tilth.errors import ParameterError
from tilth.numerics.augment.text_words import (
    Word,
    check_share,
    guarded,
    join_words,
    like,
    read_word,
    split_words,
    uniforms,
)

__all__ = ["EDA_OPERATIONS", "aeda", "eda", "random_deletion", "random_insertion", "random_swap", "synonym_replacement"]

Synonyms = Callable[[str], Sequence[str]]
Generator = np.random.Generator

EDA_OPERATIONS = ("synonym_replacement", "random_insertion", "random_swap", "random_deletion")
_MARKS = (".", ";", "?", ":", "!", ",")


class _Text:
    """A text cut into tokens, and which of them may be touched."""

    __slots__ = ("content", "free", "gaps", "insertable", "tokens", "words")

    def __init__(self, text: str, protected: frozenset[str], keep_negations: bool) -> None:
        self.tokens, self.gaps = split_words(text)
        self.words: list[Word] = [read_word(token) for token in self.tokens]
        self.free: list[int] = []  # may be moved or dropped
        self.content: list[int] = []  # may be replaced by a synonym
        self.insertable: list[int] = []  # a word may be put before it
        after_negation = False
        for at, word in enumerate(self.words):
            kind, fixed = word.kind, word.lower in protected
            if not after_negation:
                self.insertable.append(at)
            if kind == "negation" and keep_negations:
                after_negation = True
                continue
            if kind != "other" and not fixed:
                if not after_negation:
                    self.free.append(at)
                if kind == "content":
                    self.content.append(at)
            after_negation = after_negation and kind == "other"
        if not after_negation:
            self.insertable.append(len(self.words))

    @property
    def too_short(self) -> bool:
        return sum(word.kind != "other" for word in self.words) < 2


def _count(alpha: float, words: int) -> int:
    return max(1, int(alpha * words)) if alpha > 0 else 0


def _synonym(text: _Text, n: int, draw: Iterator[float], synonyms: Synonyms) -> str:
    pool, tokens = list(text.content), list(text.tokens)
    done = 0
    while pool and done < n:
        at = pool.pop(int(next(draw) * len(pool)))
        lower = text.words[at].lower
        choices = synonyms(lower)
        if not choices:
            continue
        chosen = choices[int(next(draw) * len(choices))]
        for place in [at, *(p for p in pool if text.words[p].lower == lower)]:
            word = text.words[place]
            tokens[place] = f"{word.before}{like(word.core, chosen)}{word.after}"
        pool = [place for place in pool if text.words[place].lower != lower]
        done += 1
    return join_words(tokens, text.gaps)


def _insertion(text: _Text, n: int, draw: Iterator[float], synonyms: Synonyms) -> str:
    placed: dict[int, list[str]] = {}
    for _ in range(n):
        pool = list(text.content)
        while pool and text.insertable:
            choices = synonyms(text.words[pool.pop(int(next(draw) * len(pool)))].lower)
            if choices:
                where = text.insertable[int(next(draw) * len(text.insertable))]
                placed.setdefault(where, []).append(choices[int(next(draw) * len(choices))])
                break
    return _insert(text, placed)


def _insert(text: _Text, placed: dict[int, list[str]]) -> str:
    tokens: list[str] = []
    for at in range(len(text.tokens) + 1):
        new = placed.get(at, ())
        if at < len(text.tokens):
            tokens.append(" ".join([*new, text.tokens[at]]))
        elif new:
            tokens[-1] = " ".join([tokens[-1], *new])
    return join_words(tokens, text.gaps)


def _swap(text: _Text, n: int, draw: Iterator[float]) -> str:
    cores = {at: text.words[at].core for at in text.free}
    if len(text.free) < 2:
        return join_words(text.tokens, text.gaps)
    for _ in range(n):
        first = int(next(draw) * len(text.free))
        second = (first + 1 + int(next(draw) * (len(text.free) - 1))) % len(text.free)
        one, two = text.free[first], text.free[second]
        cores[one], cores[two] = cores[two], cores[one]
    tokens = list(text.tokens)
    for at, core in cores.items():
        tokens[at] = f"{text.words[at].before}{core}{text.words[at].after}"
    return join_words(tokens, text.gaps)


def _deletion(text: _Text, p: float, draw: Iterator[float]) -> str:
    gone = {at for at in text.free if next(draw) < p}
    if not gone:
        return join_words(text.tokens, text.gaps)
    if sum(word.kind != "other" for word in text.words) == len(gone):
        gone.discard(text.free[int(next(draw) * len(text.free))])
    if text.gaps is None:
        return " ".join([token for at, token in enumerate(text.tokens) if at not in gone])
    kept = [at for at in range(len(text.tokens)) if at not in gone]
    gaps = [text.gaps[at] for at in kept] + [text.gaps[-1]]
    return join_words([text.tokens[at] for at in kept], gaps)


def synonym_replacement(
    text: str,
    rng: Generator | int,
    *,
    synonyms: Synonyms,
    alpha: float = 0.1,
    protected: Collection[str] = (),
    keep_negations: bool = True,
) -> str:
    """Replace words by synonyms: ``max(1, int(alpha * words))`` different content words, wherever they stand [1]_.

    Parameters
    ----------
    text : str
    rng : Generator or int
    synonyms : callable
        Word in lower case to a sequence of synonyms, as `tilth.wordnet_synonyms` returns.
    alpha : float in [0, 1], default 0.1
    protected : collection of str
        Words, in any case, that stay.
    keep_negations : bool, default True
        Leave "not", "n't", "never" and the like alone.

    Returns
    -------
    str

    Raises
    ------
    ParameterError
        `alpha` out of range, or `protected` a single string.

    References
    ----------
    .. [1] Wei, Zou (2019). EDA: easy data augmentation techniques for boosting performance on text classification
       tasks. EMNLP.

    Examples
    --------
    >>> synonym_replacement("A good Movie.", 0, synonyms={"movie": ["film"]}.get)
    'A good Film.'
    """
    cut = _cut(text, alpha, protected, keep_negations)
    return text if cut is None else _synonym(cut, _count(alpha, len(cut.words)), uniforms(rng), synonyms)


def random_insertion(
    text: str,
    rng: Generator | int,
    *,
    synonyms: Synonyms,
    alpha: float = 0.1,
    protected: Collection[str] = (),
    keep_negations: bool = True,
) -> str:
    """Insert synonyms of words of the text at random places: ``max(1, int(alpha * words))`` of them.

    Nothing is inserted between a negation and what it negates. Parameters, errors and reference as for
    `synonym_replacement`.

    Examples
    --------
    >>> random_insertion("not a good movie", 1, synonyms={"movie": ["film"]}.get)
    'not a good movie film'
    """
    cut = _cut(text, alpha, protected, keep_negations)
    return text if cut is None else _insertion(cut, _count(alpha, len(cut.words)), uniforms(rng), synonyms)


def random_swap(
    text: str, rng: Generator | int, *, alpha: float = 0.1, protected: Collection[str] = (), keep_negations: bool = True
) -> str:
    """Let words change places, ``max(1, int(alpha * words))`` times; punctuation stays where it is.

    A negation and the word right after it keep their places. Parameters, errors and reference as for
    `synonym_replacement`.

    Examples
    --------
    >>> random_swap("a long film, not a good one", 0)
    'good long film, not a a one'
    """
    cut = _cut(text, alpha, protected, keep_negations)
    return text if cut is None else _swap(cut, _count(alpha, len(cut.words)), uniforms(rng))


def random_deletion(
    text: str, rng: Generator | int, *, alpha: float = 0.1, protected: Collection[str] = (), keep_negations: bool = True
) -> str:
    """Drop each word with probability `alpha`; one word at least is left.

    A negation and the word right after it stay. Parameters, errors and reference as for `synonym_replacement`.

    Examples
    --------
    >>> random_deletion("a long film, not a good one", 4, alpha=0.3)
    'a long film, not a one'
    """
    cut = _cut(text, alpha, protected, keep_negations)
    return text if cut is None else _deletion(cut, alpha, uniforms(rng))


def eda(
    text: str,
    rng: Generator | int,
    *,
    synonyms: Synonyms,
    alpha: float = 0.1,
    alpha_sr: float | None = None,
    alpha_ri: float | None = None,
    alpha_rs: float | None = None,
    p_rd: float | None = None,
    n_aug: int = 9,
    protected: Collection[str] = (),
    keep_negations: bool = True,
) -> list[str]:
    """`n_aug` changed copies of a text, the four operations of EDA in equal parts and random order [1]_.

    Parameters
    ----------
    text : str
    rng : Generator or int
    synonyms : callable
        Word in lower case to a sequence of synonyms, as `tilth.wordnet_synonyms` returns.
    alpha : float in [0, 1], default 0.1
        Share of words changed by one operation. The paper advises 0.05 below 5,000 rows, 0.1 above.
    alpha_sr, alpha_ri, alpha_rs, p_rd : float in [0, 1], optional
        The share of synonym replacement, insertion, swap and deletion, where it differs from `alpha`; 0 leaves one out.
    n_aug : int, default 9
        The paper advises 16 for 500 rows, 8 for 2,000, 4 above.
    protected : collection of str
    keep_negations : bool, default True

    Returns
    -------
    list of str, length `n_aug`
        The text itself is not among them, unless it has fewer than two words or nothing could be changed.

    Raises
    ------
    ParameterError
        A share out of range, or `n_aug` below 0.

    References
    ----------
    .. [1] Wei, Zou (2019). EDA: easy data augmentation techniques for boosting performance on text classification
       tasks. EMNLP.

    Examples
    --------
    >>> eda("a good movie, not a long one", 0, synonyms={"movie": ["film"], "long": ["lengthy"]}.get, n_aug=2)
    ['good a movie, not a long one', 'a good movie, not a lengthy one']
    """
    given = dict(zip(EDA_OPERATIONS, (alpha_sr, alpha_ri, alpha_rs, p_rd), strict=True))
    shares = {name: check_share(name, alpha if share is None else share) for name, share in given.items()}
    if isinstance(n_aug, bool) or not isinstance(n_aug, int) or n_aug < 0:
        raise ParameterError("must be a whole number of at least 0", where="n_aug", found=repr(n_aug))
    cut = _Text(text, guarded(protected), keep_negations)
    kinds = [name for name in EDA_OPERATIONS if shares[name] > 0]
    if cut.too_short or not kinds:
        return [text] * n_aug
    draw = uniforms(rng)
    doing: list[str] = []
    while len(doing) < n_aug:
        bag = list(kinds)
        while bag and len(doing) < n_aug:
            doing.append(bag.pop(int(next(draw) * len(bag))))
    return [_one(cut, name, shares[name], draw, synonyms) for name in doing]


def _one(cut: _Text, name: str, share: float, draw: Iterator[float], synonyms: Synonyms) -> str:
    n = _count(share, len(cut.words))
    if name == "synonym_replacement":
        return _synonym(cut, n, draw, synonyms)
    if name == "random_insertion":
        return _insertion(cut, n, draw, synonyms)
    return _swap(cut, n, draw) if name == "random_swap" else _deletion(cut, share, draw)


def _cut(text: str, alpha: float, protected: Collection[str], keep_negations: bool) -> Any:
    """The text taken apart; None where there is nothing to do."""
    if check_share("alpha", alpha) == 0:
        return None
    cut = _Text(text, guarded(protected), keep_negations)
    return None if cut.too_short else cut


def aeda(text: str, rng: Generator | int, *, ratio: float = 0.3) -> str:
    """Insert punctuation between the words, at 1 to ``ratio * words`` places [1]_. No word is touched.

    Parameters
    ----------
    text : str
    rng : Generator or int
    ratio : float in [0, 1], default 0.3
        The largest number of marks, as a share of the words.

    Returns
    -------
    str

    Raises
    ------
    ParameterError
        `ratio` out of range.

    References
    ----------
    .. [1] Karimi, Rossi, Prati (2021). AEDA: an easier data augmentation technique for text classification. Findings
       of EMNLP.

    Examples
    --------
    >>> aeda("a sad , superior human comedy", 0)
    '; a sad , superior human comedy'
    """
    if check_share("ratio", ratio) == 0:
        return text
    cut = _Text(text, frozenset(), False)
    if cut.too_short:
        return text
    draw, pool = uniforms(rng), list(range(len(cut.tokens)))
    placed: dict[int, list[str]] = {}
    for _ in range(1 + int(next(draw) * max(1, int(ratio * len(cut.tokens))))):
        placed[pool.pop(int(next(draw) * len(pool)))] = [_MARKS[int(next(draw) * len(_MARKS))]]
    return _insert(cut, placed)
