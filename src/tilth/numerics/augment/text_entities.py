"""Names, places and numbers of a text changed for others of their kind, as CheckList's invariance tests do."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache

import numpy as np

from tilth.numerics.augment import entity_lists
from tilth.numerics.augment.text_words import check_share, guarded, read_word, uniforms

__all__ = ["change_names", "change_numbers", "change_places"]

Generator = np.random.Generator

_NUMBER = re.compile(r"(?<![\w.,:/-])(?:\d{1,3}(?:,\d{3})+|\d+)(?:\.\d+)?(?![\w:/-]|[.,]\d)")
_NAME = re.compile(r"\b[A-Z][a-z]+\b")
_TITLES = r"(?:Mr|Mrs|Ms|Dr|Prof|Sir|Lord|Lady|Miss)\.? $"
#: First or family names that are everyday words too: changed only beside another name or after a title.
_AMBIGUOUS = frozenset(
    {"Christian", "Jordan", "Austin", "Madison", "Virginia", "Amber", "Jack", "Baker", "Cooper", "Parker"}
    | {"Wood", "Gray", "Brooks", "Cox", "Foster", "Reed", "Carter", "Turner", "Taylor", "Cruz", "Ali", "Mei", "Wei"}
    | {"Lee", "Silva", "Martin", "Noor", "Kim", "Perry", "Bailey", "Clark", "Moore", "Harris"}
)
_FIRST = frozenset(entity_lists.FEMALE_NAMES + entity_lists.MALE_NAMES)
_LAST = frozenset(entity_lists.FAMILY_NAMES)
_LISTS: dict[str, tuple[str, ...]] = {
    "female": entity_lists.FEMALE_NAMES,
    "male": entity_lists.MALE_NAMES,
    "family": entity_lists.FAMILY_NAMES,
}


def _one_word(text: str) -> bool:
    return sum(read_word(token).kind != "other" for token in text.split()) < 2


def _other(choices: Sequence[str], old: str, taken: Collection[str], draw: Iterator[float]) -> str:
    """One of `choices` that is neither the old one nor in use."""
    free = [choice for choice in choices if choice != old and choice not in taken]
    return free[int(next(draw) * len(free))] if free else old


def _names(text: str) -> list[tuple[int, str, str]]:
    """Place, word and list of every name in a text."""
    found = list(_NAME.finditer(text))
    out = []
    for at, match in enumerate(found):
        word = match[0]
        before = at > 0 and text[found[at - 1].end() : match.start()] == " "
        after = at + 1 < len(found) and text[match.end() : found[at + 1].start()] == " "
        behind = before and found[at - 1][0] in _FIRST
        ahead = after and found[at + 1][0] in _LAST
        titled = re.search(_TITLES, text[: match.start()]) is not None
        if word in _LAST and (behind or titled or (word not in _FIRST and word not in _AMBIGUOUS)):
            out.append((match.start(), word, "family"))
        elif word in _FIRST and (ahead or titled or word not in _AMBIGUOUS):
            out.append((match.start(), word, "female" if word in entity_lists.FEMALE_NAMES else "male"))
    return out


def change_names(text: str, rng: Generator | int, *, share: float = 1.0, protected: Collection[str] = ()) -> str:
    """Give the people of a text other names: first names of the same gender, family names; one name, one new name.

    Parameters
    ----------
    text : str
        Names are known by a list of common ones and their capital letter; those that are everyday words as well are
        changed only beside another name or after a title.
    rng : Generator or int
    share : float in [0, 1], default 1
        Probability that a name is changed.
    protected : collection of str
        Names that stay.

    Returns
    -------
    str

    Raises
    ------
    ParameterError
        `share` out of range, or `protected` a single string.

    References
    ----------
    .. [1] Ribeiro, Wu, Guestrin, Singh (2020). Beyond accuracy: behavioral testing of NLP models with CheckList. ACL.

    Examples
    --------
    >>> change_names("Mary Smith called. Mary wants to know.", 0)
    'Dorothy Williams called. Dorothy wants to know.'
    """
    if check_share("share", share) == 0 or _one_word(text):
        return text
    draw, kept = uniforms(rng), guarded(protected)
    found = _names(text)
    taken = {word for _, word, _ in found}
    new: dict[tuple[str, str], str] = {}
    for _, word, kind in found:
        if (word, kind) not in new:
            changes = next(draw) < share and word.lower() not in kept
            new[word, kind] = _other(_LISTS[kind], word, taken, draw) if changes else word
            taken.add(new[word, kind])
    for start, word, kind in reversed(found):
        text = text[:start] + new[word, kind] + text[start + len(word) :]
    return text


@lru_cache(maxsize=1)
def _places() -> re.Pattern[str]:
    names = sorted(entity_lists.CITIES + entity_lists.COUNTRIES, key=len, reverse=True)
    return re.compile(rf"(?<![\w-])(?:{'|'.join(map(re.escape, names))})(?![\w-])")


def change_places(text: str, rng: Generator | int, *, share: float = 1.0, protected: Collection[str] = ()) -> str:
    """Move a text elsewhere: cities to other cities, countries to other countries; one place, one new place.

    Parameters, errors and reference as for `change_names`.

    Examples
    --------
    >>> change_places("From Paris to Berlin, in France, and back to Paris", 0)
    'From Milan to Madrid, in Iran, and back to Milan'
    """
    if check_share("share", share) == 0 or _one_word(text):
        return text
    draw, kept = uniforms(rng), guarded(protected)
    taken = set(_places().findall(text))
    new: dict[str, str] = {}

    def one(match: re.Match[str]) -> str:
        old = match[0]
        if old not in new:
            changes = next(draw) < share and old.lower() not in kept
            choices = entity_lists.CITIES if old in entity_lists.CITIES else entity_lists.COUNTRIES
            new[old] = _other(choices, old, taken, draw) if changes else old
            taken.add(new[old])
        return new[old]

    return _places().sub(one, text)


def change_numbers(
    text: str, rng: Generator | int, *, spread: float = 0.2, share: float = 1.0, protected: Collection[str] = ()
) -> str:
    """Change the numbers of a text by up to `spread` of their value; one number, one new number.

    Digits before and after the point, and commas between thousands, stay as many as they were. Numbers inside dates,
    times, versions and codes (2024-05-01, 12:30, 1.2.3, A4) are left alone.

    Parameters
    ----------
    text : str
    rng : Generator or int
    spread : float above 0, at most 1; default 0.2
        The largest change, as a share of the number; at least 1 in its last digit.
    share : float in [0, 1], default 1
        Probability that a number is changed.
    protected : collection of str
        Numbers that stay, as written.

    Returns
    -------
    str

    Raises
    ------
    ParameterError
        `spread` or `share` out of range, or `protected` a single string.

    References
    ----------
    .. [1] Ribeiro, Wu, Guestrin, Singh (2020). Beyond accuracy: behavioral testing of NLP models with CheckList. ACL.

    Examples
    --------
    >>> change_numbers("I paid 49.90 for 12 tickets on 2024-05-01, 49.90!", 0)
    'I paid 45.30 for 10 tickets on 2024-05-01, 45.30!'
    """
    if check_share("spread", spread) == 0 or check_share("share", share) == 0 or _one_word(text):
        return text
    draw, kept = uniforms(rng), guarded(protected)
    new: dict[str, str] = {}

    def one(match: re.Match[str]) -> str:
        old = match[0]
        if old not in new:
            changes = next(draw) < share and old not in kept
            new[old] = _near(old, spread, draw) if changes else old
        return new[old]

    return _NUMBER.sub(one, text)


def _near(old: str, spread: float, draw: Iterator[float]) -> str:
    """Another number with as many digits, within `spread` of the old one."""
    whole, point, decimals = old.replace(",", "").partition(".")
    if len(whole + decimals) > 15:
        return old
    value, digits = int(whole + decimals), len(whole + decimals)
    reach = max(1, round(spread * value))
    least = 10 ** (len(whole) - 1 + len(decimals)) if len(whole) > 1 and whole[0] != "0" else 0
    low, high = max(least, value - reach), min(10**digits - 1, value + reach)
    made = low + int(next(draw) * (high - low))
    made += made >= value  # every other number alike, the old one never
    if made > high:
        return old
    text = str(made).zfill(digits)
    whole, decimals = (text[: -len(decimals)], text[-len(decimals) :]) if decimals else (text, "")
    return (f"{int(whole):,}" if "," in old else whole) + point + decimals
