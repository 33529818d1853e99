"""Each form of rule: what it says, and what it says to bad input."""

from __future__ import annotations

import json
import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilth.engine import EngineRun
from tilth.errors import LabelError, NotApplicable, ParameterError, PartError, SchemaError, SourceError
from tilth.labelers.comparison import Comparison
from tilth.labelers.dictionary import Dictionary
from tilth.labelers.function import Function
from tilth.labelers.keywords import Keywords
from tilth.labelers.model import Model
from tilth.labelers.neighbors import Neighbors
from tilth.labelers.prompt import Prompt
from tilth.labelers.regex import Regex
from tilth.labelers.sql import Sql
from tilth.plugin import Labeler, Run
from tilth.records import RowBatch


def said(labeler: Labeler, **columns: Any) -> list[Any]:
    ballot = labeler.vote(RowBatch(pa.table(columns)), Run())
    return [ballot.labels[code] if code >= 0 else None for code in ballot.codes]


TEXT = st.text(alphabet="abk \n\x0bÉéßKſ_1-", max_size=8)


@settings(max_examples=150, deadline=None)
@given(
    st.lists(st.none() | TEXT, min_size=1, max_size=5),
    st.sampled_from([r"\bk\b", r"a.b", r"k$", r"\w\s", r"[^a]", r"é", r"(?=a)b|k", r"(a)\1", r"^b", r"\d-"]),
    st.booleans(),
)
def test_regex_says_what_python_says(texts: list[str | None], pattern: str, ignore_case: bool) -> None:
    ours = re.compile(pattern, re.IGNORECASE if ignore_case else 0)
    wanted = [1 if text is not None and ours.search(text) else None for text in texts]
    assert said(Regex(pattern=pattern, ignore_case=ignore_case), text=pa.array(texts, pa.string())) == wanted


@settings(max_examples=100, deadline=None)
@given(st.lists(TEXT, min_size=1, max_size=5), st.lists(TEXT.filter(bool), min_size=1, max_size=3), st.booleans())
def test_keywords_say_what_a_plain_search_says(texts: list[str], words: list[str], whole: bool) -> None:
    pieces = []
    for word in words:
        left = r"\b" if whole and (word[0].isalnum() or word[0] == "_") else ""
        right = r"\b" if whole and (word[-1].isalnum() or word[-1] == "_") else ""
        pieces.append(left + re.escape(word) + right)
    ours = re.compile("|".join(pieces), re.IGNORECASE)
    wanted = [1 if ours.search(text) else None for text in texts]
    assert said(Keywords(words=tuple(words), whole_words=whole), text=pa.array(texts, pa.string())) == wanted


def test_a_pattern_that_backtracks_for_ever_is_stopped_and_named() -> None:
    rows = RowBatch(pa.table({"text": ["fine ab", "a" * 40 + "!", "ab"]}), start=7)
    ballot = Regex(pattern=r"(?=a)(a+)+b", seconds=0.2).vote(rows, Run())
    assert ballot.codes.tolist() == [0, -1, 0]
    assert ballot.faults == 1
    assert ballot.first_fault.startswith("row 8: it ran over its time")
    # the usual form never backtracks at all
    assert Regex(pattern=r"(a+)+b").vote(rows, Run()).faults == 0


def test_a_function_that_never_returns_is_stopped() -> None:
    def stuck(row: Any) -> int | None:
        while row.text == "bad":
            pass
        return 1

    ballot = Function(fn=stuck, seconds=0.1).vote(RowBatch(pa.table({"text": ["ok", "bad", "ok"]})), Run())
    assert ballot.codes.tolist() == [0, -1, 0]
    assert "row 1" in ballot.first_fault


def test_outside_the_main_thread_a_slow_call_is_judged_when_it_returns() -> None:
    found: list[Any] = []

    def slow(row: Any) -> int:
        if row.text == "bad":
            time.sleep(0.25)
        return 1

    def work() -> None:
        found.append(Function(fn=slow, seconds=0.1).vote(RowBatch(pa.table({"text": ["ok", "bad"]})), Run()))

    thread = threading.Thread(target=work)
    thread.start()
    thread.join()
    assert found[0].faults == 1


@pytest.mark.parametrize("pattern", ["(", "", "*a"])
def test_regex_that_is_none(pattern: str) -> None:
    with pytest.raises(ParameterError):
        said(Regex(pattern=pattern), text=["a"])


@pytest.mark.parametrize("answer", [0.7, float("nan"), np.array([1, 0]), ["spam"], True, np.float64(1)])
def test_a_function_that_returns_no_class(answer: Any) -> None:
    with pytest.raises(LabelError, match=r"function 'rule', row 1.*found.*of type"):
        said(Function(rule="rule", fn=lambda row: answer if row.text == "b" else None), text=["a", "b"])


def test_a_function_that_raises_is_counted_with_its_first_row() -> None:
    ballot = Function(fn=lambda row: len(row.text)).vote(RowBatch(pa.table({"text": ["a", None, None]}), 10), Run())
    assert ballot.faults == 2
    assert ballot.first_fault.startswith("row 11: TypeError")
    assert ballot.codes.tolist() == [0, -1, -1]


def test_preprocessing_runs_once_a_row_for_all_functions() -> None:
    calls: list[str] = []

    def lowered(row: Any) -> str:
        calls.append(row.text)
        return str(row.text).lower()

    rows = RowBatch(pa.table({"text": ["A", "B"]}))
    for letter in "ab":
        found = Function(fn=lambda row, w=letter: 1 if row.lowered == w else -1, pre=(lowered,)).vote(rows, Run())
        assert (found.codes >= 0).sum() == 1
    assert calls == ["A", "B"]


def test_resources_and_fields_by_name_and_nan_as_none() -> None:
    found = Function(fn=lambda row, words: "x" if row["a b"] in words else None, resources={"words": {1.0}})
    assert said(found, **{"a b": [1.0, float("nan"), 2.0]}) == ["x", None, None]
    with pytest.raises(AttributeError, match="no column 'nothing'; the columns are text"):
        RowBatch(pa.table({"text": ["a"]})).rows()[0].nothing  # noqa: B018


def test_comparison_measures_gaps_and_kinds() -> None:
    assert said(Comparison(column="n", operator=">=", value=2), n=[1.0, 2.0, float("nan"), None]) == [
        None,
        1,
        None,
        None,
    ]
    assert said(Comparison(measure="length", value=3), text=["ab", "abcd", None]) == [1, None, None]
    assert said(Comparison(operator="==", value="x"), text=["x", "y", None]) == [1, None, None]
    with pytest.raises(SchemaError, match="different kinds"):
        said(Comparison(value=3), text=["a"])
    with pytest.raises(ParameterError, match="unknown operator"):
        said(Comparison(operator="~"), text=["a"])


def test_dictionary_by_number_and_twice_the_same() -> None:
    assert said(Dictionary(column="n", entries={1: "a", 2: "b"}), n=[2, 3, None]) == ["b", None, None]
    with pytest.raises(ParameterError, match="same value"):
        said(Dictionary(entries=(("A", 1), ("a", 0))), text=["a"])


def test_sql_names_classes_and_reaches_nothing_outside() -> None:
    rule = Sql(expression="CASE WHEN length(text) < 3 THEN 'short' WHEN n > 1 THEN 'many' END")
    assert said(rule, text=["a", "long", "long"], n=[0, 2, None]) == ["short", "many", None]
    for wrong in [
        "nothing > 1",
        "(",
        "count(*)",
        "0.5",
        "1); SELECT (2",
        "(SELECT content FROM read_text('/etc/hostname'))",
    ]:
        with pytest.raises(ParameterError):
            said(Sql(expression=wrong), text=["a", "b"])
    assert said(Sql(expression="NULL"), text=["a"]) == [None]


class Sure:
    """A fitted model of two classes."""

    classes_ = np.array(["ham", "spam"])

    def predict_proba(self, texts: list[str]) -> np.ndarray[Any, Any]:
        return np.array([[0.1, 0.9] if "buy" in text else [0.55, 0.45] for text in texts])


def test_model_votes_where_it_is_sure() -> None:
    assert said(Model(target=f"{__name__}:Sure"), text=["buy", "hi", None]) == ["spam", None, None]
    with pytest.raises(PartError, match="cannot import"):
        said(Model(target="nowhere:x"), text=["a"])
    with pytest.raises(ParameterError, match="threshold"):
        said(Model(columns=("p",), threshold=1.5), p=[1.0])


def test_neighbors_do_not_ask_the_row_itself() -> None:
    vectors = [[1.0, 0.0], [1.0, 0.1], [0.0, 1.0], [0.1, 1.0], [1.0, 0.05]]
    known = ["a", "a", "b", "b", None]
    assert said(Neighbors(labels="known", column="v", k=1), v=vectors, known=known) == ["a", "a", "b", "b", "a"]
    with pytest.raises(NotApplicable, match="labelled rows"):
        said(Neighbors(labels="known", column="v"), v=vectors, known=["a", None, None, None, None])


@contextmanager
def endpoint(status: int = 200) -> Iterator[tuple[str, list[dict[str, Any]]]]:
    """A chat endpoint on this machine that calls everything with "buy" spam."""
    seen: list[dict[str, Any]] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            seen.append({**body, "key": self.headers.get("Authorization")})
            text = body["messages"][0]["content"]
            answer = "Spam." if "buy" in text else "I cannot tell" if "odd" in text else "ham, not spam"
            data = json.dumps({"choices": [{"message": {"content": answer}}]}).encode()
            self.send_response(status if len(seen) > 1 or status == 200 else 503)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}/v1", seen
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_prompt_asks_once_keeps_answers_and_keeps_the_budget(monkeypatch: pytest.MonkeyPatch, tmp_path: Any) -> None:
    pytest.importorskip("httpx")
    from tilth.store import Workspace

    monkeypatch.setenv("SOME_KEY", "secret")
    store = Workspace.open(tmp_path / "w", create=True)
    texts = ["buy now", "nice", "buy now", "odd", None, "beyond"]
    with endpoint() as (url, seen):
        rule = Prompt(
            template="{text}?", classes=("ham", "spam"), url=url, model="m", key_variable="SOME_KEY", budget=3
        )
        for _ in range(2):
            ballot = rule.vote(RowBatch(pa.table({"text": texts})), EngineRun(store=store))
            assert ballot.codes.tolist() == [1, 0, 1, -1, -1, -1]
    assert [row["messages"][0]["content"] for row in seen] == ["buy now?", "nice?", "odd?"]
    assert seen[0]["key"] == "Bearer secret"
    assert seen[0]["model"] == "m"
    assert "secret" not in str(rule.spec())
    assert ballot.notes == ("prompt: 1 prompts beyond the budget of 3 not asked",)
    store.close()


def test_prompt_tells_where_an_endpoint_fails() -> None:
    pytest.importorskip("httpx")
    rows = RowBatch(pa.table({"text": ["a"]}))
    with endpoint(status=400) as (url, seen):
        with pytest.raises(SourceError, match="did not answer"):
            Prompt(template="{text}", classes=("a",), url=url, retries=1).vote(rows, Run())
        assert len(seen) == 2  # the first was answered 503 and tried again
    with pytest.raises(ParameterError, match="template"):
        Prompt(template="no column", classes=("a",)).vote(rows, Run())


def test_a_column_must_be_named_where_there_are_two() -> None:
    with pytest.raises(SchemaError, match="which column holds the text"):
        said(Keywords(words=("a",)), one=["a"], two=["b"])
    with pytest.raises(SchemaError, match="no such column"):
        said(Keywords(words=("a",), column="three"), one=["a"])
