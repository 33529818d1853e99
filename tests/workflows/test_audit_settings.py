"""Later verbs look at the evidence that the audit made: same model, embedder, folds, seed, parameters, encoding."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.naive_bayes import GaussianNB
from typer.testing import CliRunner

import tilth
from made_data import table, texts, write_csv
from tilth.cli import app
from tilth.errors import AlignmentError, ConflictError, ParameterError, PartError, SchemaError
from tilth.plugin import Shelf
from tilth.records import Evidence
from tilth.workflows.active.review import count
from tilth.workflows.audit_settings import AuditSettings, settings_of
from tilth.workflows.fix import Fixed, Plan, Policy, apply_plan
from tilth.workflows.models import model_identity
from tilth.workflows.project import opened, record_decisions

OPTIONS = tilth.RunOptions(jobs=1)


def shell(*words: str) -> tuple[int, str]:
    done = CliRunner().invoke(app, [*words])
    return done.exit_code, done.output


@pytest.fixture
def latin(tmp_path: Path) -> Path:
    rows, _ = texts(60, wrong=4)
    path = write_csv(tmp_path / "latin.csv", [{**row, "text": row["text"] + " caf\u00e9"} for row in rows])
    path.write_bytes(path.read_text(encoding="utf-8").encode("latin-1"))
    return path


def test_an_encoding_said_once_holds_for_every_later_verb(latin: Path) -> None:
    tilth.audit(latin, encoding="latin-1", issues=["label_error"], options=OPTIONS)
    tilth.fix(latin, yes=True, policies=[Policy("label_error", "relabel")], options=OPTIONS)
    assert tilth.prove(latin, repeats=2, options=OPTIONS).n_changed > 0
    assert count(latin, options=OPTIONS).n_labelled == 60
    assert "caf\u00e9" in str(tilth.ingest(latin).snapshot.table.column("text")[0])


def test_every_verb_of_the_main_job_takes_columns_and_encoding(tmp_path: Path) -> None:
    rows = [{**row, "colour": row["label"], "size": i % 3} for i, row in enumerate(table(60)[0])]
    path = write_csv(tmp_path / "two.csv", [{k: v for k, v in row.items() if k != "label"} for row in rows])
    code, said = shell("fix", str(path))
    assert code == 2 and "several columns could be the label" in said
    assert shell("fix", str(path), "--label", "colour", "--quiet")[0] == 0
    assert shell("count", str(path), "--json")[0] == 0


def test_fix_uses_the_model_and_the_folds_of_the_audit(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", table(wrong=12)[0])
    model = GaussianNB()
    found = tilth.audit(path, model=model, n_folds=3, options=tilth.RunOptions(seed=4))
    assert found.settings == AuditSettings("", "GaussianNB()", model_identity(model)[1], 3, 4)
    with pytest.raises(ParameterError, match="the model of the newest audit cannot be built again"):
        tilth.fix(path, options=OPTIONS)
    seen: list[str] = []
    listening = tilth.RunOptions(listener=lambda event: seen.append(event.path))
    plan = tilth.fix(path, model=GaussianNB(), options=listening)
    assert not [path for path in seen if "label_errors" in path], "the evidence of the audit was made again"
    assert {d.snapshot_id for d in plan.decisions} <= {found.snapshot.id}  # type: ignore[union-attr]


def test_count_and_prove_use_the_model_of_the_audit(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", table(wrong=12)[0])
    tilth.audit(path, model=GaussianNB, model_name="sklearn.naive_bayes:GaussianNB", options=OPTIONS)
    assert not isinstance(tilth.fix(path, options=OPTIONS), Fixed)
    made = tilth.fix(path, yes=True, policies=[Policy("label_error", "relabel")], options=OPTIONS)
    assert isinstance(made, Fixed)
    proof = tilth.prove(path, repeats=2, options=OPTIONS)
    assert proof.model == "sklearn.naive_bayes:GaussianNB"
    other = tilth.prove(path, repeats=2, model=LogisticRegression(), options=OPTIONS)
    assert other.model == "LogisticRegression()"
    count(path, options=OPTIONS)


def test_parameters_of_a_check_reach_its_policy_and_the_proof(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_csv(tmp_path / "t.csv", table(wrong=12)[0])
    params = {"confident_learning": {"filter_by": "both"}}
    tilth.audit(path, issues=["confident_learning"], params=params, options=OPTIONS)
    tilth.fix(path, yes=True, policies=[Policy("confident_learning", "drop")], options=OPTIONS)
    made: list[dict[str, Any]] = []
    make = Shelf.make

    def noted(self: Shelf, name: str, **values: Any) -> Any:
        if name == "confident_learning":
            made.append(values)
        return make(self, name, **values)

    monkeypatch.setattr(Shelf, "make", noted)
    tilth.prove(path, repeats=2, options=OPTIONS)
    assert made and all(values == params["confident_learning"] for values in made)


def test_brought_probabilities_are_kept_for_fix_and_count(tmp_path: Path) -> None:
    rows, _ = table(wrong=12)
    path = write_csv(tmp_path / "t.csv", rows)
    labels = [row["label"] for row in rows]
    names = sorted(set(labels))
    rng = np.random.default_rng(0)
    probs = rng.dirichlet(np.ones(len(names)), len(rows))
    given = write_csv(tmp_path / "p.csv", [dict(zip(names, row, strict=True)) for row in probs.tolist()])
    found = tilth.audit(path, probs=given, issues=["label_error"], options=OPTIONS)
    with opened(found.dataset) as store:
        settings = settings_of(store, found.dataset)
        assert settings is not None and settings.probs
        resolver = settings.resolver(found.snapshot, OPTIONS, store)
        assert np.allclose(resolver.get("probs").values, probs, atol=1e-6)
    assert count(path, options=OPTIONS).n_labelled == len(rows)


def test_a_policy_whose_check_did_not_run_has_it_run(tmp_path: Path) -> None:
    rows, _ = table(60)
    path = write_csv(tmp_path / "t.csv", [*rows, rows[0]])
    tilth.audit(path, issues=["class_imbalance"], options=OPTIONS)
    plan = tilth.fix(path, policies=[Policy("near_duplicate", "drop")], options=OPTIONS)
    assert plan.counts() == {"near_duplicate: drop": 1}  # type: ignore[union-attr]


def test_a_policy_whose_check_fails_is_an_error(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_csv(tmp_path / "t.csv", table(60)[0])
    tilth.audit(path, issues=["class_imbalance"], options=OPTIONS)

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("no luck")

    monkeypatch.setattr(Shelf("detectors").get("outlier"), "detect", broken)
    with pytest.raises(PartError, match="the check outlier failed"):
        tilth.fix(path, policies=[Policy("outlier", "drop")], options=OPTIONS)


def test_a_failed_check_is_never_a_clean_bill(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = write_csv(tmp_path / "t.csv", table(60)[0])

    def broken(*_: Any) -> None:
        raise ZeroDivisionError("no luck")

    monkeypatch.setattr(Shelf("detectors").get("outlier"), "detect", broken)
    found = tilth.audit(path, issues=["outlier"], options=OPTIONS)
    assert "overall" not in found.quality
    assert "outlier, which failed" in found.actions[0]
    assert "Nothing stands out" not in " ".join(found.actions)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--embedder", "image_features"], "the embedder 'image_features' reads image, and there is none"),
        (["--embedder", "nonsense"], "no such part in embedders"),
        (["--folds", "1"], "cross-fitting needs at least 2 folds"),
    ],
)
def test_bad_choices_stop_before_anything_runs(words: list[str], said: str, tmp_path: Path) -> None:
    code, out = shell("audit", str(write_csv(tmp_path / "t.csv", table(60)[0])), *words)
    assert code == 2 and said in out


def test_probabilities_of_some_rows_judge_those_rows_alone(tmp_path: Path) -> None:
    rows, _ = table(90, wrong=6)
    path = write_csv(tmp_path / "t.csv", [{"id": f"r{i}", **row} for i, row in enumerate(rows)])
    names = sorted({row["label"] for row in rows})
    rng = np.random.default_rng(0)
    some = [
        {"id": f"r{i}", **dict(zip(names, rng.dirichlet(np.ones(len(names))).tolist(), strict=True))}
        for i in range(20, 80)
    ]
    found = tilth.audit(path, probs=write_csv(tmp_path / "p.csv", some), issues=["label_error"], options=OPTIONS)
    assert found.outcomes[0].outcome == "ran", found.outcomes
    assert set(found.findings["label_error"].table.column("row_id").to_pylist()) <= {f"r{i}" for i in range(20, 80)}
    assert any("30 rows without a given probability" in note for note in found.notes)


def test_evidence_that_lacks_a_row_is_never_shifted(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", table(30)[0])
    found = tilth.ingest(path)
    with opened(found.dataset) as store:
        resolver = AuditSettings().resolver(found.snapshot, OPTIONS, store)
        ids = found.snapshot.row_ids
        some = Evidence("embeddings", found.snapshot.id, ids[5:], np.zeros((25, 2), np.float32))
        with pytest.raises(AlignmentError, match="there is no embeddings for a row"):
            resolver._restrict(some, np.arange(30))


def test_models_with_one_text_and_other_parameters_are_two() -> None:
    many = {f"p{i}": 1 for i in range(3)}
    first = model_identity(LogisticRegression(class_weight={"a": 1.0, **many}))
    second = model_identity(LogisticRegression(class_weight={"a": 2.0, **many}))
    assert first[1] != second[1]
    with pytest.raises(ParameterError, match="a name of its own"):
        model_identity(lambda: LogisticRegression())
    assert model_identity(lambda: LogisticRegression(), "mine")[0] == "mine"
    json.dumps(AuditSettings(*("", *first)).to_dict())


def test_a_role_said_later_leaves_the_others_as_they_were(tmp_path: Path) -> None:
    rows = [{"nr": f"r{i}", "kind": row["label"], **row, "label": i % 2} for i, row in enumerate(table(60, wrong=6)[0])]
    path = write_csv(tmp_path / "t.csv", rows)
    first = tilth.ingest(path, overrides=tilth.RoleOverrides(label="kind", id="nr", drop=("label",)))
    made = tilth.fix(path, yes=True, policies=[Policy("label_error", "relabel")], options=OPTIONS)
    assert isinstance(made, Fixed) and made.plan.decisions
    again = tilth.ingest(path, overrides=tilth.RoleOverrides(label="kind"))
    assert again.base.id == first.base.id and again.snapshot.id == made.snapshot.id
    other = tilth.ingest(path, overrides=tilth.RoleOverrides(id="none"))
    assert any("decisions that stand name rows that are no longer there" in note for note in other.notes)


def test_an_id_column_with_repeats_is_an_error_not_a_feature(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", [{"id": i // 2, **row} for i, row in enumerate(table(30)[0])])
    with pytest.raises(SchemaError, match=r"column 'id'.*15 different values in 30 rows"):
        tilth.ingest(path)
    assert tilth.ingest(path, overrides=tilth.RoleOverrides(id="none")).snapshot


def test_a_plan_made_before_another_change_is_not_written(tmp_path: Path) -> None:
    path = write_csv(tmp_path / "t.csv", table(60, wrong=6)[0])
    plan = tilth.fix(path, policies=[Policy("label_error", "relabel")], options=OPTIONS)
    tilth.fix(path, yes=True, policies=[Policy("label_error", "relabel")], options=OPTIONS)
    with pytest.raises(ConflictError, match="the dataset has changed since this plan was made"):
        apply_plan(plan)  # type: ignore[arg-type]


@pytest.mark.parametrize("rivals", [1, 2])
def test_a_repair_agreed_to_in_advance_is_planned_again_where_another_came_first(
    rivals: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = write_csv(tmp_path / "t.csv", table(60, wrong=6)[0])
    policies = [Policy("label_error", "relabel")]
    theirs = tilth.fix(path, policies=policies, options=OPTIONS)
    assert isinstance(theirs, Plan) and len(theirs.decisions) > rivals
    planned_on: list[str] = []

    def late(plan: Plan) -> Fixed:
        decision = theirs.decisions[len(planned_on)]
        planned_on.append(plan.snapshot.id)
        if len(planned_on) <= rivals:
            with opened(plan.dataset) as store, store.write_lock():
                record_decisions(store, plan.dataset, [decision])
        return apply_plan(plan)

    monkeypatch.setattr("tilth.workflows.fix.ATTEMPTS", 2)
    monkeypatch.setattr("tilth.workflows.fix.apply_plan", late)
    if rivals == 2:
        with pytest.raises(ConflictError, match="nothing was written"):
            tilth.fix(path, yes=True, policies=policies, options=OPTIONS)
        return
    made = tilth.fix(path, yes=True, policies=policies, options=OPTIONS)
    assert isinstance(made, Fixed) and made.plan.snapshot.id == planned_on[1]
    assert planned_on[0] == theirs.snapshot.id != planned_on[1]
    assert tilth.ingest(path).snapshot.id == made.snapshot.id


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["audit", "t.csv", "--model", "os:getcwd"], "this is no model"),
        (["audit", "t.csv", "--issue", "class_imbalance", "--csv", "nowhere/x.csv"], "No such file or directory"),
        (["audit", "t.csv", "--issue", "class_imbalance", "--csv", "folder"], "directory"),
    ],
)
def test_what_cannot_be_used_or_written_is_one_line(
    words: list[str], said: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_csv(tmp_path / "t.csv", table(60)[0])
    (tmp_path / "folder").mkdir()
    monkeypatch.chdir(tmp_path)
    code, out = shell(*words)
    assert code == 2 and said in out and "Traceback" not in out
    assert not list(tmp_path.glob("**/*.part"))


def test_a_class_of_one_row_is_not_called_wrong(tmp_path: Path) -> None:
    rows, _ = texts(60)
    path = write_csv(tmp_path / "t.csv", [*rows, {"text": "keel mast harbour sail rope", "label": "boats"}])
    found = tilth.audit(path, issues=["label_error"], options=OPTIONS)
    named = found.findings["label_error"].flagged().table.column("row_id").to_pylist()
    assert found.snapshot.row_ids[-1] not in named
    assert any("a single row each" in note for note in found.notes)


def test_too_few_rows_for_their_classes_is_not_a_failure(tmp_path: Path) -> None:
    path = write_csv(
        tmp_path / "t.csv", [{"text": t, "label": c} for t, c in (("red", "a"), ("blue", "b"), ("sky", "a"))]
    )
    found = tilth.audit(path, issues=["label_error"], options=OPTIONS)
    assert found.outcomes[0].outcome == "not applicable"


def test_what_the_probabilities_cannot_show_is_said(tmp_path: Path) -> None:
    rows, _ = table(60)
    names = sorted({row["label"] for row in rows})
    probs = [dict.fromkeys(names, 0.8) for _ in rows]
    given = write_csv(tmp_path / "p.csv", probs)
    path = write_csv(tmp_path / "t.csv", rows)
    notes = " ".join(tilth.audit(path, probs=given, issues=["label_error"], options=OPTIONS).notes)
    assert "60 rows of the given probabilities do not sum to one" in notes
    assert "cannot be told from" in notes


def test_words_that_may_mean_no_label_are_pointed_out(tmp_path: Path) -> None:
    rows, _ = texts(60)
    made = tilth.ingest(write_csv(tmp_path / "t.csv", [*rows, {"text": "a b c", "label": "nan"}]))
    assert any("'nan' is taken as a class" in note for note in made.notes)
