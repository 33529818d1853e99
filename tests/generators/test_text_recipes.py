"""Recipes for texts as parts: synonyms from files, models made here from a configuration, guards of negations."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import tilth
from tilth.errors import MissingExtraError, ParameterError, PartError, SourceError
from tilth.generators.text import _wordnet
from tilth.generators.text.back_translation import BackTranslation
from tilth.generators.text.embedding_substitution import EmbeddingSubstitution
from tilth.generators.text.masked_substitution import MaskedSubstitution
from tilth.plugin import Run, Shelf
from tilth.records import Sample

NAMES = (
    "synonym_replacement random_insertion random_swap random_deletion eda aeda keyboard_typos ocr_errors change_names "
    "change_places change_numbers contractions sentence_shuffle embedding_substitution masked_substitution "
    "back_translation"
)


def dictionary(folder: Path) -> Path:
    folder.mkdir(parents=True)
    (folder / "data.noun").write_text("00000000 03 n 02 movie 0 film 0 000 | moving pictures\n")
    (folder / "index.noun").write_text("movie n 1 0 1 1 00000000\n")
    for part in ("verb", "adj", "adv"):
        for kind in ("index", "data"):
            (folder / f"{kind}.{part}").touch()
    return folder


@pytest.fixture
def nowhere(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """No copy of WordNet can be found but below the path returned."""
    monkeypatch.setattr(_wordnet, "_places", lambda: [tmp_path / "corpora" / "wordnet.zip", tmp_path / "wordnet"])
    _wordnet._load.cache_clear()
    yield tmp_path
    _wordnet._load.cache_clear()


def test_every_recipe_is_on_the_shelf() -> None:
    assert set(NAMES.split()) <= set(Shelf("generators").names())
    assert {Shelf("generators").get(name).medium for name in NAMES.split()} == {"text"}


def test_without_wordnet_the_error_says_what_to_install(nowhere: Path) -> None:
    with pytest.raises(MissingExtraError, match="apt-get install wordnet-base") as caught:
        tilth.eda("a good movie")
    assert "nltk.downloader wordnet" in str(caught.value)


@pytest.mark.parametrize("zipped", [False, True])
def test_wordnet_is_read_from_a_folder_or_nltks_archive(nowhere: Path, zipped: bool) -> None:
    folder = dictionary(nowhere / "wordnet")
    if zipped:
        (nowhere / "corpora").mkdir()
        shutil.make_archive(str(nowhere / "corpora" / "wordnet"), "zip", nowhere, "wordnet")
        shutil.rmtree(folder)
    assert tilth.wordnet_synonyms()("movies") == ("film",)
    assert tilth.synonym_replacement("a good Movie", 0) == "a good Film"
    assert len(tilth.random_insertion("a good movie", 0).split()) == 4
    made = Shelf("generators").make("synonym_replacement").apply(Sample("text", "a movie"), np.random.default_rng(0))
    assert made.value == "a film"


def test_a_folder_without_wordnet_is_named(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no dictionary"):
        tilth.wordnet_synonyms(str(tmp_path))
    (dictionary(tmp_path / "broken") / "index.verb").unlink()
    with pytest.raises(SourceError, match=r"index\.verb"):
        tilth.wordnet_synonyms(str(tmp_path / "broken"))


def test_the_systems_wordnet() -> None:
    try:
        found = tilth.wordnet_synonyms()
    except MissingExtraError as reason:
        pytest.skip(str(reason))
    assert {"film", "picture"} <= set(found("movies"))
    assert found("movies") == found("Movie")
    assert not {"no", "never", "not"} & {new for word in ("nothing", "refuse", "lack") for new in found(word)}
    texts = tilth.eda("this is not a good movie", 0, n_aug=16, alpha=0.2)
    assert len(texts) == 16
    assert all("not" in text.split() for text in texts)
    assert texts == tilth.eda("this is not a good movie", 0, n_aug=16, alpha=0.2)


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("eda", {"alpha": 2}),
        ("random_swap", {"protected": "word"}),
        ("change_numbers", {"spread": "much"}),
        ("contractions", {"to": "longer"}),
        ("masked_substitution", {"model": ""}),
        ("back_translation", {"beams": 0}),
        ("keyboard_typos", {"magnitude": 1.2}),
    ],
)
def test_poor_parameters_are_refused(name: str, params: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        Shelf("generators").make(name, **params)


def test_neighbours_come_from_a_file_of_vectors(tmp_path: Path) -> None:
    path = tmp_path / "vectors.txt"
    path.write_text("4 2\nmovie 1 0.1\nfilm 1 0.12\nnot 1 0.1\ntea -1 1\n", encoding="utf-8")
    part = EmbeddingSubstitution(model=str(path))
    made = {part.apply(Sample("text", "not the movie"), np.random.default_rng(s)).value for s in range(5)}
    assert made == {"not the film"}
    path.write_text("movie 1 0.1\nfilm 1\n", encoding="utf-8")
    with pytest.raises(SourceError, match="line 2"):
        EmbeddingSubstitution(model=str(path), top_k=3).apply(Sample("text", "a movie"), np.random.default_rng(0))


def test_ways_back_with_another_negation_or_without_a_protected_word_are_not_taken() -> None:
    old = "It was not late."
    ways = ["It was late.", "it was NOT late", "It had not got late.", "It was not the hour."]

    def made(**more: Any) -> set[str]:
        part = BackTranslation(magnitude=1.0, known={old: ways}, **more)
        return {part.apply(Sample("text", old), np.random.default_rng(seed)).value for seed in range(20)}

    assert made() == {"It had not got late.", "It was not the hour."}
    assert made(protected=("late",)) == {"It had not got late."}
    assert made(keep_negations=False) == {"It was late.", "It had not got late.", "It was not the hour."}
    still = BackTranslation(magnitude=0.0, known={old: ways})
    assert still.apply(Sample("text", old), np.random.default_rng(0)).value == old


@pytest.fixture(scope="module")
def models() -> tuple[str, str]:
    """Folders of a masked model and of a translator, made at random from their configurations."""
    pytest.importorskip("torch", reason="torch is not installed: pip install 'tilth[translate]'")
    pytest.importorskip("transformers", reason="transformers is not installed: pip install 'tilth[translate]'")
    from tilth.generators.text._tiny import tiny_masked_model, tiny_translator

    return tiny_masked_model(MaskedSubstitution()), tiny_translator(BackTranslation())


@pytest.mark.slow
def test_a_masked_model_is_loaded_and_asked(models: tuple[str, str]) -> None:
    part = MaskedSubstitution(model=models[0], magnitude=1.0)
    texts = [part.apply(Sample("text", "It was not the Movie."), np.random.default_rng(s)).value for s in range(10)]
    assert len(set(texts)) > 2
    assert all(text.startswith("It was not the ") and text.endswith(".") for text in texts)
    assert all(text[15].isupper() for text in texts)
    with pytest.raises(PartError, match="cannot load this model"):
        MaskedSubstitution(model=str(Path(models[0]) / "no")).apply(Sample("text", "a movie"), np.random.default_rng(0))


@pytest.mark.slow
def test_a_translator_is_loaded_asked_in_batches_and_remembered(models: tuple[str, str]) -> None:
    part = BackTranslation(
        forward=models[1], backward=models[1], beams=3, batch_size=2, keep_negations=False, magnitude=1.0
    )
    rows = [
        Sample("text", text, str(at)) for at, text in enumerate(["it was a movie", "the plot. It was bad", "", "x"])
    ]
    fitted = part.fit(rows)
    assert set(fitted.known) == {"it was a movie", "the plot.", "It was bad", "x"}
    assert all(1 <= len(set(ways)) == len(ways) <= 3 for ways in fitted.known.values())
    by_hand = [part.apply(row, np.random.default_rng(5)).value for row in rows]
    assert by_hand == [fitted.apply(row, np.random.default_rng(5)).value for row in rows]
    assert by_hand[0] != "it was a movie"
    assert by_hand[2:] == ["", "x"]
    made = part.generate(rows, 6, Run(seed=1, path="policy"))
    assert [sample.parents for sample in made] == [("0",), ("1",), ("2",), ("3",), ("0",), ("1",)]
    one_by_one = BackTranslation(forward=models[1], backward=models[1], beams=3, batch_size=1, keep_negations=False)
    assert {k: tuple(v) for k, v in one_by_one.fit(rows).known.items()} == {
        k: tuple(v) for k, v in fitted.known.items()
    }


@pytest.mark.slow
def test_vectors_of_a_language_model(models: tuple[str, str]) -> None:
    part = EmbeddingSubstitution(model=models[0], min_similarity=0.0, magnitude=1.0)
    new = part.apply(Sample("text", "was the movie"), np.random.default_rng(0)).value
    assert new.startswith("was the ")
    assert new != "was the movie"
