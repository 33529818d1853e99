"""Votes of rules where agreement and consensus look for votes: in the ledger, and in the file of `weak apply --out`."""

from __future__ import annotations

from pathlib import Path

import pytest

import tilth
from tilth.errors import LabelError
from tilth.workflows.crowd.agree import agree
from tilth.workflows.crowd.consensus import consensus
from tilth.workflows.crowd.settled import ConsensusOptions
from tilth.workflows.history import undo
from tilth.workflows.project import opened
from tilth.workflows.weak.rules import rule
from tilth.workflows.weak.verbs import WeakOptions, weak_apply, weak_fit, weak_label

RULES = [
    rule("keywords", "money", words=("money",), label="spam"),
    rule("keywords", "free", words=("free",), label="spam"),
    rule("keywords", "song", words=("song",), label="ham"),
    rule("keywords", "nice", words=("nice",), label="ham"),
]
TEXTS = [("free money", "spam"), ("nice song", "ham"), ("free money song", ""), ("money", ""), ("nice", ""), ("hm", "")]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    lines = ["id,text,label,likes,views"]
    lines += [f"r{at},{text},{label},{at % 3},{at % 4}" for at in range(60) for text, label in [TEXTS[at % 6]]]
    path = tmp_path / "data.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def labelled(data: Path) -> None:
    said = weak_apply(data, RULES, WeakOptions(classes=("ham", "spam")))
    weak_label(weak_fit(said, WeakOptions(method="majority"), end_model=False))


def test_agree_reads_the_votes_that_weak_label_recorded(data: Path) -> None:
    labelled(data)
    found = agree(data, n_resamples=0)
    assert sorted(found.table.votes.rater_names.tolist()) == ["free", "money", "nice", "song"]
    assert found.table.votes.n_votes == 10 * (2 + 2 + 3 + 1 + 1)
    assert "votes are those of 4 rules" in found.notes[0]
    assert {f["row_id"] for f in found.findings.to_dicts()} == {f"r{at}" for at in range(2, 60, 6)}
    own = agree(data, tilth.VoteOptions(raters=("likes", "views")), n_resamples=0)  # asked for, so read
    assert own.table.votes.rater_names.tolist() == ["likes", "views"]
    undo(weak_apply(data, RULES).dataset)
    assert agree(data, n_resamples=0).table.votes.rater_names.tolist() == ["likes", "views"]  # as without a ledger


def test_consensus_reads_them_too_and_leaves_the_labels_alone(data: Path) -> None:
    labelled(data)
    made = consensus(data, options=ConsensusOptions(method="majority"))
    assert made.table.votes.n_raters == 4
    labels = dict(zip(made.table.votes.item_names.tolist(), made.labels, strict=True))
    assert (labels["r0"], labels["r1"], labels["r2"], labels["r4"]) == ("spam", "ham", "spam", "ham")
    assert made.dataset is not None
    assert made.dataset.name == "data.csv"
    assert made.recorded is None
    assert any("not written to the ledger here" in note for note in made.notes)
    with opened(made.dataset) as store:
        assert {d.who for d in store.decisions("data.csv") if d.action == "relabel"} == {"policy:weak"}
        assert store.datasets() == ["data.csv"]


def test_a_file_with_voters_of_its_own_is_read_as_it_is(tmp_path: Path) -> None:
    lines = ["id,text,label,anna,ben"]
    lines += [
        f"r{at},{text} {at},,{'spam' if at % 2 else 'ham'},ham" for at in range(24) for text, _ in [TEXTS[at % 6]]
    ]
    path = tmp_path / "crowd.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    said = weak_apply(path, RULES, WeakOptions(classes=("ham", "spam")), overrides=tilth.RoleOverrides(label="label"))
    weak_label(weak_fit(said, WeakOptions(method="majority"), end_model=False))
    assert {"anna", "ben"} <= set(agree(path, n_resamples=0).table.votes.rater_names.tolist())


def test_without_votes_anywhere_the_error_is_that_of_the_file(tmp_path: Path) -> None:
    path = tmp_path / "plain.csv"
    path.write_text("id,text,label\n" + "\n".join(f"r{i},text {i},{'ab'[i % 2]}" for i in range(20)) + "\n")
    with pytest.raises(LabelError, match="two raters"):
        agree(path, n_resamples=0)


def test_consensus_on_the_file_of_weak_apply(data: Path, tmp_path: Path) -> None:
    said = weak_apply(data, RULES, WeakOptions(classes=("ham", "spam")))
    votes = said.write(tmp_path / "votes.csv")
    made = consensus(votes, options=ConsensusOptions(method="majority"))
    labels = dict(zip(made.table.votes.item_names.tolist(), made.labels, strict=True))
    assert labels["r2"] == "spam"
    assert len(labels) == 50
    assert made.recorded is not None
