"""CSV, TSV and JSON Lines: what is read, and what an error says about the place."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tilth.errors import Cancelled, ParameterError, SourceError
from tilth.plugin import Run
from tilth.records import Rows
from tilth.sources import choose_source, write_rows
from tilth.sources.csv import CsvSource
from tilth.sources.jsonl import JsonlSource

LETTERS = st.characters(exclude_categories=["Cs"], exclude_characters="\0")


def read(path: Path, data: bytes | str, **params: Any) -> Rows:
    path.write_bytes(data.encode() if isinstance(data, str) else data)
    source = JsonlSource if path.suffix == ".jsonl" else CsvSource
    return source(**params).read(path, Run())


def refused(path: Path, data: bytes | str, **params: Any) -> SourceError:
    with pytest.raises(SourceError) as caught:
        read(path, data, **params)
    return caught.value


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "d.csv"


@pytest.mark.parametrize(
    ("cells", "wanted", "kind"),
    [
        (["1", "-2", "+3"], [1, -2, 3], pa.int64()),
        (["1", "2.5", ".5", "1e3"], [1.0, 2.5, 0.5, 1000.0], pa.float64()),
        (["1", "", "NA", "?"], [1, None, None, None], pa.int64()),
        ([" 1", "2 "], [1, 2], pa.int64()),
        (["007", "8"], ["007", "8"], pa.string()),
        (["-01", "2"], ["-01", "2"], pa.string()),
        (["0", "0.5", "-0.25"], [0.0, 0.5, -0.25], pa.float64()),
        (["NA", "yes", ""], ["NA", "yes", None], pa.string()),
        (["NA", "NA"], ["NA", "NA"], pa.string()),
        (["12345678901234567890", "1"], ["12345678901234567890", "1"], pa.string()),
        (["1", "x"], ["1", "x"], pa.string()),
        (["2024-01-01", "true"], ["2024-01-01", "true"], pa.string()),
    ],
)
def test_types_of_columns(cells: list[str], wanted: list[Any], kind: pa.DataType, file: Path) -> None:
    column = read(file, "k,v\n" + "".join(f"r,{cell}\n" for cell in cells)).table.column("v")
    assert column.to_pylist() == wanted
    assert column.type == kind


def test_a_word_after_many_numbers_keeps_the_column_text(file: Path) -> None:
    cells = [str(i) for i in range(3000)] + ["many"]
    assert read(file, "v,w\n" + "".join(f"{c},x\n" for c in cells)).table.column("v").to_pylist() == cells


def test_quotes_hold_delimiters_quotes_and_line_breaks(file: Path) -> None:
    rows = read(file, 'text,"a\nb"\n"one, ""two""\nthree",x\n\n"",y\n')
    assert rows.table.to_pylist() == [
        {"text": 'one, "two"\nthree', "a\nb": "x"},
        {"text": None, "a\nb": "y"},
    ]
    assert rows.first_line == 3


@pytest.mark.parametrize(("name", "delimiter"), [("d.csv", ";"), ("d.csv", "\t"), ("d.csv", "|"), ("d.tsv", ",")])
def test_another_delimiter_is_found_and_said(name: str, delimiter: str, tmp_path: Path) -> None:
    rows = read(tmp_path / name, f"a{delimiter}b\n1{delimiter}x y\n")
    assert rows.table.to_pylist() == [{"a": 1, "b": "x y"}]
    assert "separated by" in rows.notes[0]


def test_the_usual_delimiter_is_no_news(tmp_path: Path) -> None:
    assert read(tmp_path / "d.tsv", "a\tb\n1,5\tx;y\n").table.to_pylist() == [{"a": "1,5", "b": "x;y"}]
    assert read(tmp_path / "d.csv", "a\none\n").notes == ()


def test_a_given_delimiter_wins(file: Path) -> None:
    assert read(file, "a,b:c\n1,2:3\n", delimiter=":").table.column_names == ["a,b", "c"]
    with pytest.raises(ParameterError, match="one character"):
        read(file, "a\n1\n", delimiter="::")


def test_line_ends_of_all_systems(file: Path) -> None:
    for end in ("\n", "\r\n", "\r"):
        assert read(file, end.join(["a,b", "1,x", "2,y"])).table.to_pydict() == {"a": [1, 2], "b": ["x", "y"]}


@pytest.mark.parametrize("data", [b"", b"\n\n", b"\xef\xbb\xbf", b"  \n"])
def test_an_empty_file(data: bytes, file: Path) -> None:
    assert "empty" in refused(file, data).what


def test_a_header_without_rows_lists_its_columns(file: Path) -> None:
    error = refused(file, "text,label\n")
    assert error.what == "there is a header but no rows"
    assert (error.where, error.found) == (f"{file}:1", "columns text, label")


@pytest.mark.parametrize(
    ("data", "line", "what", "found"),
    [
        ("a,b\n1,2\n3,4,5\n", 3, "expected 2 cells, as in the header, found 3", "3,4,5"),
        ("a,b\n1,2\n3\n", 3, "expected 2 cells, as in the header, found 1", "3"),
        ('a,b\n"1\n\n1",2\n\n3\n', 6, "expected 2 cells, as in the header, found 1", "3"),
        ('a,b\n1,2\n1,"open\n3,4\n', 3, "a quote is not closed", "unexpected end of data"),
    ],
)
def test_a_broken_row_is_named_by_its_physical_line(data: str, line: int, what: str, found: str, file: Path) -> None:
    error = refused(file, data)
    assert what in error.what
    assert error.where == f"{file}:{line}"
    assert found in error.found
    assert error.fix


def test_a_lone_quote_in_a_bare_cell_is_text(file: Path) -> None:
    assert read(file, 'size,n\n5" screen,1\nlarge,2\n').table.column("size").to_pylist() == ['5" screen', "large"]


def test_a_cell_longer_than_a_block_is_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tilth.sources._csv._BLOCK", 1000)
    rows = read(file, "a,b\n" + "x,y\n" * 300 + f'"{"long " * 1000}",y\n' + "x,y\n" * 300)
    assert rows.table.num_rows == 601
    assert len(rows.table.column("a")[300].as_py()) == 5000


def test_wrong_encoding_says_line_and_byte_and_an_encoding_that_works(file: Path) -> None:
    data = "text,label\nplain,a\ncafé,b\n".encode("cp1252")
    error = refused(file, data)
    assert error.what == "the file is not in utf-8"
    assert error.where == f"{file}:3, byte {data.index(0xE9)}"
    assert "0xe9" in error.found and "caf" in error.found
    assert "--encoding cp1252" in error.fix
    assert read(file, data, encoding="cp1252").table.column("text").to_pylist() == ["plain", "café"]


def test_a_bad_byte_beyond_the_first_megabyte(file: Path) -> None:
    data = b"text,label\n" + b"plain text,a\n" * 100_000 + b"\xff,b\n"
    error = refused(file, data)
    assert error.where == f"{file}:100002, byte {len(data) - 4}"


def test_a_cut_letter_at_the_end(file: Path) -> None:
    data = "a,b\nx,é".encode()[:-1]
    assert refused(file, data).where == f"{file}:2, byte {len(data) - 1}"


def test_utf_16_is_named_and_read(file: Path) -> None:
    data = "a,b\n1,é\n".encode("utf-16")
    assert "--encoding utf-16" in refused(file, data).fix
    assert read(file, data, encoding="utf-16").table.to_pylist() == [{"a": 1, "b": "é"}]
    assert "zero byte" in refused(file, "a,b\n1,x\n".encode("utf-16-le")).found


def test_an_unknown_encoding(file: Path) -> None:
    with pytest.raises(ParameterError, match="no such encoding"):
        read(file, "a\n1\n", encoding="utf-9")


def test_a_byte_order_mark_is_skipped_with_a_note(file: Path) -> None:
    rows = read(file, b"\xef\xbb\xbfid,b\n1,2\n")
    assert rows.table.column_names == ["id", "b"]
    assert rows.notes == ("a byte-order mark at the start of the file was skipped",)


def test_doubled_and_missing_column_names(file: Path) -> None:
    error = refused(file, "a,b, a\n1,2,3\n")
    assert error.what == "two columns have the same name"
    assert (error.where, error.found) == (f"{file}:1", "'a' as column 1 and column 3")
    rows = read(file, ",b\n0,x\n")
    assert rows.table.column_names == ["column_1", "b"]
    assert "column_1" in rows.notes[0]


def test_numbers_as_column_names_are_said(file: Path) -> None:
    assert "line 1" in read(file, "1,2\n3,4\n").notes[0]


def test_a_stopped_run_stops(file: Path) -> None:
    file.write_text("a\n1\n")
    run = Run()
    run.stop.set()
    with pytest.raises(Cancelled):
        CsvSource().read(file, run)


def test_a_file_that_may_not_be_read(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def locked(*args: Any, **kwargs: Any) -> Any:
        raise PermissionError(13, "Permission denied")

    file.write_text("a\n1\n")
    monkeypatch.setattr(Path, "open", locked)
    with pytest.raises(SourceError, match=r"cannot read this file .found Permission denied"):
        CsvSource().read(file, Run())


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    cells=st.lists(
        st.tuples(
            st.one_of(st.none(), st.text(LETTERS, min_size=1)),
            st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1)),
        ),
        min_size=1,
        max_size=8,
    )
)
@pytest.mark.parametrize("ending", ["csv", "tsv", "jsonl", "parquet", "arrow"])
def test_what_is_written_reads_back(ending: str, cells: list[tuple[str | None, int | None]], tmp_path: Path) -> None:
    texts = [None if text is None else f"w{text}" for text, _ in cells] + ["word"]
    numbers = [number for _, number in cells] + [1]
    path = tmp_path / f"d.{ending}"
    write_rows(pa.table({"text": texts, "n": pa.array(numbers, pa.int64())}), path)
    assert choose_source(path).read(path, Run()).table.to_pydict() == {"text": texts, "n": numbers}


# --- JSON Lines ----------------------------------------------------------------------------------------


@pytest.fixture
def lines(tmp_path: Path) -> Path:
    return tmp_path / "d.jsonl"


def test_json_lines(lines: Path) -> None:
    rows = read(lines, '{"t": "é", "n": 1}\n\n{"n": 2.5, "x": {"a": [1]}, "ok": true, "nan": NaN}\n')
    assert rows.table.to_pydict() == {
        "t": ["é", None],
        "n": [1.0, 2.5],
        "x": [None, '{"a": [1]}'],
        "ok": [None, True],
        "nan": [None, None],
    }


@pytest.mark.parametrize(
    ("data", "where", "what"),
    [
        ('{"a": 1}\n\n{"a": \n', ":3, column", "not JSON"),
        ('{"a": 1}\n[1]\n', ":2", "no JSON object"),
        ('{"a": 1}\n"x"\n', ":2", "no JSON object"),
        ('{"a": 1}\n\n{"a": "x"}\n', ":3, column 'a'", "mixes whole number and text"),
        ('{"a": 1}\n{"a": "' + "\\ud800" + '"}\n', ":2", ""),
        ('{"a": "x"}\n{"a": "\\ud800"}\n', ":2, column 'a'", "not valid Unicode"),
        ("{}\n", ":1", "no keys"),
        ("\n\n", "", "empty"),
        ("[" * 100_000 + "\n", ":1", "cannot be read as JSON"),
    ],
)
def test_a_broken_json_line(data: str, where: str, what: str, lines: Path) -> None:
    error = refused(lines, data)
    assert error.where.startswith(f"{lines}{where}")
    assert what in error.what


def test_json_in_another_encoding(lines: Path) -> None:
    data = '{"a": "x"}\n{"a": "é"}\n'.encode("latin-1")
    error = refused(lines, data)
    assert error.where == f"{lines}:2, byte {data.index(0xE9)}"
    assert read(lines, data, encoding="latin-1").table.column("a").to_pylist() == ["x", "é"]
    assert read(lines, b"\xef\xbb\xbf" + b'{"a": 1}\n').notes
