"""What a person is shown to judge by: doubtful rows with what they say, real intervals; files are spared."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.csv
import pytest

from tilth.errors import ParameterError
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.weak_supervision.analysis import analyze_functions
from tilth.records import RoleOverrides
from tilth.workflows.weak.judging import gain_of, vote_entropy
from tilth.workflows.weak.page import advise_rules, publish_analysis, publish_fit
from tilth.workflows.weak.rules import rule, slicing_function
from tilth.workflows.weak.tables import analysis_dict, ask_findings, fit_dict
from tilth.workflows.weak.verbs import WeakOptions, weak_analyze, weak_apply, weak_fit

RULES = [
    rule("keywords", "money", words=("money",), label="spam"),
    rule("keywords", "free", words=("free",), label="spam"),
    rule("keywords", "song", words=("song",), label="ham"),
]
#: text, truth: sure spam, sure ham, a dispute that majority settles, a tie, one vote, no vote
KINDS = [("free money", "spam"), ("song", "ham"), ("free money song", "spam"), ("money song", "ham"), ("hm", "ham")]


def write(path: Path, *, known: int = 60, test: int = 40, label: str = "") -> Path:
    lines = ["id,text,label,split"]
    for at in range(200):
        text, truth = KINDS[at % 5]
        held = at >= 200 - test
        shown = (label or truth) if at < known or held else ""
        lines.append(f"r{at},{text} number {at},{shown},{'test' if held else 'train'}")
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def apply(path: Path, *extra: Any, **more: Any) -> Any:
    return weak_apply(path, [*RULES, *extra], WeakOptions(**{"classes": ("ham", "spam"), **more}))


def test_only_rows_in_doubt_are_named_for_people_the_most_doubtful_first(tmp_path: Path) -> None:
    said = apply(write(tmp_path / "d.csv"))
    fit = weak_fit(said, WeakOptions(method="majority"), end_model=False, ask=500)
    kind = fit.plan.ask % 5
    assert set(kind.tolist()) == {2, 3, 4}
    assert (np.diff([{3: 0, 2: 1, 4: 2}[k] for k in kind.tolist()]) >= 0).all()  # tie, dispute, no vote
    rows = ask_findings(fit).to_dicts()
    assert all(row["score"] > 0 and row["flagged"] for row in rows)
    assert len(weak_fit(said, WeakOptions(method="majority"), end_model=False, ask=3).plan.ask) == 3
    with pytest.raises(ParameterError, match="ask must not be negative"):
        weak_fit(said, ask=-3)
    with pytest.raises(ParameterError, match="suggestions"):
        weak_analyze(said, suggestions=-1)


def test_rows_are_shown_with_what_they_say(tmp_path: Path) -> None:
    said = apply(write(tmp_path / "d.csv"))
    found = weak_analyze(said)
    assert {row["content"].split(" number")[0] for row in analysis_dict(found)["summary"]["disputed"]} <= {
        "money song",
        "free money song",
    }
    page = publish_analysis(found, csv=tmp_path / "new" / "disputed.csv").read_text(encoding="utf-8")
    assert "money song number" in page
    assert "money song" in pyarrow.csv.read_csv(tmp_path / "new" / "disputed.csv").column("content")[0].as_py()
    fit = weak_fit(said, end_model=False)
    page = publish_fit(fit, csv=tmp_path / "ask.csv").read_text(encoding="utf-8")
    assert "money song number" in page
    assert "Class balance" in page
    assert "song number" in pyarrow.csv.read_csv(tmp_path / "ask.csv").column("content")[0].as_py()


def test_every_file_is_spared_unless_forced_and_before_any_is_written(tmp_path: Path) -> None:
    said = apply(write(tmp_path / "d.csv"))
    (tmp_path / "old.csv").write_text("mine", encoding="utf-8")
    with pytest.raises(ParameterError, match="there already"):
        publish_analysis(weak_analyze(said), csv=tmp_path / "old.csv", suggest=tmp_path / "s.yaml")
    fit = weak_fit(said, end_model=False)
    with pytest.raises(ParameterError, match="there already"):
        publish_fit(fit, csv=tmp_path / "old.csv", beliefs=tmp_path / "b.csv")
    assert (tmp_path / "old.csv").read_text(encoding="utf-8") == "mine"
    assert not (tmp_path / "s.yaml").exists()
    assert not (tmp_path / "b.csv").exists()
    publish_fit(fit, csv=tmp_path / "old.csv", beliefs=tmp_path / "deep" / "er" / "b.csv", force=True)
    assert (tmp_path / "deep" / "er" / "b.csv").exists()
    assert said.write(tmp_path / "deeper" / "votes.csv").exists()


def test_what_a_rule_adds_has_the_interval_of_its_rows(tmp_path: Path) -> None:
    said = apply(write(tmp_path / "d.csv"))
    gold = said.development
    for one in analyze_functions(said.votes, gold):
        found = gain_of(said.votes, gold, one.index)
        assert found.estimate == pytest.approx(one.gain)
        assert found.low < found.estimate < found.high
        assert found.n == (gold >= 0).sum()
    song = gain_of(said.votes, gold, 2)
    few = np.where(np.arange(gold.size) < 20, gold, -1)
    assert gain_of(said.votes, few, 2).high - gain_of(said.votes, few, 2).low > song.high - song.low


def test_a_rule_that_harms_beyond_chance_is_told_from_one_that_may(tmp_path: Path) -> None:
    sure = rule("keywords", "hm_spam", words=("hm",), label="spam")
    rare = rule("regex", "six", pattern="^hm number (4|9|14|19|24)$", label="spam")
    told = advise_rules(weak_analyze(apply(write(tmp_path / "d.csv"), sure)))
    assert "Drop hm_spam: majority vote is better without." in told
    told = advise_rules(weak_analyze(apply(write(tmp_path / "e.csv", known=20), rare)))
    doubt = next(line for line in told if "six" in line)
    assert doubt.startswith("Keep an eye on six (−") and doubt.endswith("which may be chance.")


def test_entropy_of_votes() -> None:
    votes = Votes(
        np.array([0, 0, 1]), np.array([0, 1, 0]), np.array([0, 1, 1]), 3, 2, 2, (0, 1), np.arange(3), np.arange(2)
    )
    assert vote_entropy(votes).tolist() == [1.0, 0.0, 0.0]


def test_slices_count_ties_as_the_scores_do(tmp_path: Path) -> None:
    @slicing_function()
    def everything(row: Any) -> bool:
        return bool(row.text)

    @slicing_function()
    def tied(row: Any) -> bool:
        return "money song" in row.text and "free" not in row.text

    fit = weak_fit(apply(write(tmp_path / "d.csv"), everything, tied), WeakOptions(method="majority"), end_model=False)
    by_name = {s.name: s for s in fit.slices}
    assert by_name["all"].accuracy is not None
    assert by_name["tied"].accuracy is not None
    assert by_name["all"].accuracy.estimate == dict(fit.scores)["label model"].estimate
    assert by_name["tied"].accuracy.estimate == 0.5


def test_gold_of_one_class_is_warned_of(tmp_path: Path) -> None:
    said = apply(write(tmp_path / "d.csv", label="spam"))
    assert any("all 60 labels to judge rules by are spam" in note for note in said.notes)
    assert not any("labels to judge rules by" in note for note in apply(write(tmp_path / "e.csv")).notes)


def test_without_gold_the_advice_is_that_of_rules(tmp_path: Path) -> None:
    path = write(tmp_path / "d.csv", known=0, test=0)
    fit = weak_fit(weak_apply(path, RULES[:1], WeakOptions(classes=("ham", "spam"))), end_model=False)
    assert fit.why.startswith("majority vote, since nothing can be measured")
    assert "--gold" not in fit.why
    assert "people" not in fit.why
    assert "--gold" not in str(fit_dict(fit))


def test_the_sentence_on_the_method_states_the_level(tmp_path: Path) -> None:
    fit = weak_fit(apply(write(tmp_path / "d.csv")), end_model=False)
    assert fit.choice is not None
    assert "[" in fit.why
    assert "95" in fit.why.split("]")[1].split(")")[0]


def test_a_classifier_without_probabilities_is_refused_at_once(tmp_path: Path) -> None:
    from sklearn.svm import LinearSVC

    for given in (LinearSVC, LinearSVC()):
        with pytest.raises(ParameterError, match="LinearSVC without predict_proba"):
            weak_fit(apply(write(tmp_path / "d.csv")), model=given)


def test_rows_of_images_are_shown_as_thumbnails(tmp_path: Path) -> None:
    from PIL import Image

    lines = ["id,image,kind,label"]
    for at in range(12):
        Image.new("RGB", (40, 30), (20 * at, 90, 200)).save(tmp_path / f"p{at}.png")
        lines.append(f"r{at},p{at}.png,{('free money', 'free song')[at % 2]},")
    path = tmp_path / "d.csv"
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    roles = RoleOverrides(label="label", id="id", image=("image",))
    words = [replace(one, column="kind") for one in RULES]
    said = weak_apply(path, words, WeakOptions(classes=("ham", "spam")), overrides=roles)
    page = publish_analysis(weak_analyze(said)).read_text(encoding="utf-8")
    assert page.count('<img src="data:image/') == 6  # the rows on which rules differ
    page = publish_fit(weak_fit(said, WeakOptions(method="majority"), end_model=False)).read_text(encoding="utf-8")
    assert '<img src="data:image/' in page
