"""Training on beliefs, and rules on other targets: several labels a row, numbers, tokens."""

from __future__ import annotations

import itertools
from typing import Any

import numpy as np
import pytest
from scipy.sparse import csr_array
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier

from tilth.errors import AlignmentError, DataError, LabelError, ParameterError, ProbabilityError
from tilth.numerics.consensus.majority import numeric_consensus
from tilth.numerics.weak_supervision.choice import fit_label_model
from tilth.numerics.weak_supervision.multilabel import multilabel_beliefs, multilabel_matrices, numeric_votes
from tilth.numerics.weak_supervision.sequence import hidden_markov, spans_of, token_matrix
from tilth.numerics.weak_supervision.soft_training import NoiseAwareLogistic, duplicate_rows, fit_soft, plan_rows


def soft_problem(n: int = 400) -> tuple[Any, Any, Any]:
    rng = np.random.default_rng(0)
    X = rng.normal(size=(n, 3))
    truth = (X @ [2.0, -1.0, 0.0] > 0).astype(int)
    sure = rng.uniform(0.55, 0.95, n)
    right = rng.random(n) < sure
    said = np.where(right, truth, 1 - truth)
    beliefs = np.where(np.arange(2) == said[:, None], sure[:, None], 1 - sure[:, None])
    return X, truth, beliefs


def test_the_logistic_is_scikit_learns_on_duplicated_rows() -> None:
    X, _, beliefs = soft_problem()
    l2 = 0.01
    ours = NoiseAwareLogistic(l2=l2, max_iter=2000).fit(X, beliefs)
    rows, labels, weights = duplicate_rows(beliefs, min_weight=0.0)
    # two columns of coefficients share the penalty that one has: half as strong for their difference
    peer = LogisticRegression(C=2 / (l2 * len(X)), tol=1e-10, max_iter=5000).fit(X[rows], labels, sample_weight=weights)
    assert np.allclose(ours.predict_proba(X), peer.predict_proba(X), atol=2e-3)
    assert np.allclose(
        NoiseAwareLogistic(l2=l2).fit(csr_array(X), beliefs).predict_proba(X), ours.predict_proba(X), atol=1e-3
    )


def test_training_on_beliefs_beats_training_on_the_likeliest_class() -> None:
    X, truth, beliefs = soft_problem(2000)
    soft = NoiseAwareLogistic().fit(X, beliefs)
    assert (soft.predict(X) == truth).mean() > (beliefs.argmax(axis=1) == truth).mean() + 0.1


def test_any_scikit_learn_classifier_takes_beliefs() -> None:
    X, truth, beliefs = soft_problem()
    assert (fit_soft(LogisticRegression(), X, beliefs).predict(X) == truth).mean() > 0.9
    # one that takes no weights gets the likeliest class of each row
    near = fit_soft(KNeighborsClassifier(1), X, beliefs)
    assert (near.predict(X) == beliefs.argmax(axis=1)).all()


def test_row_weights_count() -> None:
    X = np.array([[0.0], [0.0]])
    one = NoiseAwareLogistic(l2=0.0).fit(X, [[1.0, 0.0], [0.0, 1.0]], sample_weight=[3.0, 1.0])
    assert one.predict_proba(X)[0, 0] == pytest.approx(0.75, abs=1e-3)


@pytest.mark.parametrize("beliefs", [[[0.5, 0.6]], [[-0.1, 1.1]], [[np.nan, 1.0]]])
def test_beliefs_that_are_no_distributions(beliefs: Any) -> None:
    with pytest.raises(ProbabilityError):
        duplicate_rows(beliefs)


def test_bad_input_of_training() -> None:
    X, _, beliefs = soft_problem(20)
    with pytest.raises(AlignmentError):
        NoiseAwareLogistic().fit(X, beliefs[:5])
    with pytest.raises(ParameterError, match="l2"):
        NoiseAwareLogistic(l2=-1).fit(X, beliefs)
    with pytest.raises(LabelError, match="not fitted"):
        NoiseAwareLogistic().predict(X)
    with pytest.raises(AlignmentError, match="columns"):
        NoiseAwareLogistic().fit(X, beliefs).predict(X[:, :2])
    with pytest.raises(LabelError, match="one class"):
        fit_soft(LogisticRegression(), X, np.tile([1.0, 0.0], (20, 1)))


def test_a_table_with_gaps_is_refused_with_its_place() -> None:
    X, _, beliefs = soft_problem(20)
    fitted = NoiseAwareLogistic().fit(X, beliefs)
    for wrong in (np.nan, np.inf):
        holed = X.copy()
        holed[3, 1] = wrong
        for table in (holed, csr_array(holed)):
            with pytest.raises(DataError, match="row 3, column 1: X holds"):
                NoiseAwareLogistic().fit(table, beliefs)
            with pytest.raises(DataError, match="row 3, column 1: X holds"):
                fitted.predict(table)
    with pytest.raises(DataError, match="must hold numbers"):
        NoiseAwareLogistic().fit(np.array([["a"], ["b"]]), [[0.5, 0.5], [1.0, 0.0]])
    with pytest.raises(AlignmentError, match="table of numbers"):
        NoiseAwareLogistic().fit(np.zeros(3), beliefs)
    for weight in ([1.0], np.full(20, np.nan), np.full(20, -1.0), np.zeros(20)):
        with pytest.raises(AlignmentError, match="sample_weight"):
            NoiseAwareLogistic().fit(X, beliefs, sample_weight=weight)


def test_rows_to_train_on_to_drop_and_to_ask() -> None:
    plan = plan_rows([[0.9, 0.1], [0.5, 0.5], [0.5, 0.5], [0.3, 0.7]], [1, 2, 0, 3], [0, 1, 0, 0], ask=2)
    assert (plan.train.tolist(), plan.drop.tolist(), plan.ask.tolist()) == ([0, 3], [1, 2], [1, 3])
    assert plan.reasons[0].startswith("2 functions voted")
    with pytest.raises(AlignmentError):
        plan_rows([[0.5, 0.5]], [1, 2])
    with pytest.raises(ParameterError):
        plan_rows([[0.5, 0.5]], [1], ask=-1)


def test_several_labels_a_row() -> None:
    said = [[{"cat"}, None, {"dog", "cat"}], [{"cat": False}, {"dog"}, {"cat"}]]
    tables = multilabel_matrices(said, ["cat", "dog", "cow"])
    assert tables["cat"].tolist() == [[1, 0], [-1, -1], [1, 1]]
    found = multilabel_beliefs(tables, lambda L: fit_label_model("majority", L), otherwise=0.1)
    assert found.tolist() == [[0.5, 0.1, 0.1], [0.1, 1.0, 0.1], [1.0, 1.0, 0.1]]
    with pytest.raises(LabelError, match="row 0, function 0"):
        multilabel_matrices([[{"horse"}]], ["cat"])
    with pytest.raises(AlignmentError):
        multilabel_matrices([[None], []], ["cat"])
    with pytest.raises(LabelError, match="no labels"):
        multilabel_beliefs(multilabel_matrices([[None]], []), lambda L: fit_label_model("majority", L))


def test_numeric_votes_are_joined_robustly() -> None:
    rng = np.random.default_rng(0)
    truth = rng.uniform(0, 100, 200)
    said = truth[:, None] + rng.normal(0, 1, (200, 5))
    said[:, 4] = rng.uniform(0, 100, 200)
    said[rng.random((200, 5)) < 0.3] = np.nan
    said[0] = [50.0, np.nan, np.nan, np.nan, np.nan]
    found = numeric_consensus(numeric_votes(said, lf_names=list("abcde"))).values
    assert found[0] == 50.0
    assert np.nanmedian(np.abs(found - truth)) < np.median(np.abs(np.nanmean(said, axis=1) - truth))
    with pytest.raises(LabelError, match="row 0, column 1"):
        numeric_votes([[1.0, np.inf]])
    with pytest.raises(AlignmentError):
        numeric_votes([1.0, 2.0])
    with pytest.raises(LabelError, match="row 1, column 0: a vote is no number"):
        numeric_votes([[1.0, 2.0], ["a", None]])
    with pytest.raises(AlignmentError, match="one row an item"):
        numeric_votes([[1.0, 2.0], [1.0]])
    assert numeric_votes([[1.0, None]]).n_votes == 1


def sentences(seed: int = 0) -> tuple[Any, Any, list[int]]:
    """Tokens in runs, three functions that see each token by itself."""
    rng = np.random.default_rng(seed)
    lengths = [int(n) for n in rng.integers(5, 30, 60)]
    truth = []
    for n in lengths:
        now = 0
        for _ in range(n):
            now = int(rng.integers(3)) if rng.random() < 0.15 else now
            truth.append(now)
    real = np.array(truth)
    shape = (len(real), 3)
    wrong = (real[:, None] + rng.integers(1, 3, shape)) % 3
    said = np.where(rng.random(shape) < 0.75, real[:, None], wrong)
    return np.where(rng.random(shape) < 0.5, said, -1), real, lengths


def test_the_hidden_markov_model_beats_majority_on_runs() -> None:
    L, truth, lengths = sentences()
    found = hidden_markov(L, lengths)
    majority = fit_label_model("majority", L).predict(L, tie_break="prior")
    assert (found.labels == truth).mean() > (majority == truth).mean() + 0.1
    assert np.allclose(found.beliefs.sum(axis=1), 1)
    assert np.allclose(found.transition.sum(axis=1), 1)
    started = hidden_markov(L, lengths, fit_label_model("triplets", L))
    assert (started.labels == truth).mean() > (majority == truth).mean() + 0.1


def test_the_path_is_the_likeliest_of_all() -> None:
    L = np.array([[1, -1], [-1, 0], [1, 1], [-1, -1]])
    found = hidden_markov(L, [4], max_iter=1)
    k = 2

    def likelihood(path: tuple[int, ...]) -> float:
        value = np.log(found.start[path[0]])
        for t in range(4):
            value += np.log(found.transition[path[t - 1], path[t]]) if t else 0.0
            for j in range(2):
                value += np.log(found.emission[j, L[t, j], path[t]]) if L[t, j] >= 0 else 0.0
        return float(value)

    best = max(itertools.product(range(k), repeat=4), key=likelihood)
    assert found.labels.tolist() == list(best)


def test_spans_become_votes_and_labels_become_spans() -> None:
    L = token_matrix([[[(0, 2, 1)], []], [[(1, 3, 2)], [(0, 1, 0)]]], [3, 1], n_classes=3)
    assert L.tolist() == [[1, -1], [1, 2], [-1, 2], [-1, 0]]
    assert spans_of([1, 1, 0, -1, 2, 2, 1]) == [(0, 2, 1), (4, 6, 2), (6, 7, 1)]
    assert spans_of([]) == []
    for span in [(0, 4, 1), (2, 2, 1), (-1, 1, 1), (0, 1, 3)]:
        with pytest.raises(LabelError, match="function 0, sequence 0"):
            token_matrix([[[span]]], [3], n_classes=3)
    for odd in [(0, 0.5, 1), (0, 1), 3, "abc", (0, None, 1)]:
        with pytest.raises(LabelError, match="function 0, sequence 0: a span is no"):
            token_matrix([[[odd]]], [3], n_classes=3)
    with pytest.raises(AlignmentError, match="function 0"):
        token_matrix([[]], [3], n_classes=2)


def test_bad_input_of_sequences() -> None:
    with pytest.raises(AlignmentError, match="lengths"):
        hidden_markov([[0], [1]], [3])
    with pytest.raises(LabelError, match="no labelling function fired"):
        hidden_markov([[-1], [-1]], [2])
    assert hidden_markov([[0], [1]], [1, 0, 1]).labels.tolist() == [0, 1]
