"""Consensus methods: recovery of planted truths, real crowds, defined edge cases, and the reports on raters."""

from __future__ import annotations

import csv
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tilth.errors import AlignmentError, LabelError, ParameterError, ProbabilityError
from tilth.numerics.consensus.ask import activelab_scores, ask_next
from tilth.numerics.consensus.crowdlab import crowdlab
from tilth.numerics.consensus.expectation_maximisation import dawid_skene, dawid_skene_update, one_coin
from tilth.numerics.consensus.glad import glad
from tilth.numerics.consensus.kos import kos
from tilth.numerics.consensus.mace import mace
from tilth.numerics.consensus.majority import majority_vote, numeric_consensus, weighted_majority
from tilth.numerics.consensus.raters import rater_report
from tilth.numerics.consensus.result import Consensus, choose_labels
from tilth.numerics.consensus.votes import Votes, add_votes, as_votes

METHODS = [majority_vote, weighted_majority, dawid_skene, one_coin, glad, mace, kos]
Generated = tuple[Votes, np.ndarray, np.ndarray]


def generate(n: int = 600, k: int = 3, r: int = 12, per_item: int = 5, seed: int = 0) -> Generated:
    """Votes, truth and rater accuracies: some raters good, some hardly better than chance."""
    rng = np.random.default_rng(seed)
    truth = rng.choice(k, size=n, p=np.arange(k, 0, -1) / np.arange(k, 0, -1).sum())
    skill = np.linspace(0.4, 0.95, r)
    raters = np.argsort(rng.random((n, r)), axis=1)[:, :per_item].ravel()
    items = np.repeat(np.arange(n), per_item)
    right = rng.random(items.size) < skill[raters]
    wrong = (truth[items] + rng.integers(1, k, size=items.size)) % k
    return as_votes(items, raters, np.where(right, truth[items], wrong)), truth, skill


def accuracy(found: Consensus, truth: np.ndarray) -> float:
    return float((found.labels == truth).mean())


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.__name__)
@pytest.mark.parametrize("k", [2, 3])
def test_recovers_planted_truth_and_ranks_raters(method: Callable[..., Consensus], k: int) -> None:
    votes, truth, skill = generate(k=k)
    found = method(votes)
    plain = method in (majority_vote, weighted_majority)
    assert accuracy(found, truth) > (0.75 if k == 2 and plain else 0.85)
    np.testing.assert_allclose(found.beliefs.sum(axis=1), 1.0)
    assert ((found.beliefs >= 0) & (found.beliefs <= 1)).all()
    assert ((found.quality >= 0) & (found.quality <= 1)).all()
    assert np.corrcoef(found.quality, skill)[0, 1] > 0.85
    assert found.method == method.__name__
    again = method(votes)
    np.testing.assert_array_equal(found.beliefs, again.beliefs)


@pytest.mark.parametrize(
    "method", [weighted_majority, dawid_skene, one_coin, glad, mace, kos], ids=lambda m: m.__name__
)
def test_beats_majority_where_raters_differ(method: Callable[..., Consensus]) -> None:
    votes, truth, _ = generate(n=2000, k=2, per_item=4, seed=3)
    assert accuracy(method(votes), truth) > accuracy(majority_vote(votes), truth) + 0.005


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.__name__)
def test_items_and_raters_without_votes_and_single_votes(method: Callable[..., Consensus]) -> None:
    rows = [(i, r, i % 2) for i in range(20) for r in "abc"] + [(20, "a", 1)]
    items, raters, labels = zip(*rows, strict=True)
    votes = as_votes(items, raters, labels, item_names=range(22), rater_names=["a", "b", "c", "idle"])
    found = method(votes)
    assert found.beliefs.shape == (22, 2)
    assert np.isfinite(found.beliefs).all()
    assert found.labels[20] == 1
    expected = [0.5, 0.5] if method in (mace, glad) else found.prior
    np.testing.assert_allclose(found.beliefs[21], expected, atol=0.02)
    assert found.quality[3] == pytest.approx(found.quality[:3].mean(), abs=0.02)


@pytest.mark.parametrize("method", METHODS, ids=lambda m: m.__name__)
def test_refuses_numbers_and_single_classes(method: Callable[..., Consensus]) -> None:
    with pytest.raises(LabelError, match="same class"):
        method([[1, 1], [1, None]])
    with pytest.raises(LabelError, match="numeric"):
        method(as_votes([[1.5, 2.0]], numeric=True))


def test_ties_go_to_the_more_common_class_then_to_the_first() -> None:
    found = majority_vote([[0, 1], [1, 1], [0, None], [1, 1]])
    np.testing.assert_array_equal(found.labels, [1, 1, 0, 1])
    np.testing.assert_allclose(found.beliefs[0], [0.5, 0.5])
    assert choose_labels(np.array([[0.5, 0.5]]), np.array([0.5, 0.5])).tolist() == [0]
    with pytest.raises(AlignmentError):
        choose_labels(np.ones((1, 2)), np.ones(3))


def crowd(folder: Path) -> tuple[Votes, np.ndarray]:
    with (folder / "labels.csv").open() as file:
        rows = list(csv.DictReader(file))
    with (folder / "truth.csv").open() as file:
        gold = {row["item"]: row["truth"] for row in csv.DictReader(file)}
    votes = as_votes([r["item"] for r in rows], [r["worker"] for r in rows], [r["label"] for r in rows])
    return votes, np.array([votes.classes.index(gold[i]) if i in gold else -1 for i in votes.item_names.tolist()])


@pytest.mark.parametrize(("name", "target"), [("rte", 0.9275), ("face_sentiment", 0.640)])
def test_dawid_skene_on_real_crowds(shared_data: Callable[[str], Path], name: str, target: float) -> None:
    votes, truth = crowd(shared_data(f"crowd/{name}"))
    known = truth >= 0
    got = float((dawid_skene(votes).labels == truth)[known].mean())
    assert got >= target
    assert got > float((majority_vote(votes).labels == truth)[known].mean())


def test_dawid_skene_recovers_confusions_and_likelihood_rises() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=3000)
    planted = np.array([np.eye(3) * 0.7 + 0.1, [[0.9, 0.1, 0], [0.4, 0.5, 0.1], [0, 0.1, 0.9]], np.eye(3) * 0.4 + 0.2,
                        np.eye(3) * 0.85 + 0.05])  # fmt: skip
    table = np.array([[rng.choice(3, p=planted[r, z]) for r in range(4)] for z in truth])
    found = dawid_skene(table, tol=1e-9, max_iter=300)
    np.testing.assert_allclose(found.confusions, planted, atol=0.06)
    np.testing.assert_allclose(found.confusions.sum(axis=2), 1.0)
    steps = [dawid_skene(table, max_iter=i, tol=0, smoothing=0).log_likelihood for i in (1, 2, 3, 5, 8, 13)]
    assert np.all(np.diff(steps) > -1e-6)
    stopped = dawid_skene(table, max_iter=2)
    assert not stopped.converged
    assert stopped.iterations == 2


def test_dawid_skene_one_step_by_hand() -> None:
    table = np.array([[0, 0, 1], [1, 1, 1], [0, 1, 0]])
    found = dawid_skene(table, max_iter=1, smoothing=0)
    share = np.array([[2, 1], [0, 3], [2, 1]]) / 3
    prior = share.mean(axis=0)
    joint = np.tile(prior, (3, 1))
    for r in range(3):
        counts = np.array([[share[table[:, r] == v, z].sum() for v in range(2)] for z in range(2)]) + 1e-10
        conf = counts / counts.sum(axis=1, keepdims=True)
        joint *= conf[:, table[:, r]].T
    np.testing.assert_allclose(found.beliefs, joint / joint.sum(axis=1, keepdims=True), atol=1e-9)
    assert found.log_likelihood == pytest.approx(np.log(joint.sum(axis=1)).sum(), abs=1e-8)


def test_warm_start_needs_fewer_steps_for_the_same_answer() -> None:
    votes, _, _ = generate()
    cold = dawid_skene(votes, tol=1e-8, max_iter=500)
    warm = dawid_skene(votes, init=cold, tol=1e-8, max_iter=500)
    assert warm.iterations < cold.iterations / 2
    np.testing.assert_allclose(warm.beliefs, cold.beliefs, atol=1e-3)
    by_beliefs = one_coin(votes, init=cold, tol=1e-10, max_iter=500)
    np.testing.assert_allclose(by_beliefs.beliefs, one_coin(votes, tol=1e-10, max_iter=500).beliefs, atol=1e-3)
    eased = glad(votes, init=glad(votes))
    assert eased.iterations <= glad(votes).iterations
    with pytest.raises(AlignmentError, match="shape"):
        dawid_skene(votes, init=np.ones((2, 2)))
    with pytest.raises(AlignmentError, match="raters"):
        dawid_skene([[0, 1], [1, 1]], init=cold)


def test_update_is_close_to_a_full_fit_and_leaves_the_rest_alone() -> None:
    votes, truth, skill = generate(n=1500)
    fitted = dawid_skene(votes)
    rng = np.random.default_rng(5)
    items = rng.integers(1500, size=60)
    raters = rng.integers(8, 12, size=60)
    right = rng.random(60) < skill[raters]
    labels = np.where(right, truth[items], (truth[items] + 1) % 3)
    grown, updated = dawid_skene_update(votes, fitted, items, raters, labels)
    full = dawid_skene(grown, init=updated)
    touched = np.unique(items)
    np.testing.assert_allclose(updated.beliefs[touched], full.beliefs[touched], atol=0.1)
    np.testing.assert_allclose(updated.confusions, full.confusions, atol=0.03)
    rest = np.setdiff1d(np.arange(1500), touched)
    np.testing.assert_array_equal(updated.beliefs[rest], fitted.beliefs[rest])
    counts = np.einsum("rzv->r", updated.rater_counts)
    np.testing.assert_allclose(counts, grown.votes_per_rater, atol=1e-6)
    assert grown.n_votes == add_votes(votes, items, raters, labels).n_votes
    assert np.isnan(updated.log_likelihood)


def test_update_takes_new_items_and_raters() -> None:
    votes, _, _ = generate(n=200)
    grown, updated = dawid_skene_update(votes, dawid_skene(votes), [0, 999, 999, 999], [99, 99, 11, 10], [0, 1, 1, 1])
    assert grown.n_items == updated.labels.size == 201
    assert updated.confusions.shape == (13, 3, 3)
    assert updated.labels[200] == 1
    assert updated.beliefs[200, 1] > 0.9
    with pytest.raises(AlignmentError, match="belong"):
        dawid_skene_update(votes, updated, [0], [0], [0])


def test_glad_finds_hard_items() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=400)
    hard = np.arange(400) < 100
    right = rng.random((400, 9)) < np.where(hard, 0.55, 0.95)[:, None]
    found = glad(np.where(right, truth[:, None], 1 - truth[:, None]))
    assert found.difficulty[hard].mean() > 2 * found.difficulty[~hard].mean()
    adversary = glad(np.column_stack([np.where(right, truth[:, None], 1 - truth[:, None]), 1 - truth]))
    assert adversary.weights[-1] < 0
    assert adversary.quality[-1] < 0.5


def test_mace_finds_spammers() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=300)
    knows = rng.random((300, 5)) < np.array([0.9, 0.8, 0.7, 0.05, 0.0])
    table = np.where(knows, truth[:, None], np.where(np.arange(5) == 4, 2, rng.integers(3, size=(300, 5))))
    found = mace(table)
    assert found.weights[:3].min() > 0.5
    assert found.weights[3:].max() < 0.3
    plain = mace(table, variational=False)
    assert accuracy(plain, truth) > 0.9
    with pytest.raises(ParameterError):
        mace(table, n_restarts=0)


def test_settings_are_checked() -> None:
    votes = [[0, 1], [1, 1]]
    for method in (dawid_skene, one_coin, glad, mace, kos):
        with pytest.raises(ParameterError, match="max_iter"):
            method(votes, max_iter=0)
        with pytest.raises(ParameterError, match="tol"):
            method(votes, tol=-1)
    with pytest.raises(ParameterError, match="smoothing"):
        dawid_skene(votes, smoothing=-1)


def weak_panel(seed: int, n: int = 500, k: int = 4, r: int = 15) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Weak raters with few votes per item, and a decent classifier."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(k, size=n)
    skill = rng.uniform(0.35, 0.75, size=r)
    table = np.where(rng.random((n, r)) < skill, truth[:, None], rng.integers(k, size=(n, r))).astype(float)
    table[rng.random((n, r)) < 0.82] = np.nan
    empty = np.isnan(table).all(axis=1)
    table[empty, 0] = truth[empty]
    probs = np.exp(1.2 * rng.normal(size=(n, k)) + 2.2 * np.eye(k)[truth])
    return table, truth, probs / probs.sum(axis=1, keepdims=True)


@pytest.mark.parametrize("seed", range(3))
def test_crowdlab_equals_cleanlab_and_beats_votes_alone(seed: int) -> None:
    multiannotator = pytest.importorskip("cleanlab.multiannotator")
    from sklearn.metrics import roc_auc_score

    table, truth, probs = weak_panel(seed)
    want = multiannotator.get_label_quality_multiannotator(table, probs, verbose=False, return_weights=True)
    votes = as_votes(table, classes=range(4))
    got = crowdlab(votes, probs)
    frame = want["label_quality"]
    theirs = frame["consensus_label"].to_numpy()
    np.testing.assert_array_equal(got.labels, theirs)
    np.testing.assert_allclose(got.confidence, frame["consensus_quality_score"], atol=1e-9)
    np.testing.assert_allclose(got.weights, want["annotator_weight"], atol=1e-9)
    assert got.model_weight == pytest.approx(want["model_weight"])
    np.testing.assert_allclose(
        got.quality, want["annotator_stats"].sort_index()["annotator_quality"].to_numpy(), atol=1e-9
    )
    auroc = roc_auc_score(got.labels == truth, got.confidence)
    for other in (majority_vote(votes), dawid_skene(votes)):
        assert accuracy(got, truth) > accuracy(other, truth)
        assert auroc > roc_auc_score(other.labels == truth, other.confidence)


def test_activelab_scores_equal_their_definition() -> None:
    table, _, probs = weak_panel(0)
    votes = as_votes(table, classes=range(4))
    fit = crowdlab(votes, probs)
    scores = activelab_scores(votes, fit)
    i = 7
    cast = fit.weights[~np.isnan(table[i])].sum() + fit.model_weight
    one = fit.weights.mean()
    assert scores[i] == pytest.approx((cast * fit.confidence[i] + one / 4) / (cast + one))
    with pytest.raises(ParameterError, match="no weights"):
        activelab_scores(votes, majority_vote(votes))


def test_crowdlab_edges() -> None:
    probs = np.array([[0.9, 0.1], [0.2, 0.8], [0.3, 0.7]])
    single = crowdlab(as_votes([[0, None], [None, 1], [None, None]]), probs)
    np.testing.assert_array_equal(single.labels, [0, 1, 1])
    np.testing.assert_allclose(single.beliefs[2], probs[2])
    with pytest.raises(AlignmentError, match="one row per item"):
        crowdlab([[0, 1], [1, 1]], probs)
    with pytest.raises(ProbabilityError, match="row 1"):
        crowdlab([[0, 1], [1, 1]], [[0.5, 0.5], [0.9, 0.9]])
    with pytest.raises(ProbabilityError, match="row 0"):
        crowdlab([[0, 1], [1, 1]], [[np.nan, 0.5], [0.9, 0.1]])


def test_numeric_consensus_resists_outliers() -> None:
    rng = np.random.default_rng(0)
    truth = rng.normal(size=300) * 10
    table = truth[:, None] + rng.normal(size=(300, 5))
    table[:, 4] += 3.0
    spoilt = rng.random((300, 5)) < 0.1
    votes = np.where(spoilt, 1000.0, table)
    votes[0] = [5.0, np.nan, np.nan, np.nan, np.nan]
    votes[1] = np.nan
    votes[2] = [1.0, 3.0, np.nan, np.nan, np.nan]
    found = numeric_consensus(votes)
    assert found.values[0] == 5.0
    assert np.isnan(found.values[1])
    assert found.values[2] == pytest.approx(2.0)
    ordinary = np.arange(300) > 2
    few = spoilt.sum(axis=1) < 2
    assert np.abs(found.values - truth)[ordinary & few].mean() < 1.0
    assert found.bias.argmax() == 4
    assert found.bias[4] == pytest.approx(2.5, abs=0.6)
    assert 0.5 < found.scale < 2
    assert numeric_consensus([[1.0, 1.0, 1.0]]).values.tolist() == [1.0]
    with pytest.raises(ParameterError):
        numeric_consensus(votes, cutoff=0)
    with pytest.raises(LabelError, match="classes"):
        numeric_consensus(as_votes([[0, 1]]))


def test_rater_report() -> None:
    votes, _, skill = generate()
    report = rater_report(votes, dawid_skene(votes))
    assert np.corrcoef(report.agreement, skill)[0, 1] > 0.95
    assert ((report.low <= report.agreement) & (report.agreement <= report.high)).all()
    assert ((report.low < skill) & (skill < report.high)).mean() > 0.7
    assert (
        (report.others_low < report.agreement_with_others) & (report.agreement_with_others < report.others_high)
    ).all()
    np.testing.assert_allclose(report.confusion.sum(axis=(1, 2)), report.n_votes)
    assert set(report.worst_first[:3]) <= set(range(5))
    assert not report.constant.any()
    with pytest.raises(AlignmentError):
        rater_report(as_votes([[0, 1]]), dawid_skene(votes))


def test_rater_report_names_the_worst_class_and_the_constant_rater() -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(3, size=200)
    table = np.repeat(truth[:, None], 6, axis=1)
    table[(truth == 1) & (rng.random(200) < 0.6), 4] = 2
    table[:, 5] = 0
    votes = as_votes(table, rater_names=list("abcdef"))
    found = add_votes(votes, [0], ["idle"], [int(truth[0])])
    report = rater_report(votes, dawid_skene(votes))
    assert report.worst_class[4] == 1
    assert report.worst_class_accuracy[4] == pytest.approx(0.4, abs=0.12)
    assert report.constant.tolist() == [False] * 5 + [True]
    assert report.worst_first[0] == 5
    assert rater_report(found, dawid_skene(found)).n_votes[6] == 1


@pytest.mark.parametrize("method", [majority_vote, dawid_skene, glad], ids=lambda m: m.__name__)
def test_ask_next_prefers_split_items_and_good_raters(method: Callable[..., Consensus]) -> None:
    votes, _, _ = generate(k=2)
    fit = method(votes)
    asked = ask_next(votes, fit, budget=50)
    assert asked.items.size == 50
    assert np.all(np.diff(asked.values) <= 1e-9)
    assert asked.confidence.mean() < fit.confidence.mean() - 0.1
    assert np.mean(asked.raters >= 7) > 0.8
    voted = set(zip(votes.items.tolist(), votes.raters.tolist(), strict=True))
    assert not voted & set(zip(asked.items.tolist(), asked.raters.tolist(), strict=True))
    spread = ask_next(votes, fit, budget=50, per_rater=5)
    assert np.bincount(spread.raters[spread.raters >= 0]).max() <= 5
    only = ask_next(votes, fit, raters=[0, 1])
    assert set(only.raters.tolist()) <= {-1, 0, 1}


def test_ask_next_by_hand_and_when_all_have_voted() -> None:
    votes = as_votes([[0, None], [0, 0], [1, 1]])
    fit = dawid_skene(votes)
    asked = ask_next(votes, fit)
    assert asked.items[0] == 0
    assert asked.raters.tolist() == [1, -1, -1]
    joint = fit.beliefs[0][:, None] * fit.confusions[1]
    ratio = joint / (joint.sum(axis=0) * joint.sum(axis=1, keepdims=True))
    assert asked.values[0] == pytest.approx((joint * np.log2(ratio)).sum())
    assert asked.values[1:].tolist() == [0.0, 0.0]
    for wrong in ({"budget": 0}, {"raters": [5]}, {"per_rater": 0}):
        with pytest.raises(ParameterError):
            ask_next(votes, fit, **wrong)  # type: ignore[arg-type]
    with pytest.raises(AlignmentError):
        ask_next(as_votes([[0, 1]]), fit)


def test_asking_the_named_raters_helps_more_than_asking_at_random() -> None:
    votes, truth, skill = generate(n=400, k=3, per_item=3, seed=2)
    fit = dawid_skene(votes)

    def after(items: Any, raters: Any) -> float:
        rng = np.random.default_rng(9)
        right = rng.random(len(items)) < skill[raters]
        labels = np.where(right, truth[items], (truth[items] + 1) % 3)
        return accuracy(dawid_skene(add_votes(votes, items, raters, labels)), truth)

    asked = ask_next(votes, fit, budget=150)
    rng = np.random.default_rng(4)
    chance = [after(rng.choice(400, 150, replace=False), rng.integers(12, size=150)) for _ in range(3)]
    assert after(asked.items, asked.raters) > max(chance) + 0.02
