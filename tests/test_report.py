"""The HTML report: whole, safe, self-contained, the same every time."""

from __future__ import annotations

import io
import re
import wave
from collections.abc import Callable
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tilth.errors import SourceError, StoreError
from tilth.records import (
    Arm,
    ClassEffect,
    Column,
    Effect,
    Evidence,
    Findings,
    Outcome,
    Proof,
    Schema,
    Snapshot,
    sort_class_names,
)
from tilth.workflows.report.figures import Whisker as Difference
from tilth.workflows.report.figures import heat_map, score_histogram, value_histogram, whiskers
from tilth.workflows.report.map import FLAGGED, PLAIN, POINTS, lay_out, map_rows
from tilth.workflows.report.media import Media
from tilth.workflows.report.page import ReportData, render_report, write_report
from tilth.workflows.report.sections import CARDS, LISTED
from tilth.workflows.report.svg import clean, fit, percent, tag

VOID = {"meta", "img", "input", "br", "hr", "link"}
HOSTILE = "</script><script>alert(1)</script><img src=x onerror=alert(2)>\"'`{{7*7}}&amp;\u202e\x00\x07 javascript:x"


class Page(HTMLParser):
    """Every element, every attribute and the text of a page; notes tags that do not balance."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.problems: list[str] = []
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(text)
        self.close()

    def handle_starttag(self, name: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((name, dict(attrs)))
        if name not in VOID:
            self.open.append(name)

    def handle_endtag(self, name: str) -> None:
        if not self.open or self.open.pop() != name:
            self.problems.append(f"</{name}> at {self.getpos()}")

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).split())

    def count(self, name: str, **attributes: str) -> int:
        return sum(n == name and all(a.get(k) == v for k, v in attributes.items()) for n, a in self.elements)


def parsed(data: ReportData) -> Page:
    page = Page(render_report(data))
    assert page.problems == [] and page.open == []
    ids = [attrs["id"] for _, attrs in page.elements if "id" in attrs]
    assert len(ids) == len(set(ids))
    return page


def make_snapshot(columns: dict[str, list[Any]], schema: Schema, ids: list[str] | None = None) -> Snapshot:
    n = len(next(iter(columns.values())))
    names = ids or [f"r{i}" for i in range(n)]
    system = {"row_id": names, "item": [f"h{i}" for i in range(n)], "position": list(range(n))}
    return Snapshot(pa.table({**system, **columns}), schema)


def text_snapshot(n: int = 12, classes: tuple[str, ...] = ("neg", "pos")) -> Snapshot:
    schema = Schema((Column("text", "input", "text"), Column("y", "label", "category")), classes)
    columns = {"text": [f"text number {i}" for i in range(n)], "y": [classes[i % len(classes)] for i in range(n)]}
    return make_snapshot(columns, schema)


def label_errors(snapshot: Snapshot, rows: list[int], classes: list[str], **more: Any) -> Findings:
    n = len(snapshot)
    scores = np.linspace(0.0, 0.4, n)
    scores[rows] = np.linspace(0.99, 0.6, len(rows))
    flagged = np.zeros(n, dtype=bool)
    flagged[rows] = True
    suggestion: list[str | None] = [None] * n
    for row, name in zip(rows, classes, strict=True):
        suggestion[row] = name
    why = [f"why of row {i}: the given label has 0.0{i}" if flagged[i] else "" for i in range(n)]
    return Findings.build(
        "label_error", snapshot.row_ids, scores, flagged, why, suggestion=suggestion, threshold=0.5, **more
    )


def make_proof(verdict: str = "helped", classes: tuple[str, ...] = ("neg", "pos")) -> Proof:
    arms = (
        Arm("before", 0.87),
        Arm("after", 0.9034, Effect(0.0334, 0.021, 0.045)),
        Arm("placebo", 0.869, Effect(-0.001, -0.008, 0.006)),
        Arm("model-centric", 0.88, Effect(0.01, -0.002, 0.022)),
    )
    per_class = tuple(ClassEffect(name, 30, 0.8, 0.9, Effect(0.1, 0.05, 0.15)) for name in classes)
    return Proof(
        before="aaaa", after="bbbb", metric="accuracy", arms=arms, classes=per_class, verdict=verdict,
        why="accuracy rose by 3.34 points", n_changed=17, n_train=1078, n_test=719, repeats=10,
        model="LogisticRegression", bigger_model="Boosting", seed=4711, notes=("groups kept together",),
        machine={"cpu": "2 cores"},
    )  # fmt: skip


def png(shade: int = 0) -> bytes:
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.full((8, 8), shade, dtype=np.uint8)).save(buffer, "PNG")
    return buffer.getvalue()


def wav(seconds: float, rate: int = 8000) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(rate)
        out.writeframes((np.sin(np.arange(int(seconds * rate)) / 9) * 9000).astype("<i2").tobytes())
    return buffer.getvalue()


def media_data(medium: str, media: Callable[[int, str], bytes] | None, n: int = 3) -> ReportData:
    schema = Schema((Column("path", "input", medium),))
    snapshot = make_snapshot({"path": [f"{i}.bin" for i in range(n)]}, schema)
    found = Findings.build("outlier", snapshot.row_ids, [0.9] * n, [True] * n, [f"far away {i}.5" for i in range(n)])
    return ReportData(snapshot, {"outlier": found}, [], {}, [], media=media)


@pytest.fixture
def full() -> ReportData:
    snapshot = text_snapshot()
    copies = Findings.build(
        ["near_duplicate", "conflicting_duplicate"], ["r1", "r2"], [0.9, 0.8], [True, True],
        ["0.01 away from r7", "0.02 away from r8"], related=[["r7"], ["r8", "gone"]], summary={"groups": 2},
    )  # fmt: skip
    custom = Findings.build("too_loud", ["r3"], [0.7], [True], ["louder than 99.5% of rows"], summary={"limit": [1, 2]})
    outcomes = [
        Outcome("label_error", "ran", "", 1.25),
        Outcome("missing_values", "not applicable", "there are no cells"),
        Outcome("drift", "skipped", "its cost is network"),
        Outcome("broken", "failed", "Traceback\n  line 3\nZeroDivisionError: division by zero"),
    ]
    quality = {"completeness": 1.0, "uniqueness": 0.9, "balance": 0.8, "label_health": 0.75, "overall": 0.7}
    return ReportData(
        snapshot,
        {"label_error": label_errors(snapshot, [0, 3, 5], ["pos", "neg", "neg"], summary={"estimated_errors": 4}),
         "near_duplicate": copies, "too_loud": custom, "class_imbalance": Findings.none()},
        outcomes, quality, ["Review 3 suspect labels.", "Drop copies."], make_proof(), ["a mark was skipped"],
        {"dataset": "reviews", "seed": "0", "machine": "Linux, 2 cores"},
    )  # fmt: skip


def test_everything_that_was_found_is_on_the_page(full: ReportData) -> None:
    page = parsed(full)
    for name, found in full.findings.items():
        assert name in page.text
        for row in found.flagged().to_dicts():
            assert row["why"] in page.text and row["row_id"] in page.text
    for said in ["reviews", full.snapshot.id, "Review 3 suspect labels.", "a mark was skipped", "Linux, 2 cores"]:
        assert said in page.text
    for outcome in full.outcomes:
        assert outcome.part in page.text and outcome.outcome in page.text
        for line in outcome.reason.splitlines():
            assert line.strip() in page.text
    for name, value in full.quality.items():
        assert name.replace("_", " ") in page.text and f"{value:.3f}" in page.text


def test_cards_show_given_suggested_score_and_related_rows(full: ReportData) -> None:
    page = parsed(full)
    assert page.count("article") == 6
    assert page.count("bdi", **{"class": "class new"}) == 3
    assert "0.990" in page.text
    assert "text number 7" in page.text, "the duplicate stands beside the row"
    assert "not a row of this snapshot" in page.text
    assert "conflicting_duplicate" in page.text


def test_the_proof_states_arms_intervals_and_how_it_was_measured(full: ReportData) -> None:
    page = parsed(full)
    for said in ["helped", "accuracy rose by 3.34 points", "+3.34", "(+2.10 to +4.50)", "placebo", "bigger model",
                 "1,078", "719", "4711", "0.9034", "+10.00", "groups kept together", "95%"]:  # fmt: skip
        assert said in page.text
    assert "No proof yet" not in page.text
    many = parsed(replace(full, proof=make_proof("hurt", tuple(f"class{i}" for i in range(40)))))
    assert "class39" in many.text and "hurt" in many.text
    bare = replace(make_proof("cannot tell", ()), arms=(Arm("before", 0.5),))
    assert "cannot tell" in parsed(replace(full, proof=bare)).text


def test_a_report_of_nothing_says_so() -> None:
    snapshot = make_snapshot({"x": [1.0, 2.0]}, Schema((Column("x", "input", "number"),)))
    page = parsed(ReportData(snapshot, {}, [], {}, []))
    for said in ["There are no labels", "No proof yet", "tilth prove", "No check has reported", "No quality score",
                 "Nothing to do", "No check was asked for"]:  # fmt: skip
        assert said in page.text
    assert page.count("form") == 0


def test_no_rows_and_nothing_flagged() -> None:
    schema = Schema((Column("text", "input", "text"), Column("y", "label", "category")), ("a", "b"))
    none = Snapshot(pa.table({"row_id": pa.array([], pa.string()), "item": pa.array([], pa.string()),
                              "position": pa.array([], pa.int64()), "text": pa.array([], pa.string()),
                              "y": pa.array([], pa.string())}), schema)  # fmt: skip
    assert "Nothing flagged" in parsed(ReportData(none, {"label_error": Findings.none()}, [], {}, [])).text
    snapshot = text_snapshot()
    page = parsed(ReportData(snapshot, {"label_error": label_errors(snapshot, [], [])}, [], {}, []))
    assert "No suspect label was flagged" in page.text and "0 flagged" in page.text


def test_missing_and_unmeasured_quality() -> None:
    snapshot = text_snapshot()
    page = parsed(ReportData(snapshot, {}, [], {"balance": float("nan"), "overall": 0.5}, []))
    assert "not measured" in page.text and "0.500" in page.text and "completeness" not in page.text


def hostile_data() -> ReportData:
    classes = sort_class_names([HOSTILE, "<svg onload=alert(3)>", "\u202egpj.exe", ""])
    schema = Schema((Column(HOSTILE + "t", "input", "text"), Column("<b>", "input", "category"),
                     Column("<i>y", "label", "category")), classes)  # fmt: skip
    ids = [f"{HOSTILE}{i}" for i in range(4)]
    columns = {HOSTILE + "t": [HOSTILE * 30, None, "", "fine"], "<b>": [HOSTILE, "x", None, "<u>"],
               "<i>y": list(classes)}  # fmt: skip
    snapshot = make_snapshot(columns, schema, ids)
    found = label_errors(snapshot, [0, 1, 2], list(classes[1:]))
    odd = Findings.build(
        HOSTILE,
        ids,
        [0.9] * 4,
        [True] * 4,
        [HOSTILE] * 4,
        suggestion=[HOSTILE, "drop", None, "x"],
        related=[[ids[1], HOSTILE]] * 4,
        summary={HOSTILE: HOSTILE, "d": {HOSTILE: [HOSTILE, None]}},
    )
    proof = replace(
        make_proof(HOSTILE, classes),
        why=HOSTILE,
        metric=HOSTILE,
        model=HOSTILE,
        notes=(HOSTILE,),
        machine={HOSTILE: HOSTILE},
        before=HOSTILE,
        arms=(Arm(HOSTILE, 0.5, Effect(0.1, 0, 0.2)),),
    )
    outcomes = [Outcome(HOSTILE, HOSTILE, f"{HOSTILE}\n{HOSTILE}"), Outcome(HOSTILE, "failed", HOSTILE)]
    meta = {HOSTILE: HOSTILE, "dataset": HOSTILE, "lone": "\ud800"}
    return ReportData(
        snapshot, {"label_error": found, HOSTILE: odd}, outcomes, {HOSTILE: 0.5}, [HOSTILE], proof, [HOSTILE], meta
    )


def test_hostile_text_makes_no_element_and_no_attribute() -> None:
    page = parsed(hostile_data())
    calm = parsed(replace(hostile_data(), meta={}))
    assert page.count("script") == calm.count("script") == 1
    assert page.count("img") == 0, "no image is in these data, so any would be injected"
    for name, attributes in page.elements:
        assert name not in {"iframe", "object", "embed", "link", "base", "u", "i"}
        for attribute, value in attributes.items():
            assert not attribute.startswith("on"), (name, attribute)
            assert attribute != "style", "the policy forbids inline style attributes"
            if attribute in {"href", "src"}:
                assert (value or "").startswith(("#", "data:"))
    assert "alert(1)" in page.text, "hostile text is shown, not dropped"
    assert "49" not in re.findall(r"\{\{7\*7\}\}|\b49\b", page.text)


def test_hostile_characters_are_made_visible_and_the_file_can_be_written(tmp_path: Path) -> None:
    written = write_report(hostile_data(), tmp_path / "r.html").read_bytes()
    assert b"\x00" not in written and b"\x07" not in written
    assert "␀" in written.decode("utf-8")
    svg = re.findall(r"<svg.*?</svg>", written.decode("utf-8"), flags=re.S)
    assert svg and not any("\u202e" in figure for figure in svg)


@settings(max_examples=40, deadline=None)
@given(st.text(max_size=40), st.text(max_size=40))
def test_any_text_keeps_the_page_whole(name: str, why: str) -> None:
    schema = Schema((Column("t", "input", "text"), Column("y", "label", "category")), sort_class_names([name, "z"]))
    snapshot = make_snapshot({"t": [why, "b"], "y": [name, "z"]}, schema)
    found = Findings.build("label_error", ["r0"], [0.5], [True], [why], suggestion=["z"])
    page = parsed(ReportData(snapshot, {"label_error": found}, [], {}, [why], meta={"dataset": name}))
    assert page.count("article") == 1 and page.count("script") == 1


def test_nothing_is_fetched(full: ReportData) -> None:
    html = render_report(full)
    assert not re.search(r"https?:|//[a-z]|@import|url\(", html, flags=re.I)
    policy = next(a["content"] for n, a in Page(html).elements if a.get("http-equiv") == "Content-Security-Policy")
    assert policy is not None and policy.startswith("default-src 'none'; img-src data:; media-src data:")
    assert "unsafe" not in policy


def test_the_policy_allows_exactly_the_style_and_script_inside(full: ReportData) -> None:
    import base64
    import hashlib

    html = render_report(full)
    policy = re.search(r'Content-Security-Policy" content="(.*?)"', html)
    assert policy
    for name in ("style", "script"):
        inside = re.search(f"<{name}>(.*?)</{name}>", html, flags=re.S)
        assert inside
        digest = base64.b64encode(hashlib.sha256(inside[1].encode()).digest()).decode()
        assert f"{name}-src &#39;sha256-{digest}&#39;" in policy[1].replace("&#43;", "+")


def test_equal_data_give_an_equal_page(full: ReportData) -> None:
    assert render_report(full) == render_report(replace(full))
    assert render_report(full) != render_report(replace(full, actions=["something else"]))


def test_pictures_are_inside_and_small() -> None:
    html = render_report(media_data("image", lambda row, column: png(60 * row)))
    uris = re.findall(r'src="(data:image/[^"]+)"', html)
    assert len(uris) == 3 and len(set(uris)) == 3
    assert all(len(uri) < 17_000 for uri in uris)
    assert Page(html).count("img", alt="row r1") == 1


def test_noisy_photographs_stay_below_the_limit() -> None:
    from PIL import Image

    noise = np.random.default_rng(0).integers(0, 255, (600, 800, 3), dtype=np.uint8)
    buffer = io.BytesIO()
    Image.fromarray(noise).save(buffer, "PNG")
    html = render_report(media_data("image", lambda row, column: buffer.getvalue(), 1))
    (uri,) = re.findall(r'src="data:image/\w+;base64,([^"]+)"', html)
    assert 1000 < len(uri) * 3 / 4 <= 12 * 1024


def test_media_that_cannot_be_read_say_why() -> None:
    def broken(row: int, column: str) -> bytes:
        if row == 0:
            raise SourceError("the file is <gone>")
        return b"" if row == 1 else png()

    page = parsed(media_data("image", broken))
    assert "the file is <gone>" in page.text and "the image is empty" in page.text and page.count("img") == 1
    assert "not at hand" in parsed(media_data("image", None)).text
    assert "not at hand" in parsed(media_data("audio", None)).text


def test_sounds_play_and_are_cut() -> None:
    page = parsed(media_data("audio", lambda row, column: wav(0.5) if row else wav(20)))
    assert page.count("audio") == 3 and "first 4.1 of 20.0 s" in page.text and "0.5 s" in page.text
    uris = [attrs["src"] or "" for name, attrs in page.elements if name == "audio"]
    assert all(uri.startswith("data:audio/wav;base64,UklGR") and len(uri) <= 64 * 1024 * 4 / 3 + 40 for uri in uris)
    fast = parsed(media_data("audio", lambda row, column: wav(1.0, 44_100), 1))
    assert "1.0 s" in fast.text


def test_the_media_budget_holds() -> None:
    media = Media(lambda row, column: png(10 * row), budget=400)
    pictures = [media.picture(row, "path", "alt") for row in range(20)]
    shown = [picture for picture in pictures if picture.uri]
    assert 0 < len(shown) < 20 and sum(len(picture.uri) for picture in shown) <= 400
    assert all("left out to keep this file small" in p.problem for p in pictures if not p.uri)
    quiet = Media(lambda row, column: wav(0.5), budget=100).sound(0, "path", "name")
    assert not quiet.uri and "left out" in quiet.problem and "<svg" in quiet.wave


def test_table_rows_show_gaps_and_what_differs() -> None:
    columns = tuple(Column(f"c{i:02d}", "input", "number") for i in range(30))
    values: dict[str, list[Any]] = {c.name: [1.5, 1.5, 1.5] for c in columns}
    values["c29"] = [None, 7.25, None]
    snapshot = make_snapshot(values, Schema(columns))
    found = Findings.build("near_duplicate", ["r0", "r1"], [0.9, 0.8], [True, True], ["like r1", "like r2"],
                           related=[["r1"], ["r2"]])  # fmt: skip
    page = parsed(ReportData(snapshot, {"near_duplicate": found}, [], {}, []))
    assert "c29 missing" in page.text, "a missing cell is shown although it stands last"
    assert "differs in 1 of 30 columns" in page.text and "c29 7.25" in page.text and "and 20 more" in page.text
    same = Findings.build("near_duplicate", ["r0"], [0.9], [True], ["like r2"], related=[["r2"]])
    assert "equal in all 30 columns" in parsed(ReportData(snapshot, {"near_duplicate": same}, [], {}, [])).text


def test_a_pair_of_duplicates_gets_one_card_and_both_sentences() -> None:
    snapshot = text_snapshot()
    found = Findings.build("near_duplicate", ["r0", "r1"], [0.9, 0.8], [True, True], ["like r1 (0.1)", "like r0 (0.1)"],
                           related=[["r1"], ["r0"]])  # fmt: skip
    page = parsed(ReportData(snapshot, {"near_duplicate": found}, [], {}, []))
    assert page.count("article") == 1
    assert "like r1 (0.1)" in page.text and "like r0 (0.1)" in page.text


def test_many_flagged_rows_are_bounded_and_counted() -> None:
    n = CARDS + LISTED + 76
    snapshot = text_snapshot(n)
    found = Findings.build(
        "outlier", snapshot.row_ids, np.linspace(1, 0.5, n), [True] * n, [f"w{i}!" for i in range(n)]
    )
    page = parsed(ReportData(snapshot, {"outlier": found}, [], {}, []))
    assert page.count("article") == CARDS
    assert f"w{CARDS + LISTED - 1}!" in page.text and f"w{CARDS + LISTED}!" not in page.text
    assert "76 more are left out" in page.text


def test_many_classes_stay_readable() -> None:
    classes = tuple(f"class_with_a_long_name_{i:02d}" for i in range(77))
    snapshot = text_snapshot(770, classes)
    rows = list(range(0, 80, 2))
    found = label_errors(snapshot, rows, [classes[(row + 1) % 77] for row in rows])
    html = render_report(ReportData(snapshot, {"label_error": found}, [], {}, []))
    assert "53 more classes" in html and "classes of 77 that are confused most" in html
    heat = re.search(r'<svg[^>]*aria-labelledby="confusion-t.*?</svg>', html, flags=re.S)
    assert heat and heat[0].count("<text") <= 2 + 10 + 10 + 100


def test_a_numeric_label_gets_a_histogram() -> None:
    schema = Schema((Column("x", "input", "number"), Column("price", "label", "number")))
    snapshot = make_snapshot({"x": [1.0] * 5, "price": [1.0, 2.0, None, float("nan"), 9.0]}, schema)
    page = parsed(ReportData(snapshot, {}, [], {}, []))
    assert "Values of the label" in page.text and "2 rows have no label" in page.text
    empty = make_snapshot({"x": [1.0], "price": pa.array([None], pa.float64())}, schema)  # type: ignore[dict-item]
    assert "There are no labels" in parsed(ReportData(empty, {}, [], {}, [])).text


def test_figures_can_be_read_aloud(full: ReportData) -> None:
    html = render_report(full)
    figures = re.findall(r"<svg.*?</svg>", html, flags=re.S)
    assert len(figures) >= 9
    for svg in figures:
        assert 'role="img"' in svg and re.search(r"<title id=[^>]+>[^<]+</title><desc id=[^>]+>[^<]+</desc>", svg)


def test_figures_survive_odd_numbers() -> None:
    counts = np.zeros((2, 2), dtype=np.int64)
    assert "no counts" in heat_map("a", ["x", "y"], ["x", "y"], counts, "t")
    assert "3 rows scored" in score_histogram("b", np.asarray([0, 0.5, 1.0]), np.zeros(3, bool), float("nan"), "t")
    assert "median 3" in value_histogram("c", np.asarray([3.0, 3.0]), "t")
    assert "nan" not in whiskers("d", [Difference("a", 0.0, 0.0, 0.0)], "points", "t")
    huge = np.repeat([0.1, 0.9], [10**6, 1])
    assert "1,000,001 rows scored" in score_histogram("e", huge, huge > 0.5, 0.5, "t")


@pytest.mark.parametrize(
    ("part", "whole", "said"),
    [(0, 10, "0%"), (1, 10**6, "<0.1%"), (999_999, 10**6, ">99.9%"), (10, 10, "100%"), (1, 8, "12.5%"), (1, 0, "0%")],
)
def test_shares_never_round_to_nothing_or_everything(part: int, whole: int, said: str) -> None:
    assert percent(part, whole) == said


@given(st.text(max_size=60), st.floats(5, 200))
def test_cut_text_fits_and_escapes(text: str, width: float) -> None:
    shown = fit(text, width, 11)
    assert "\n" not in shown and len(shown) <= max(len(clean(text)), 1)
    assert "<" not in tag("text", text).removeprefix("<text>").removesuffix("</text>")


def test_a_report_is_written_whole_or_not_at_all(full: ReportData, tmp_path: Path) -> None:
    path = tmp_path / "new" / "report.html"
    assert write_report(full, path) == path
    assert path.read_text(encoding="utf-8") == render_report(full)
    assert [p.name for p in path.parent.iterdir()] == ["report.html"]
    folder = tmp_path / "folder.html"
    folder.mkdir()
    with pytest.raises(StoreError, match="cannot be written"):
        write_report(full, folder)
    assert list(tmp_path.glob(".*")) == []
    with pytest.raises(StoreError, match="cannot be written"):
        write_report(full, path / "below.html")


def mapped(data: ReportData) -> ReportData:
    return replace(data, map=np.random.default_rng(0).uniform(-1, 1, (len(data.snapshot), 2)))


def map_figure(data: ReportData) -> str:
    found = re.search(r'<svg[^>]*aria-labelledby="map-of-rows-t.*?</svg>', render_report(data), flags=re.S)
    assert found
    return found[0]


def test_the_map_shows_every_row_its_label_and_its_issues(full: ReportData) -> None:
    page = parsed(mapped(full))
    assert page.count("section", id="map") == 1 and page.count("a", href="#map") == 1
    assert "All 12 rows" in page.text and "Neighbour-preserving layout" in page.text
    svg = map_figure(mapped(full))
    assert "<title>r0, labelled neg: label error</title>" in svg
    assert "<title>r2, labelled neg: conflicting duplicate</title>" in svg
    assert "<title>r3, labelled pos: label error, too loud</title>" in svg, "a row with two issues names both"
    assert "<title>r4, labelled neg: not flagged</title>" in svg
    assert svg.count("<circle") == 7 and svg.count("<path") == 5
    for part, n in (("Suspect labels", 3), ("Duplicates", 2), ("not flagged", 7)):
        assert f"{part} {n}" in page.text


def test_points_of_the_map_lead_to_cards(full: ReportData) -> None:
    page = parsed(mapped(full))
    ids = {attrs["id"] for name, attrs in page.elements if name == "li" and "id" in attrs}
    links = [attrs["href"] for name, attrs in page.elements if name == "a" and attrs.get("tabindex") == "-1"]
    assert len(links) == 5 and {(link or "")[1:] for link in links} <= ids
    html = render_report(mapped(full))
    link = re.search(r'<a href="#([^"]+)" tabindex="-1"><path[^>]*><title>r1,', map_figure(mapped(full)))
    assert link
    card = html[html.index(f'<li id="{link[1]}"') :]
    assert card.index(">r1<") < card.index("</li>")


def test_no_map_without_places(full: ReportData) -> None:
    assert parsed(full).count("section", id="map") == 0
    nowhere = replace(full, map=np.full((12, 2), np.nan))
    assert parsed(nowhere).count("section", id="map") == 0 and "Neighbour-preserving" not in parsed(nowhere).text
    places = mapped(full).map
    assert places is not None
    places[[0, 4]] = np.nan
    svg = map_figure(replace(full, map=places))
    assert "r0," not in svg and "r4," not in svg and "<title>r5," in svg
    same = map_figure(replace(full, map=np.zeros((12, 2))))
    assert "nan" not in same and "inf" not in same


def test_a_map_of_hostile_rows_holds_only_marks() -> None:
    page = parsed(mapped(hostile_data()))
    calm = parsed(hostile_data())
    assert page.count("script") == 1 and page.count("img") == 0
    assert {name for name, _ in page.elements} - {name for name, _ in calm.elements} <= {"circle", "path", "g"}
    assert all(not attribute.startswith("on") for _, attributes in page.elements for attribute in attributes)
    assert "\u202e" not in map_figure(mapped(hostile_data()))
    policy = [a["content"] for _, a in page.elements if a.get("http-equiv")]
    assert policy == [a["content"] for _, a in calm.elements if a.get("http-equiv")]


def test_the_map_is_bounded_and_keeps_flagged_rows() -> None:
    n = POINTS * 4
    snapshot = text_snapshot(n)
    everywhere = np.arange(n)
    few = {"label_error": label_errors(snapshot, [7, n - 3], ["pos", "pos"])}
    assert {7, n - 3} <= set(map_rows(snapshot, few, everywhere).tolist())
    assert len(map_rows(snapshot, few, everywhere)) == POINTS
    assert 7 not in map_rows(snapshot, few, everywhere[8:])
    flags = np.arange(n) < 4000
    some = {"outlier": Findings.build("outlier", snapshot.row_ids, np.linspace(1, 0, n), flags, ["w"] * n)}
    assert len(map_rows(snapshot, some, everywhere)) == 4000 + PLAIN
    flags = np.arange(n) < FLAGGED + 100
    many = {"outlier": Findings.build("outlier", snapshot.row_ids, np.linspace(1, 0, n), flags, ["w"] * n)}
    kept = map_rows(snapshot, many, everywhere)
    assert len(kept) == FLAGGED + PLAIN and kept[FLAGGED - 1] == FLAGGED - 1
    page = parsed(mapped(ReportData(snapshot, many, [], {}, [])))
    assert "100 flagged rows are left out" in page.text and "6,600 of 12,000 rows" in page.text


def test_places_belong_to_their_rows() -> None:
    snapshot = text_snapshot()
    values = np.random.default_rng(0).normal(size=(4, 3)).astype(np.float32)
    evidence = Evidence("embeddings", snapshot.id, snapshot.row_ids[[9, 1, 4, 0]], values)
    places = lay_out(snapshot, evidence)
    assert places is not None and np.flatnonzero(np.isfinite(places).all(axis=1)).tolist() == [0, 1, 4, 9]
    again = lay_out(snapshot, evidence)
    np.testing.assert_array_equal(places, again)
    assert lay_out(snapshot, None) is None
    assert lay_out(snapshot, replace(evidence, row_ids=evidence.row_ids[:2], values=values[:2])) is None


def test_cells_of_the_confusion_name_their_pair_and_cards_carry_it(full: ReportData) -> None:
    page = parsed(full)
    cells = {attrs["data-pair"] for name, attrs in page.elements if name == "g" and "data-pair" in attrs}
    cards = [attrs["data-pair"] for name, attrs in page.elements if name == "article"]
    assert cells == {"0 1", "1 0"}, "rows 0 and 3, 5: given, then suggested"
    assert sorted(pair or "" for pair in cards) == ["", "", "", "0 1", "1 0", "1 0"]
    key = next(attrs["data-issue"] for name, attrs in page.elements if attrs.get("class") == "pairs")
    lists = [attrs["data-issue"] for name, attrs in page.elements if name == "ol" and "data-issue" in attrs]
    assert key in lists
    assert page.count("g", role="button") == 0, "a plain figure until the script makes it a control"
    plain = heat_map("a", ["x"], ["y"], np.ones((1, 1), dtype=np.int64), "t")
    assert "data-pair" not in plain


def test_listed_rows_can_be_filtered_too() -> None:
    n = CARDS + 10
    snapshot = text_snapshot(n)
    found = label_errors(snapshot, list(range(n)), [("pos", "neg")[row % 2] for row in range(n)])
    page = parsed(ReportData(snapshot, {"label_error": found}, [], {}, []))
    pairs = [attrs["data-pair"] for name, attrs in page.elements if name == "tr" and "data-pair" in attrs]
    assert pairs == ["0 1", "1 0"] * 5
