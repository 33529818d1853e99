from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from sklearn.datasets import make_classification
from typer.testing import CliRunner

from tilth.cli import app
from tilth.engine.replay import Replay, ReplayData, replay, schedule
from tilth.errors import NotApplicable, ParameterError, PartError, StoreError
from tilth.workflows.active.select import brief_notes
from tilth.workflows.active.simulate import Simulation, simulate, summarize
from tilth.workflows.project import RunOptions

X, y = make_classification(400, 8, n_informative=5, n_classes=3, n_clusters_per_class=1, class_sep=1.5, random_state=0)
ONE = RunOptions(jobs=1)


def data(**more: object) -> ReplayData:
    return ReplayData(X, y.astype(np.int64), ("a", "b", "c"), np.arange(300), np.arange(300, 400), **more)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Simulation:
    folder = tmp_path_factory.mktemp("simulate")
    return simulate((X, y), strategies=["margin"], seeds=3, budget=60, workspace=folder / "w", name="made", options=ONE)


def test_random_is_always_there_and_every_curve_starts_from_nothing(made: Simulation) -> None:
    assert [r.name for r in made.results] == ["margin", "random"]
    assert all(len(r.replays) == 3 for r in made.results)
    assert made.results[0].replays[0].counts.tolist() == [10, 20, 30, 40, 50, 60]
    assert made.results[-1].verdict == "the baseline"
    assert made.results[0].difference is not None
    assert made.results[0].area == pytest.approx(
        np.mean([np.trapezoid(r.scores, r.counts) / 50 for r in made.results[0].replays])
    )


def test_the_same_in_parallel(made: Simulation, tmp_path: Path) -> None:
    again = simulate(
        (X, y),
        strategies=["margin"],
        seeds=3,
        budget=60,
        workspace=tmp_path / "w",
        name="made",
        options=RunOptions(jobs=2),
    )
    assert again.to_dict() == made.to_dict()


def test_no_test_row_is_ever_asked_for() -> None:
    for name in ("random", "priority", "noise_aware"):
        found = replay(data(noise=0.2), name, {}, 0, schedule(80))
        assert max(found.picked) < 300
    found = replay(data(), "margin", {}, 0, schedule(300, 50))
    assert sorted(found.picked) == list(range(300))
    assert found.scores[-1] == pytest.approx(found.full)


def test_a_noisy_oracle_costs_accuracy_and_costs_add_up() -> None:
    clean = replay(data(), "random", {}, 0, schedule(200, 50))
    noisy = replay(data(noise=0.6), "random", {}, 0, schedule(200, 50))
    assert noisy.scores.mean() < clean.scores.mean() - 0.05
    assert noisy.full == clean.full
    costs = np.full(400, 2.5)
    assert replay(data(costs=costs), "random", {}, 0, schedule(40, 20)).spent.tolist() == [50.0, 100.0]


def curves(name: str, gain: float) -> list[Replay]:
    counts = np.array([10, 20, 40])
    return [
        Replay(name, seed, counts, np.array([0.5, 0.6, 0.8]) + gain + 0.01 * seed, counts * 1.0, 0.9)
        for seed in range(5)
    ]


def test_a_strategy_that_does_not_beat_random_is_said_not_to() -> None:
    noise = np.array([0.03, -0.03, 0.02, -0.02, 0.0])
    level = [
        Replay("level", r.seed, r.counts, r.scores + noise[i], r.spent, r.full)
        for i, r in enumerate(curves("level", 0))
    ]
    found = summarize([*curves("good", 0.1), *level, *curves("bad", -0.1), *curves("random", 0.0)], 300, 100)
    verdicts = {r.name: r.verdict for r in found}
    assert verdicts == {
        "good": "beats random",
        "level": "does not beat random",
        "bad": "worse than random",
        "random": "the baseline",
    }
    needed = {r.name: r.needed for r in found}
    assert needed["good"][0.90] < needed["random"][0.90]
    assert needed["bad"][0.99] == float("inf")
    one = summarize([curves("good", 0.1)[0], curves("random", 0.0)[0]], 300, 100)
    assert "no interval" in one[0].verdict


def test_page_and_picture_hold_the_curves(made: Simulation, tmp_path: Path) -> None:
    import xml.etree.ElementTree as ET

    page = made.write(tmp_path / "curves.html").read_text(encoding="utf-8")
    assert page.count("<polyline") == 4, "two curves, drawn for wide and for narrow pages"
    assert "margin" in page
    assert made.results[0].verdict in page
    picture = made.write(tmp_path / "curves.svg")
    root = ET.fromstring(picture.read_text(encoding="utf-8"))
    assert root.tag.endswith("svg")
    assert len(root.findall("{*}polygon")) == 2
    with pytest.raises(ParameterError, match=r"\.svg or \.html"):
        made.write(tmp_path / "curves.png")


def test_the_command_prints_a_table_and_json(tmp_path: Path) -> None:
    path = tmp_path / "made.csv"
    rows = [
        "id,a,b,c,y",
        *(f"r{i},{v[0]:.3f},{v[1]:.3f},{v[2]:.3f},c{k}" for i, (v, k) in enumerate(zip(X, y, strict=True))),
    ]
    path.write_text("\n".join(rows) + "\n", encoding="utf-8")
    command = ["simulate", str(path), "--strategy", "margin", "--seeds", "2", "--budget", "30", "--jobs", "1"]
    done = CliRunner().invoke(app, command)
    assert done.exit_code == 0, done.stderr
    assert "random" in done.stdout
    found = json.loads(CliRunner().invoke(app, [*command, "--json"]).stdout)
    assert [s["strategy"] for s in found["summary"]["strategies"]] == ["margin", "random"]
    assert len(found["summary"]["strategies"][0]["scores"]) == 2


def priced(folder: Path) -> Path:
    """Two clouds of numbers; labels of one part cost ten times those of the other."""
    path = folder / "priced.csv"
    rows = [
        f"{i},{v[0]:.3f},{v[1]:.3f},{v[2]:.3f},{10 if v[3] > 0 else 1},c{k}"
        for i, (v, k) in enumerate(zip(X, y, strict=True))
    ]
    path.write_text("\n".join(["id,a,b,c,eur,y", *rows]) + "\n", encoding="utf-8")
    return path


def test_with_a_cost_everything_goes_by_money(tmp_path: Path) -> None:
    found = simulate(
        priced(tmp_path), strategies=["cost_sensitive"], seeds=2, budget=40, cost="eur", options=ONE, batch=10
    )
    assert found.unit == "eur"
    assert found.columns[2:6] == ("eur to 90%", "eur to 95%", "eur to 99%", "eur spent")
    assert "by eur spent" in found.verdict
    cheap, dear = found.results
    assert cheap.last < dear.last
    assert cheap.curve()[0].tolist() == np.mean([r.spent for r in cheap.replays], axis=0).tolist()
    said = found.to_dict()["summary"]
    assert said["by"] == "eur"
    assert "spent_needed" in said["strategies"][0]
    assert "labels_needed" not in said["strategies"][0]
    page = found.write(tmp_path / "c.html").read_text(encoding="utf-8")
    assert "eur spent (logarithmic)" in page
    assert any("eur is no input" in note for note in found.notes)
    assert any("eur: cost" in note for note in found.notes)


def test_a_cost_is_no_input_of_the_replay(tmp_path: Path) -> None:
    """The full score is the same whatever the cost says, also where it gives the class away."""
    told = tmp_path / "told.csv"
    rng = np.random.default_rng(0)
    noise = rng.normal(size=(200, 2))
    rows = [f"{i},{v[0]:.3f},{v[1]:.3f},{1 + 5 * (i % 2)},c{i % 2}" for i, v in enumerate(noise)]
    told.write_text("\n".join(["id,a,b,eur,y", *rows]) + "\n", encoding="utf-8")
    assert simulate(told, strategies=["random"], seeds=2, budget=20, cost="eur", options=ONE).full < 0.75


def test_money_turns_a_verdict_that_labels_hide() -> None:
    """The same score for every number of labels, at a tenth of the price."""
    same = [Replay("thrifty", r.seed, r.counts, r.scores, r.counts * 1.0, r.full) for r in curves("x", 0)]
    dear = [Replay("random", r.seed, r.counts, r.scores, r.counts * 10.0, r.full) for r in curves("x", 0)]
    by_labels = summarize([*same, *dear], 300, 100)[0]
    by_money = summarize([*same, *dear], 300, 100, money=True, chance=1 / 3)[0]
    assert by_labels.verdict == "does not beat random"
    assert by_money.verdict == "beats random"
    assert by_money.needed[0.90] == pytest.approx(by_labels.needed[0.90])
    assert summarize([*same, *dear], 300, 100, money=True, chance=1 / 3)[1].needed[0.90] == pytest.approx(
        10 * by_labels.needed[0.90]
    )


def test_output_is_looked_at_before_the_work_and_never_overwritten(made: Simulation, tmp_path: Path) -> None:
    taken = tmp_path / "c.svg"
    taken.write_text("mine", encoding="utf-8")
    with pytest.raises(ParameterError, match="overwrite"):
        made.write(taken)
    assert taken.read_text(encoding="utf-8") == "mine"
    made.write(taken, force=True)
    assert taken.read_text(encoding="utf-8").startswith("<svg")
    assert [p.name for p in tmp_path.iterdir()] == ["c.svg"]
    (tmp_path / "file").write_text("", encoding="utf-8")
    with pytest.raises(StoreError, match="written"):
        made.write(tmp_path / "file" / "c.svg")
    for out, match in (("c.png", "svg or .html"), ("c.svg", "overwrite")):
        done = CliRunner().invoke(app, ["simulate", str(tmp_path / "nowhere.csv"), "-o", str(tmp_path / out)])
        assert done.exit_code == 2
        assert match in done.stderr.replace("\n", " "), "said before the data are read"


def test_the_page_fits_narrow_screens_and_names_its_axes(made: Simulation, tmp_path: Path) -> None:
    page = made.write(tmp_path / "c.html").read_text(encoding="utf-8")
    assert '<meta name="viewport"' in page
    assert '<div class="table" role="region"' in page, "the table scrolls"
    assert page.count("accuracy on test rows") == 2
    assert 'viewBox="0 0 360 ' in page
    assert "labels to 90%" in page
    assert "<h1>made</h1>" in page


def test_many_guessed_columns_are_counted() -> None:
    note = "guessed columns: " + "; ".join(f"p{i}: input (number)" for i in range(64)) + "; y: label"
    assert brief_notes([note, "other"]) == ("guessed columns: 64 inputs (p0 to p63); y: label", "other")
    assert brief_notes(["guessed columns: a: input (number); eur: input (number)"], "eur") == (
        "guessed columns: a: input (number); eur: cost",
    )


def test_a_test_part_without_labels_is_named(tmp_path: Path) -> None:
    path = tmp_path / "parts.csv"
    rows = [
        f"{i},{v[0]:.3f},{v[1]:.3f},{'' if i % 4 == 0 else f'c{k}'},{'test' if i % 4 == 0 else 'train'}"
        for i, (v, k) in enumerate(zip(X, y, strict=True))
    ]
    path.write_text("\n".join(["nr,a,b,y,part", *rows]) + "\n", encoding="utf-8")
    command = ["simulate", str(path), "--id", "nr", "--label", "y", "--strategy", "random", "--seeds", "1", "-q"]
    done = CliRunner().invoke(app, [*command, "--split", "part", "--budget", "20", "--jobs", "1"])
    assert done.exit_code == 2
    said = " ".join(done.stderr.split())
    assert "the test part has no labels" in said
    assert "'part'" in said
    assert "100 test row(s)" in said
    again = CliRunner().invoke(app, [*command, "--split", "none", "--drop", "part", "--budget", "20", "--jobs", "1"])
    assert again.exit_code == 0, again.stderr


@pytest.mark.parametrize(
    ("more", "error", "match"),
    [
        ({"budget": 5000}, ParameterError, "above the pool"),
        ({"seeds": 0}, ParameterError, "seeds"),
        ({"seeds": 2.5}, ParameterError, "seeds is a whole number.*2.5"),
        ({"noise": "x"}, ParameterError, "noise"),
        ({"strategies": "margin"}, ParameterError, "list of names"),
        ({"strategies": None}, ParameterError, "list of names"),
        ({"params": {"margin": 3}}, ParameterError, "mapping"),
        ({"strategies": [None]}, ParameterError, "named by a text"),
        ({"params": {"mrgin": {}}}, ParameterError, "Did you mean 'margin'"),
        ({"noise": 1.0}, ParameterError, "noise"),
        ({"strategies": ["margn"]}, PartError, "margin"),
    ],
)
def test_bad_input(tmp_path: Path, more: dict[str, object], error: type[Exception], match: str) -> None:
    with pytest.raises(error, match=match):
        simulate((X, y), workspace=tmp_path / "w", name="made", options=ONE, **more)  # type: ignore[arg-type]


def test_one_class_cannot_be_replayed(tmp_path: Path) -> None:
    with pytest.raises(NotApplicable, match="two classes"):
        simulate((X, np.zeros(400, dtype=int)), workspace=tmp_path / "w", name="one", options=ONE)
