"""Search of a policy: none where nothing helps, a policy where one does, budgets, resuming, bad input, shell."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import pyarrow as pa
import pytest
from sklearn.linear_model import LogisticRegression
from sklearn.neighbors import KNeighborsClassifier
from typer.testing import CliRunner

from tilth.cli import app, main
from tilth.engine.runs import EngineRun, Event
from tilth.errors import AlignmentError, Cancelled, LabelError, NotApplicable, ParameterError, PartError
from tilth.records import Sample
from tilth.store import Workspace
from tilth.workflows.augment.search import SearchSettings, search_augmentation, search_samples
from tilth.workflows.augment.search_candidates import mixtures, operations_of, singles
from tilth.workflows.augment.search_trials import Budget
from tilth.workflows.ingest import ingest
from tilth.workflows.project import RunOptions


def rows(n: int = 60, seed: int = 0, noise: float = 1.0) -> list[Sample]:
    rng = np.random.default_rng(seed)
    made = []
    for i in range(n):
        value = {"x": float(i % 2 + noise * rng.normal()), "z": float(rng.normal()), "kind": "uv"[int(rng.integers(2))]}
        made.append(Sample("table", value, f"r{i}", "ab"[i % 2]))
    return made


def digits(n: int) -> list[Sample]:
    """A cross or a ring near the middle: moving them makes the rows that are missing."""
    rng = np.random.default_rng(5)
    cross, ring = np.zeros((6, 6)), np.ones((6, 6))
    cross[2:4], cross[:, 2:4], ring[1:5, 1:5] = 1, 1, 0
    made = []
    for i in range(n):
        image = rng.random((16, 16)) * 0.4
        down, right = rng.integers(2, 9, 2)
        image[down : down + 6, right : right + 6] += (cross if i % 2 else ring) * 0.6
        made.append(Sample("image", (image / image.max() * 255).astype(np.uint8), f"i{i}", "ab"[i % 2]))
    return made


def pixels(samples: Sequence[Sample]) -> np.ndarray:
    return np.stack([np.asarray(s.value, dtype=np.float32).reshape(16, 16, -1)[..., 0].ravel() / 255 for s in samples])


FAST = SearchSettings(("swap_noise", "inject_missing"), times=2, n_folds=3)


def test_a_policy_that_makes_the_missing_rows_is_found_and_what_hurts_is_dropped() -> None:
    settings = SearchSettings(("translate_x", "translate_y", "invert"), magnitudes=(0.3,), times=4, n_folds=4)
    found = search_samples(digits(60), features=pixels, settings=settings, model=KNeighborsClassifier(1))
    by_name = {each.operation: each for each in found.operations}
    assert found.policy is not None and found.choice.gain.low > 0 and found.verdict.startswith("use ")
    assert "invert" not in found.policy.operations()
    assert by_name["invert"].verdict.startswith("dropped") and set(by_name["translate_x"].by_class) == {"a", "b"}


class Weighed(LogisticRegression):
    """Remembers the rows and weights of its last training."""

    seen: ClassVar[list[tuple[int, np.ndarray]]] = []

    def fit(self, X: Any, y: Any, sample_weight: Any = None) -> Weighed:
        if sample_weight is not None:
            self.seen.append((len(X), np.asarray(sample_weight)))
        super().fit(X, y, sample_weight)
        return self


def test_mixed_labels_train_once_a_class_by_their_shares() -> None:
    Weighed.seen.clear()
    settings = SearchSettings(("mixup",), times=2, n_folds=3)
    found = search_samples(rows(), settings=settings, model=Weighed())
    only = found.operations[0]
    assert only.gain is not None and only.verdict != "not tried"
    assert Weighed.seen
    for n, weights in Weighed.seen:
        whole, shares = weights[:40], weights[40:]
        assert n == len(weights) > 40 + 80 and (whole == 1).all(), "40 training rows, and 80 mixed ones, some in both"
        assert shares.sum() == pytest.approx(80) and shares.min() < 0.5


def test_mixed_labels_need_a_model_that_weighs_rows() -> None:
    settings = SearchSettings(("mixup",), times=2, n_folds=3)
    found = search_samples(rows(), settings=settings, model=KNeighborsClassifier(3))
    assert found.operations[0].verdict == "not tried" and "sample_weight" in found.operations[0].why


def test_none_where_no_operation_helps() -> None:
    found = search_samples(rows(noise=0.05), settings=FAST)
    assert found.policy is None and found.verdict.startswith("use none") and found.baseline > 0.9
    assert json.dumps(found.to_dict()) and len(found.table()) == 2


def test_equal_budgets_of_trials_give_equal_answers() -> None:
    first, second = (search_samples(rows(), settings=FAST, budget=14).to_dict() for _ in range(2))
    assert first == second and first["exhausted"] and first["trials"] >= 14


def test_a_stopped_search_goes_on_from_its_trials(tmp_path: Path) -> None:
    store = Workspace.open(tmp_path / "w")
    whole = search_samples(rows(), settings=FAST)
    seen: list[Event] = []
    stopped = EngineRun(0, "search", store=store, listener=seen.append)
    stopped.listener = lambda event: (seen.append(event), stopped.stop.set() if len(seen) > 6 else None)[0]
    with pytest.raises(Cancelled):
        search_samples(rows(), settings=FAST, run=stopped)
    again = search_samples(rows(), settings=FAST, run=EngineRun(0, "search", store=store))
    assert again.resumed >= 3 and any(event.kind == "advance" for event in seen)
    assert {**again.to_dict(), "resumed": 0} == whole.to_dict()


def test_other_rows_or_models_do_not_share_trials(tmp_path: Path) -> None:
    from sklearn.naive_bayes import GaussianNB

    store = Workspace.open(tmp_path / "w")
    run = EngineRun(0, "search", store=store)
    search_samples(rows(), settings=FAST, run=run, budget=6)
    assert search_samples(rows(seed=1), settings=FAST, run=run, budget=6).resumed == 0
    assert search_samples(rows(), settings=FAST, run=run, budget=6, model=GaussianNB()).resumed == 0
    assert search_samples(rows(), settings=FAST, run=run, budget=6).resumed > 0


class Nearest:
    """Nearest class mean, in the dress of a torch trainer: no parameters to read, no tags."""

    def fit(self, X: Any, y: Any) -> Nearest:
        self.classes_ = np.unique(y)
        self.means = np.stack([X[y == c].mean(axis=0) for c in self.classes_])
        return self

    def predict_proba(self, X: Any) -> np.ndarray:
        away = np.exp(-((X[:, None] - self.means[None]) ** 2).sum(axis=2))
        return away / away.sum(axis=1, keepdims=True)


def test_any_object_that_fits_and_predicts_is_a_model() -> None:
    found = search_samples(rows(), settings=FAST, model=Nearest, budget=8)
    assert 0.5 < found.baseline <= 1


@pytest.mark.parametrize("metric", ["balanced_accuracy", "log_likelihood"])
def test_other_metrics(metric: str) -> None:
    settings = SearchSettings(("swap_noise",), times=1, n_folds=3, metric=metric)
    assert search_samples(rows(), settings=settings, budget=6).metric == metric


def test_batch_recipes_and_texts_are_searched() -> None:
    settings = SearchSettings(("gaussian_copula",), times=1, n_folds=3)
    found = search_samples(rows(), settings=settings, budget=8)
    assert found.operations[0].magnitude is None and found.operations[0].gain is not None
    texts = [Sample("text", f"{'good fine' if i % 2 else 'bad poor'} film {i}", f"t{i}", i % 2) for i in range(30)]
    assert search_samples(texts, settings=SearchSettings(("random_swap",), n_folds=3), budget=6).baseline > 0.9


def test_groups_stay_in_one_fold() -> None:
    samples = rows(noise=3.0) * 2
    alone = search_samples(samples, settings=FAST, budget=4).baseline
    groups = np.tile(np.arange(60), 2)
    assert search_samples(samples, settings=FAST, budget=4, groups=groups).baseline <= alone


def test_bad_input_is_named() -> None:
    with pytest.raises(LabelError, match="two classes"):
        search_samples([Sample("table", {"x": 1.0}, "a", "a"), Sample("table", {"x": 2.0}, "b", "a")])
    with pytest.raises(LabelError, match="two classes"):
        search_samples([])
    with pytest.raises(ParameterError, match="one medium"):
        search_samples([*rows(8), Sample("text", "hello", "t", "a")])
    with pytest.raises(PartError, match="no such part"):
        search_samples(rows(8), settings=SearchSettings(("swap_nose",)))
    with pytest.raises(ParameterError, match="changes text, not table"):
        search_samples(rows(8), settings=SearchSettings(("random_swap",)))
    with pytest.raises(AlignmentError, match="one group a sample"):
        search_samples(rows(8), groups=[1, 2])
    for wrong in ({"metric": "f1"}, {"times": 0}, {"n_folds": 1}, {"magnitudes": (0.0,)}, {"magnitudes": ()}):
        with pytest.raises(ParameterError):
            SearchSettings(**wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("said", ["soon", "-3", "10 parsecs", "0", "0m", True, ""])
def test_a_budget_that_is_none(said: Any) -> None:
    with pytest.raises(ParameterError, match="budget"):
        Budget.parse(said)


def test_budgets_are_read() -> None:
    assert [Budget.parse(s).seconds for s in ("1.5h", "90 s", "2 min")] == [5400.0, 90.0, 120.0]
    assert Budget.parse(None).spent() is False and Budget.parse("1").spent() is False
    late = Budget(seconds=1.0, start=0.0)
    assert late.spent() and late.spent(0.5)


def test_candidates() -> None:
    assert "smote" in operations_of("table") and "identity" not in operations_of("image")
    made = singles("table", ("swap_noise", "smote"), (0.2, 0.4), 2)
    assert [c.name for c in made["swap_noise"]] == ["swap_noise 0.4", "swap_noise 0.2"]
    assert [c.name for c in made["smote"]] == ["smote"]
    mixed = mixtures("table", [("swap_noise", 0.4), ("smote", None), ("inject_missing", 0.2)], (0.2,), 4)
    assert len({c.name for c in mixed}) == len(mixed) > 5
    assert all("smote" not in c.policy.operations() for c in mixed[3:] if c.policy is not None)
    assert mixtures("table", [], (0.2,), 4) == []


def table(n: int = 60) -> pa.Table:
    made = rows(n)
    return pa.table({**{k: [s.value[k] for s in made] for k in made[0].value}, "label": [s.label for s in made]})


def test_a_dataset_is_searched_in_its_training_part_only(tmp_path: Path) -> None:
    data = table().append_column("split", pa.array((["train"] * 3 + ["test"]) * 15))
    found = search_augmentation(data, workspace=tmp_path, name="made", settings=FAST, budget=8)
    assert found.rows == 45
    again = search_augmentation(data, workspace=tmp_path, name="made", settings=FAST, budget=8, options=RunOptions())
    assert again.resumed == 8 or again.resumed >= 6


@pytest.mark.parametrize("budget", [4, 5, 7, 9, 12])
def test_a_budget_of_trials_is_never_exceeded(budget: int) -> None:
    found = search_samples(rows(), settings=FAST, budget=budget)
    assert found.trials <= budget and (found.exhausted or found.trials < budget)


def test_a_budget_that_is_too_small_says_how_much_is_needed() -> None:
    with pytest.raises(ParameterError, match="Give at least 5 trials"):
        search_samples(rows(), settings=SearchSettings(("swap_noise",), times=4, n_folds=3), budget=4)


def test_near_duplicates_share_a_fold(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from tilth.workflows.augment import search

    seen: list[np.ndarray] = []

    def look(samples: Any, *, groups: Any, **more: Any) -> Any:
        seen.append(groups)
        return search_samples(samples, groups=groups, **more)

    monkeypatch.setattr(search, "search_samples", look)
    words = ["the river is high today and the boats stay", "a goal in the last minute wins the match for us"]
    texts = [f"{words[i % 2]} {' '.join(f'w{i // 2}x{k}' for k in range(6))}" for i in range(40)]
    texts[2] = texts[0] + "."  # not equal, but next to it
    data = pa.table({"text": texts, "label": ["river", "match"] * 20})
    settings = SearchSettings(("random_swap",), times=2)
    search_augmentation(data, workspace=tmp_path, name="twins", settings=settings, budget=6)
    assert seen[0][0] == seen[0][2] != -1 and (seen[0][4:] == -1).all()


@pytest.mark.parametrize("option", [["--budget", "10"], ["--save", "policy.yaml"]])
def test_options_of_a_search_are_refused_without_it(option: list[str], tmp_path: Path) -> None:
    said = CliRunner().invoke(app, ["augment", str(tmp_path), *option])
    assert said.exit_code == 2 and f"{option[0]} is for --search" in said.stderr


def test_the_best_policy_stands_first_and_is_marked(capsys: pytest.CaptureFixture[str]) -> None:
    from tilth.cli.show_search import show_search

    found = search_samples(rows(), settings=FAST, budget=60)
    assert found.candidates[0][0] == found.choice.best
    lower = replace(found, candidates=((found.choice.best, 6, 0.01), ("other", 6, 0.02)))
    show_search(lower, None, as_json=False, quiet=True)
    said = capsys.readouterr().out
    assert "best" in said and "higher gain lost by that" in " ".join(said.split())


def test_a_dataset_without_labels_is_refused(tmp_path: Path) -> None:
    dataset = ingest(pa.table({"x": [1.0, 2.0, 3.0]}), workspace=tmp_path, name="bare").dataset
    with pytest.raises(NotApplicable, match="class label"):
        search_augmentation(dataset)


def test_shell(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import pyarrow.csv

    path = tmp_path / "made.csv"
    pyarrow.csv.write_csv(table(40), path)
    given = ["augment", str(path), "--search", "--budget", "20", "--label", "label", "--quiet"]
    assert _run([*given, "--json"]) == 0
    said = json.loads(capsys.readouterr().out)
    assert said["verb"] == "augment" and said["summary"]["trials"] >= 1
    assert _run([*given, "--save", str(tmp_path / "p.yaml")]) == 0
    assert "Return of each operation" in capsys.readouterr().out
    assert (tmp_path / "p.yaml").exists() == (said["summary"]["policy"] is not None)
    assert _run([*given, "--policy", "[swap_noise]"]) != 0
    assert "finds a policy itself" in capsys.readouterr().err
    assert _run(["augment", str(path), "--search", "--budget", "soon", "--quiet"]) != 0


def _run(arguments: list[str]) -> int:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("sys.argv", ["tilth", *arguments])
        try:
            main()
        except SystemExit as end:
            return int(end.code or 0)
    return 0


def test_the_level_at_which_a_policy_is_taken_is_that_of_the_choice_alone() -> None:
    rows = [Sample("text", f"{word} {at}", f"r{word}{at}", word) for word in ("good", "bad") for at in range(12)]
    settings = SearchSettings(("random_swap",), times=1, n_folds=3, taken_at=0.7)
    found = search_samples(rows, settings=settings, budget=8)
    assert found.operations[0].gain is not None and found.operations[0].gain.level == 0.95
    assert found.choice.gain.level == 0.7
    with pytest.raises(ParameterError, match="level"):
        SearchSettings(taken_at=1.5)
