"""The checks themselves: those of every part, and those of one room."""

from __future__ import annotations

import copy
import dataclasses
import inspect
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tilth.errors import NotApplicable, TilthError
from tilth.plugin import COSTS, Example, Part, Run, View
from tilth.records import Ballot, Evidence, Findings, RowBatch, Rows, digest
from tilth.testing._generators import GENERATOR_CHECKS, generated, mark_of_samples

__all__ = ["ABOUT_ALL", "BY_ROOM"]

_KINDS = (
    "labels",
    "rows",
    "embeddings",
    "probs",
    "neighbors",
    "perceptual",
    "sizes",
    "readable",
    "duplicates",
    "label_errors",
    "predictions",
)
#: What a label model answers, by the names of its arrays.
_ANSWERS = ("beliefs", "labels", "prior", "quality", "confusions", "weights", "values", "standard_errors")
#: Made by the active-learning loop, for strategies only.
_POOL_KINDS = ("committee", "label_probs", "costs", "times_asked")


def _example(part: type[Part]) -> tuple[Part, Example]:
    example = part.example()
    return part(**example.params), example


def _answer(part: Part, given: Any) -> Any:
    """What the part's verb says to its example's input."""
    run = Run(seed=0, path=part.name)
    if part.room == "detectors":
        return part.detect(given, run)  # type: ignore[attr-defined]
    if part.room == "strategies":
        return part.pick(given, max(int((given.labels < 0).sum()) // 2, min(len(given), 1)), run)  # type: ignore[attr-defined]
    if part.room in ("labelers", "embedders"):
        return getattr(part, {"labelers": "vote", "embedders": "embed"}[part.room])(given, run)
    if part.room == "generators":
        return generated(part, given)
    if part.room == "label_models":
        votes, more = given if isinstance(given, tuple) else (given, None)
        return part.fit(votes, votes.n_classes, run, given=more)  # type: ignore[attr-defined]
    if callable(given):
        with tempfile.TemporaryDirectory() as folder:
            return part.read(given(Path(folder)), run)  # type: ignore[attr-defined]
    return part.read(given, run)  # type: ignore[attr-defined]


def _mark(answer: Any) -> str:
    """A hash of an answer: equal answers, equal marks."""
    if isinstance(answer, Findings):
        return digest([answer.to_dicts(), answer.summary])
    if isinstance(answer, Rows):
        return digest([answer.table.column_names, [str(row) for row in answer.table.to_pylist()]])
    if isinstance(answer, Ballot):
        return digest([answer.codes.tolist(), [str(label) for label in answer.labels], answer.faults])
    if isinstance(answer, list):
        return mark_of_samples(answer)
    if not isinstance(answer, np.ndarray):
        return digest([_mark(getattr(answer, name)) for name in _ANSWERS if hasattr(answer, name)])
    array = np.ascontiguousarray(answer)
    return digest([str(array.dtype), list(array.shape), array.tobytes().hex()])


def _check_frozen_dataclass(part: type[Part]) -> str:
    params = getattr(part, "__dataclass_params__", None)
    own = "__dataclass_params__" in vars(part)
    return "" if own and params is not None and params.frozen else "decorate it with @dataclass(frozen=True)"


def _check_named_after_its_file(part: type[Part]) -> str:
    stem = part.__module__.rpartition(".")[2]
    if not part.__module__.startswith("tilth."):
        return "" if part.name else "it has no name: take it from a shelf, or set the class fact name"
    return "" if part.name == stem else f"its name is {part.name!r}, its file {stem!r}"


def _check_class_facts(part: type[Part]) -> str:
    if part.cost not in COSTS:
        return f"cost is {part.cost!r}, not one of {', '.join(COSTS)}"
    unknown = [kind for kind in (*part.needs, *part.wants) if kind not in _KINDS + _POOL_KINDS]
    if unknown:
        return f"it needs {unknown[0]!r}, which nothing makes"
    return "" if isinstance(part.version, int) and part.version >= 1 else f"version is {part.version!r}"


def _check_rebuilt_from_spec(part: type[Part]) -> str:
    made = part()
    spec = made.spec()
    again = part(**spec["params"])
    if again != made or again.key != made.key:
        return f"built again from {spec} it is another part"
    return "" if len(digest(spec)) == 32 else "its spec has no hash"


def _check_parameters_are_settled(part: type[Part]) -> str:
    """Its constructor only stores and checks: every field keeps the value it was given."""
    made = part()
    for field in dataclasses.fields(part):
        if field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            return f"field {field.name} has no default"
        if field.default is not dataclasses.MISSING and getattr(made, field.name) != field.default:
            return f"field {field.name} was changed by the constructor"
    return ""


def _check_documented(part: type[Part]) -> str:
    text = inspect.getdoc(part) or ""
    if part.__doc__ is None or not text:
        return "it has no docstring"
    if dataclasses.fields(part) and "Parameters\n----------" not in text:
        return "its docstring has no Parameters section"
    undocumented = [f.name for f in dataclasses.fields(part) if f.name not in text.partition("Parameters")[2]]
    if undocumented:
        return f"its docstring does not describe {undocumented[0]!r}"
    return "" if ">>>" in text else "its docstring has no example"


def _check_example(part: type[Part]) -> str:
    made, example = _example(part)
    if not example.shows:
        return "its example does not say what it shows"
    wrong = example.check(_answer(made, example.given))
    return f"its example fails: {wrong}" if wrong else ""


def _check_says_the_same_twice(part: type[Part]) -> str:
    made, example = _example(part)
    first, second = (_mark(_answer(made, example.given)) for _ in range(2))
    return "" if first == second else "it gives two answers to the same input and seed"


def _check_findings(part: type[Part]) -> str:
    made, example = _example(part)
    found = _answer(made, example.given)
    if not isinstance(found, Findings):
        return f"it returned {type(found).__name__}, not Findings"
    known = set(example.given.row_ids.tolist())
    seen: set[tuple[str, str]] = set()
    for row in found.to_dicts():
        where = f"finding on row {row['row_id']!r}"
        if row["row_id"] not in known or not set(row["related"]) <= known:
            return f"{where}: it names a row that is not in the view"
        if (row["row_id"], row["issue"]) in seen:
            return f"{where}: there are two"
        seen.add((row["row_id"], row["issue"]))
        if not 0 <= row["score"] <= 1:
            return f"{where}: score {row['score']}"
        if row["flagged"] and not row["why"].strip():
            return f"{where}: it is flagged without a reason"
    digest(found.summary)
    return ""


def _arrays(given: View) -> dict[str, Any]:
    held: dict[str, Any] = {"row_ids": given.row_ids, "items": given.items, "labels": given.labels}
    held.update(split=given.split, groups=given.groups)
    for kind, evidence in given.evidence.items():
        held[kind] = evidence.values
        held.update({f"{kind} {name}": array for name, array in evidence.extra.items()})
    return held


def _check_leaves_its_input_alone(part: type[Part]) -> str:
    made, example = _example(part)
    held = _arrays(example.given)
    before = {name: copy.deepcopy(array) for name, array in held.items()}
    _answer(made, example.given)
    changed = [name for name, array in held.items() if not np.array_equal(array, before[name])]
    return f"it changed {changed[0]}" if changed else ""


def _check_empty_view(part: type[Part]) -> str:
    """No rows: it has nothing to say, by `NotApplicable` or by empty findings; nothing else is raised."""
    made, example = _example(part)
    given: View = example.given
    evidence = {
        kind: Evidence(
            kind,
            found.snapshot_id,
            found.row_ids[:0],
            found.values[:0],
            found.classes,
            found.maker,
            found.out_of_sample,
            {name: array[:0] for name, array in found.extra.items()},
        )
        for kind, found in given.evidence.items()
    }
    table = None if given.table is None else given.table.slice(0, 0)
    view = View(
        given.row_ids[:0], given.items[:0], given.labels[:0], given.classes, table=table, schema=given.schema,
        evidence=evidence,
    )  # fmt: skip
    try:
        found = _answer(made, view)
    except NotApplicable as answer:
        return "" if answer.what else "it does not apply, but does not say why"
    except TilthError as error:
        return f"it fails on no rows: {type(error).__name__}: {error}"
    return "" if len(found) == 0 else f"it found {len(found)} things in no rows"


def _check_picks(part: type[Part]) -> str:
    made, example = _example(part)
    view: View = example.given
    for budget in (1, int((view.labels < 0).sum())):
        rows = made.pick(view, budget, Run(path=part.name)).to_dicts()  # type: ignore[attr-defined]
        if not 0 < len(rows) <= budget:
            return f"it picked {len(rows)} rows for a budget of {budget}"
        if [row["score"] for row in rows] != sorted((row["score"] for row in rows), reverse=True):
            return "the row to ask first does not come first"
        if not all(row["flagged"] and any(c.isdigit() for c in row["why"]) for row in rows):
            return "a pick has no reason with a number in it"
    return ""


def _check_no_labels(part: type[Part]) -> str:
    """Zero labels and a single labelled class: it still picks."""
    made, example = _example(part)
    view: View = example.given
    evidence = {k: e for k, e in view.evidence.items() if k not in ("probs", "committee", "label_probs")}
    first = int(np.argmin(view.labels))
    for labels in (np.full(len(view), -1), np.where(np.arange(len(view)) == first, 0, -1)):
        given = dataclasses.replace(view, labels=labels.astype(np.int64), evidence=evidence)
        found = made.pick(given, 2, Run(path=part.name))  # type: ignore[attr-defined]
        if len(found) != 2:
            return f"it picked {len(found)} of 2 rows where {int((labels >= 0).sum())} have labels"
    return ""


def _check_vectors(part: type[Part]) -> str:
    made, example = _example(part)
    vectors = _answer(made, example.given)
    if not isinstance(vectors, np.ndarray) or vectors.dtype != np.float32 or vectors.ndim != 2:
        return f"it returned {getattr(vectors, 'dtype', type(vectors).__name__)}, not (n, d) float32"
    if len(vectors) != len(example.given) or not vectors.shape[1]:
        return f"shape {vectors.shape} for {len(example.given)} items"
    broken = ~np.isfinite(vectors)
    partly = broken.any(axis=1) & ~np.isnan(vectors).all(axis=1)
    return f"row {int(np.argmax(partly))} is partly NaN or infinite" if partly.any() else ""


def _check_beliefs(part: type[Part]) -> str:
    """Beliefs are distributions; an item without votes and one with a single vote get one too."""
    made, example = _example(part)
    votes, more = example.given if isinstance(example.given, tuple) else (example.given, None)
    keep = (votes.items != 0) & ((votes.items != 1) | (np.arange(votes.n_votes) == int(np.argmax(votes.items == 1))))
    fewer = dataclasses.replace(
        votes, items=votes.items[keep], raters=votes.raters[keep], values=votes.values[keep]
    )  # fmt: skip
    for given in (votes, fewer):
        found = made.fit(given, given.n_classes, Run(path=part.name), given=more)  # type: ignore[attr-defined]
        if given.numeric:
            if np.isfinite(found.values).tolist() != (given.votes_per_item > 0).tolist():
                return "an item with votes has no value, or one without votes has one"
            continue
        if found.beliefs.shape != (given.n_items, given.n_classes) or found.quality.shape != (given.n_raters,):
            return f"beliefs of shape {found.beliefs.shape}, quality of shape {found.quality.shape}"
        if not (np.abs(found.beliefs.sum(axis=1) - 1) < 1e-6).all() or not (found.beliefs >= 0).all():
            return "a row of beliefs is no distribution"
        if not np.allclose(found.beliefs[np.arange(given.n_items), found.labels], found.beliefs.max(axis=1)):
            return "a label is not the class of highest belief"
    return ""


def _check_ballots(part: type[Part]) -> str:
    """One code a row, -1 or a place among the labels; each row by itself gives the same."""
    made, example = _example(part)
    found, table = _answer(made, example.given), example.given.table
    if found.codes.shape != (len(table),) or found.codes.max() >= len(found.labels):
        return "it did not answer with one code a row"
    parts = [] if made.whole else [_answer(made, RowBatch(table.slice(row, 1), row)) for row in range(len(table))]  # type: ignore[attr-defined]
    said = [[(b.labels[c] if c >= 0 else None) for b in bs for c in b.codes] for bs in (parts, [found])]
    return "" if not parts or said[0] == said[1] else f"rows by themselves give {said[0]}, together {said[1]}"


def _check_rows(part: type[Part]) -> str:
    made, example = _example(part)
    rows = _answer(made, example.given)
    if not isinstance(rows, Rows) or not isinstance(rows.table, pa.Table):
        return f"it returned {type(rows).__name__}, not Rows"
    unknown = [name for name in (*rows.media, *rows.roles, *rows.hashes) if name not in rows.table.column_names]
    if unknown:
        return f"it speaks of a column {unknown[0]!r} that its table does not have"
    short = [name for name, hashes in rows.hashes.items() if len(hashes) != len(rows.table)]
    return f"column {short[0]!r} has another number of hashes than rows" if short else ""


def _check_claims_nothing_foreign(part: type[Part]) -> str:
    claimed = [uri for uri in (None, 3.5, "") if part.claims(uri)]  # type: ignore[attr-defined]
    return f"it claims {claimed[0]!r}" if claimed else ""


ABOUT_ALL: list[Callable[[type[Part]], str]] = [
    _check_frozen_dataclass,
    _check_named_after_its_file,
    _check_class_facts,
    _check_rebuilt_from_spec,
    _check_parameters_are_settled,
    _check_documented,
    _check_example,
    _check_says_the_same_twice,
]
BY_ROOM: dict[str, list[Callable[[type[Part]], str]]] = {
    "detectors": [_check_findings, _check_leaves_its_input_alone, _check_empty_view],
    "embedders": [_check_vectors],
    "strategies": [_check_findings, _check_picks, _check_no_labels, _check_leaves_its_input_alone, _check_empty_view],
    "label_models": [_check_beliefs],
    "labelers": [_check_ballots],
    "generators": GENERATOR_CHECKS,
    "sources": [_check_rows, _check_claims_nothing_foreign],
}
