"""Sentences and spectrograms a second of tilth beside the original EDA, nlpaug and torchaudio.

``rows()`` gives the figures in the form of the main benchmark; it runs in an environment that has nltk, nlpaug,
torch and torchaudio (``pip install --no-deps torchaudio``: of it only Python code is used). WordNet's files come from
the system (Debian: ``wordnet-base``); both sides read the same ones. The sides take turns on one core; the median of
the rounds counts. Time is that of the processor, so that other work on the machine does not matter.
"""

from __future__ import annotations

import contextlib
import csv
import json
import os
import random
import re
import shutil
import statistics
import sys
import tempfile
import time
import warnings
from collections.abc import Callable
from pathlib import Path
from typing import Any
from unittest import mock

import numpy as np

import tilth

ROUNDS = 5
#: The paper's settings for 500 rows.
SENTENCES, ALPHA, N_AUG = 500, 0.05, 16
BATCH, BANDS, FRAMES = 32, 80, 300
ROOT = Path(__file__).resolve().parents[2]
DATA = Path(os.environ.get("TILTH_DATA", ROOT.parent / "shared" / "data"))
WORDNET = Path("/usr/share/wordnet")

#: NLTK's reader wants the names of the 45 lexicographer files beside the dictionary; Debian does not ship the list.
LEXNAMES = """
adj.all adj.pert adv.all noun.Tops noun.act noun.animal noun.artifact noun.attribute noun.body noun.cognition
noun.communication noun.event noun.feeling noun.food noun.group noun.location noun.motive noun.object noun.person
noun.phenomenon noun.plant noun.possession noun.process noun.quantity noun.relation noun.shape noun.state
noun.substance noun.time verb.body verb.change verb.cognition verb.communication verb.competition verb.consumption
verb.contact verb.creation verb.emotion verb.motion verb.perception verb.possession verb.social verb.stative
verb.weather adj.ppl
"""
#: The function words that the original script leaves alone (its list is NLTK's).
STOP_WORDS = """
i me my myself we our ours ourselves you your yours yourself yourselves he him his himself she her hers herself it its
itself they them their theirs themselves what which who whom this that these those am is are was were be been being have
has had having do does did doing a an the and but if or because as until while of at by for with about against between
into through during before after above below to from up down in out on off over under again further then once here there
when where why how all any both each few more most other some such no nor not only own same so than too very s t can
will just don should now
"""
STOP = STOP_WORDS.split()  # a list in the script too
MADE_UP = "the film has a warm funny story and good actors but its long slow end does not help the plot much"


Row = dict[str, Any]


def row(name: str, passed: bool | None, tilth: str = "", peer: str = "", ratio: str = "", target: str = "") -> Row:
    """One figure of the table; `passed` is None where nothing is demanded."""
    return {"name": name, "tilth": tilth, "peer": peer, "ratio": ratio, "target": target, "passed": passed}


def sentences() -> list[str]:
    """Sentences of SST-2's training part; made-up ones where the data are absent."""
    path = DATA / "text" / "sst2" / "train.csv"
    if path.exists():
        with path.open(encoding="utf-8") as file:
            return [line["text"] for line, _ in zip(csv.DictReader(file), range(SENTENCES), strict=False)]
    words = MADE_UP.split()
    rng = np.random.default_rng(0)
    return [" ".join(rng.choice(words, size=int(n))) for n in rng.integers(8, 28, SENTENCES)]


class OriginalEDA:
    """EDA step by step as its authors' script does it.

    The text is cleaned, each operation makes a quarter of the texts and one more, each text is cleaned again, and what
    is too many is left out; synonyms are looked up with NLTK when they are needed.
    """

    def __init__(self, wordnet: Any) -> None:
        self.wordnet = wordnet

    def synonyms(self, word: str) -> list[str]:
        """All lemmas of all synsets of a word, cleaned, without the word."""
        found = set()
        for synset in self.wordnet.synsets(word):
            for lemma in synset.lemmas():
                name = lemma.name().replace("_", " ").replace("-", " ").lower()
                found.add("".join(char for char in name if char in " qwertyuiopasdfghjklzxcvbnm"))
        found.discard(word)
        return list(found)

    @staticmethod
    def clean(text: str) -> str:
        """Lower case letters and single blanks, character by character."""
        kept = ""
        for char in text.replace("’", "").replace("'", "").replace("-", " ").lower():
            kept += char if char in "qwertyuiopasdfghjklzxcvbnm " else " "
        return re.sub(" +", " ", kept).removeprefix(" ")

    def replacement(self, words: list[str], n: int) -> list[str]:
        """Synonym replacement."""
        new, done = list(words), 0
        choices = list({word for word in words if word not in STOP})
        random.shuffle(choices)
        for word in choices:
            known = self.synonyms(word)
            if known:
                with_one = random.choice(known)
                new = [with_one if other == word else other for other in new]
                done += 1
            if done >= n:
                break
        return " ".join(new).split(" ")

    def insertion(self, words: list[str], n: int) -> list[str]:
        """Random insertion."""
        new = list(words)
        for _ in range(n):
            for _ in range(10):
                known = self.synonyms(random.choice(new))
                if known:
                    new.insert(random.randint(0, len(new) - 1), known[0])
                    break
        return new

    @staticmethod
    def swap(words: list[str], n: int) -> list[str]:
        """Random swap."""
        new = list(words)
        for _ in range(n):
            one = two = random.randint(0, len(new) - 1)
            for _ in range(4):
                two = random.randint(0, len(new) - 1)
                if two != one:
                    break
            new[one], new[two] = new[two], new[one]
        return new

    @staticmethod
    def deletion(words: list[str], p: float) -> list[str]:
        """Random deletion."""
        if len(words) == 1:
            return words
        return [word for word in words if random.uniform(0, 1) > p] or [random.choice(words)]

    def __call__(self, text: str, alpha: float, n_aug: int) -> list[str]:
        """`n_aug` texts."""
        words = self.clean(text).split()
        if not words:
            return [text] * n_aug
        n, each = max(1, int(alpha * len(words))), n_aug // 4 + 1
        made = [self.replacement(words, n) for _ in range(each)]
        made += [self.insertion(words, n) for _ in range(each)]
        made += [self.swap(words, n) for _ in range(each)]
        made += [self.deletion(words, alpha) for _ in range(each)]
        cleaned = [self.clean(" ".join(new)) for new in made]
        random.shuffle(cleaned)
        return cleaned[:n_aug]


def nltk_wordnet(folder: Path) -> Any:
    """NLTK's WordNet reader on the system's files."""
    import nltk

    place = folder / "corpora" / "wordnet"
    place.mkdir(parents=True)
    for file in WORDNET.iterdir():
        if file.is_file():
            shutil.copy(file, place / file.name)
    part = {"noun": 1, "verb": 2, "adj": 3, "adv": 4}
    names = (f"{at:02d}\t{name}\t{part[name.partition('.')[0]]}\n" for at, name in enumerate(LEXNAMES.split()))
    (place / "lexnames").write_text("".join(names), encoding="ascii")
    (place / "index.sense").touch()
    nltk.data.path.insert(0, str(folder))
    from nltk.corpus import wordnet

    wordnet.ensure_loaded()
    return wordnet


def turns(one: Callable[[int], object], other: Callable[[int], object]) -> tuple[float, float]:
    """Median seconds of the two, which take turns; the first round does not count."""
    seconds: tuple[list[float], list[float]] = ([], [])
    for turn in range(ROUNDS + 1):
        for side, function in zip(seconds, (one, other), strict=True):
            start = time.process_time()
            function(turn)
            side.append(time.process_time() - start)
    return statistics.median(seconds[0][1:]), statistics.median(seconds[1][1:])


def compared(name: str, count: int, unit: str, ours: float, theirs: float, least: float | None, peer: str) -> Row:
    """One figure: `count` things in so many seconds each."""
    ratio = theirs / ours
    return row(
        name,
        None if least is None else ratio >= least,
        f"{count / ours:,.0f} {unit}/s",
        f"{peer} {count / theirs:,.0f} {unit}/s",
        f"{ratio:.1f} x",
        "" if least is None else f">= {least:g} x",
    )


def _all(function: Callable[..., str], texts: list[str], seed: int) -> list[str]:
    rng = np.random.default_rng(seed)
    return [function(text, rng) for text in texts]


def text_rows() -> list[Row]:
    """EDA against its original algorithm, typing slips against nlpaug."""
    texts = sentences()
    made: list[Row] = []
    try:
        with tempfile.TemporaryDirectory() as folder:
            original = OriginalEDA(nltk_wordnet(Path(folder)))
            synonyms = tilth.wordnet_synonyms(str(WORDNET))

            def ours(turn: int) -> object:
                rng = np.random.default_rng(turn)
                return [tilth.eda(text, rng, alpha=ALPHA, n_aug=N_AUG, synonyms=synonyms) for text in texts]

            def theirs(turn: int) -> object:
                random.seed(turn)
                return [original(text, ALPHA, N_AUG) for text in texts]

            mine, other = turns(ours, theirs)
            made.append(
                compared(
                    f"EDA, alpha {ALPHA}, n_aug {N_AUG}",
                    len(texts) * N_AUG,
                    "sentences",
                    mine,
                    other,
                    10,
                    "original algorithm",
                )
            )
    except (ImportError, OSError) as reason:
        made.append(row("EDA", False, peer=f"not measured: {reason}", target=">= 10 x"))
    try:
        import nlpaug.augmenter.char as nac
        import nlpaug.augmenter.word as naw
    except ImportError as reason:
        return [*made, row("keyboard typos", None, peer=f"not measured: {reason}")]
    pairs: list[tuple[str, Any, Callable[..., str]]] = [
        ("keyboard typos", nac.KeyboardAug(aug_char_max=1, aug_word_p=0.1), tilth.keyboard_typos),
        ("random swap", naw.RandomWordAug(action="swap", aug_p=0.1), tilth.random_swap),
    ]
    for name, peer, function in pairs:
        mine, other = turns(
            lambda turn, f=function: _all(f, texts, turn),  # type: ignore[misc]
            lambda _, p=peer: [p.augment(text) for text in texts],  # type: ignore[misc]
        )
        made.append(compared(name, len(texts), "sentences", mine, other, None, "nlpaug"))
    return made


def torchaudio_masks(spec: Any) -> Callable[[int], object] | None:
    """torchaudio's SpecAugment on a batch; None where it cannot be imported.

    Its compiled part is built for CUDA alone and is not needed for masks: the import goes without.
    """
    try:
        import torch

        with mock.patch.object(Path, "glob", lambda *_: iter(())):
            from torchaudio.transforms import SpecAugment
    except (ImportError, OSError, AttributeError):
        return None
    torch.set_num_threads(1)
    batch = torch.from_numpy(spec)
    transform = SpecAugment(n_time_masks=2, time_mask_param=100, n_freq_masks=2, freq_mask_param=27, iid_masks=True)
    return lambda _: [transform(batch) for _ in range(10)]


def spectrogram_rows() -> list[Row]:
    """SpecAugment against torchaudio's; audiomentations has none."""
    spec = np.random.default_rng(0).random((BATCH, BANDS, FRAMES), dtype=np.float32)
    made: list[Row] = []
    theirs = torchaudio_masks(spec)
    if theirs is None:
        made.append(
            row("SpecAugment, masks of LD", False, peer="not measured: no torch and torchaudio here", target=">= 1 x")
        )
    else:
        mine, other = turns(lambda turn: [tilth.spec_augment(spec, turn, W=0, fill=0.0) for _ in range(10)], theirs)
        made.append(compared("SpecAugment, masks of LD", 10 * BATCH, "spectrograms", mine, other, 1, "torchaudio"))
    mine, _ = turns(lambda turn: [tilth.spec_augment(spec, turn) for _ in range(10)], lambda _: None)
    made.append(row("SpecAugment in full, with time warp", None, f"{10 * BATCH / mine:,.0f} spectrograms/s"))
    return made


def rows() -> list[Row]:
    """The figures of texts and spectrograms."""
    warnings.simplefilter("ignore")
    with contextlib.redirect_stdout(sys.stderr):
        return [*text_rows(), *spectrogram_rows()]


if __name__ == "__main__":
    print(json.dumps({"rows": rows(), "text": []}, indent=1))
