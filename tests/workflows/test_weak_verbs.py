"""The verbs of weak supervision on files: rules that are read, votes, analysis, fit, labels in the ledger."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv
import pytest

import tilth
from tilth.errors import LabelError, NotApplicable, ParameterError, SchemaError, SourceError, TilthError
from tilth.workflows.history import undo
from tilth.workflows.project import opened
from tilth.workflows.weak.page import analysis_dict, fit_dict, labels_dict, publish_analysis, publish_fit, votes_dict
from tilth.workflows.weak.rules import SlicingFunction, labeling_function, read_rules, rule, slicing_function
from tilth.workflows.weak.verbs import WeakOptions, weak_analyze, weak_apply, weak_fit, weak_label

RULES = """
classes: [ham, spam]
rules:
  - {name: money, keywords: [money, free], label: spam}
  - {name: please, regex: 'plea?se', label: spam}
  - {name: song, keywords: [song, music], label: ham}
  - {name: short, comparison: 3, measure: words, operator: "<", label: ham}
"""
SPAM = ["free money now", "please click here now", "win money fast friend", "visit us please friend"]
HAM = ["great song indeed friend", "nice music", "what a song this is", "cool"]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """400 comments: 40 labelled ones to judge by, 80 in the test part, the others without a label."""
    rng = np.random.default_rng(0)
    lines = ["id,text,label,split"]
    for at in range(400):
        spam = bool(rng.integers(2))
        text = (SPAM if spam else HAM)[int(rng.integers(4))]
        extra = " " + " ".join(f"w{rng.integers(60)}" for _ in range(int(rng.integers(0, 4)))) if at % 2 else ""
        known = at < 40 or at >= 320
        label = ("spam" if spam else "ham") if known else ""
        lines.append(f"r{at},{text}{extra},{label},{'test' if at >= 320 else 'train'}")
    (tmp_path / "data.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    return tmp_path


def apply(folder: Path, rules: Any = None, **more: Any) -> Any:
    return weak_apply(folder / "data.csv", rules or folder / "rules.yaml", WeakOptions(**more))


def test_rules_vote_and_the_test_part_judges_none(folder: Path) -> None:
    said = apply(folder)
    assert said.classes == ("ham", "spam")
    assert said.votes.n_items == 400
    assert (said.gold >= 0).sum() == 120
    assert (said.development >= 0).sum() == 40
    assert (said.held_out == (np.arange(400) >= 320)).all()
    path = said.write(folder / "votes.csv")
    table = pyarrow.csv.read_csv(path)
    assert table.column_names == ["item", "rater", "label"]
    assert len(table) == said.votes.n_votes == votes_dict(said)["summary"]["votes"]
    with pytest.raises(ParameterError, match="there already"):
        said.write(path)


def test_the_analysis_and_its_page(folder: Path) -> None:
    found = weak_analyze(apply(folder))
    data = analysis_dict(found)
    by_rule = {row["rule"]: row for row in data["summary"]["by_rule"]}
    assert by_rule["money"]["Incorrect"] == 0
    assert by_rule["money"]["gain"] > 0
    assert data["summary"]["missed"].keys() == {"ham", "spam"}
    page = publish_analysis(
        found, csv=folder / "disputed.csv", table=folder / "rules.csv", suggest=folder / "suggested.yaml"
    )
    html = page.read_text(encoding="utf-8")
    assert all(words in html for words in ("What each rule gets wrong", "What each rule adds", "money", "short"))
    assert pyarrow.csv.read_csv(folder / "rules.csv").num_rows == 4
    with pytest.raises(ParameterError, match="there already"):
        publish_analysis(found, table=folder / "rules.csv")
    with pytest.raises(ParameterError, match="there already"):
        publish_analysis(found, suggest=folder / "suggested.yaml")


def test_suggested_rules_are_a_file_of_rules(folder: Path) -> None:
    found = weak_analyze(
        apply(folder, [rule("keywords", "has_money", words=("money",), label="spam")], classes=("ham", "spam"))
    )
    assert found.suggestions
    publish_analysis(found, suggest=folder / "suggested.yaml")
    again = read_rules(folder / "suggested.yaml")
    assert len(again.labelers) == len(found.suggestions)
    assert apply(folder, again).votes.n_votes > 0


def test_the_fit_compares_scores_and_plans(folder: Path) -> None:
    odd = slicing_function("odd")(lambda row: "w" in row.text)
    said = apply(folder, [*read_rules(folder / "rules.yaml").labelers, odd], classes=("ham", "spam"))
    made = weak_fit(said, ask=5)
    names = [name for name, _ in made.scores]
    assert names == ["majority vote", "label model", "end model"]
    assert all(found.n == 80 for _, found in made.scores)
    assert dict(made.scores)["end model"].estimate > 0.9
    assert made.choice is not None
    assert [s.name for s in made.slices] == ["all", "odd"]
    assert made.plan.ask.size <= 5
    assert not said.held_out[made.plan.ask].any()
    assert not said.held_out[made.plan.train].any()
    data = fit_dict(made)
    assert len(data["findings"]) == made.plan.ask.size
    assert data["summary"]["methods"][0]["method"] == "majority"
    page = publish_fit(made, csv=folder / "ask.csv", beliefs=folder / "beliefs.csv")
    assert "Accuracy on the test part" in page.read_text(encoding="utf-8")
    table = pyarrow.csv.read_csv(folder / "beliefs.csv")
    assert table.num_rows == 400
    assert set(table.column("use").to_pylist()) <= {"train", "drop", "test"}
    with pytest.raises(ParameterError, match="there already"):
        publish_fit(made, beliefs=folder / "beliefs.csv")


@pytest.mark.parametrize("method", ["majority", "matrix_completion", "dependency_aware"])
def test_another_method_as_asked_for(folder: Path, method: str) -> None:
    made = weak_fit(apply(folder), WeakOptions(method=method, class_balance=(0.4, 0.6)), end_model=False)
    assert (made.model.method, made.choice) == (method, None)
    assert made.model.prior.tolist() == [0.4, 0.6]
    assert made.why == f"{method}, as asked for"


def test_labels_enter_the_ledger_and_leave_it_again(folder: Path) -> None:
    made = weak_label(weak_fit(apply(folder), end_model=False))
    snapshot = made.recorded.snapshot
    assert labels_dict(made)["summary"]["recorded"]["labels"] == made.recorded.relabels > 200
    labels = np.array(snapshot.table.column("label").to_pylist(), dtype=object)
    assert (labels != None).sum() == 120 + made.recorded.relabels  # noqa: E711 - element by element
    with opened(made.fit.said.dataset) as store:
        votes = [d for d in store.decisions(made.fit.said.dataset.name) if d.action == "vote"]
    assert {d.who for d in votes} == {"policy:lf/money", "policy:lf/please", "policy:lf/song", "policy:lf/short"}
    assert sum(len(d.rows) for d in votes) == made.recorded.votes
    # the same again changes nothing; other rules replace what the old ones said
    same = weak_label(weak_fit(apply(folder), end_model=False))
    assert same.recorded.snapshot.id == snapshot.id
    assert same.recorded.replaced == 0
    other = weak_label(weak_fit(apply(folder, [rule("keywords", "song", words=("song",), label="ham"),
                                               rule("keywords", "money", words=("money",), label="spam")],
                                      classes=("ham", "spam")), end_model=False))  # fmt: skip
    assert other.recorded.replaced > 0
    assert other.recorded.relabels < made.recorded.relabels
    undo(made.fit.said.dataset)
    assert apply(folder).gold.tolist() == made.fit.said.gold.tolist()


def test_votes_of_rules_are_votes_that_agree_and_consensus_know(folder: Path) -> None:
    said = apply(folder)
    said.write(folder / "votes.csv")
    found = tilth.agree(folder / "votes.csv", n_resamples=0)
    assert set(found.table.votes.rater_names.tolist()) == {"money", "please", "song", "short"}


def test_hand_labels_and_the_test_part_are_left_alone(folder: Path) -> None:
    fit = weak_fit(apply(folder))
    ends = weak_label(fit, WeakOptions(model="end"))
    table = ends.recorded.snapshot.table
    before = pyarrow.csv.read_csv(folder / "data.csv").column("label").to_pylist()
    after = table.column("label").to_pylist()
    kept = [at for at, label in enumerate(before) if label]
    assert [after[at] for at in kept] == [before[at] for at in kept]
    assert None not in after  # the end model labels rows on which every rule is silent
    relabelled = weak_label(fit, WeakOptions(model="end", relabel=True, include_test=True))
    assert relabelled.recorded.relabels > ends.recorded.relabels


def test_a_higher_threshold_labels_fewer_rows(folder: Path) -> None:
    fit = weak_fit(apply(folder), WeakOptions(method="naive_bayes"), end_model=False)
    few = weak_label(fit, WeakOptions(threshold=0.95)).recorded.relabels
    assert few < weak_label(fit, WeakOptions(threshold=0.5)).recorded.relabels


def test_an_empty_table_is_an_error_that_names_it(folder: Path) -> None:
    (folder / "data.csv").write_text("id,text,label\n", encoding="utf-8")
    with pytest.raises(TilthError, match=r"data\.csv"):
        apply(folder)


def test_the_end_model_may_be_any_classifier(folder: Path) -> None:
    from sklearn.ensemble import RandomForestClassifier

    made = weak_fit(apply(folder), model=RandomForestClassifier(20, random_state=0))
    assert dict(made.scores)["end model"].estimate > 0.9
    assert (made.end.max(axis=1) > 0.5).all()


def test_bad_input_of_the_verbs(folder: Path) -> None:
    with pytest.raises(LabelError, match="no labelling function fired"):
        apply(folder, [rule("keywords", "never", words=("zebra",), label="spam")])
    with pytest.raises(LabelError, match="function 'eggs'"):
        apply(folder, [rule("keywords", "eggs", words=("song",), label="eggs")], classes=("ham", "spam"))
    with pytest.raises(ParameterError, match="unknown label model"):
        weak_fit(apply(folder), WeakOptions(method="nothing"))
    with pytest.raises(NotApplicable, match="no end model"):
        weak_label(weak_fit(apply(folder), end_model=False), WeakOptions(model="end"))
    with pytest.raises(ParameterError, match="unknown model"):
        WeakOptions(model="both")
    with pytest.raises(ParameterError, match="threshold"):
        WeakOptions(threshold=1.5)
    with pytest.raises(SchemaError, match="no such column"):
        apply(folder, [rule("comparison", "c", column="nothing", value=1, label="spam")])


def test_data_without_a_label_column_can_be_fitted_but_not_labelled(tmp_path: Path) -> None:
    lines = ["text", *["buy money now", "nice song here", "free money fast", "good song yes"] * 10]
    (tmp_path / "plain.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    (tmp_path / "rules.yaml").write_text(RULES, encoding="utf-8")
    said = weak_apply(tmp_path / "plain.csv", tmp_path / "rules.yaml", overrides=tilth.RoleOverrides(text=("text",)))
    fit = weak_fit(said, end_model=False)
    assert fit.scores == ()
    with pytest.raises(SchemaError, match="no class label column"):
        weak_label(fit)


@pytest.mark.parametrize(
    ("text", "where", "said"),
    [
        ("rules: 3", "", "a list called rules"),
        ("classes: [a]\nrulez: []\nrules: []", "", "unknown key"),
        ("rules: []", "", "no labelling functions"),
        ("rules: [{name: a}]", "rule 1 .a.", "names one form"),
        ("rules: [{keywords: [a], regex: b}]", "rule 1", "names one form"),
        ("rules: [{function: f}]", "rule 1", "names one form"),
        ("rules: [3]", "rule 1", "is a mapping"),
        ("rules: [{keywords: [a], colour: red}]", "rule 1", "no parameter 'colour'"),
        ("rules: [{name: a, keywords: [a], label: x}, {name: a, keywords: [b], label: y}]", "", "the same name"),
        ("rules: [", "", "no YAML"),
    ],
)
def test_a_yaml_file_that_is_wrong_says_where(tmp_path: Path, text: str, where: str, said: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises((SourceError, ParameterError), match=said) as caught:
        read_rules(path)
    assert "rules.yaml" in str(caught.value)
    import re

    assert re.search(where, str(caught.value))


def test_a_python_file_that_fails_says_at_which_line(tmp_path: Path) -> None:
    path = tmp_path / "rules.py"
    path.write_text("x = 1\n\ny = x / 0\n", encoding="utf-8")
    with pytest.raises(SourceError, match="line 3") as caught:
        read_rules(path)
    assert "ZeroDivisionError" in str(caught.value)
    path.write_text("def broken(:\n", encoding="utf-8")
    with pytest.raises(SourceError, match="line 1"):
        read_rules(path)
    path.write_text("CLASSES = ['a', 'b']\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="no labelling functions"):
        read_rules(path)


def test_other_sources_of_rules(tmp_path: Path) -> None:
    with pytest.raises(SourceError, match="no such file"):
        read_rules(tmp_path / "absent.yaml")
    (tmp_path / "rules.txt").write_text("", encoding="utf-8")
    with pytest.raises(SourceError, match=r"from \.py and \.yaml"):
        read_rules(tmp_path / "rules.txt")
    with pytest.raises(ParameterError, match="no labelling function"):
        read_rules([lambda row: 1])
    one = rule("keywords", words=("a",))
    assert read_rules(one).labelers == (one,)
    with pytest.raises(ParameterError, match="Write @labeling_function"):
        labeling_function(lambda row: 1)  # type: ignore[arg-type]


def test_decorators_name_resources_and_preprocessing() -> None:
    def lower(row: Any) -> str:
        return str(row.text).lower()

    @labeling_function("named", resources={"words": {"hi"}}, pre=[lower])
    def fn(row: Any, words: Any) -> str | None:
        return "greeting" if row.lower in words else None

    found = tilth.apply_labeling_functions(fn, {"text": ["Hi", "no"]}, classes=["greeting", "other"])
    assert found.votes.rater_names.tolist() == ["named"]
    assert found.votes.items.tolist() == [0]

    @slicing_function()
    def empty(row: Any) -> bool:
        return not row.text

    from tilth.records import RowBatch

    assert isinstance(empty, SlicingFunction)
    assert empty.mask(RowBatch(pyarrow.table({"text": ["", "a"]}))).tolist() == [True, False]
    with pytest.raises(LabelError, match="'bad', row 1"):
        slicing_function("bad")(lambda row: len(row.text)).mask(RowBatch(pyarrow.table({"text": ["a", None]})))


def test_a_table_in_memory_of_any_kind() -> None:
    import pandas as pd
    import polars as pl

    words = rule("keywords", "words", words=("a",), label=1)
    for made in (
        pd.DataFrame({"text": ["a", "b"]}),
        pl.DataFrame({"text": ["a", "b"]}),
        pyarrow.table({"text": ["a", "b"]}),
    ):
        assert tilth.apply_labeling_functions([words], made).votes.items.tolist() == [0]
