"""Agreement statistics against published examples, scikit-learn and simulation."""

from __future__ import annotations

import warnings
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from tilth.errors import AlignmentError, LabelError, NotApplicable, ParameterError
from tilth.numerics.agreement.coefficients import (
    agreement_weights,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    krippendorff_alpha,
    pairwise_kappa,
    percent_agreement,
    scott_pi,
    verbal_scale,
)
from tilth.numerics.agreement.detail import (
    class_agreement,
    confused_pairs,
    item_agreement,
    rater_agreement,
)
from tilth.numerics.consensus.votes import as_votes

N = None
KRIPPENDORFF_2011 = np.array(  # example C: four observers, twelve units
    [
        [1, 2, 3, 3, 2, 1, 4, 1, 2, N, N, N],
        [1, 2, 3, 3, 2, 2, 4, 1, 2, 5, N, 3],
        [N, 3, 3, 3, 2, 3, 4, 2, 2, 5, 1, N],
        [1, 2, 3, 3, 2, 4, 4, 1, 2, 5, 1, N],
    ],
    dtype=object,
).T
FLEISS_1971 = np.array(  # 30 patients, six psychiatrists each, five diagnoses
    [
        [0, 0, 0, 6, 0], [0, 3, 0, 0, 3], [0, 1, 4, 0, 1], [0, 0, 0, 0, 6], [0, 3, 0, 3, 0], [2, 0, 4, 0, 0],
        [0, 0, 4, 0, 2], [2, 0, 3, 1, 0], [2, 0, 0, 4, 0], [0, 0, 0, 0, 6], [1, 0, 0, 5, 0], [1, 1, 0, 4, 0],
        [0, 3, 3, 0, 0], [1, 0, 0, 5, 0], [0, 2, 0, 3, 1], [0, 0, 5, 0, 1], [3, 0, 0, 1, 2], [5, 1, 0, 0, 0],
        [0, 2, 0, 4, 0], [1, 0, 2, 0, 3], [0, 0, 0, 0, 6], [0, 1, 0, 5, 0], [0, 2, 0, 1, 3], [2, 0, 0, 4, 0],
        [1, 0, 0, 4, 1], [0, 5, 0, 1, 0], [4, 0, 0, 0, 2], [0, 2, 0, 4, 0], [1, 0, 5, 0, 0], [0, 0, 0, 0, 6],
    ]
)  # fmt: skip


def from_counts(table: np.ndarray) -> np.ndarray:
    """One row of votes per row of counts."""
    return np.array([np.repeat(np.arange(table.shape[1]), row) for row in table])


def two_raters(table: list[list[int]]) -> tuple[np.ndarray, np.ndarray]:
    """The votes of two raters with this contingency table."""
    counts = np.array(table)
    a, b = np.indices(counts.shape)
    return np.repeat(a.ravel(), counts.ravel()), np.repeat(b.ravel(), counts.ravel())


@pytest.mark.parametrize(
    ("level", "value"), [("nominal", 0.743), ("ordinal", 0.815), ("interval", 0.849), ("ratio", 0.797)]
)
def test_alpha_of_krippendorff_2011(level: Any, value: float) -> None:
    assert round(krippendorff_alpha(KRIPPENDORFF_2011, level=level).estimate, 3) == value
    numeric = as_votes(KRIPPENDORFF_2011, numeric=True)
    assert round(krippendorff_alpha(numeric, level=level).estimate, 3) == value


def test_alpha_counts_only_pairable_votes() -> None:
    found = krippendorff_alpha(KRIPPENDORFF_2011)
    assert (found.n_items, found.n_votes, found.n_raters) == (11, 40, 4)


def test_kappa_of_fleiss_1971() -> None:
    found = fleiss_kappa(from_counts(FLEISS_1971))
    assert round(found.estimate, 3) == 0.430
    assert round(found.observed, 3) == 0.556
    assert round(found.expected, 3) == 0.220
    assert found.low < 0.430 < found.high
    assert found.scale == "moderate"


def test_class_kappas_of_fleiss_1971() -> None:
    found = class_agreement(from_counts(FLEISS_1971))
    np.testing.assert_allclose(found.kappa, [0.245, 0.245, 0.520, 0.471, 0.566], atol=6e-4)
    assert found.n_votes.tolist() == FLEISS_1971.sum(axis=0).tolist()


def test_gwet_2008_paradox() -> None:
    a, b = two_raters([[118, 5], [2, 0]])  # emphysema example: 94% agreement, kappa about 0
    assert round(percent_agreement(np.column_stack([a, b])).estimate, 3) == 0.944
    kappa, first = cohen_kappa(a, b), gwet_ac1(np.column_stack([a, b]))
    assert kappa.estimate == pytest.approx(-0.0234, abs=5e-4)
    assert first.estimate == pytest.approx(0.9408, abs=5e-4)
    assert any("prevalence" in said and "94%" in said for said in kappa.limits)
    assert not any("prevalence" in said for said in first.limits)


def test_ac2_by_hand_and_ac1_as_its_unweighted_form() -> None:
    votes = [[0, 1], [2, 2], [1, 1], [0, 0]]
    assert gwet_ac2(votes).estimate == pytest.approx((0.9375 - 0.65625) / (1 - 0.65625))
    assert gwet_ac2(votes, weights=None).estimate == pytest.approx(gwet_ac1(votes).estimate)


def test_unequal_numbers_of_votes_by_hand() -> None:
    votes = [[0, 0, 1], [1, 1, None], [0, None, None]]
    observed = (1 / 3 + 1) / 2
    share = np.array([2 / 3 + 0 + 1, 1 / 3 + 1 + 0]) / 3
    expected = (share**2).sum()
    assert fleiss_kappa(votes).estimate == pytest.approx((observed - expected) / (1 - expected))
    chance = 2 * share[0] * share[1]
    assert gwet_ac1(votes).estimate == pytest.approx((observed - chance) / (1 - chance))


@pytest.mark.parametrize("weights", [None, "linear", "quadratic"])
def test_cohen_equals_scikit_learn(weights: Any) -> None:
    from sklearn.metrics import cohen_kappa_score

    for seed in range(70):
        rng = np.random.default_rng(seed)
        k, n = int(rng.integers(2, 6)), int(rng.integers(5, 60))
        a = rng.integers(k, size=n)
        b = np.where(rng.random(n) < 0.6, a, rng.integers(k, size=n))
        gap = rng.random((2, n)) < 0.2
        both = ~gap.any(axis=0)
        if not both.any():
            continue
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            want = cohen_kappa_score(a[both], b[both], labels=list(range(k)), weights=weights)
        got = cohen_kappa(
            np.where(gap[0], -1, a), np.where(gap[1], -1, b), classes=range(k), weights=weights, n_resamples=0
        )
        np.testing.assert_allclose(got.estimate, want, atol=1e-9)


def test_scott_by_hand() -> None:
    a, b = two_raters([[20, 5], [10, 15]])
    expected = 0.55**2 + 0.45**2
    assert scott_pi(a, b).estimate == pytest.approx((0.7 - expected) / (1 - expected))
    assert fleiss_kappa(np.column_stack([a, b])).estimate == pytest.approx(scott_pi(a, b).estimate)


def test_words_mixed_with_numbers() -> None:
    assert cohen_kappa(["1", "2", "1"], [1, 2, 1]).estimate == 1.0
    assert cohen_kappa(["a", "b", None, "a"], ["a", "b", "a", "b"]).n_items == 3


def test_pairwise_kappa_matches_each_pair_and_marks_strangers() -> None:
    rng = np.random.default_rng(0)
    table = rng.integers(3, size=(40, 4)).astype(float)
    table[:20, 3] = np.nan
    table[20:, 2] = np.nan
    found = pairwise_kappa(table, n_resamples=200)
    for first, second, value, low, high in zip(
        found.first, found.second, found.estimate, found.low, found.high, strict=True
    ):
        if {first, second} == {2, 3}:
            assert np.isnan([value, low, high]).all()
        else:
            alone = cohen_kappa(table[:, first], table[:, second], classes=[0, 1, 2], n_resamples=200)
            assert value == pytest.approx(alone.estimate)
            assert (low, high) == pytest.approx((alone.low, alone.high))
            assert found.matrix[first, second] == found.matrix[second, first] == value
    assert found.n_items.tolist() == [40, 20, 20, 20, 20, 0]


def test_all_votes_the_same() -> None:
    votes = as_votes([[0, 0], [0, 0], [0, 0]], classes=[0, 1])
    for statistic in (fleiss_kappa, krippendorff_alpha):
        found = statistic(votes)
        assert np.isnan([found.estimate, found.low, found.high]).all()
        assert found.scale == "undefined"
        assert any("undefined" in said for said in found.limits)
    assert gwet_ac1(votes).estimate == 1.0
    assert percent_agreement(votes).estimate == 1.0
    assert np.isnan(cohen_kappa([1, 1], [1, 1]).estimate)


def test_perfect_agreement_keeps_a_width() -> None:
    found = fleiss_kappa([[0, 0], [1, 1]] * 10)
    assert found.estimate == 1.0
    assert found.high == 1.0
    assert 0.5 < found.low < 0.9


def test_constant_rater_has_kappa_zero_and_is_named() -> None:
    b = [0, 1] * 20
    found = cohen_kappa([0] * 40, b)
    assert found.estimate == 0.0
    assert any("always answers 0" in said for said in found.limits)
    assert any(said.startswith("bias") for said in found.limits)
    assert rater_agreement(np.column_stack([[0] * 40, b])).n_answers.tolist() == [1, 2]


def test_bad_input() -> None:
    with pytest.raises(LabelError, match="two raters"):
        fleiss_kappa([[0], [1]])
    with pytest.raises(NotApplicable, match="no item has two votes"):
        krippendorff_alpha([[0, None], [None, 1]])
    with pytest.raises(NotApplicable, match="share no item"):
        cohen_kappa([0, None], [None, 1])
    with pytest.raises(AlignmentError, match="2 and 3"):
        cohen_kappa([0, 1], [0, 1, 1])
    with pytest.raises(ParameterError, match="level"):
        krippendorff_alpha([[0, 1]], level="cardinal")  # type: ignore[arg-type]
    with pytest.raises(LabelError, match="needs numbers"):
        krippendorff_alpha([["a", "b"]], level="interval")
    with pytest.raises(LabelError, match="numbers, not classes"):
        fleiss_kappa(as_votes([[0.5, 1.0]], numeric=True))
    with pytest.raises(ParameterError, match="confidence"):
        fleiss_kappa([[0, 1]], confidence=95)
    with pytest.raises(ParameterError, match="n_resamples"):
        fleiss_kappa([[0, 1]], n_resamples=-1)
    with pytest.raises(ParameterError, match="unknown weights"):
        agreement_weights("cubic", 3)  # type: ignore[arg-type]
    with pytest.raises(ParameterError, match="symmetric"):
        agreement_weights([[1, 0.5], [0.2, 1]], 2)
    with pytest.raises(ParameterError, match=r"\[0, 1\]"):
        agreement_weights([[1, -0.5], [-0.5, 1]], 2)


def test_scale_words() -> None:
    values = [-0.1, 0.0, 0.2, 0.21, 0.41, 0.61, 0.81, 1.0, float("nan")]
    words = ["poor", "slight", "slight", "fair", "moderate", "substantial", "almost perfect", "almost perfect",
             "undefined"]  # fmt: skip
    assert [verbal_scale(v) for v in values] == words


def test_intervals_are_reproducible_and_narrow_with_items() -> None:
    rng = np.random.default_rng(0)
    small, large = panel(rng, 60), panel(rng, 2000)
    first, again = fleiss_kappa(small), fleiss_kappa(small)
    assert (first.low, first.high) == (again.low, again.high)
    assert first.low < first.estimate < first.high < 1
    found = fleiss_kappa(large)
    assert found.high - found.low < 0.3 * (first.high - first.low)
    wide = fleiss_kappa(small, confidence=0.99)
    assert wide.low < first.low
    assert wide.high > first.high


def test_details_by_hand() -> None:
    votes = [["cat", "cat", "dog"], ["dog", "fox", None], ["fox", "fox", "fox"]]
    np.testing.assert_allclose(item_agreement(votes), [1 / 3, 0, 1])
    raters = rater_agreement(votes)
    np.testing.assert_allclose(raters.agreement, [(0.5 + 0 + 1) / 3, (0.5 + 0 + 1) / 3, 0.5])
    pairs = confused_pairs(votes)
    assert pairs.first.tolist() == [0, 1]
    assert pairs.second.tolist() == [1, 2]
    np.testing.assert_allclose(pairs.disagreements, [2.0, 2.0])
    np.testing.assert_allclose(pairs.lift, [2 / (2 * 2 * 2 / 7), 2 / (2 * 2 * 4 / 7)])


def test_confused_pairs_find_the_planted_pair() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(4, size=300)
    votes = np.repeat(truth[:, None], 3, axis=1)
    swap = (rng.random(votes.shape) < 0.3) & np.isin(votes, [1, 3])
    votes = np.where(swap, 4 - votes, votes)
    found = confused_pairs(votes)
    assert (found.first[0], found.second[0]) == (1, 3)
    assert found.share[0] == 1.0


def panel(rng: np.random.Generator, n: int) -> np.ndarray:
    """Five raters of different skill on three unequal classes, with 20% gaps."""
    share = [0.5, 0.3, 0.2]
    truth = rng.choice(3, size=n, p=share)
    right = rng.random((n, 5)) < np.array([0.9, 0.8, 0.7, 0.85, 0.6])
    votes = np.where(right, truth[:, None], rng.choice(3, size=(n, 5), p=share))
    return np.where(rng.random((n, 5)) < 0.2, -1, votes)


@pytest.mark.slow
@pytest.mark.parametrize("n_items", [50, 100])
def test_intervals_cover_the_truth(n_items: int) -> None:
    rng = np.random.default_rng(1)
    kinds: dict[str, Callable[..., Any]] = {
        "percent": percent_agreement,
        "fleiss": fleiss_kappa,
        "ac1": gwet_ac1,
        "ac2": gwet_ac2,
        "cohen": lambda v, **kw: cohen_kappa(v[:, 0], v[:, 1], classes=[0, 1, 2], **kw),
        "scott": lambda v, **kw: scott_pi(v[:, 0], v[:, 1], classes=[0, 1, 2], **kw),
        "nominal": krippendorff_alpha,
        "ordinal": lambda v, **kw: krippendorff_alpha(v, level="ordinal", **kw),
        "interval": lambda v, **kw: krippendorff_alpha(v, level="interval", **kw),
        "ratio": lambda v, **kw: krippendorff_alpha(v, level="ratio", **kw),
    }
    large = panel(rng, 400_000)
    truth = {name: f(large, n_resamples=0).estimate for name, f in kinds.items()}
    hits = dict.fromkeys(kinds, 0)
    for _ in range(500):
        votes = panel(rng, n_items)
        for name, f in kinds.items():
            found = f(votes)
            hits[name] += found.low <= truth[name] <= found.high
    for name, hit in hits.items():
        assert 0.93 <= hit / 500 <= 0.97, name
