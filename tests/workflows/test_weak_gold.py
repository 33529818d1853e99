"""Which labels rules may see, which labels `weak label` may write over, and what is said of labels that fit no rule."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tilth.errors import DataError, LabelError
from tilth.workflows.weak.rules import labeling_function, rule
from tilth.workflows.weak.verbs import WeakOptions, weak_apply, weak_fit, weak_label

WORDS = [rule("keywords", "sub", words=("subscribe",), label="spam"),
         rule("keywords", "love", words=("love",), label="ham")]  # fmt: skip


def write(path: Path, rows: list[tuple[str, str, str]]) -> Path:
    lines = ["id,text,label,split", *(f"r{at},{text},{label},{split}" for at, (text, label, split) in enumerate(rows))]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def topics(path: Path, *, unlabelled: int = 0) -> Path:
    """Topics of eight rows, each in one split only, with a class that the topic's rows share and nothing else tells."""
    rng = np.random.default_rng(0)
    rows = []
    for topic in range(24):
        split = ("train", "test", "val")[topic % 3]
        label = "ab"[int(rng.integers(2))]
        for at in range(8):
            text = " ".join(f"w{topic}x{rng.integers(5)}" for _ in range(6))
            rows.append((text, "" if split == "train" and at < unlabelled else label, split))
    return write(path, rows)


def neighbors(path: Path, **more: Any) -> Any:
    rules = [rule("neighbors", "nn", labels="label", k=1, agreement=1.0)]
    return weak_apply(path, rules, WeakOptions(classes=("a", "b"), **more))


def test_neighbours_answer_by_labels_of_the_train_part_only(tmp_path: Path) -> None:
    said = neighbors(topics(tmp_path / "d.csv"))
    part = np.asarray(said.snapshot.table.column("split").to_pylist())
    assert set(part[said.votes.items]) == {"train"}  # topics do not cross splits, so nobody else has a neighbour
    assert said.votes.n_votes == (part == "train").sum()
    scores = dict(weak_fit(said, end_model=False).scores)
    assert scores["label model"].estimate == 0.5  # no vote: ties of two classes


def test_neighbours_do_not_read_labels_that_rules_wrote(tmp_path: Path) -> None:
    path = topics(tmp_path / "d.csv", unlabelled=6)
    first = neighbors(path)
    done = weak_label(weak_fit(first, end_model=False))
    assert done.recorded.relabels > 0
    second = neighbors(path)
    assert np.array_equal(second.votes.items, first.votes.items)
    assert np.array_equal(second.votes.values, first.votes.values)


def test_a_rule_that_asks_neighbours_shows_labels_to_no_other_rule(tmp_path: Path) -> None:
    @labeling_function()
    def cheat(row: Any) -> Any:
        return row.label

    rules = [rule("neighbors", "nn", labels="label"), cheat]
    with pytest.raises(DataError, match="no column 'label'"):
        weak_apply(topics(tmp_path / "d.csv"), rules, WeakOptions(classes=("a", "b")))


def test_hand_labels_of_other_classes_stay_and_are_told_of(tmp_path: Path) -> None:
    rows = [("love it", ("ham", "neutral", "")[at % 3], "train") for at in range(30)]
    rows += [("subscribe", ("spam", "", "")[at % 3], "train") for at in range(30)]
    path = write(tmp_path / "d.csv", rows)
    said = weak_apply(path, WORDS, WeakOptions(classes=("ham", "spam")))
    assert any("neutral (10)" in note and "ham, spam" in note for note in said.notes)
    fit = weak_fit(said, end_model=False)
    done = weak_label(fit)
    after = done.recorded.snapshot.table.column("label").to_pylist()
    assert after[:3] == ["ham", "neutral", "ham"]
    assert after.count("neutral") == 10
    over = weak_label(fit, WeakOptions(relabel=True)).recorded.snapshot.table.column("label").to_pylist()
    assert "neutral" not in over


def test_labels_that_name_no_class_of_the_rules_are_an_error(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", [("love it", "no", "train"), ("subscribe", "yes", "train")] * 10)
    with pytest.raises(LabelError, match=r"labels (no|yes) \(10\), (no|yes) \(10\); classes of the rules ham, spam"):
        weak_apply(path, WORDS, WeakOptions(classes=("ham", "spam")))
