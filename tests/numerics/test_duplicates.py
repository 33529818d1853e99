from __future__ import annotations

import csv

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilth.errors import AlignmentError, DataError, ParameterError
from tilth.numerics.similarity.duplicates import DuplicateResult, find_near_duplicates
from tilth.numerics.similarity.hamming import as_codes, hamming_pairs
from tilth.numerics.similarity.neighbors import nearest_neighbors


def check(result: DuplicateResult, n: int) -> None:
    """What every result promises."""
    assert all(a.shape == (n,) for a in (result.group_id, result.score, result.nearest, result.kind, result.distance))
    seen = [row for group in result.groups for row in group]
    assert len(seen) == len(set(seen))
    for number, group in enumerate(result.groups):
        assert len(group) > 1
        assert list(group) == sorted(group)
        assert (result.group_id[list(group)] == number).all()
    member = result.group_id >= 0
    np.testing.assert_array_equal(member, result.flagged)
    assert ((result.score >= 0) & (result.score <= 1)).all()
    assert (result.score[member] >= 0.5).all()
    assert (result.score[~member] < 0.5).all()
    assert (result.nearest[~member] == -1).all()
    assert np.isnan(result.distance[~member]).all()
    assert (result.kind[~member] == "none").all()
    np.testing.assert_array_equal(result.group_id[result.nearest[member]], result.group_id[member])
    assert (result.nearest[member] != np.flatnonzero(member)).all()


def table(shape: str, n: int, d: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    if shape == "gauss":
        return rng.normal(size=(n, d))
    centres = rng.uniform(-10, 10, size=(5, d))
    return centres[rng.integers(5, size=n)] + rng.normal(size=(n, d))


@pytest.mark.parametrize("shape", ["gauss", "blobs"])
@pytest.mark.parametrize("d", [2, 3, 5, 8, 16, 64])
def test_no_false_duplicates(shape: str, d: int) -> None:
    for seed in range(3):
        result = find_near_duplicates(table(shape, 600, d, seed))
        check(result, 600)
        assert result.groups == ()


@pytest.mark.parametrize(("d", "least"), [(5, 0.8), (8, 0.95), (16, 1.0), (64, 1.0)])
def test_jittered_copies_are_found(d: int, least: float) -> None:
    X = table("gauss", 600, d, 1)
    rng = np.random.default_rng(2)
    source = rng.choice(600, size=40, replace=False)
    result = find_near_duplicates(np.vstack([X, X[source] + 0.01 * rng.normal(size=(40, d))]))
    check(result, 640)
    found = (result.group_id[600:] >= 0) & (result.group_id[600:] == result.group_id[source])
    assert found.mean() >= least
    assert result.flagged.sum() == 2 * found.sum()
    assert (result.nearest[600:][found] == source[found]).all()
    assert set(result.kind) == {"none", "embedding"}


def test_cosine_and_ready_graph() -> None:
    X = table("gauss", 300, 16, 0)
    X[7] = 3 * X[200]
    result = find_near_duplicates(neighbors=nearest_neighbors(X, 12, metric="cosine"))
    assert result.groups == ((7, 200),)
    assert find_near_duplicates(X, metric="cosine").groups == ((7, 200),)
    assert find_near_duplicates(X).groups == ()


def test_equal_feature_rows_form_one_group_however_many() -> None:
    X = np.vstack([table("gauss", 200, 3, 0), np.ones((50, 3))])
    result = find_near_duplicates(X)
    check(result, 250)
    assert result.groups == (tuple(range(200, 250)),)
    assert (result.distance[200:] == 0).all()


def test_threshold_is_a_share_of_local_distance() -> None:
    X = table("gauss", 300, 8, 0)
    strict, loose = (find_near_duplicates(X, threshold=t) for t in (0.01, 0.9))
    assert strict.groups == ()
    check(loose, 300)
    assert len(loose.groups) > 10


def test_few_rows() -> None:
    assert find_near_duplicates([[1.0, 2.0]]).groups == ()
    assert find_near_duplicates([[1.0, 2.0], [1.0, 2.0]]).groups == ((0, 1),)
    assert find_near_duplicates([[1.0, 2.0], [1.0, 3.0], [1.0, 2.0]]).groups == ((0, 2),)
    assert find_near_duplicates(hashes=[]).groups == ()


def test_exact_hashes_skip_the_unknown() -> None:
    result = find_near_duplicates(hashes=[b"x", "", None, b"x", "", None, b"y", b"x"])
    check(result, 8)
    assert result.groups == ((0, 3, 7),)
    assert result.score.tolist() == [1, 0, 0, 1, 0, 0, 0, 1]
    assert result.kind[3] == "exact"


def test_kinds_join_into_one_group() -> None:
    code = np.array([0x0F0F0F0F0F0F0F0F, 0x0F0F0F0F0F0F0F0E, 0xFFFF0000FFFF0000, 0x3333CCCC3333CCCC], dtype=np.uint64)
    result = find_near_duplicates(hashes=["a", "b", "c", "b"], perceptual=code)
    check(result, 4)
    assert result.groups == ((0, 1, 3),)
    assert result.kind.tolist() == ["perceptual", "exact", "none", "exact"]
    assert result.distance[0] == 1
    assert result.score[1] == 1 > result.score[0]


def test_blank_images_are_not_compared() -> None:
    rng = np.random.default_rng(0)
    blank = np.zeros(500, dtype=np.uint64) | (np.uint64(1) << rng.integers(0, 64, size=500).astype(np.uint64))
    code = np.concatenate([blank, ~blank, rng.integers(0, 2**63, size=200, dtype=np.uint64)])
    result = find_near_duplicates(perceptual=code)
    check(result, 1200)
    assert result.groups == ()
    assert result.uninformative[:1000].all()
    assert not result.uninformative[1000:].any()


def test_a_long_chain_does_not_become_one_group() -> None:
    code = np.array([0xAAAAAAAAAAAAAAAA ^ (2**i - 1) for i in range(16)], dtype=np.uint64)
    result = find_near_duplicates(perceptual=code, max_bits=1)
    check(result, 16)
    assert result.flagged.all()
    assert max(len(group) for group in result.groups) <= 7
    spread = [np.bitwise_count(code[list(g)][:, None] ^ code[list(g)]).max() for g in result.groups]
    assert max(spread) <= 6


def test_equal_perceptual_hashes_of_many_rows() -> None:
    code = np.full(20_000, 0x0F0F0F0F0F0F0F0F, dtype=np.uint64)
    result = find_near_duplicates(perceptual=code)
    assert len(result.groups) == 1
    assert len(result.groups[0]) == 20_000


@settings(max_examples=30, deadline=None)
@given(st.integers(0, 2**32 - 1), st.integers(0, 12), st.integers(0, 80))
def test_hamming_pairs_equal_all_pairs(seed: int, max_bits: int, n: int) -> None:
    rng = np.random.default_rng(seed)
    base = rng.integers(0, 2**63, size=4, dtype=np.uint64)
    noise = np.zeros(n, dtype=np.uint64)
    for _ in range(5):
        noise ^= np.uint64(1) << rng.integers(0, 64, size=n).astype(np.uint64)
    code = base[rng.integers(0, 4, size=n)] ^ noise
    first, second, bits = hamming_pairs(code, max_bits)
    every = np.bitwise_count(code[:, None] ^ code[None, :])
    expected = np.argwhere(np.triu(every <= max_bits, 1))
    np.testing.assert_array_equal(np.column_stack([first, second]), expected)
    np.testing.assert_array_equal(bits, every[first, second])


def test_hamming_on_a_hundred_thousand_codes() -> None:
    code = np.random.default_rng(0).integers(0, 2**64, size=100_000, dtype=np.uint64)
    code[60_000:60_100] = code[:100] ^ np.uint64(0b1011 << 30)
    first, second, bits = hamming_pairs(code, 6)
    assert first.tolist() == list(range(100))
    assert second.tolist() == list(range(60_000, 60_100))
    assert (bits == 3).all()


def test_too_many_pairs_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tilth.numerics.similarity.hamming._MOST_PAIRS", 100)
    with pytest.raises(DataError, match=r"(?i)lower max_bits"):
        hamming_pairs(np.arange(64, dtype=np.uint64), 4)


def test_codes_from_lists_and_signed_integers() -> None:
    assert as_codes([2**64 - 1, 0]).tolist() == [2**64 - 1, 0]
    assert as_codes(np.array([-1, 5])).tolist() == [2**64 - 1, 5]
    assert as_codes([]).shape == (0,)


def test_bad_inputs() -> None:
    with pytest.raises(DataError, match="nothing to compare"):
        find_near_duplicates()
    with pytest.raises(AlignmentError, match="'X': 3, 'hashes': 2"):
        find_near_duplicates(np.eye(3), hashes=["a", "b"])
    with pytest.raises(DataError, match="64-bit integers"):
        find_near_duplicates(perceptual=np.array([0.5, 0.5]))
    with pytest.raises(DataError, match="row 1, column 0"):
        find_near_duplicates([[1.0], [np.nan]])
    with pytest.raises(DataError, match="one-dimensional"):
        find_near_duplicates(hashes=[["a"], ["b"]])
    for bad in (0, 1.5, "low"):
        with pytest.raises(ParameterError, match="threshold"):
            find_near_duplicates(np.eye(3), threshold=bad)  # type: ignore[arg-type]
    for bits in (-1, 21, 2.5):
        with pytest.raises(ParameterError, match="max_bits"):
            find_near_duplicates(np.eye(3), max_bits=bits)  # type: ignore[arg-type]


def test_known_duplicates_of_cifar10(shared_data) -> None:  # type: ignore[no-untyped-def]
    import pyarrow.parquet as pq

    from tilth.numerics.media.images import decode_image, perceptual_hash

    images = pq.read_table(shared_data("label_errors/cifar10_test/images_jpeg.parquet"))["jpeg"].to_pylist()
    with open(shared_data("near_duplicates/cifar10_test_cifair/pairs.csv"), newline="") as file:
        rows = list(csv.DictReader(file))
    known = {
        tuple(sorted((int(r["index_a"]), int(r["index_b"])))) for r in rows if r["judgment_name"] == "near_duplicate"
    }
    code = np.array([perceptual_hash(decode_image(image)) for image in images])
    recall = {}
    for bits, most in ((6, 40), (8, 80)):
        first, second, _ = hamming_pairs(code, bits)
        found = set(zip(first.tolist(), second.tolist(), strict=True))
        assert len(found) <= most  # of 50 million pairs
        recall[bits] = len(found & known)
    assert len(known) == 30
    assert recall[6] >= 11
    assert recall[8] >= 16
    check(find_near_duplicates(perceptual=code), len(code))


def test_embeddings_veto_pairs_that_only_share_a_hash() -> None:
    X = np.random.default_rng(0).normal(0, 1, (60, 8))
    X[1] = X[0] + 0.25  # near enough to confirm the hashes, too far to count by itself
    codes = np.random.default_rng(1).integers(1, 1 << 63, 60, dtype=np.uint64)
    codes[:4] = [0x0F0F0F0F0F0F0F0F, 0x0F0F0F0F0F0F0F0E, 0x0F0F0F0F0F0F0F0D, 0x0F0F0F0F0F0F0F0B]
    assert len(find_near_duplicates(perceptual=codes).groups[0]) == 4
    assert find_near_duplicates(X).groups == ()
    found = find_near_duplicates(X, perceptual=codes, max_bits=6)
    assert found.groups == ((0, 1),)
    assert found.kind[0] == "perceptual"
