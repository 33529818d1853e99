"""Easy data augmentation of texts: synonyms, insertion, swaps, deletion; and AEDA's punctuation.

Words keep their punctuation, case and blanks; negations and protected words stay as and where they are. A text with
fewer than two words comes back unchanged.
"""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Callable, Collection, Iterator, Sequence
from functools import lru_cache
from operator import attrgetter
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
_KIND = attrgetter("kind")
_MARKS = (".", ";", "?", ":", "!", ",")


class _Text:
    """A text cut into tokens, and which of them may be touched."""

    __slots__ = ("content", "count", "free", "gaps", "insertable", "places", "tokens", "words")

    def __init__(self, text: str, protected: frozenset[str], keep_negations: bool) -> None:
        self.tokens, self.gaps = split_words(text)
        self.words: list[Word] = list(map(read_word, self.tokens))
        kinds = list(map(_KIND, self.words))
        self.count = len(kinds) - kinds.count("other")  # words with a letter or digit
        #: words that may be moved or dropped, and places before which a word may be put
        self.free: Sequence[int] = [at for at, kind in enumerate(kinds) if kind != "other"]
        self.insertable: Sequence[int] = range(len(kinds) + 1)
        if keep_negations and "negation" in kinds:
            scope = _after_negations(kinds)
            self.insertable = [at for at in self.insertable if at not in scope]
            self.free = [at for at in self.free if at not in scope and kinds[at] != "negation"]
        content = [at for at, kind in enumerate(kinds) if kind == "content"]
        if protected:
            self.free = [at for at in self.free if self.words[at].lower not in protected]
            content = [at for at in content if self.words[at].lower not in protected]
        self.places: dict[str, list[int]] = {}  # where a word stands that may be replaced by a synonym
        for at in content:
            self.places.setdefault(self.words[at].lower, []).append(at)
        self.content = list(self.places)


def _after_negations(kinds: list[str]) -> set[int]:
    """The places from a negation, itself left out, to the word after it."""
    scope: set[int] = set()
    for at, kind in enumerate(kinds):
        if kind == "negation":
            stop = at + 1
            while stop < len(kinds) and kinds[stop] == "other":
                stop += 1
            scope.update(range(at + 1, stop + 1))
    return scope


def _count(alpha: float, words: int) -> int:
    return max(1, int(alpha * words)) if alpha > 0 else 0


def _synonym(text: _Text, n: int, draw: Iterator[float], synonyms: Synonyms) -> str:
    pool, tokens, words = text.content.copy(), text.tokens.copy(), text.words
    while pool and n:
        lower = pool.pop(int(next(draw) * len(pool)))
        choices = synonyms(lower)
        if not choices:
            continue
        chosen = choices[int(next(draw) * len(choices))]
        for at in text.places[lower]:
            before, core, after, _, _ = words[at]
            tokens[at] = f"{before}{chosen if core.islower() else like(core, chosen)}{after}"
        n -= 1
    return " ".join(tokens) if text.gaps is None else join_words(tokens, text.gaps)


def _insertion(text: _Text, n: int, draw: Iterator[float], synonyms: Synonyms) -> str:
    placed: list[tuple[int, str]] = []
    for _ in range(n if text.insertable else 0):
        pool = text.content.copy()
        while pool:
            choices = synonyms(pool.pop(int(next(draw) * len(pool))))
            if choices:
                where = text.insertable[int(next(draw) * len(text.insertable))]
                placed.append((where, choices[int(next(draw) * len(choices))]))
                break
    return _insert(text, placed)


def _insert(text: _Text, placed: list[tuple[int, str]]) -> str:
    """The text with new words before the tokens of those places; at the end for one place more."""
    tokens = text.tokens.copy()
    for where, new in placed:
        if where < len(tokens):
            tokens[where] = f"{new} {tokens[where]}"
        else:
            tokens[-1] = f"{tokens[-1]} {new}"
    return " ".join(tokens) if text.gaps is None else join_words(tokens, text.gaps)


def _swap(text: _Text, n: int, draw: Iterator[float]) -> str:
    tokens, words, free = text.tokens.copy(), text.words, text.free
    size = len(free)
    if size < 2:
        return " ".join(tokens) if text.gaps is None else join_words(tokens, text.gaps)
    cores: dict[int, str] = {}
    for _ in range(n):
        first = int(next(draw) * size)
        one, two = free[first], free[(first + 1 + int(next(draw) * (size - 1))) % size]
        cores[one], cores[two] = cores.get(two, words[two].core), cores.get(one, words[one].core)
    for at, core in cores.items():
        tokens[at] = f"{words[at].before}{core}{words[at].after}"
    return " ".join(tokens) if text.gaps is None else join_words(tokens, text.gaps)


@lru_cache(maxsize=4096)
def _binomial(n: int, p: float) -> list[float]:
    """Probability that at most 0, 1, ... n - 1 of n things happen, each with probability `p`."""
    if p >= 1:
        return [0.0] * n
    chance, total, out = (1 - p) ** n, 0.0, []
    for k in range(n):
        total += chance
        out.append(total)
        chance *= (n - k) / (k + 1) * p / (1 - p)
    return out


def _deletion(text: _Text, p: float, draw: Iterator[float]) -> str:
    pool = list(text.free)
    count = bisect_right(_binomial(len(pool), p), next(draw))
    if count >= text.count:
        count = text.count - 1
    gone = [pool.pop(int(next(draw) * len(pool))) for _ in range(min(count, len(pool)))]
    tokens = text.tokens.copy()
    gaps = None if text.gaps is None else text.gaps.copy()
    for at in sorted(gone, reverse=True):
        del tokens[at]
        if gaps is not None:
            del gaps[at + 1 if at else 0]
    return " ".join(tokens) if gaps is None else join_words(tokens, gaps)


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
    'long not a good'
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
    ['a movie good, not a long one', 'a good movie, not a lengthy one']
    """
    usual = check_share("alpha", alpha)
    shares = [
        usual if share is None else check_share(name, share)
        for name, share in zip(EDA_OPERATIONS, (alpha_sr, alpha_ri, alpha_rs, p_rd), strict=True)
    ]
    if isinstance(n_aug, bool) or not isinstance(n_aug, int) or n_aug < 0:
        raise ParameterError("must be a whole number of at least 0", where="n_aug", found=repr(n_aug))
    cut = _Text(text, guarded(protected), keep_negations)
    kinds = [at for at, share in enumerate(shares) if share > 0]
    if cut.count < 2 or not kinds:
        return [text] * n_aug
    draw = uniforms(rng, 32 + 4 * n_aug)
    n = [_count(share, len(cut.words)) for share in shares]
    made: list[str] = []
    bag: list[int] = []
    for _ in range(n_aug):
        bag = bag or kinds.copy()
        kind = bag.pop(int(next(draw) * len(bag)))
        if kind == 0:
            made.append(_synonym(cut, n[0], draw, synonyms))
        elif kind == 1:
            made.append(_insertion(cut, n[1], draw, synonyms))
        elif kind == 2:
            made.append(_swap(cut, n[2], draw))
        else:
            made.append(_deletion(cut, shares[3], draw))
    return made


def _cut(text: str, alpha: float, protected: Collection[str], keep_negations: bool) -> Any:
    """The text taken apart; None where there is nothing to do."""
    if check_share("alpha", alpha) == 0:
        return None
    cut = _Text(text, guarded(protected), keep_negations)
    return None if cut.count < 2 else cut


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
    'a . sad , superior human comedy'
    """
    if check_share("ratio", ratio) == 0:
        return text
    cut = _Text(text, frozenset(), False)
    if cut.count < 2:
        return text
    draw, pool = uniforms(rng), list(range(len(cut.tokens)))
    count = 1 + int(next(draw) * max(1, int(ratio * len(cut.tokens))))
    places = [pool.pop(int(next(draw) * len(pool))) for _ in range(count)]
    return _insert(cut, [(place, _MARKS[int(next(draw) * len(_MARKS))]) for place in places])
