from __future__ import annotations

import numpy as np
import pytest

from tilth.embedders.tfidf import Tfidf
from tilth.errors import ParameterError
from tilth.plugin import Run


def test_rows_have_unit_length_and_texts_without_words_are_zero() -> None:
    vectors = Tfidf().embed(["red car", None, "", "  \n", "blue car", "red house"], Run())
    assert vectors.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(vectors, axis=1), [1, 0, 0, 0, 1, 1], atol=1e-6)


@pytest.mark.parametrize("texts", [[], [None], ["", " "]])
def test_nothing_to_read_gives_one_column_of_zeros(texts: list[str | None]) -> None:
    vectors = Tfidf().embed(texts, Run())
    assert vectors.shape == (len(texts), 1)
    assert not vectors.any()


@pytest.mark.parametrize("texts", [["a"], ["?!"], ["the"], ["a", "a", "a"], ["日本語", "日本"], ["\x00", "x"]])
def test_tiny_vocabularies_survive(texts: list[str]) -> None:
    vectors = Tfidf().embed(texts, Run())
    assert len(vectors) == len(texts)
    assert np.isfinite(vectors).all()


def test_equal_texts_have_equal_vectors() -> None:
    vectors = Tfidf().embed(["one fine day", "another text", "one fine day"], Run())
    np.testing.assert_allclose(vectors[0], vectors[2], atol=1e-6)
    assert not np.allclose(vectors[0], vectors[1])


def test_large_collection_is_compressed_the_same_way_twice() -> None:
    rng = np.random.default_rng(0)
    words = [f"word{i}" for i in range(60)]
    texts = [" ".join(rng.choice(words[30 * (i % 2) : 30 * (i % 2) + 30], 6)) for i in range(200)]
    first, second = (Tfidf(dimensions=8).embed(texts, Run(seed=1)) for _ in range(2))
    assert first.shape == (200, 8)
    np.testing.assert_array_equal(first, second)
    same = first[::2] @ first[::2].T
    other = first[::2] @ first[1::2].T
    assert same.mean() > other.mean() + 0.2


@pytest.mark.parametrize("name", ["dimensions", "max_words", "max_pieces", "max_characters"])
def test_bad_parameters_are_named(name: str) -> None:
    with pytest.raises(ParameterError, match=name):
        Tfidf(**{name: 0})
