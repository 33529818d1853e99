"""A thesaurus read from the files of WordNet's dictionary: index, data and exceptions by part of speech."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping

from tilth.errors import DataError
from tilth.numerics.augment.text_words import is_negation

__all__ = ["PARTS_OF_SPEECH", "Thesaurus"]

#: In the order in which senses are listed.
PARTS_OF_SPEECH = ("noun", "verb", "adj", "adv")
#: Endings that come off to find a base form, after Miller's morphy.
_ENDINGS = {
    "noun": (("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"),
             ("men", "man"), ("ies", "y")),
    "verb": (("s", ""), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", "")),
    "adj": (("er", ""), ("est", ""), ("er", "e"), ("est", "e")),
    "adv": (),
}  # fmt: skip
#: WordNet's own marks of words that nobody wants in a data set.
_RUDE = ("obscenity", "ethnic_slur", "disparagement")


class _Kept(dict[str, tuple[str, ...]]):
    """Answers that are looked up when first asked for."""

    def __init__(self, look_up: Callable[[str], tuple[str, ...]]) -> None:
        super().__init__()
        self._look_up = look_up

    def __missing__(self, word: str) -> tuple[str, ...]:
        self[word] = found = self._look_up(word)
        return found


class Thesaurus:
    """Synonyms of English words, looked up in the text of WordNet's dictionary files [1]_.

    Entries are read when first asked for, and kept.

    Parameters
    ----------
    files : mapping of str to bytes
        Contents of ``index.noun``, ``data.noun`` and so on for verb, adj and adv; ``noun.exc`` and so on where at hand.

    Raises
    ------
    DataError
        An index or data file is missing or not a dictionary file.

    References
    ----------
    .. [1] Miller (1995). WordNet: a lexical database for English. Communications of the ACM 38(11).

    Examples
    --------
    >>> line = b"00000000 06 n 02 movie 0 picture_show 0 000 | a form of entertainment\\n"
    >>> index = b"movie n 1 0 1 1 00000000\\n"
    >>> empty = {f"{kind}.{part}": b"" for kind in ("index", "data") for part in ("verb", "adj", "adv")}
    >>> Thesaurus({"index.noun": index, "data.noun": line, **empty}).synonyms("Movies")
    ('picture show',)
    """

    def __init__(self, files: Mapping[str, bytes]) -> None:
        lacking = [f"{k}.{p}" for p in PARTS_OF_SPEECH for k in ("index", "data") if f"{k}.{p}" not in files]
        if lacking:
            raise DataError("the dictionary of WordNet is not complete", found=f"no file {', '.join(lacking)}")
        self._data = {part: files[f"data.{part}"] for part in PARTS_OF_SPEECH}
        self._index: dict[str, dict[str, str]] = {}
        self._forms: dict[str, dict[str, list[str]]] = {}
        for part in PARTS_OF_SPEECH:
            lines = files[f"index.{part}"].decode("latin-1").splitlines()
            self._index[part] = {line.partition(" ")[0]: line for line in lines if line and line[0] != " "}
            rows = (line.split() for line in files.get(f"{part}.exc", b"").decode("latin-1").splitlines())
            self._forms[part] = {row[0]: row[1:] for row in rows if row}
        self._rude = self._find_rude()
        self._known: dict[int, _Kept] = {}
        self._all = self._kept(0)

    def __len__(self) -> int:
        return sum(len(index) for index in self._index.values())

    def __call__(self, word: str) -> tuple[str, ...]:
        """`synonyms` over all senses."""
        return self._all[word]

    def synonyms(self, word: str, *, senses: int = 0) -> tuple[str, ...]:
        """Words that share a sense with `word`, the commonest senses first; never the word itself or its base form.

        Parameters
        ----------
        word : str
            In any case; inflected forms are brought to their base.
        senses : int, default 0
            Look only at so many senses of each part of speech, the commonest first; 0 for all.

        Returns
        -------
        tuple of str
            Lower case, compounds with blanks. Left out are proper names, abbreviations, words with digits, negations,
            and what WordNet marks as obscene or disparaging. Empty for an unknown word.
        """
        return self._kept(senses)[word]

    def limited(self, senses: int) -> Callable[[str], tuple[str, ...]]:
        """A function of a word that looks only at its first `senses` senses; at all of them for 0."""
        return self._kept(senses).__getitem__

    def _kept(self, senses: int) -> _Kept:
        if senses not in self._known:
            self._known[senses] = _Kept(lambda word: tuple(self._look_up(word.lower().replace(" ", "_"), senses)))
        return self._known[senses]

    def _look_up(self, word: str, senses: int) -> list[str]:
        found: dict[str, None] = {}
        own: set[str] = set()
        for part in PARTS_OF_SPEECH:
            for base in self._bases(word, part):
                own.add(base.replace("_", " "))
                line = self._index[part].get(base)
                if line is None:
                    continue
                fields = line.split()
                offsets = fields[-int(fields[2]) :]
                for offset in offsets[: senses or None]:
                    found.update(dict.fromkeys(self._lemmas(part, int(offset))))
        own |= self._rude
        return [lemma for lemma in found if lemma not in own and _plain(lemma) and not _turns(lemma)]

    def _bases(self, word: str, part: str) -> list[str]:
        if word in self._forms[part]:
            return list(dict.fromkeys([word, *self._forms[part][word]]))
        cut = (word[: len(word) - len(old)] + new for old, new in _ENDINGS[part] if word.endswith(old))
        return list(dict.fromkeys([word, *cut]))

    def _lemmas(self, part: str, offset: int) -> list[str]:
        data = self._data[part]
        line = data[offset : data.find(b"\n", offset)]
        fields = line.split(b" ", 3)
        if len(fields) < 4 or not fields[0].isdigit() or int(fields[0]) != offset:
            raise DataError("not a dictionary file of WordNet", where=f"data.{part}, byte {offset}")
        count = int(fields[3][:2], 16)
        words = fields[3][3:].decode("latin-1").split(" ", 2 * count)[: 2 * count : 2]
        return [word.partition("(")[0].replace("_", " ") for word in words]

    def _find_rude(self) -> frozenset[str]:
        """Words of the synsets that WordNet marks as obscene or disparaging."""
        lines = (self._index["noun"].get(word, "").split() for word in _RUDE)
        marks = "|".join(offset for line in lines if line for offset in line[-int(line[2]) :])
        found: set[str] = set()
        for part, data in self._data.items() if marks else ():
            for match in re.finditer(f";u (?:{marks}) n (..)".encode(), data):
                start = data.rfind(b"\n", 0, match.start()) + 1
                lemmas = self._lemmas(part, int(data[start : start + 8]))
                which = int(match[1], 16)
                found.update(lemmas[which - 1 : which] if which else lemmas)
        return frozenset(found)


def _plain(lemma: str) -> bool:
    return lemma.islower() and lemma.replace(" ", "").replace("-", "").replace("'", "").isalpha()


def _turns(lemma: str) -> bool:
    return any(is_negation(piece) for piece in lemma.split(" "))
