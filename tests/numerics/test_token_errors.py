"""Token sequences: ragged input, per token and per sentence, and what is refused."""

from __future__ import annotations

import numpy as np
import pytest

from tilth.errors import AlignmentError, LabelError, ProbabilityError
from tilth.numerics.targets.tokens import find_token_errors


def planted() -> tuple[list[list[int]], list[np.ndarray], list[np.ndarray]]:
    rng = np.random.default_rng(0)
    labels, probs, wrong = [], [], []
    for i in range(60):
        true = rng.choice(3, size=int(rng.integers(1, 9)), p=[0.7, 0.2, 0.1])
        table = np.full((len(true), 3), 0.08) + rng.uniform(0, 0.02, (len(true), 3))
        table[np.arange(len(true)), true] = 0.8
        bad = np.zeros(len(true), dtype=bool)
        bad[0] = i % 10 == 0
        labels.append(np.where(bad, (true + 1) % 3, true).tolist())
        probs.append(table / table.sum(axis=1, keepdims=True))
        wrong.append(bad)
    return labels, probs, wrong


def test_planted_errors_are_found_per_token_and_sentence() -> None:
    labels, probs, wrong = planted()
    found = find_token_errors(labels, probs)
    flat, bad = np.concatenate(found.token_scores), np.concatenate(wrong)
    assert flat[bad].min() > flat[~bad].max()
    assert set(np.argsort(-found.scores)[:6]) == set(range(0, 60, 10))
    assert [len(part) for part in found.token_scores] == [len(part) for part in labels]
    flagged = [i for i in range(0, 60, 10) if found.token_issues[i][0]]
    assert flagged and all(found.suggested[i][0] == probs[i][0].argmax() and found.issues[i] for i in flagged)


def test_the_sentence_has_the_score_of_its_worst_token() -> None:
    labels, probs, _ = planted()
    found = find_token_errors(labels, probs)
    assert found.scores.tolist() == [part.max() for part in found.token_scores]


def test_entities_that_are_regularly_missed_stand_out() -> None:
    rng = np.random.default_rng(1)
    true = (rng.random(1500) < 0.3).astype(int)
    entity = np.clip(np.where(true, 0.65, 0.15) + rng.normal(0, 0.12, 1500), 0.01, 0.99)
    given = np.where((rng.random(1500) < 0.3) & (true == 1), 0, true)
    entity[0], given[0], entity[1], given[1] = 0.55, 0, 0.45, 1
    found = find_token_errors(given.reshape(100, 15), np.stack([1 - entity, entity], 1).reshape(100, 15, 2))
    assert found.token_scores[0][0] > found.token_scores[0][1]


def test_empty_sentences_and_a_single_class() -> None:
    found = find_token_errors([[], [0, 0], []], [[], [[0.9, 0.1], [0.2, 0.8]], np.zeros((0, 2))])
    assert found.scores[0] == 0 == found.scores[2] and found.token_scores[1].argmax() == 1
    assert [len(part) for part in found.suggested] == [0, 2, 0]


@pytest.mark.parametrize(
    ("labels", "probs", "error", "says"),
    [
        ([[0]], [], AlignmentError, "1, 0"),
        ([[0, 1]], [[[0.5, 0.5]]], AlignmentError, "sentence 0"),
        ([[0], [5]], [[[0.5, 0.5]], [[0.5, 0.5]]], LabelError, "sentence 1"),
        ([[0], [0]], [[[0.5, 0.5]], [[0.5, 1.5]]], ProbabilityError, "sentence 1"),
        ([[0], [0]], [[[0.5, 0.5]], [[0.5, 0.2, 0.3]]], ProbabilityError, "sentence 1"),
        ([[], []], [[], []], LabelError, "no tokens"),
        ([["O"]], [[[0.5, 0.5]]], LabelError, "sentence 0"),
    ],
)
def test_bad_input_is_named(labels: object, probs: object, error: type[Exception], says: str) -> None:
    with pytest.raises(error, match=says):
        find_token_errors(labels, probs)  # type: ignore[arg-type]
