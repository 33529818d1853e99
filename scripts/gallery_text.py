"""Writes docs/augmentation/text.md: every recipe for texts with what it makes of a few sentences, by running it."""

from __future__ import annotations

import difflib
import inspect
import re
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

import tilth
from tilth.errors import MissingExtraError
from tilth.plugin import Shelf, sample_rng
from tilth.records import Sample

REVIEW = "The plot is not bad at all, and the two leads give a warm, funny and honest performance."
ORDER = "Dr. Lee from Paris paid 49.90 for 12 tickets. She can't come on 2024-05-01. Is Mary Smith still in France?"
SHORT = "it was not the movie that we wanted"
WAYS = ["it was not the film we wanted", "that was not the movie we hoped for"]

#: Word vectors of the page, two numbers a word: what counts here is who is near whom.
VECTORS = """\
movie 1 0.1
film 1 0.12
picture 1 0.2
wanted 0.1 1
hoped 0.12 1
tea -1 -1
"""

#: Part, text, and parameters beside the magnitude.
SHOWN: list[tuple[str, str, dict[str, Any]]] = [
    ("synonym_replacement", REVIEW, {}),
    ("random_insertion", REVIEW, {}),
    ("random_swap", REVIEW, {}),
    ("random_deletion", REVIEW, {}),
    ("eda", REVIEW, {}),
    ("aeda", REVIEW, {}),
    ("keyboard_typos", REVIEW, {}),
    ("ocr_errors", REVIEW, {}),
    ("change_names", ORDER, {}),
    ("change_places", ORDER, {}),
    ("change_numbers", ORDER, {}),
    ("contractions", ORDER, {}),
    ("sentence_shuffle", ORDER, {}),
    ("embedding_substitution", SHORT, {"model": "vectors.txt"}),
    ("masked_substitution", SHORT, {"model": "folder"}),
    (
        "back_translation",
        SHORT,
        {"known": {SHORT: ["it was not the film we wanted", "that was not the movie we hoped for"]}},
    ),
]

NOTES = {
    "masked_substitution": """\
The model of this table is made at random and knows twelve words, so that no download is needed: it shows the place of
a word, not a good one. Name a real one, such as `distilbert/distilbert-base-uncased`.
""",
    "embedding_substitution": """\
The vectors of this table are six words in a file, a word and its numbers in a line; by default the packaged sentence
model's are taken.
""",
    "back_translation": """\
The ways back of this table are given by hand (`known`), as `fit` finds them with real models.
""",
}

HEAD = """\
# Texts

Each recipe below is one operation of a [policy](../augmentation.md), and most are functions of one text as well. The
rows of the tables are what the code of this version makes of the sentence above them, with seed 0; bold is what
changed. They are written by `python scripts/gallery_text.py`.

{functions}

What holds for all of them:

- Words keep their punctuation, their capitals and the blanks between them.
- A negation ("not", "n't", "never", "no", "without" and the like) is neither replaced, moved, dropped nor misspelt, and
  the word right after it is neither moved nor dropped, unless `keep_negations=False`. Words in `protected` stay too.
- A text with fewer than two words, or of emoji alone, comes back as it is.
- The label stays. Whether it stays true is for the label guard and a proof to say: a rare sense can be a joke.

Synonyms come from WordNet, in NLTK's copy (`nltk_data/corpora/wordnet`, zipped or not) or the system's (Debian:
`apt-get install wordnet-base`); its files are read without NLTK, in half a second, and kept in memory. What WordNet
marks as obscene or disparaging is left out. All senses of a word count, as in the paper; `senses=1` keeps to the
commonest.
"""


def _marked(old: str, new: str) -> str:
    """The new text with what differs in bold."""
    before, after = old.split(), new.split()
    out: list[str] = []
    for what, _, _, start, stop in difflib.SequenceMatcher(None, before, after, autojunk=False).get_opcodes():
        part = " ".join(after[start:stop]).replace("|", "\\|").replace("*", "\\*")
        out.append(part if what == "equal" or not part else f"**{part}**")
    return " ".join(part for part in out if part)


def _call(name: str, params: Mapping[str, Any]) -> str:
    inside = ", ".join(f"{key}: {value!r}" for key, value in params.items() if key != "known")
    return f"{name}: {{{inside}}}" if inside else name


def _section(name: str, text: str, params: dict[str, Any]) -> str:
    cls = Shelf("generators").get(name)
    about = re.sub(r" \[\d\]_", "", (inspect.getdoc(cls) or "").partition("\n\nParameters")[0].replace("\n", " "))
    about = about.replace("  ", "\n\n").replace("``", "`")
    doc = inspect.getdoc(cls) or ""
    strength = re.search(r"magnitude : float, default=0.5\n((?:    .*\n)+)", doc)
    given = dict(params)
    with tempfile.TemporaryDirectory() as folder:
        if given.get("model") == "vectors.txt":
            path = Path(folder) / "vectors.txt"
            path.write_text(VECTORS, encoding="utf-8")
            given["model"] = str(path)
        elif "model" in given:
            given.update(cls.example().params)
        rows = []
        for magnitude in (0.2, 0.5, 1.0):
            made = cls(magnitude=magnitude, **given)
            for epoch in range(2):
                new = made.apply(Sample("text", text, "1"), sample_rng(0, epoch, "1", name)).value
                rows.append(f"| {magnitude:g} | {_marked(text, new)} |")
    return "\n".join(
        [f"## {name}", "", about, "", f"Magnitude: {' '.join(strength[1].split()) if strength else ''}", "",
         f"`{_call(name, params)}`", "", "| magnitude | text |", "|---|---|", f"| before | {text} |",
         *dict.fromkeys(rows), ""]
    )  # fmt: skip


def _functions() -> str:
    """The example of the plain functions, with what it prints."""
    made = tilth.eda(REVIEW, rng=0, alpha=0.1, n_aug=4)
    slips = tilth.keyboard_typos(REVIEW, rng=0, share=0.2)
    code = [
        "import tilth",
        "",
        f'text = "{REVIEW}"',
        "for new in tilth.eda(text, rng=0, alpha=0.1, n_aug=4):",
        "    print(new)",
        "print(tilth.keyboard_typos(text, rng=0, share=0.2))",
    ]
    lines = ["```python", *code, "```", "", "```text", *made, slips, "```"]
    return "\n".join(lines)


def page() -> str:
    """The page; `MissingExtraError` where WordNet or torch is not installed."""
    parts = [HEAD.format(functions=_functions())]
    for name, text, params in SHOWN:
        parts.append(_section(name, text, params) + ("\n" + NOTES[name] if name in NOTES else ""))
    return "\n".join(parts).rstrip("\n") + "\n"


def write(folder: Path) -> None:
    """Write the page into `folder`; leave it as it is where an optional library or WordNet is missing."""
    try:
        text = page()
    except MissingExtraError as reason:
        print(f"docs/augmentation/text.md stays as it is: {reason}")
        return
    (folder / "text.md").write_text(text, encoding="utf-8")


if __name__ == "__main__":
    np.seterr(all="raise")
    write(Path(__file__).resolve().parent.parent / "docs" / "augmentation")
