"""Labelling functions on tables: the same votes in one process, in several and by columns; faults; bad input."""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest

from tilth.engine.labelling import BATCH, apply_labelers
from tilth.errors import DataError, LabelError, ParameterError
from tilth.numerics.weak_supervision.matrix import dense_matrix
from tilth.plugin import Run, Shelf
from tilth.workflows.weak.rules import labeling_function, read_rules

FILE = """
from tilth.workflows.weak.rules import labeling_function

@labeling_function()
def long_text(row):
    return 1 if len(row.text) > 9 else None

@labeling_function()
def even(row):
    return row.number % 2 if row.number % 3 else -1
"""


def table(n: int) -> pa.Table:
    rng = np.random.default_rng(0)
    words = np.array(["spam", "song", "Subscribe", "nice", "my"], dtype=object)
    texts = [" ".join(row) for row in words[rng.integers(5, size=(n, 2))].tolist()]
    return pa.table({"text": texts, "number": rng.integers(0, 100, n)})


def rule(fn: Any, name: str = "rule", **more: Any) -> Any:
    return labeling_function(name, **more)(fn)


def votes_of(labelers: list[Any], rows: pa.Table, **more: Any) -> Any:
    return apply_labelers(labelers, rows, Run(), **more)


def test_one_process_and_two_give_the_same_votes_at_any_batch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "rules.py"
    path.write_text(FILE, encoding="utf-8")
    said = read_rules(path)
    rows = table(BATCH + 500)
    labelers = [*said.labelers, Shelf("labelers").make("keywords", rule="word", words=("song",), label=0)]
    one = votes_of(labelers, rows, classes=[0, 1], files=said.files)
    two = votes_of(labelers, rows, classes=[0, 1], files=said.files, jobs=2)
    monkeypatch.setattr("tilth.engine.labelling.BATCH_BY_ROW", 777)
    small = votes_of(labelers, rows, classes=[0, 1], files=said.files)
    wanted = dense_matrix(one.votes)
    assert (dense_matrix(two.votes) == wanted).all()
    assert (dense_matrix(small.votes) == wanted).all()
    number = rows["number"].to_numpy()
    assert (wanted[:, 1] == np.where(number % 3 > 0, number % 2, -1)).all()
    assert one.votes.rater_names.tolist() == ["long_text", "even", "word"]


@pytest.mark.parametrize(
    ("form", "params", "fn"),
    [
        ("keywords", {"words": ("subscribe", "my")}, lambda r: {"subscribe", "my"} & set(r.text.lower().split())),
        ("regex", {"pattern": "so+ng n"}, lambda r: "song n" in r.text),
        ("comparison", {"column": "number", "operator": ">=", "value": 50}, lambda r: r.number >= 50),
        ("sql", {"expression": "number < 10 AND text LIKE 'my%'"}, lambda r: r.number < 10 and r.text[:2] == "my"),
    ],
)  # fmt: skip
def test_a_declared_form_says_what_the_same_function_says(form: str, params: dict[str, Any], fn: Any) -> None:
    rows = table(3000)
    declared = Shelf("labelers").make(form, rule="declared", **params)
    found = dense_matrix(votes_of([declared, rule(lambda r: 1 if fn(r) else -1)], rows, classes=[0, 1]).votes)
    assert (found[:, 0] == found[:, 1]).all()
    assert 0 < (found[:, 0] == 1).mean() < 1


def test_classes_by_name_by_number_and_found() -> None:
    rows = pa.table({"text": ["a", "b", "c"]})
    by_name = rule(lambda r: {"a": "spam", "b": "ham"}.get(r.text), "name")
    by_number = rule(lambda r: {"a": 1, "c": 0}.get(r.text), "number")
    given = votes_of([by_name, by_number], rows, classes=["ham", "spam"])
    assert dense_matrix(given.votes).tolist() == [[1, 1], [0, -1], [-1, 0]]
    assert votes_of([by_name], rows).votes.classes == ("ham", "spam")
    assert votes_of([by_number], rows).votes.classes == (0, 1)
    with pytest.raises(LabelError, match="some functions name classes by name and some by index"):
        votes_of([by_name, by_number], rows)
    with pytest.raises(LabelError, match="vote for one class"):
        votes_of([rule(lambda r: "spam")], rows)


def test_a_class_that_does_not_exist_is_named_with_function_and_row() -> None:
    rows = pa.table({"text": ["a", "b"]})
    for answer in ("eggs", 2, -5):
        bad = rule(lambda r, a=answer: a if r.text == "b" else None)
        with pytest.raises(LabelError, match="function 'rule', row 1"):
            votes_of([bad], rows, classes=["ham", "spam"])


@pytest.mark.parametrize("answer", [0.7, np.array([1]), ["spam"], float("nan"), True])
def test_an_answer_that_is_no_class(answer: Any) -> None:
    with pytest.raises(LabelError, match=r"function 'rule', row 0.*found"):
        votes_of([rule(lambda r: answer)], pa.table({"text": ["a"]}), classes=[0, 1], fault_tolerant=True)


def test_a_function_that_raises_stops_the_run_or_is_counted() -> None:
    rows = pa.table({"text": ["a", None, "b", None]})
    fragile = rule(lambda r: 1 if len(r.text) else 0, "fragile")
    with pytest.raises(DataError, match="function 'fragile', row 1") as caught:
        votes_of([fragile], rows, classes=[0, 1])
    assert "TypeError" in str(caught.value)
    assert "--fault-tolerant" in str(caught.value)
    made = votes_of([fragile, rule(lambda r: 0, "fine")], rows, classes=[0, 1], fault_tolerant=True)
    assert dense_matrix(made.votes).tolist() == [[1, 0], [-1, 0], [1, 0], [-1, 0]]
    assert [(f.function, f.count) for f in made.faults] == [("fragile", 2)]
    assert made.faults[0].first.startswith("row 1: TypeError")


def test_a_function_that_never_ends_is_a_fault_with_its_row() -> None:
    def stuck(row: Any) -> int:
        while row.text == "bad":
            pass
        return 1

    slow = rule(stuck, "stuck", seconds=0.1)
    made = votes_of([slow], pa.table({"text": ["ok", "bad"]}), classes=[0, 1], fault_tolerant=True)
    assert made.faults[0].first.startswith("row 1: it ran over its time")


def test_names_and_numbers_of_functions() -> None:
    rows = pa.table({"text": ["a"]})
    with pytest.raises(ParameterError, match="same name"):
        votes_of([rule(lambda r: 1), rule(lambda r: 0)], rows)
    with pytest.raises(ParameterError, match="no labelling functions"):
        votes_of([], rows)
    with pytest.raises(ParameterError, match="jobs"):
        votes_of([rule(lambda r: 1)], rows, jobs=-1)


def test_an_empty_table_and_functions_that_say_nothing() -> None:
    empty = votes_of([rule(lambda r: 1)], pa.table({"text": pa.array([], pa.string())}), classes=[0, 1])
    assert (empty.votes.n_items, empty.votes.n_raters, empty.votes.n_votes) == (0, 1, 0)
    silent = votes_of([rule(lambda r: None)], pa.table({"text": ["a", "b"]}), classes=[0, 1])
    assert (silent.votes.n_items, silent.votes.n_votes) == (2, 0)


def test_functions_of_a_notebook_run_in_one_process_and_say_so() -> None:
    made = votes_of([rule(lambda r: 1)], table(BATCH + 1), classes=[0, 1], jobs=2)
    assert made.votes.n_votes == BATCH + 1
    assert any("put them into a file" in note for note in made.notes)


def test_rules_of_a_file_are_found_by_name_in_another_process(tmp_path: Path) -> None:
    path = tmp_path / "rules.py"
    path.write_text(FILE, encoding="utf-8")
    said = read_rules(path)
    name, where = said.files[0]
    assert sys.modules[name].long_text is said.labelers[0]
    assert importlib.util.spec_from_file_location(name, where) is not None
