"""From a table of votes to a page, and from votes to labels in the ledger: forms, bad input, exit codes, undo."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from typer.testing import CliRunner

from tilth.cli import app
from tilth.errors import (
    AlignmentError,
    LabelError,
    NotApplicable,
    ParameterError,
    PartError,
    SchemaError,
    SourceError,
)
from tilth.numerics.agreement.coefficients import fleiss_kappa
from tilth.records import Decision, RoleOverrides
from tilth.workflows.crowd.agree import agree
from tilth.workflows.crowd.consensus import ConsensusOptions, consensus
from tilth.workflows.crowd.guideline import draft_guideline
from tilth.workflows.crowd.votes import VoteOptions, read_votes
from tilth.workflows.history import history, undo
from tilth.workflows.ingest import ingest
from tilth.workflows.project import advance_head, opened
from tilth.workflows.proof.prove import prove


def write(path: Path, header: Sequence[str], rows: Sequence[Sequence[Any]]) -> Path:
    with path.open("w", newline="", encoding="utf-8") as file:
        csv.writer(file).writerows([header, *rows])
    return path


def crowd(
    n: int = 120, k: int = 3, seed: int = 0, skill: Sequence[float] = (0.5, 0.55, 0.6, 0.92, 0.95)
) -> tuple[list[tuple[str, str, str]], np.ndarray]:
    """Long votes of five raters, three of them weak, with gaps; and the truth."""
    rng = np.random.default_rng(seed)
    truth = rng.integers(k, size=n)
    rows = []
    for item in range(n):
        for rater, right in enumerate(skill):
            if rng.random() < 0.25:
                continue
            vote = truth[item] if rng.random() < right else rng.integers(k)
            rows.append((f"img{item:03}", f"rater{rater}", f"class{vote}"))
    return rows, truth


@pytest.fixture
def long_file(tmp_path: Path) -> Path:
    return write(tmp_path / "votes.csv", ("item", "worker", "label"), crowd()[0])


# --- reading -----------------------------------------------------------------------------------


def test_a_long_table_with_extra_columns_and_a_wide_one_say_the_same(tmp_path: Path) -> None:
    rows, _ = crowd()
    long = write(tmp_path / "l.csv", ("comment", "task", "annotator", "answer"), [("x y z", *row) for row in rows])
    wide = pd.DataFrame(rows, columns=["item", "rater", "label"]).pivot(index="item", columns="rater", values="label")
    wide.insert(0, "note", [f"note number {i}, long enough to be a text and not a vote" for i in range(len(wide))])
    wide.reset_index().to_csv(tmp_path / "w.csv", index=False)
    a, b = read_votes(long), read_votes(tmp_path / "w.csv")
    assert (a.columns.form, b.columns.form) == ("long", "wide")
    assert b.columns.extra == ("note",) and a.columns.extra == ("comment",)
    assert a.votes.classes == b.votes.classes
    order = np.argsort(a.votes.item_names.astype(str))
    left = a.votes.matrix()[order][:, np.argsort(a.votes.rater_names.astype(str))]
    np.testing.assert_array_equal(left, b.votes.matrix())
    assert fleiss_kappa(a.votes, n_resamples=0).estimate == pytest.approx(fleiss_kappa(b.votes, n_resamples=0).estimate)


def test_columns_can_be_named_where_the_guess_would_be_wrong(tmp_path: Path) -> None:
    path = write(tmp_path / "v.csv", ("a", "b", "c"), [("x", "ann", "1"), ("x", "bob", "2"), ("y", "ann", "1")])
    table = read_votes(path, VoteOptions(item="a", raters=("b",), label="c"))
    assert table.votes.n_votes == 3 and table.votes.rater_names.tolist() == ["ann", "bob"]
    wide = read_votes(path, VoteOptions(item="a", raters=("b", "c")))
    assert wide.columns.form == "wide" and wide.votes.n_raters == 2
    with pytest.raises(SchemaError, match="--label 'zzz'"):
        read_votes(path, VoteOptions(label="zzz"))


@pytest.mark.parametrize(
    ("labels", "classes"),
    [
        (["yes", "no", "no"], ("no", "yes")),
        (["10", "9", "10"], (9, 10)),
        (["1", "cat", "2"], ("1", "2", "cat")),
        ([" yes ", "yes", "no"], ("no", "yes")),
    ],
)
def test_labels_as_words_numbers_and_mixed(tmp_path: Path, labels: list[str], classes: tuple[Any, ...]) -> None:
    path = write(tmp_path / "v.csv", ("item", "rater", "label"), [("a", f"r{i}", v) for i, v in enumerate(labels)])
    assert read_votes(path).votes.classes == classes


def test_the_same_rater_twice_the_later_counts_and_it_says_so(tmp_path: Path) -> None:
    rows = [("a", "ann", "x", "2026-01-02"), ("a", "ann", "y", "2026-01-01"), ("b", "ann", "x", "2026-01-03")]
    rows += [("a", "bob", "x", "2026-01-01"), ("b", "bob", "y", "2026-01-04"), ("b", "bob", "y", "2026-01-05")]
    path = write(tmp_path / "v.csv", ("item", "rater", "label", "time"), rows)
    table = read_votes(path)
    assert table.votes.classes[int(table.votes.values[0])] == "x"  # later in time, though earlier in the file
    assert table.repeats.tolist() == [1, 1] and table.contradictions.tolist() == [1, 0]
    said = " ".join(table.notes)
    assert "1 of 2 replaced votes contradict" in said and "replaced by a later vote" in said
    by_row = read_votes(path, VoteOptions(time="none"))
    assert by_row.votes.classes[int(by_row.votes.values[0])] == "y"


def test_minus_one_is_no_vote_unless_it_is_a_class(tmp_path: Path) -> None:
    rows = [("a", "r1", "-1"), ("a", "r2", "0"), ("b", "r1", "1"), ("b", "r2", "-1")]
    path = write(tmp_path / "v.csv", ("item", "rater", "label"), rows)
    assert read_votes(path).votes.n_votes == 2
    assert "2 cells of -1 read as 'no vote'" in " ".join(read_votes(path).notes)
    kept = read_votes(path, VoteOptions(classes=("-1", "0", "1"))).votes
    assert kept.n_votes == 4 and kept.classes == ("-1", "0", "1")
    assert read_votes(path, VoteOptions(level="interval")).votes.n_votes == 4
    assert read_votes(path, VoteOptions(missing=("0",))).votes.classes == (-1, 1)


def test_unknown_labels_are_named_with_row_and_rater(tmp_path: Path) -> None:
    path = write(tmp_path / "v.csv", ("item", "rater", "label"), [("a", "ann", "cat"), ("a", "bob", "cta")])
    with pytest.raises(LabelError, match=r"row 1, rater bob.*'cta'"):
        read_votes(path, VoteOptions(classes=("cat", "dog")))
    with pytest.raises(LabelError, match=r"row 0, rater ann.*'cat'"):
        read_votes(path, VoteOptions(level="ratio"))


def test_tables_that_are_no_votes(tmp_path: Path) -> None:
    with pytest.raises(SchemaError, match="no table of votes"):
        read_votes(write(tmp_path / "a.csv", ("title", "body"), [(f"t{i}", f"text {i} " * 9) for i in range(30)]))
    with pytest.raises(SchemaError, match="column for the item"):
        read_votes(write(tmp_path / "b.csv", ("worker", "label"), [("a", "b")]))
    with pytest.raises(SourceError):
        read_votes(write(tmp_path / "c.csv", ("item", "rater", "label"), []))
    with pytest.raises(LabelError, match="no votes"):
        read_votes(write(tmp_path / "d.csv", ("item", "rater", "label"), [("a", "x", ""), ("b", "x", "-1")]))
    with pytest.raises(SchemaError, match="row 1, column 'rater'"):
        read_votes(write(tmp_path / "e.csv", ("item", "rater", "label"), [("a", "x", "1"), ("b", "", "1")]))
    with pytest.raises(SchemaError, match="no time"):
        rows = [("a", "x", "1", "yesterday")]
        read_votes(write(tmp_path / "f.csv", ("item", "rater", "label", "when"), rows), VoteOptions(time="when"))
    with pytest.raises(ParameterError, match="level"):
        VoteOptions(level="cardinal")


def test_gold_from_a_column_or_a_file(tmp_path: Path) -> None:
    rows = [("a", "x", "1", "1"), ("a", "y", "2", "1"), ("b", "x", "2", ""), ("c", "x", "2", "7")]
    path = write(tmp_path / "v.csv", ("item", "rater", "label", "gold"), rows)
    assert read_votes(path).gold.tolist() == [0, -1, -1]
    other = write(tmp_path / "g.csv", ("item", "truth"), [("c", "2"), ("zzz", "1")])
    table = read_votes(path, VoteOptions(gold=str(other)))
    assert table.gold.tolist() == [-1, -1, 1]
    with pytest.raises(ParameterError, match="neither a column"):
        read_votes(path, VoteOptions(gold="nothing.csv"))
    with pytest.raises(LabelError, match="no gold label"):
        read_votes(path, VoteOptions(gold=str(write(tmp_path / "h.csv", ("item", "truth"), [("q", "1")]))))


# --- agree -------------------------------------------------------------------------------------


def test_agreement_says_where_and_why(long_file: Path) -> None:
    found = agree(long_file, n_resamples=200)
    summary = found.to_dict()["summary"]
    assert [s["statistic"] for s in summary["statistics"]] == [
        "percent_agreement", "fleiss_kappa", "gwet_ac1", "krippendorff_alpha_nominal"
    ]  # fmt: skip
    assert all(s["low"] < s["estimate"] < s["high"] for s in summary["statistics"])
    assert {c["class"] for c in summary["by_class"]} == {"class0", "class1", "class2"}
    assert summary["by_rater"][0]["rater"] in ("rater0", "rater1", "rater2")
    assert summary["confused"][0]["items"] and len(summary["rater_pairs"]) == 10
    assert not found.rule.passed and found.rule.target == 0.8
    first = found.findings.to_dicts()[0]
    assert (
        first["score"] == max(r["score"] for r in found.findings.to_dicts()) and "pairs of votes agree" in first["why"]
    )


def test_two_raters_get_cohen_and_scott(tmp_path: Path) -> None:
    rows = [(f"i{i}", rater, str(i % 2)) for i in range(40) for rater in ("ann", "bob")]
    found = agree(write(tmp_path / "v.csv", ("item", "rater", "label"), rows), n_resamples=100)
    names = [s.statistic for s in found.statistics]
    assert "cohen_kappa" in names and "scott_pi" in names
    assert found.rule.agreement.statistic == "cohen_kappa" and found.rule.passed
    assert len(found.findings) == 0


def test_ordered_and_numeric_labels(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for i in range(60):
        true = rng.integers(1, 6)
        rows += [(f"i{i}", f"r{r}", int(np.clip(true + rng.integers(-1, 2), 1, 5))) for r in range(4)]
    path = write(tmp_path / "v.csv", ("item", "rater", "rating"), rows)
    ordinal = agree(path, VoteOptions(level="ordinal"), n_resamples=50)
    names = [s.statistic for s in ordinal.statistics]
    assert "gwet_ac2" in names and "krippendorff_alpha_ordinal" in names
    nominal = agree(path, n_resamples=0)
    assert ordinal.rule.agreement.estimate > nominal.rule.agreement.estimate + 0.2
    interval = agree(path, VoteOptions(level="interval"), n_resamples=50)
    assert interval.rule.agreement.statistic == "krippendorff_alpha_interval" and interval.classes is not None
    fine = write(tmp_path / "f.csv", ("item", "rater", "value"), [(a, b, c + rng.normal(0, 0.1)) for a, b, c in rows])
    numbers = agree(fine, VoteOptions(level="interval"), n_resamples=50)
    assert numbers.classes is None and [s.statistic for s in numbers.statistics] == ["krippendorff_alpha_interval"]
    assert "standard deviation" in numbers.findings.to_dicts()[0]["why"]


def test_agreement_over_time_falls_where_raters_tire(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    rows = []
    for i in range(300):
        true = rng.integers(2)
        right = 0.98 if i < 150 else 0.6
        day = f"2026-{1 + i // 30:02}-{1 + i % 28:02}"
        rows += [(f"i{i}", f"r{r}", int(true if rng.random() < right else 1 - true), day) for r in range(3)]
    found = agree(write(tmp_path / "v.csv", ("item", "rater", "label", "date"), rows), n_resamples=100)
    assert 6 <= len(found.over_time) <= 12
    assert found.over_time[0].agreement.estimate > found.over_time[-1].agreement.estimate + 0.3
    assert found.over_time[0].end <= found.over_time[-1].start


def test_one_rater_and_items_seen_once_are_refused_with_what_to_do(tmp_path: Path) -> None:
    alone = write(tmp_path / "a.csv", ("item", "rater", "label"), [(f"i{i}", "ann", i % 2) for i in range(9)])
    with pytest.raises(LabelError, match="two raters"):
        agree(alone)
    apart = write(tmp_path / "b.csv", ("item", "rater", "label"), [("a", "ann", "1"), ("b", "bob", "2")])
    with pytest.raises(NotApplicable, match="no item has two votes"):
        agree(apart)


def test_a_rater_who_always_answers_the_same_is_named(tmp_path: Path) -> None:
    rows, _ = crowd()
    rows += [(f"img{i:03}", "<b>stuck</b>", "class1") for i in range(60)]
    path = write(tmp_path / "v.csv", ("item", "worker", "label"), rows)
    result = CliRunner().invoke(app, ["agree", str(path), "--json", "--resamples", "50"])
    assert result.exit_code == 0, result.output
    summary = json.loads(result.stdout)["summary"]
    assert "<b>stuck</b>" in summary["actions"][0] and "always the same" in summary["actions"][0]
    assert "<b>stuck" not in Path(summary["report"]).read_text(encoding="utf-8")


def test_all_votes_the_same_are_undefined_not_perfect(tmp_path: Path) -> None:
    rows = [(f"i{i}", rater, "ok") for i in range(20) for rater in ("ann", "bob", "cat")]
    found = agree(write(tmp_path / "v.csv", ("item", "rater", "label"), rows), n_resamples=20)
    assert not found.rule.passed and "undefined" in found.rule.why
    json.dumps(found.to_dict(), allow_nan=False)


def test_items_without_votes_and_a_wide_table_with_gaps(tmp_path: Path) -> None:
    rows = [("a", "x", "x", ""), ("b", "", "", ""), ("c", "y", "", "y"), ("d", "x", "y", "x")] * 1
    table = read_votes(write(tmp_path / "w.csv", ("item", "ann", "bob", "cat"), rows))
    assert table.votes.votes_per_item.tolist() == [2, 0, 2, 3]
    found = agree(tmp_path / "w.csv", n_resamples=20)
    assert found.statistics[0].n_items == 3


def test_the_page_stands_by_itself_and_the_guideline_asks(long_file: Path, tmp_path: Path) -> None:
    guide, figures = tmp_path / "guide.md", tmp_path / "figures.csv"
    command = ["agree", str(long_file), "--resamples", "50", "--guideline", str(guide), "--csv", str(figures), "-q"]
    result = CliRunner().invoke(app, command)
    assert result.exit_code == 0, result.output
    page = (tmp_path / ".tilth" / "reports" / "votes.csv.agreement.html").read_text(encoding="utf-8")
    assert "script-src &#39;none&#39;" in page and "http-equiv" in page and "src=" not in page and "@import" not in page
    for piece in ("Confusion between raters", "kappa of each pair", "Guideline to write", "Fleiss&#39; kappa"):
        assert piece in page
    text = guide.read_text(encoding="utf-8")
    assert "### `class0` or `class" in text and "Items that split the raters" in text and "answer here" in text
    table = pd.read_csv(figures).to_dict("records")
    assert {row["table"] for row in table} == {"statistics", "classes", "raters", "rater pairs", "confused classes"}


def test_guideline_cannot_be_broken_by_names(tmp_path: Path) -> None:
    rows = [(f"i|{i}", r, v) for i in range(8) for r, v in (("a`b", "x|<script>"), ("c", "y\n# big"))]
    text = draft_guideline(agree(write(tmp_path / "v.csv", ("item", "rater", "label"), rows), n_resamples=0))
    assert "<script>" not in text.replace("`x|<script>`", "") and "\n# big" not in text


@pytest.mark.parametrize(("skill", "code"), [((0.99, 0.99, 0.99), 0), ((0.6, 0.6, 0.6), 3)])
def test_the_gate_is_an_exit_code(tmp_path: Path, skill: tuple[float, ...], code: int) -> None:
    path = write(tmp_path / "v.csv", ("item", "rater", "label"), crowd(skill=skill)[0])
    result = CliRunner().invoke(app, ["agree", str(path), "--min-kappa", "0.8", "--resamples", "50", "-q"])
    assert result.exit_code == code
    assert CliRunner().invoke(app, ["agree", str(path), "--resamples", "50", "-q"]).exit_code == 0
    assert CliRunner().invoke(app, ["agree", str(path), "--min-kappa", "1.5"]).exit_code == 2


# --- consensus ---------------------------------------------------------------------------------


def test_labels_are_written_and_recorded_and_taken_back(long_file: Path, tmp_path: Path) -> None:
    before = long_file.read_bytes()
    made = consensus(long_file)
    assert long_file.read_bytes() == before
    folder = tmp_path / "votes-consensus"
    assert {"labels.csv", "beliefs.csv", "raters.csv", "methods.csv", "votes-items.csv", "consensus.json"} == set(
        made.files
    )
    labels = pd.read_csv(folder / "labels.csv")
    beliefs = pd.read_csv(folder / "beliefs.csv")
    np.testing.assert_allclose(beliefs.drop(columns="item").sum(axis=1), 1.0)
    assert (beliefs.drop(columns="item").idxmax(axis=1) == labels["label"]).mean() > 0.97
    assert made.method == made.choice.recommended and made.method in ("one_coin", "dawid_skene", "glad", "mace", "kos")
    assert made.recorded is not None and made.recorded.votes == made.table.votes.n_votes
    assert made.recorded.relabels == 120
    head = made.recorded.snapshot
    assert dict(zip(head.row_ids, head.table.column("label").to_pylist(), strict=True)) == dict(
        zip(labels["item"], labels["label"], strict=True)
    )
    log = history(made.dataset)
    assert {b.action for b in log.batches} == {"vote", "relabel"}
    assert {b.who for b in log.batches} == {"policy:consensus", *(f"rater{i}" for i in range(5))}
    undone = undo(made.dataset)
    assert undone.snapshot.id == log.base != log.head


def test_a_second_run_writes_nothing_new_and_a_changed_vote_only_itself(long_file: Path) -> None:
    first = consensus(long_file)
    again = consensus(long_file)
    assert again.recorded.votes == again.recorded.relabels == 0
    assert again.recorded.snapshot.id == first.recorded.snapshot.id
    with long_file.open("a", encoding="utf-8") as file:
        file.write("img000,rater4,class1\nimg000,rater9,class1\n")
    more = consensus(long_file)
    assert 1 <= more.recorded.votes <= 2


def test_consensus_is_better_than_majority_where_it_says_so(tmp_path: Path) -> None:
    rows, truth = crowd(n=400)
    made = consensus(write(tmp_path / "v.csv", ("item", "worker", "label"), rows))
    want = dict(zip((f"img{i:03}" for i in range(400)), truth.tolist(), strict=True))
    right = np.array([want[str(name)] for name in made.table.votes.item_names.tolist()])
    assert made.method != "majority"
    assert (made.chosen.labels == right).mean() > (made.fitted["majority"].labels == right).mean()
    alike = consensus(write(tmp_path / "w.csv", ("item", "worker", "label"), crowd(skill=(0.7,) * 5, seed=3)[0]))
    assert alike.method == "majority"


def test_votes_on_a_dataset_reach_its_labels_proof_and_undo(tmp_path: Path) -> None:
    rows, truth = crowd(n=150, k=2)
    rng = np.random.default_rng(1)
    noisy = np.where(rng.random(150) < 0.4, 1 - truth, truth)
    points = rng.normal(size=(150, 2)) + 3 * truth[:, None]
    data = [(f"img{i:03}", *points[i].round(4), f"class{noisy[i]}") for i in range(150)]
    path = write(tmp_path / "data.csv", ("id", "x", "z", "label"), data)
    votes = write(tmp_path / "votes.csv", ("item", "worker", "label"), rows)
    made = consensus(votes, options=ConsensusOptions(dataset=path))
    assert made.dataset.name == "data.csv" and "votes-items.csv" not in made.files
    assert "crowdlab" in made.fitted
    head = made.recorded.snapshot
    assert (head.labels == truth).mean() > 0.9 > (noisy == truth).mean()
    proof = prove(made.dataset, repeats=3)
    assert proof.before == history(made.dataset).base and proof.after == head.id
    assert undo(made.dataset).snapshot.id == history(made.dataset).base


def test_a_model_helps_where_items_have_few_votes(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    truth = rng.integers(2, size=300)
    rows = [
        (f"i{i}", f"r{r}", int(truth[i] if rng.random() < 0.7 else 1 - truth[i]), 3.0 * truth[i] + i % 7 / 7, i % 5 / 5)
        for i in range(300)
        for r in rng.choice(12, 2, replace=False)
    ]
    path = write(tmp_path / "v.csv", ("item", "rater", "label", "x", "z"), rows)
    made = consensus(path, options=ConsensusOptions(method="crowdlab"))
    want = truth[[int(str(name)[1:]) for name in made.table.votes.item_names.tolist()]]
    assert (made.chosen.labels == want).mean() > (made.fitted["majority"].labels == want).mean() + 0.05


def test_test_rows_are_spared_and_a_class_the_data_lack_is_declared(tmp_path: Path) -> None:
    data = [(f"i{i}", float(i), "a" if i % 2 else "b", "test" if i < 5 else "train") for i in range(20)]
    path = write(tmp_path / "d.csv", ("id", "x", "label", "split"), data)
    rows = [(f"i{i}", r, "c" if i % 3 == 0 else "a") for i in range(20) for r in ("ann", "bob")]
    votes = write(tmp_path / "v.csv", ("item", "rater", "label"), rows)
    made = consensus(votes, options=ConsensusOptions(dataset=path, method="majority"))
    head = made.recorded.snapshot
    assert "c" in head.classes and made.recorded.spared == 4
    labels = dict(zip(head.row_ids, head.table.column("label").to_pylist(), strict=True))
    assert labels["i0"] == "b" and labels["i6"] == "c"
    full = consensus(votes, options=ConsensusOptions(dataset=path, method="majority", include_test=True))
    assert full.recorded.spared == 0 and full.recorded.snapshot.table.column("label")[0].as_py() == "c"


def test_a_person_overrules_and_the_later_policy_counts(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", ("id", "x", "label"), [(f"i{i}", i / 7, "ab"[i % 2]) for i in range(12)])
    rows = [(f"i{i}", rater, "ab"[i % 3 == 0]) for i in range(12) for rater in "xyz"]
    votes = write(tmp_path / "v.csv", ("item", "rater", "label"), rows)
    made = ingest(path)
    common = {"when": "2026-01-01", "snapshot_id": made.snapshot.id, "dataset": "d.csv"}
    with opened(made.dataset) as store:
        store.append([Decision("ann", action="relabel", rows=("i0",), value="a", **common)])
        store.append([Decision("policy:other", action="relabel", rows=("i1",), value="b", **common)])
        advance_head(store, made.dataset)
    settled = consensus(votes, options=ConsensusOptions(dataset=path))
    labels = settled.recorded.snapshot.table.column("label").to_pylist()
    assert settled.labels[:2] == ("b", "a") and labels[:2] == ["a", "a"]
    again = consensus(votes, options=ConsensusOptions(dataset=path))
    assert (again.recorded.votes, again.recorded.relabels) == (0, 0)


def test_items_that_are_no_rows_are_said_or_refused(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", ("id", "x", "label"), [(f"i{i}", i / 7, "ab"[i % 2]) for i in range(12)])
    strange = write(tmp_path / "s.csv", ("item", "rater", "label"), [("q", "x", "a"), ("q", "y", "b")])
    with pytest.raises(AlignmentError, match="no item of the votes is a row"):
        consensus(strange, options=ConsensusOptions(dataset=path))
    some = [("q", "x", "a"), ("q", "y", "b"), ("i0", "x", "b"), ("i0", "y", "b")]
    made = consensus(
        write(tmp_path / "t.csv", ("item", "rater", "label"), some), options=ConsensusOptions(dataset=path)
    )
    assert "1 items of the votes are no rows" in " ".join(made.notes)
    bare = write(tmp_path / "e.csv", ("id", "note"), [("i0", "some words to read"), ("i1", "other words to read")])
    ingest(bare, overrides=RoleOverrides(label="none"))
    with pytest.raises(SchemaError, match="no label column"):
        consensus(tmp_path / "t.csv", options=ConsensusOptions(dataset=bare))


def test_files_that_are_not_ours_are_not_overwritten(tmp_path: Path) -> None:
    votes = write(tmp_path / "labels.csv", ("item", "rater", "label"), crowd()[0])
    with pytest.raises(ParameterError, match="overwrite what was read"):
        consensus(votes, options=ConsensusOptions(out=tmp_path))
    other = tmp_path / "out"
    other.mkdir()
    (other / "labels.csv").write_text("mine")
    with pytest.raises(ParameterError, match="overwrite something"):
        consensus(votes, options=ConsensusOptions(out=other))
    assert (other / "labels.csv").read_text() == "mine"
    consensus(votes, options=ConsensusOptions(out=other, force=True, record=False))
    made = consensus(votes, options=ConsensusOptions(out=other, record=False, parquet=True))
    assert made.recorded is None and (other / "labels.parquet").exists()
    assert history(made.dataset).batches == ()


def test_one_rater_single_votes_and_unseen_items_have_labels(tmp_path: Path) -> None:
    alone = write(tmp_path / "a.csv", ("item", "rater", "label"), [(f"i{i}", "ann", "xy"[i % 2]) for i in range(9)])
    made = consensus(alone)
    assert made.method == "majority" and made.choice is None and "cannot be compared" in " ".join(made.notes)
    assert made.labels == tuple("xy"[i % 2] for i in range(9))
    gaps = write(
        tmp_path / "w.csv", ("item", "ann", "bob"), [("a", "x", "x"), ("b", "", ""), ("c", "y", "x"), ("d", "y", "")]
    )
    settled = consensus(gaps)
    assert settled.labels[1] is None and settled.recorded.relabels == 3
    assert settled.recorded.snapshot.table.column("label").to_pylist()[1] is None
    row = next(r for r in settled.findings.to_dicts() if r["row_id"] == "b")
    assert row["flagged"] and "no votes yet" in row["why"]


def test_numbers_get_a_robust_mean(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    noise = rng.normal(0, 0.1, (80, 5)) + 50 * (rng.random((80, 5)) < 0.1)
    rows = [(f"i{i}", f"r{r}", round(i + noise[i, r], 3)) for i in range(80) for r in range(5)]
    made = consensus(write(tmp_path / "v.csv", ("item", "rater", "value"), rows), VoteOptions(level="interval"))
    assert made.method == "robust_mean" and made.choice.baseline == "mean"
    values = pd.read_csv(made.folder / "labels.csv")
    assert (np.abs(values["label"] - np.arange(80)) < 1.0).mean() > 0.95
    assert "beliefs.csv" not in made.files
    ran = {o.part: o.outcome for o in made.outcomes}
    assert ran["robust_mean"] == "ran" and ran["dawid_skene"] == "not applicable"
    assert made.recorded.snapshot.table.column("label")[3].as_py() == pytest.approx(values["label"][3])


def test_unknown_and_unfitting_methods(long_file: Path) -> None:
    with pytest.raises(PartError, match="dawid_skene"):
        consensus(long_file, options=ConsensusOptions(method="dawid_skeen"))
    with pytest.raises(NotApplicable, match="does not apply"):
        consensus(long_file, options=ConsensusOptions(method="robust_mean"))
    made = consensus(long_file, options=ConsensusOptions(method="weighted_majority"))
    assert made.method == "weighted_majority"


def test_slow_methods_are_skipped_on_many_votes_unless_asked_for(
    long_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tilth.workflows.crowd.consensus.MANY_VOTES", 100)
    made = consensus(long_file, options=ConsensusOptions(record=False))
    assert {o.part for o in made.outcomes if o.outcome == "skipped"} == {"crowdlab", "glad", "mace"}
    assert "--method glad" in next(o.reason for o in made.outcomes if o.part == "glad")
    asked = consensus(long_file, options=ConsensusOptions(record=False, method="glad"))
    assert asked.method == "glad"


def test_one_class_only_is_refused_with_what_to_do(tmp_path: Path) -> None:
    path = write(tmp_path / "v.csv", ("item", "rater", "label"), [("a", "x", "ok"), ("a", "y", "ok"), ("b", "x", "ok")])
    result = CliRunner().invoke(app, ["consensus", str(path)])
    assert result.exit_code == 2 and "same class" in result.stderr
    assert CliRunner().invoke(app, ["consensus", str(path), "--class", "ok", "--class", "bad"]).exit_code == 0


def test_the_command_prints_one_object_and_a_page(long_file: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["consensus", str(long_file), "--json"])
    assert result.exit_code == 0, result.output
    found = json.loads(result.stdout)
    assert found["verb"] == "consensus" and len(found["snapshot"]) == 16
    summary = found["summary"]
    assert summary["methods"][0]["method"] == "majority" and sum(m["used"] for m in summary["methods"]) == 1
    assert {o["outcome"] for o in found["outcomes"]} == {"ran", "not applicable"}
    page = Path(summary["report"]).read_text(encoding="utf-8")
    assert "Every method beside majority" in page and "script-src &#39;none&#39;" in page
    items = tmp_path / "votes-consensus" / "votes-items.csv"
    assert CliRunner().invoke(app, ["log", str(items)]).exit_code == 0
    assert "Took back" in CliRunner().invoke(app, ["undo", str(items)]).stdout


@pytest.mark.parametrize(("name", "method"), [("rte", "dawid_skene"), ("face_sentiment", "majority")])
def test_real_crowds(name: str, method: str, tmp_path: Path, shared_data: Callable[[str], Path]) -> None:
    folder = shared_data(f"crowd/{name}")
    gold = VoteOptions(gold=str(folder / "truth.csv"))
    out = ConsensusOptions(out=tmp_path / "out", record=False, workspace=tmp_path / "ws")
    made = consensus(folder / "labels.csv", gold, out)
    assert made.method == method and made.choice.measure == "accuracy on gold"
    page = tmp_path / "page.html"
    command = ["agree", str(folder / "labels.csv"), "--report", str(page), "--min-kappa", "0.8", "--resamples", "100"]
    assert CliRunner().invoke(app, command).exit_code == 3
    assert page.stat().st_size < 1_000_000
