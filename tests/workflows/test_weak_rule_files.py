"""Rules that are wrong are told of when they are read, with file and rule; a prompt in YAML; answers that are kept."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest

import tilth
from tilth.errors import AlignmentError, ParameterError, SourceError, TilthError
from tilth.workflows.weak.rules import labeling_function, read_rules, rule
from tilth.workflows.weak.verbs import WeakOptions

HEAD = "classes: [ham, spam]\nrules:\n  - "


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{name: r, keywords: [5, 7], label: spam}", r"must be text \(found 5 of type int\)"),
        ("{name: r, keywords: [yes, no], label: spam}", r"must be text \(found True"),
        ("{name: r, keywords: , label: spam}", "at least one word"),
        ("{name: r, keywords: [], label: spam}", "at least one word"),
        ("{name: r, keywords: [a, ''], label: spam}", "no empty one"),
        ("{name: r, keywords: 7, label: spam}", "must be text"),
        ("{name: r, keywords: [a], label: spam, seconds: -1}", "seconds must be a number above 0"),
        ("{name: r, keywords: [a]}", "needs the class that it votes for"),
        ("{name: r, regex: a}", "needs the class that it votes for"),
        ("{name: r, comparison: 5}", "needs the class that it votes for"),
        ("{name: r, regex: 5, label: spam}", "needs a pattern"),
        ("{name: r, regex: '(abc', label: spam}", "no regular expression"),
        ("{name: r, comparison: 5, operator: '=<', label: spam}", "unknown operator"),
        ("{name: r, comparison: five, measure: words, label: ham}", "words is compared with a number"),
        ("{name: r, dictionary: {}}", "needs entries"),
        ("{name: r, dictionary: {a: }}", "lacks its value or its class"),
        ("{name: r, sql: , label: spam}", "needs an expression"),
        ("{name: r, model: 'a:b', threshold: 2}", "threshold"),
        ("{name: r, neighbors: label, k: 0}", "k must be at least 1"),
        ("{name: r, neighbors: label, k: many}", "k must be at least 1"),
        ("{name: r, prompt: 'spam or ham?'}", r"at least one \{column\}"),
        ("{name: r, prompt: '{text'}", "cannot be read"),
        ("{name: r, prompt: '{}'}", "no column"),
        ("{name: r, prompt: '{text!z}'}", r"no column \(found \{text!z\}\)"),
        ("{name: r, prompt: '{text.upper}'}", "no column"),
        ("{name: r, prompt: '{text:zzz}'}", "fits no value"),
        ("{name: r, prompt: '{text}', budget: -1}", "budget is a whole number"),
        ("{name: r, prompt: '{text}', url: example.org}", "http://"),
        ("{name: r, prompt: '{text}', classes: ham}", "classes"),
        ("{name: r, keywords: [a], prompt: '{text}', label: ham}", "names one form"),
    ],
)
def test_a_rule_of_yaml_that_is_wrong_is_named_when_it_is_read(tmp_path: Path, text: str, said: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(HEAD + text + "\n", encoding="utf-8")
    with pytest.raises(SourceError, match=said) as caught:
        read_rules(path)
    assert f"{path}, rule 1 (r)" in str(caught.value)


@pytest.mark.parametrize(
    ("classes", "said"),
    [("[spam]", "one class"), ("[spam, spam]", "named twice"), ("ham", "list of names"), ("[yes, no]", "in quotes"),
     ("[1, '1']", "named twice"), ("[ham, ]", "one class"), ("[ham, ~]", "word or a whole number")],
)  # fmt: skip
def test_classes_are_two_or_more_different_names(tmp_path: Path, classes: str, said: str) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(f"classes: {classes}\nrules: [{{keywords: [a], label: spam}}]\n", encoding="utf-8")
    with pytest.raises(ParameterError, match=said) as caught:
        read_rules(path)
    assert "rules.yaml, classes" in str(caught.value)


def test_classes_from_python_too(tmp_path: Path) -> None:
    words = rule("keywords", words=("a",), label=0)
    for wrong in ("ham", ["ham"], ["ham", "ham"], [True, False]):
        with pytest.raises(ParameterError, match="class"):
            tilth.apply_labeling_functions([words], {"text": ["a"]}, classes=wrong)
        with pytest.raises(ParameterError, match="class"):
            WeakOptions(classes=wrong)  # type: ignore[arg-type]
    path = tmp_path / "rules.py"
    path.write_text("from tilth import rule\nCLASSES = 'ham'\nx = rule('keywords', words=('a',))\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="list of names"):
        read_rules(path)


def test_a_sql_condition_without_a_label_votes_for_nothing_in_particular(tmp_path: Path) -> None:
    path = tmp_path / "rules.yaml"
    path.write_text(HEAD + "{name: q, sql: 'n > 1'}\n", encoding="utf-8")
    with pytest.raises(ParameterError, match="q: a condition needs a label"):
        tilth.apply_labeling_functions(path, {"n": [1, 2]})
    path.write_text(HEAD + "{name: q, sql: \"CASE WHEN n > 1 THEN 'spam' END\"}\n", encoding="utf-8")
    assert tilth.apply_labeling_functions(path, {"n": [1, 2]}).votes.values.tolist() == [1]


def test_errors_in_a_python_file_name_it_and_the_line(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    path = Path("rules.py")  # a relative path
    for text, said in [
        ("x = 1\n\ny = x / 0\n", r"rules\.py, line 3.*ZeroDivisionError"),
        ("from tilth import labeling_function\n@labeling_function\ndef f(row):\n    return 1\n", r"rules\.py, line 2"),
        ("from tilth import rule\nr = rule('regexp', 'r')\n", r"rules\.py, line 2"),
        ("import sys\nsys.exit(4)\n", r"rules\.py, line 2.*ends the program.*4"),
        ("raise ValueError('one\\ntwo')\n", r"rules\.py, line 1.*one two"),
    ]:
        path.write_text(text, encoding="utf-8")
        with pytest.raises(TilthError, match=said) as caught:
            read_rules(path)
        assert "\n" not in str(caught.value)


def test_what_a_function_raises_is_told_on_one_line() -> None:
    @labeling_function()
    def f(row: Any) -> Any:
        raise ValueError(f"boom {row.text}\nsecond line")

    with pytest.raises(TilthError) as caught:
        tilth.apply_labeling_functions(f, {"text": ["a"]}, classes=["ham", "spam"])
    assert "boom a second line" in str(caught.value)


def test_columns_of_different_lengths_are_named() -> None:
    words = rule("keywords", words=("a",), label=0)
    with pytest.raises(AlignmentError, match="text: 1 rows, n: 2 rows"):
        tilth.apply_labeling_functions([words], {"text": ["a"], "n": [1, 2]})
    nearest = rule("neighbors", labels="known", column="v")
    with pytest.raises(TilthError, match="one length"):
        tilth.apply_labeling_functions([nearest], {"v": [[1.0], [1.0, 2.0], [1.0]], "known": ["a", "b", None]})


@pytest.fixture
def chat() -> Iterator[tuple[str, list[str]]]:
    """A chat endpoint on this machine; what it was asked."""
    asked: list[str] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
            asked.append(f"{body['model']}: {body['messages'][0]['content']}")
            status = 401 if body["model"] == "locked" else 200
            said = "spam" if "buy" in body["messages"][0]["content"] else "ham"
            data = json.dumps({"choices": [{"message": {"content": said}}]}).encode()
            data = data if status == 200 else b'{"error":\n "bad key"}'
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *args: Any) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}/v1", asked
    server.shutdown()
    thread.join()
    server.server_close()


def test_a_prompt_in_yaml_names_its_model_beside_the_form(tmp_path: Path, chat: tuple[str, list[str]]) -> None:
    pytest.importorskip("httpx")
    url, asked = chat
    path = tmp_path / "rules.yaml"
    path.write_text(HEAD + f"{{name: ask, prompt: 'Spam? {{text}}', model: small, url: '{url}', budget: 2}}\n")
    found = tilth.apply_labeling_functions(path, {"text": ["buy", "hi", "beyond"]})
    assert found.votes.values.tolist() == [1, 0]
    assert asked == ["small: Spam? buy", "small: Spam? hi"]
    assert "budget of 2" in found.notes[0]


def test_what_was_asked_once_is_not_asked_again_from_python(tmp_path: Path, chat: tuple[str, list[str]]) -> None:
    pytest.importorskip("httpx")
    url, asked = chat
    ask = rule("prompt", template="{text}", classes=("ham", "spam"), url=url, model=tmp_path.name)
    rows = {"text": ["buy", "hi"]}
    first = tilth.apply_labeling_functions([ask], rows).votes.values.tolist()
    assert tilth.apply_labeling_functions([ask], rows).votes.values.tolist() == first
    assert len(asked) == 2
    for _ in range(2):  # a folder keeps them longer
        tilth.apply_labeling_functions([ask], rows, workspace=tmp_path / ".tilth")
    assert len(asked) == 4


def test_an_endpoint_that_refuses_is_told_on_one_line(chat: tuple[str, list[str]]) -> None:
    pytest.importorskip("httpx")
    ask = rule("prompt", template="{text}", classes=("ham", "spam"), url=chat[0], model="locked")
    with pytest.raises(SourceError, match="status 401") as caught:
        tilth.apply_labeling_functions([ask], {"text": ["buy"]})
    assert "\n" not in str(caught.value)
    assert "bad key" in str(caught.value)
    wrong = rule("prompt", template="{text:d}", classes=("ham", "spam"), url=chat[0])
    with pytest.raises(ParameterError, match="row 0: the template does not fit"):
        tilth.apply_labeling_functions([wrong], {"text": ["buy"]})
