"""Recipes for tables: fitting, parents, ranges, bad input."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

import tilth
from tilth.errors import NotApplicable, ParameterError
from tilth.generators.table._rows import example_rows
from tilth.plugin import Run, Shelf, sample_rng
from tilth.records import Sample

SHELF = Shelf("generators")
FITTED = ("swap_noise", "quantile_jitter")


def apply(name: str, row: Sample, rows: list[Sample], **params: Any) -> Sample:
    part = SHELF.make(name, **params)
    part = part.fit(rows) if hasattr(part, "fit") else part
    return part.apply(row, sample_rng(0, 0, row.row_id, name))


@pytest.mark.parametrize("name", [*FITTED, "inject_missing"])
def test_an_operation_keeps_columns_label_and_input(name: str) -> None:
    rows = example_rows()
    for row in rows:
        before = dict(row.value)
        made = apply(name, row, rows, magnitude=1.0)
        assert row.value == before and list(made.value) == list(before) and made.label == row.label
        assert apply(name, row, rows, magnitude=0.0).value == before
    assert apply(name, Sample("table", {}, "empty"), rows).value == {}


@pytest.mark.parametrize("name", FITTED)
def test_an_operation_that_knows_no_rows_says_what_to_do(name: str) -> None:
    with pytest.raises(ParameterError, match="training rows"):
        SHELF.make(name).apply(example_rows()[0], np.random.default_rng(0))


@pytest.mark.parametrize("name", FITTED)
def test_a_fitted_operation_makes_the_row_again_without_the_rows(name: str) -> None:
    rows = example_rows()
    fitted = SHELF.make(name, magnitude=1.0).fit(rows)
    again = SHELF.make(name, **fitted.spec()["params"])
    assert again == fitted and again.key == fitted.key
    assert (
        again.apply(rows[0], sample_rng(1, 2, "r0", "x")).value
        == fitted.apply(rows[0], sample_rng(1, 2, "r0", "x")).value
    )


@pytest.mark.parametrize("name", [*FITTED, "smote", "gaussian_copula"])
def test_declared_ranges_hold(name: str) -> None:
    if name == "smote":
        pytest.importorskip("imblearn")
    params: dict[str, Any] = {"ranges": {"age": [32, 40], "town": ["Ulm"]}}
    if name in FITTED:
        params["magnitude"] = 1.0
    made = SHELF.make(name, **params).generate(example_rows(), 12, Run())
    assert made and all(row.value["age"] is None or 32 <= row.value["age"] <= 40 for row in made)
    assert {row.value["town"] for row in made} <= {"Ulm", None}


@pytest.mark.parametrize("name", [*FITTED, "smote", "gaussian_copula"])
@pytest.mark.parametrize(
    ("ranges", "said"),
    [
        ({"agee": [20, 50]}, r"'agee'.*Did you mean age"),
        ({"height": [1, 2]}, r"'height'.*The columns are age, town"),
        ({"town": [1, 2]}, r"two numbers for 'town', which holds categories.*'Ulm'"),
        ({"age": [100, 120]}, r"no training row lies in the range of 'age'.*100, 120.*30"),
        ({"town": ["Kiel"]}, r"no training row lies in the range of 'town'"),
    ],
)
def test_ranges_that_cannot_be_meant_are_refused(name: str, ranges: dict[str, Any], said: str) -> None:
    if name == "smote":
        pytest.importorskip("imblearn")
    with pytest.raises(ParameterError, match=said):
        SHELF.make(name, ranges=ranges).generate(example_rows(), 4, Run())


def test_a_range_upside_down_is_named_by_its_column() -> None:
    with pytest.raises(ParameterError, match=r"column 'age'"):
        SHELF.make("swap_noise", ranges={"age": [9, 1]})


def test_rows_outside_of_a_range_are_counted(tmp_path: Path) -> None:
    notes = SHELF.make("quantile_jitter", ranges={"age": [31, 52]}).notes(example_rows())
    assert notes == (
        "2 of 7 training rows lie outside of the range of 'age', which their changed copies are brought into",
    )
    table = pa.table({"age": [20.5 + i for i in range(40)], "label": ["a", "b"] * 20})
    policy = [{"quantile_jitter": {"ranges": {"age": [25, 90]}}}]
    made = tilth.augment(table, policy=policy, times=1, check=False, workspace=tmp_path, name="people")
    assert any("5 of 40 training rows lie outside of the range of 'age'" in note for note in made.notes)


@pytest.mark.parametrize("name", ["quantile_jitter", "swap_noise", "gaussian_copula"])
def test_infinite_cells_never_become_gaps(name: str) -> None:
    numbers = [0.5, 1.5, math.inf, 2.5, -math.inf, 3.5, 4.5, 5.5]
    rows = [Sample("table", {"x": x}, f"r{i}", "ab"[i % 2]) for i, x in enumerate(numbers)]
    params = {} if name == "gaussian_copula" else {"magnitude": 1.0}
    made = SHELF.make(name, **params).generate(rows, 16, Run())
    assert not any(row.value["x"] is None or math.isnan(row.value["x"]) for row in made)
    if name == "quantile_jitter":
        assert [made[2].value["x"], made[4].value["x"]] == [math.inf, -math.inf]
        assert all(math.isfinite(row.value["x"]) for at, row in enumerate(made) if at % 8 not in (2, 4))


def test_generated_rows_name_parents_of_their_class() -> None:
    pytest.importorskip("imblearn")
    rows = example_rows()
    labels = {row.row_id: row.label for row in rows}
    for name in ("smote", "gaussian_copula"):
        made = SHELF.make(name).generate(rows, 6, Run())
        assert len(made) == 6 and all(row.parents and {labels[p] for p in row.parents} == {row.label} for row in made)
        again = SHELF.make(name).generate(rows, 6, Run())
        assert [(r.value, r.label, r.parents) for r in made] == [(r.value, r.label, r.parents) for r in again]


def test_smote_fills_the_smallest_class_first() -> None:
    pytest.importorskip("imblearn")
    rows = [Sample("table", {"x": float(i)}, f"r{i}", "big" if i < 8 else "small") for i in range(11)]
    assert [row.label for row in SHELF.make("smote").generate(rows, 5, Run())] == ["small"] * 5
    labels = [row.label for row in SHELF.make("smote").generate(rows, 9, Run())]
    assert labels.count("small") == 7 and labels.count("big") == 2


def test_rows_that_allow_none_are_not_applicable() -> None:
    pytest.importorskip("imblearn")
    text = [Sample("text", "hello", "t", "a")]
    one = [Sample("table", {"x": 1.0}, f"r{i}", "a") for i in range(4)]
    single = [Sample("table", {"x": 1.0}, "r0", "a"), Sample("table", {"x": 2.0}, "r1", "b")]
    for name, rows in (
        ("smote", text),
        ("smote", one),
        ("smote", single),
        ("gaussian_copula", text),
        ("gaussian_copula", []),
    ):
        with pytest.raises(NotApplicable):
            SHELF.make(name).generate(rows, 2, Run())


@pytest.mark.parametrize(
    ("name", "params"),
    [
        ("swap_noise", {"share": 2.0}),
        ("swap_noise", {"magnitude": 1.5}),
        ("swap_noise", {"ranges": {"age": "old"}}),
        ("swap_noise", {"columns": "age"}),
        ("quantile_jitter", {"width": -1.0}),
        ("quantile_jitter", {"ranges": {"age": [9, 1]}}),
        ("inject_missing", {"share": True}),
        ("inject_missing", {"only": "age"}),
        ("smote", {"kind": "smoke"}),
        ("smote", {"k_neighbors": 0}),
        ("gaussian_copula", {"shrinkage": 2}),
    ],
)
def test_bad_parameters_are_refused(name: str, params: dict[str, Any]) -> None:
    with pytest.raises(ParameterError):
        SHELF.make(name, **params)


def test_filter_augment_moves_the_balance_of_a_noise_and_keeps_its_loudness() -> None:
    sound = np.random.default_rng(0).normal(0, 0.1, 8000).astype(np.float32)
    sample = Sample("audio", sound, "n", rate=8000)
    part = SHELF.make("filter_augment", gain_db=20.0)
    made = part.apply(sample, sample_rng(0, 0, "n", "x")).value
    gain = 20 * np.log10(np.abs(np.fft.rfft(made)) / np.abs(np.fft.rfft(sound)))[10:-10]
    assert made.dtype == np.float32 and np.isclose((made**2).sum(), (sound**2).sum(), rtol=1e-3)
    assert gain.max() - gain.min() > 4 and np.abs(np.diff(gain)).max() < 0.5
    assert (
        SHELF.make("filter_augment", magnitude=0.0).apply(sample, sample_rng(0, 0, "n", "x")).value.tolist()
        == sound.tolist()
    )
    with pytest.raises(ParameterError):
        SHELF.make("filter_augment", gain_db=-1.0)
