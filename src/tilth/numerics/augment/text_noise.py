"""Errors that texts pick up on their way: slips on a keyboard, and wrong characters from text recognition."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator

import numpy as np

from tilth.numerics.augment.text_words import check_share, guarded, join_words, like, read_word, split_words, uniforms

__all__ = ["keyboard_typos", "ocr_errors"]

Generator = np.random.Generator

_ROWS = ("qwertyuiop", "asdfghjkl", "zxcvbnm")
#: Glyphs that text recognition takes for one another, both ways, from the published confusion tables.
_LOOKALIKES = "o0 O0 l1 I1 Il i1 s5 S5 B8 Z2 z2 g9 q9 b6 G6 ec hb nu ft ij vy DO EF rn-m cl-d vv-w ri-n ii-u li-h VV-W"


def _beside() -> dict[str, str]:
    """Keys that touch each key of a QWERTY keyboard: left, right, and the two above and below in its slanted rows."""
    place = {key: (row, at) for row, keys in enumerate(_ROWS) for at, key in enumerate(keys)}
    touching = ((0, -1), (0, 1), (-1, 0), (-1, 1), (1, 0), (1, -1))
    return {
        key: "".join(
            _ROWS[row + down][at + right]
            for down, right in touching
            if 0 <= row + down < len(_ROWS) and 0 <= at + right < len(_ROWS[row + down])
        )
        for key, (row, at) in place.items()
    }


_BESIDE = _beside()
_CONFUSED: dict[str, list[str]] = {}
for _pair in _LOOKALIKES.split():
    _one, _other = _pair.split("-") if "-" in _pair else list(_pair)
    _CONFUSED.setdefault(_one, []).append(_other)
    _CONFUSED.setdefault(_other, []).append(_one)


def _slip(core: str, draw: Iterator[float]) -> str:
    """One slip: a key beside, a key left out, a key twice, or two keys in the wrong order; the first letter stays."""
    at = 1 + int(next(draw) * (len(core) - 1))
    which, char = int(next(draw) * 4), core[at]
    if which == 0:
        keys = _BESIDE.get(char.lower(), "")
        key = keys[int(next(draw) * len(keys))] if keys else char
        return core[:at] + like(char, key) + core[at + 1 :]
    if which == 1:
        return core[:at] + core[at + 1 :]
    if which == 2:
        return core[:at] + char + core[at:]
    left = at if at + 1 < len(core) else at - 1
    if left < 1 or core[left] == core[left + 1]:
        return core[:at] + char + core[at:]
    return core[:left] + core[left + 1] + core[left] + core[left + 2 :]


def _misread(core: str, draw: Iterator[float]) -> str:
    """One glyph, or pair of glyphs, taken for another that looks like it."""
    places = [(at, n) for n in (1, 2) for at in range(len(core) - n + 1) if core[at : at + n] in _CONFUSED]
    if not places:
        return core
    at, n = places[int(next(draw) * len(places))]
    choices = _CONFUSED[core[at : at + n]]
    return core[:at] + choices[int(next(draw) * len(choices))] + core[at + n :]


def _each_word(
    text: str,
    rng: Generator | int,
    share: float,
    protected: Collection[str],
    keep_negations: bool,
    shortest: int,
    change: Callable[[str, Iterator[float]], str],
) -> str:
    if check_share("share", share) == 0:
        return text
    tokens, gaps = split_words(text)
    words, kept = [read_word(token) for token in tokens], guarded(protected)
    if len(words) - [word.kind for word in words].count("other") < 2:
        return text
    left_alone = ("other", "negation") if keep_negations else ("other",)
    pool = [
        at
        for at, (_, core, _, lower, kind) in enumerate(words)
        if len(core) >= shortest and kind not in left_alone and lower not in kept
    ]
    draw, left = uniforms(rng), max(1, round(share * len(pool)))
    while pool and left:
        at = pool.pop(int(next(draw) * len(pool)))
        word = words[at]
        new = change(word.core, draw)
        if new != word.core:
            tokens[at] = f"{word.before}{new}{word.after}"
            left -= 1
    return join_words(tokens, gaps)


def keyboard_typos(
    text: str, rng: Generator | int, *, share: float = 0.1, protected: Collection[str] = (), keep_negations: bool = True
) -> str:
    """Slips of a typist on a QWERTY keyboard, one a word: a key beside, a key missing, twice, or two keys exchanged.

    Parameters
    ----------
    text : str
    rng : Generator or int
    share : float in [0, 1], default 0.1
        Share of the words of three letters or more that get a slip, one word at least; 0 for none.
    protected : collection of str
        Words, in any case, that stay.
    keep_negations : bool, default True

    Returns
    -------
    str
        Unchanged where there are fewer than two words.

    Raises
    ------
    ParameterError
        `share` out of range, or `protected` a single string.

    References
    ----------
    .. [1] Belinkov, Bisk (2018). Synthetic and natural noise both break neural machine translation. ICLR.

    Examples
    --------
    >>> keyboard_typos("where is my new card", 3, share=0.5)
    'wehre is my new crd'
    """
    return _each_word(text, rng, share, protected, keep_negations, 3, _slip)


def ocr_errors(
    text: str, rng: Generator | int, *, share: float = 0.1, protected: Collection[str] = (), keep_negations: bool = True
) -> str:
    """Glyphs taken for others that look alike, as text recognition does: o and 0, l and 1, rn and m, cl and d.

    Parameters
    ----------
    text : str
    rng : Generator or int
    share : float in [0, 1], default 0.1
        Share of the words that get an error, one word at least; 0 for none.
    protected : collection of str
    keep_negations : bool, default True

    Returns
    -------
    str
        Unchanged where there are fewer than two words.

    Raises
    ------
    ParameterError
        `share` out of range, or `protected` a single string.

    References
    ----------
    .. [1] Nguyen, Jatowt, Coustaty, Nguyen, Doucet (2019). Deep statistical analysis of OCR errors for effective
       post-OCR processing. JCDL.

    Examples
    --------
    >>> ocr_errors("the morning clock is slow", 0, share=0.5)
    'thc morning clock 1s slow'
    """
    return _each_word(text, rng, share, protected, keep_negations, 1, _misread)
