"""The same text in another form: contractions written out and back, sentences in another order."""

from __future__ import annotations

import re
from collections.abc import Iterator

import numpy as np

from tilth.errors import ParameterError
from tilth.numerics.augment.text_words import check_share, like, split_words, uniforms

__all__ = ["contractions", "sentence_shuffle", "split_sentences"]

Generator = np.random.Generator

_VERBS = "are could did does do had has have is must need should was were would"
_NOT = _VERBS.split()
_IRREGULAR = {"can't": "cannot", "won't": "will not", "shan't": "shall not"}
_PRONOUNS = ["i", "you", "he", "she", "it", "we", "they", "that", "there", "this", "who", "what", "where", "how"]
#: After these, 's is "is" or "has"; a possessive 's follows other words.
_S_WORDS = ["he", "she", "it", "that", "there", "this", "who", "what", "where", "how"]
#: Third forms after which 's is "has".
_PARTICIPLES = frozenset(["been", "got", "had", "done", "gone", "become", "come", "seen", "made", "taken", "given"])
_WORD = r"(?<![\w'’])"
_SHORT = re.compile(
    _WORD
    + r"(?:(?P<irregular>can|won|shan)(?: ?n)?['’]t"
    + rf"|(?P<not>{'|'.join(_NOT)})(?P<gap> ?)n['’]t"
    + r"|(?P<split>ca|wo) n['’]t"
    + rf"|(?P<base>{'|'.join(_PRONOUNS)})(?P<gap2> ?)['’](?P<end>re|m|ll|ve|s))(?![\w'’])"
    + r"(?:(?=\s+(?P<next>[A-Za-z]+)))?",
    re.IGNORECASE,
)
_LONG = re.compile(
    _WORD
    + r"(?:(?P<cannot>cannot|can not)|(?P<will>will|shall) not"
    + rf"|(?P<not>{'|'.join(_NOT)}) not"
    + r"|(?P<base>i|you|he|she|it|we|they|that|there) (?P<verb>am|(?:are|is|will|have)(?! not\b)))(?=\s+[A-Za-z])",
    re.IGNORECASE,
)
_ENDS = {"re": "are", "m": "am", "ll": "will", "ve": "have"}
_SHORTER = {"am": "'m", "are": "'re", "is": "'s", "will": "'ll", "have": "'ve"}
_RIGHT = {"am": {"i"}, "are": {"you", "we", "they"}, "is": set(_S_WORDS), "have": {"i", "you", "we", "they"},
          "will": set(_PRONOUNS) - {"this", "where", "how", "what"}}  # fmt: skip


def _expanded(match: re.Match[str]) -> str | None:
    after = (match["next"] or "").lower()
    if match["irregular"]:
        return like(match["irregular"], _IRREGULAR[f"{match['irregular'].lower()}'t"])
    if match["split"]:
        return like(match["split"], "can not" if match["split"].lower() == "ca" else "will not")
    if match["not"]:
        return f"{match['not']} {'NOT' if match['not'].isupper() else 'not'}"
    base, end = match["base"], match["end"].lower()
    if end == "s":
        if base.lower() not in _S_WORDS or after in ("", "own"):
            return None
        verb = "has" if after in _PARTICIPLES else "is"
    else:
        verb = _ENDS[end]
    return f"{base} {verb}"


def _contracted(match: re.Match[str]) -> str | None:
    if match["cannot"]:
        return like(match["cannot"], "can't")
    if match["will"]:
        return like(match["will"], "won't" if match["will"].lower() == "will" else "shan't")
    if match["not"]:
        return match["not"] + ("N'T" if match["not"].isupper() else "n't")
    base, verb = match["base"], match["verb"].lower()
    return base + _SHORTER[verb] if base.lower() in _RIGHT[verb] else None


def _rewrite(text: str, short: bool, share: float, draw: Iterator[float]) -> str:
    pattern, rule = (_LONG, _contracted) if short else (_SHORT, _expanded)

    def one(match: re.Match[str]) -> str:
        new = rule(match)
        return match[0] if new is None or next(draw) >= share else new

    return pattern.sub(one, text)


def contractions(text: str, rng: Generator | int, *, to: str = "both", share: float = 1.0) -> str:
    """Write contractions out, or pull words together: "isn't" and "is not", "we're" and "we are".

    What is negated stays negated. Forms with two readings are left alone: "'d", and "'s" after a noun.

    Parameters
    ----------
    text : str
        English, also with contractions cut off as in "do n't".
    rng : Generator or int
    to : {"both", "long", "short"}
        "long" writes out, "short" contracts, "both" draws one of the two for the whole text, the other where it
        changes nothing.
    share : float in [0, 1], default 1
        Probability that a place is rewritten.

    Returns
    -------
    str

    Raises
    ------
    ParameterError
        `to` is unknown or `share` out of range.

    References
    ----------
    .. [1] Ribeiro, Wu, Guestrin, Singh (2020). Beyond accuracy: behavioral testing of NLP models with CheckList. ACL.

    Examples
    --------
    >>> contractions("It's late and they can't stay.", 0, to="long")
    'It is late and they cannot stay.'
    >>> contractions("We are sure it does not work.", 0, to="short")
    "We're sure it doesn't work."
    """
    if to not in ("both", "long", "short"):
        raise ParameterError("no such direction", where="to", found=repr(to), fix="use 'both', 'long' or 'short'")
    if check_share("share", share) == 0:
        return text
    draw = uniforms(rng)
    ways = [to == "short"] if to != "both" else ([True, False] if next(draw) < 0.5 else [False, True])
    for short in ways:
        new = _rewrite(text, short, share, draw)
        if new != text:
            return new
    return text


_SHORTENED = "mr. mrs. ms. dr. prof. st. vs. etc. e.g. i.e. no. jr. sr. u.s. inc. ltd. co."
_ABBREVIATIONS = frozenset(_SHORTENED.split())


def split_sentences(text: str) -> list[str]:
    """Sentences of a text, their words joined by single blanks.

    A sentence ends at ".", "!" or "?" before a capital letter or digit, unless after a common abbreviation; or at a
    line break.

    Examples
    --------
    >>> split_sentences("Dr. Lee left at 5. Why?  Nobody knows.")
    ['Dr. Lee left at 5.', 'Why?', 'Nobody knows.']
    """
    tokens, gaps = split_words(text)
    found: list[list[str]] = [[]]
    for at, token in enumerate(tokens):
        found[-1].append(token)
        bare = token.rstrip("\"')]}”’»")
        ends = bare.endswith((".", "!", "?", "…")) and bare.lower() not in _ABBREVIATIONS
        initial = len(bare) == 2 and bare[0].isalpha()
        after = tokens[at + 1].lstrip("\"'([{“‘«¿¡")[:1] if at + 1 < len(tokens) else ""
        if (ends and not initial and (after.isupper() or after.isdigit())) or "\n" in (gaps[at + 1] if gaps else ""):
            found.append([])
    return [" ".join(tokens) for tokens in found if tokens]


def sentence_shuffle(text: str, rng: Generator | int, *, strength: float = 1.0) -> str:
    """Put the sentences of a text in another order.

    Parameters
    ----------
    text : str
        A sentence ends at ".", "!" or "?" before a capital letter or digit, or at a line break.
    rng : Generator or int
    strength : float in [0, 1], default 1
        How far a sentence may wander, as a share of the text; 1 for any order.

    Returns
    -------
    str
        Sentences joined by one blank; unchanged where there is only one.

    Raises
    ------
    ParameterError
        `strength` out of range.

    Examples
    --------
    >>> sentence_shuffle("It rained. We left at 5. Dr. Lee stayed.", 0)
    'Dr. Lee stayed. We left at 5. It rained.'
    """
    if check_share("strength", strength) == 0:
        return text
    found = split_sentences(text)
    if len(found) < 2:
        return text
    draw = uniforms(rng)
    stay = 1.0 if strength < 1 else 0.0
    keys = [stay * at + next(draw) * strength * len(found) for at in range(len(found))]
    order = sorted(range(len(found)), key=keys.__getitem__)
    return text if order == list(range(len(found))) else " ".join(found[at] for at in order)
