"""Changes to texts: what changes, what may not, and poor input."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilth.errors import AlignmentError, DataError, ParameterError
from tilth.numerics.augment import text_eda
from tilth.numerics.augment.text_entities import change_names, change_numbers, change_places
from tilth.numerics.augment.text_forms import contractions, sentence_shuffle, split_sentences
from tilth.numerics.augment.text_noise import keyboard_typos, ocr_errors
from tilth.numerics.augment.text_words import NEGATIONS, join_words, like, read_word, split_words
from tilth.numerics.augment.thesaurus import Thesaurus
from tilth.numerics.augment.word_neighbors import WordNeighbors

TEXT = "The plot is not bad at all, and the two Leads never give a dull , cold performance."
KNOWN = {"plot": ["story"], "bad": ["awful", "poor"], "leads": ["stars"], "performance": ["show"], "cold": ["icy"]}


def synonyms(word: str) -> list[str]:
    return KNOWN.get(word, [])


#: Every function of a text, at full strength.
CHANGES: dict[str, Callable[[str, int], str]] = {
    "synonyms": lambda t, s: text_eda.synonym_replacement(t, s, synonyms=synonyms, alpha=0.5),
    "insertion": lambda t, s: text_eda.random_insertion(t, s, synonyms=synonyms, alpha=0.5),
    "swap": lambda t, s: text_eda.random_swap(t, s, alpha=0.5),
    "deletion": lambda t, s: text_eda.random_deletion(t, s, alpha=0.5),
    "eda": lambda t, s: text_eda.eda(t, s, synonyms=synonyms, alpha=0.5, n_aug=1)[0],
    "aeda": text_eda.aeda,
    "typos": lambda t, s: keyboard_typos(t, s, share=1.0),
    "ocr": lambda t, s: ocr_errors(t, s, share=1.0),
    "names": change_names,
    "places": change_places,
    "numbers": change_numbers,
    "contractions": contractions,
    "sentences": sentence_shuffle,
}


@pytest.mark.parametrize("name", CHANGES)
@pytest.mark.parametrize("text", ["", " ", "word", "😀👍🏽 🇩🇪", "!", "... --", "\n\t"])
def test_poor_texts_come_back_unchanged(name: str, text: str) -> None:
    assert [CHANGES[name](text, seed) for seed in range(5)] == [text] * 5


@pytest.mark.parametrize("name", CHANGES)
def test_the_same_seed_gives_the_same_text(name: str) -> None:
    texts = [CHANGES[name](TEXT, seed) for seed in range(20)]
    assert texts == [CHANGES[name](TEXT, np.random.default_rng(seed)) for seed in range(20)]


def after(text: str) -> list[tuple[str, str]]:
    """Each negation of a text with the word after it."""
    words = [word for word in (read_word(token) for token in text.split()) if word.kind != "other"]
    pairs = zip(words, [*words[1:], read_word("")], strict=True)
    return [(one.lower, other.lower) for one, other in pairs if one.kind == "negation"]


@pytest.mark.parametrize("name", [name for name in CHANGES if name != "contractions"])
def test_negations_stay_and_keep_their_place(name: str) -> None:
    for seed in range(60):
        new = CHANGES[name](TEXT, seed)
        assert [word for word, _ in after(new)] == ["not", "never"]
        if name in ("insertion", "swap", "deletion", "aeda"):
            assert after(new) == after(TEXT), new


def test_negations_change_where_that_is_asked_for() -> None:
    made = {text_eda.random_deletion(TEXT, seed, alpha=0.5, keep_negations=False) for seed in range(30)}
    assert any(len(after(text)) < 2 for text in made)


def test_synonyms_keep_case_and_punctuation() -> None:
    new = text_eda.synonym_replacement(TEXT, 0, synonyms=synonyms, alpha=1.0)
    assert new.startswith("The story is not ")
    assert "two Stars never" in new
    assert new.endswith(", icy show.")
    assert text_eda.synonym_replacement("plot, plot and x", 0, synonyms=synonyms, alpha=0.1) == "story, story and x"


def test_protected_words_stay() -> None:
    for name in ("synonym_replacement", "random_swap", "random_deletion"):
        more = {"synonyms": synonyms} if name == "synonym_replacement" else {}
        for seed in range(30):
            new = getattr(text_eda, name)(TEXT, seed, alpha=0.9, protected=("Plot", "performance"), **more)
            assert "plot" in new
            assert new.endswith("performance.")
    with pytest.raises(ParameterError, match="collection of words"):
        text_eda.random_swap(TEXT, 0, protected="plot")


def test_eda_uses_its_operations_in_equal_parts() -> None:
    text = "one plot of four bad words"
    made = text_eda.eda(text, 0, synonyms=synonyms, alpha=0.1, p_rd=0.9, n_aug=400)
    words = sorted(text.split())
    kinds = Counter(
        "swap"
        if sorted(new.split()) == words
        else "insert"
        if len(new.split()) > 6
        else "replace"
        if len(new.split()) == 6
        else "delete"
        for new in made
    )
    assert all(abs(kinds[kind] - 100) <= 8 for kind in ("swap", "insert", "replace", "delete")), kinds
    only = text_eda.eda(text, 0, synonyms=synonyms, alpha=0.3, alpha_sr=0, alpha_ri=0, p_rd=0, n_aug=20)
    assert all(sorted(new.split()) == words for new in only)


def test_deletion_drops_the_share_that_was_asked_for() -> None:
    text = " ".join(["word"] * 40)
    left = [len(text_eda.random_deletion(text, seed, alpha=0.2).split()) for seed in range(400)]
    assert abs(np.mean(left) - 32) < 0.5
    assert np.std(left) == pytest.approx(np.sqrt(40 * 0.2 * 0.8), rel=0.15)
    assert len(text_eda.random_deletion("a b c", 0, alpha=1.0).split()) == 1


def test_gaps_between_words_stay() -> None:
    text = " so  it\tgoes \n on"
    assert join_words(*split_words(text)) == text
    assert text_eda.random_swap(text, 1, alpha=0.1).split() != text.split()
    assert [c for c in text_eda.random_swap(text, 1, alpha=0.1) if c.isspace()] == [c for c in text if c.isspace()]
    assert text_eda.random_deletion("a  b\nc", 0, alpha=0.5).strip()


@settings(max_examples=60, deadline=None)
@given(st.text(max_size=60), st.integers(0, 5))
def test_any_text_survives_every_change(text: str, seed: int) -> None:
    for change in CHANGES.values():
        assert isinstance(change(text, seed), str)


@pytest.mark.parametrize("alpha", [-0.1, 1.5, float("nan"), "much", True])
def test_a_share_out_of_range_is_refused(alpha: object) -> None:
    with pytest.raises(ParameterError, match="from 0 to 1"):
        text_eda.random_swap(TEXT, 0, alpha=alpha)  # type: ignore[arg-type]


def test_aeda_touches_no_word() -> None:
    words = ["a", "sad", "superior", "human", "comedy", "played", "out"]
    for seed in range(20):
        new = text_eda.aeda(" ".join(words), seed)
        assert [word for word in new.split() if word.isalpha()] == [
            "a",
            "sad",
            "superior",
            "human",
            "comedy",
            "played",
            "out",
        ]
        assert 1 <= len(new.split()) - 7 <= 2


def test_typos_and_misreadings_change_one_place_a_word() -> None:
    old = ["where", "is", "my", "credit", "card", "now"]
    for seed in range(40):
        new = keyboard_typos(" ".join(old), seed, share=0.5).split()
        changed = [(a, b) for a, b in zip(old, new, strict=True) if a != b]
        assert 1 <= len(changed) <= 2
        assert all(a[0] == b[0] and abs(len(a) - len(b)) <= 1 for a, b in changed)
    assert ocr_errors("modern clocks", 1, share=1.0) != "modern clocks"
    assert keyboard_typos("it is not no", 0, share=1.0) == "it is not no"


def test_names_change_together_and_by_gender() -> None:
    from tilth.numerics.augment.entity_lists import FEMALE_NAMES

    new = change_names("Mary met Mr. Wood. Mary left, Austin stayed.", 3)
    first, wood = new.split()[0], new.split()[3]
    assert first in FEMALE_NAMES
    assert first != "Mary"
    assert wood != "Wood."
    assert new == f"{first} met Mr. {wood} {first} left, Austin stayed."
    assert change_names("mary met mr. wood", 0) == "mary met mr. wood"
    assert change_names("Mary met Hans.", 0, protected=["mary", "hans"]) == "Mary met Hans."


def test_places_stay_of_their_kind() -> None:
    from tilth.numerics.augment.entity_lists import CITIES, COUNTRIES

    new = change_places("New York is not in South Africa.", 0)
    city, country = new.removesuffix(".").split(" is not in ")
    assert city in CITIES
    assert country in COUNTRIES
    assert (city, country) != ("New York", "South Africa")


def test_numbers_stay_near_and_keep_their_form() -> None:
    for seed in range(30):
        new = change_numbers("Pay $1,250.50 or 40 at 12:30 on 2024-05-01, flat B4.", seed, spread=0.1)
        assert new.endswith(" at 12:30 on 2024-05-01, flat B4.")
        price, other = new.split()[1], new.split()[3]
        assert price[2] == "," and price[-3] == "."
        assert abs(float(price[1:].replace(",", "")) - 1250.5) <= 125.1
        assert 36 <= int(other) <= 44 and other != "40"


@pytest.mark.parametrize(
    ("short", "long"),
    [
        ("it's fine", "it is fine"),
        ("We don't know", "We do not know"),
        ("they can't stay", "they cannot stay"),
        ("I won't go", "I will not go"),
        ("he's been there", "he has been there"),
        ("CAN'T you", "CANNOT you"),
        ("you ca n't stop", "you can not stop"),
        ("Mary's book is Lee's", "Mary's book is Lee's"),
    ],
)
def test_contractions_are_written_out(short: str, long: str) -> None:
    assert contractions(short, 0, to="long") == long


def test_contractions_keep_negations_and_refuse_unknown_directions() -> None:
    assert contractions("We are sure it does not work, and I am not.", 0, to="short") == (
        "We're sure it doesn't work, and I'm not."
    )
    assert contractions("Yes, we are.", 0, to="short") == "Yes, we are."
    with pytest.raises(ParameterError, match="direction"):
        contractions("it's", 0, to="longer")


def test_sentences_are_the_same_in_another_order() -> None:
    text = "One rains. Dr. Lee left. He took 5. Why? See e.g. this."
    assert split_sentences(text) == ["One rains.", "Dr. Lee left.", "He took 5.", "Why?", "See e.g. this."]
    made = {sentence_shuffle(text, seed) for seed in range(30)}
    assert all(Counter(split_sentences(new)) == Counter(split_sentences(text)) for new in made)
    assert len(made) > 10
    assert sentence_shuffle("only one sentence here", 0) == "only one sentence here"


def test_words_are_taken_apart() -> None:
    assert read_word("(Don’t!)").kind == "negation"
    assert read_word("n't").lower == "n't"
    assert read_word("the").kind == "function"
    assert read_word("--").kind == "other"
    assert like("Xy", "film"), like("XY", "film") == ("Film", "FILM")
    assert {"not", "never", "cannot"} <= NEGATIONS


def dictionary() -> dict[str, bytes]:
    """A dictionary of two senses, one marked as rude."""
    noun = (
        "film 03 n 03 film 0 movie 0 flick_show 0 000 | moving pictures\n",
        "layer 03 n 03 film 0 Layer 0 no_coat 0 000 | a thin coat\n",
        "rude 03 n 02 obscenity 0 swearword 0 000 | a rude word\n",
        "bad 03 n 02 movie 0 damnthing 0 001 ;u {rude} n 0200 | what nobody says\n",
    )
    text, offsets = "", {}
    for line in noun:
        name = line.split()[0]
        offsets[name] = f"{len(text):08d}"
        text += f"{offsets[name]} {line.partition(' ')[2]}".replace("{rude}", offsets.get("rude", ""))
    index = (
        f"film n 2 0 2 2 {offsets['film']} {offsets['layer']}\n"
        f"movie n 2 0 2 2 {offsets['film']} {offsets['bad']}\n"
        f"obscenity n 1 0 1 1 {offsets['rude']}\n"
    )
    empty = {f"{kind}.{part}": b"" for kind in ("index", "data") for part in ("verb", "adj", "adv")}
    return {"index.noun": index.encode(), "data.noun": text.encode(), "noun.exc": b"filmz film\n", **empty}


def test_the_thesaurus_reads_senses_bases_and_marks() -> None:
    found = Thesaurus(dictionary())
    assert len(found) == 3
    assert found("film") == ("movie", "flick show")
    assert found("Films") == found("filmz") == ("movie", "flick show")
    assert found("movie") == ("film", "flick show")
    assert found.synonyms("movie", senses=1) == found.limited(1)("movie") == ("film", "flick show")
    assert found("zebra") == ()


def test_a_broken_dictionary_is_refused() -> None:
    with pytest.raises(DataError, match="not complete"):
        Thesaurus({"index.noun": b""})
    broken = {**dictionary(), "data.noun": b"x" * 400}
    with pytest.raises(DataError, match=r"data\.noun, byte"):
        Thesaurus(broken)("film")


def test_neighbours_by_cosine() -> None:
    near = WordNeighbors(["Film", "movie", "not", "tea", "3d"], np.eye(5)[[0, 0, 0, 3, 0]] + 0.1, k=3)
    assert near("film") == ("movie",)
    assert near("tea") == ()
    assert len(near) == 3
    with pytest.raises(AlignmentError):
        WordNeighbors(["a"], np.eye(2))
    with pytest.raises(DataError, match="finite"):
        WordNeighbors(["a"], [[np.nan, 1]])
