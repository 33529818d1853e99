"""Sections of the report: what is computed from findings, classes and the proof before it is drawn."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.records import ClassEffect, Effect, Findings, Proof, Snapshot
from tilth.workflows.report.cards import Card, Reader, class_marks, make_cards, show_value
from tilth.workflows.report.figures import (
    Bar,
    Whisker,
    class_bars,
    heat_map,
    pair_bars,
    score_histogram,
    value_histogram,
    whiskers,
)
from tilth.workflows.report.svg import NOTHING, Svg, clean_line, number, percent

__all__ = [
    "ClassSection",
    "IssueSection",
    "ProofSection",
    "class_section",
    "confusion",
    "issue_section",
    "proof_section",
]

CARDS = 24
LISTED = 200
EXAMINED = 600
BARS = 24
HEAT_CLASSES = 10
PAIRS = 12
CLASS_ROWS = 15

#: What each shipped issue means, in one line; any other part is shown under its own name.
MEANINGS = {
    "label_error": ("Suspect labels", "rows whose given label disagrees with what out-of-sample models believe"),
    "outlier": ("Outliers", "rows unlike all others: foreign, broken or very rare"),
    "near_duplicate": ("Duplicates", "rows that repeat another row, exactly or nearly"),
    "class_imbalance": ("Rare classes", "rows of classes that are much smaller than the others"),
    "missing_values": ("Missing values", "rows with empty cells"),
    "underperforming_group": ("Weak groups", "rows of groups on which the out-of-sample model does worse"),
    "non_iid": ("Row order", "whether alike rows stand near each other in the file"),
    "unreadable": ("Unreadable items", "files that are missing, empty, corrupt or too large to decode safely"),
}


@dataclass(frozen=True)
class Listed:
    """A flagged row beyond the cards."""

    row_id: str
    given: str
    suggestion: str
    score: str
    why: str
    classes: str
    pair: str


@dataclass(frozen=True)
class IssueSection:
    """One part's findings, ready to draw."""

    key: str
    part: str
    title: str
    meaning: str
    scored: int
    flagged: int
    share: str
    figure: Svg
    facts: tuple[tuple[str, str], ...]
    cards: tuple[Card, ...]
    listed: tuple[Listed, ...]
    unlisted: int

    @property
    def anchors(self) -> dict[str, str]:
        """Id of the card of each row that is on one; a row's own card before one that it stands beside."""
        found = {card.rows[0]: f"{self.key}-card-{index}" for index, card in enumerate(self.cards)}
        for index, card in enumerate(self.cards):
            for row in card.rows[1:]:
                found.setdefault(row, f"{self.key}-card-{index}")
        return found


@dataclass(frozen=True)
class ClassSection:
    """The label column, ready to draw."""

    kind: str
    figure: Svg = NOTHING
    unlabelled: int = 0
    said: str = ""


def issue_section(key: str, part: str, findings: Findings, reader: Reader) -> IssueSection:
    """Counts, score distribution and cards of one part."""
    flagged = findings.flagged()
    scores = findings.scores
    marks = np.asarray(findings.table.column("flagged").to_numpy(), dtype=bool)
    title, meaning = MEANINGS.get(part, (clean_line(part), ""))
    drawn = NOTHING
    if len(scores):
        drawn = score_histogram(f"{key}-scores", scores, marks, findings.threshold, f"Scores of {part}")
    cards, left = make_cards(flagged.table.slice(0, EXAMINED).to_pylist(), reader, CARDS)
    rest = left[:LISTED]
    return IssueSection(
        key,
        clean_line(part),
        title,
        meaning,
        len(findings),
        len(flagged),
        percent(len(flagged), len(reader.snapshot)),
        drawn,
        tuple(_summary(findings.summary)),
        cards,
        tuple(_listed(row, reader) for row in rest),
        len(flagged) - len(cards) - len(rest),
    )


def _listed(row: dict[str, Any], reader: Reader) -> Listed:
    given = reader.label(reader.position(row["row_id"]))
    suggestion = clean_line(row["suggestion"] or "")
    return Listed(
        clean_line(row["row_id"]),
        given,
        suggestion,
        f"{row['score']:.3f}",
        clean_line(row["why"]),
        *class_marks(row, reader),
    )


def _summary(summary: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The named numbers and short flat lists of a findings summary as text; tables are drawn elsewhere."""
    said: list[tuple[str, str]] = []
    for name, value in list(summary.items())[:16]:
        nested = isinstance(value, Mapping) or (isinstance(value, list) and any(isinstance(v, Mapping) for v in value))
        if not nested:
            said.append((clean_line(name).replace("_", " "), _short(value)))
    return said


def _short(value: Any, depth: int = 0) -> str:
    if isinstance(value, Mapping):
        value = [f"{clean_line(name)}: {_short(item, depth + 1)}" for name, item in list(value.items())[:9]]
    if isinstance(value, list | tuple):
        shown = [_short(item, depth + 1) if depth < 3 else "…" for item in value[:8]]
        return ", ".join(shown) + (" …" if len(value) > 8 else "") or "none"
    if isinstance(value, bool) or value is None:
        return {True: "yes", False: "no", None: "none"}[value]
    if isinstance(value, int):
        return number(value)
    return clean_line(show_value(value))


def class_section(snapshot: Snapshot, findings: Mapping[str, Findings]) -> ClassSection:
    """Distribution of the label: bars of classes, or a histogram of numbers."""
    name = snapshot.schema.label
    if not name:
        return ClassSection("none")
    if snapshot.schema.column(name).media == "number":
        values = np.asarray(snapshot.table.column(name).to_numpy(), dtype=np.float64)
        finite = values[np.isfinite(values)]
        if not len(finite):
            return ClassSection("none")
        return ClassSection(
            "number", value_histogram("classes", finite, "Values of the label"), len(values) - len(finite)
        )
    labels = snapshot.labels
    unlabelled = int((labels < 0).sum())
    if not snapshot.classes:
        return ClassSection("none", unlabelled=unlabelled)
    sizes = np.bincount(labels[labels >= 0], minlength=len(snapshot.classes))
    marked = np.bincount(_flagged_classes(snapshot, findings), minlength=len(snapshot.classes))
    order = np.argsort(-sizes, kind="stable") if len(sizes) > BARS else np.arange(len(sizes))
    hidden = ""
    if len(sizes) > BARS:
        middle = sizes[order[BARS // 2 : -BARS // 2]]
        hidden = f"{len(middle)} more classes, {number(middle.max())} to {number(middle.min())} rows each"
        order = np.concatenate([order[: BARS // 2], order[-BARS // 2 :]])
    bars = [Bar(clean_line(snapshot.classes[i]) or "(empty name)", int(sizes[i]), int(marked[i])) for i in order]
    drawn = class_bars("classes", bars, hidden, "Rows of each class")
    low, high = int(sizes.min()), int(sizes.max())
    said = f"The smallest class has {number(low)} {'row' if low == 1 else 'rows'}, the largest {number(high)}."
    return ClassSection("class", drawn, unlabelled, said)


def _pairs(snapshot: Snapshot, findings: Mapping[str, Findings]) -> npt.NDArray[np.int64]:
    """(given, suggested) class indexes of flagged label errors, shape (m, 2)."""
    found = findings.get("label_error")
    if found is None or not snapshot.classes:
        return np.zeros((0, 2), dtype=np.int64)
    index = {name: place for place, name in enumerate(snapshot.classes)}
    given = dict(zip(snapshot.row_ids.tolist(), snapshot.labels.tolist(), strict=True))
    table = found.flagged().table
    rows = zip(table.column("row_id").to_pylist(), table.column("suggestion").to_pylist(), strict=True)
    pairs = [(given.get(row, -1), index.get(suggestion, -1)) for row, suggestion in rows]
    return np.asarray(pairs, dtype=np.int64).reshape(-1, 2)


def _flagged_classes(snapshot: Snapshot, findings: Mapping[str, Findings]) -> npt.NDArray[np.int64]:
    given = _pairs(snapshot, findings)[:, 0]
    return given[given >= 0]


def _most_confused(pairs: list[tuple[int, ...]]) -> npt.NDArray[np.int64]:
    """The classes of the first pairs, as many as the heat map holds, in class order."""
    kept: set[int] = set()
    for pair in pairs:
        if len(kept | set(pair)) <= HEAT_CLASSES:
            kept |= set(pair)
    return np.asarray(sorted(kept), dtype=np.int64)


def confusion(snapshot: Snapshot, findings: Mapping[str, Findings]) -> tuple[Svg, Svg, str]:
    """Heat map of given against suggested, bars of the most confused pairs, and what was left out."""
    pairs = _pairs(snapshot, findings)
    pairs = pairs[(pairs >= 0).all(axis=1)]
    if not len(pairs):
        return NOTHING, NOTHING, ""
    names = [clean_line(name) or "(empty name)" for name in snapshot.classes]
    k = len(names)
    counts = np.zeros((k, k), dtype=np.int64)
    np.add.at(counts, (pairs[:, 0], pairs[:, 1]), 1)
    said = ""
    ranked = Counter(map(tuple, pairs.tolist())).most_common()
    ranked.sort(key=lambda pair: (-pair[1], pair[0]))
    kept = np.arange(k)
    if k > HEAT_CLASSES:
        kept = _most_confused([pair for pair, _ in ranked])
        shown = int(counts[np.ix_(kept, kept)].sum())
        said = (
            f"The {len(kept)} classes of {k} that are confused most; they hold {number(shown)} of "
            f"{number(len(pairs))} suggested changes."
        )
    some = [names[i] for i in kept]
    drawn = heat_map(
        "confusion", some, some, counts[np.ix_(kept, kept)], "Given against suggested labels", kept.tolist()
    )
    most = PAIRS if k > HEAT_CLASSES else PAIRS // 2
    bars = pair_bars(
        "pairs", [(names[a], names[b], n) for (a, b), n in ranked[:most]], "Most frequent suggested changes"
    )
    return drawn, bars, said


@dataclass(frozen=True)
class ClassRow:
    """One class of the proof's table."""

    name: str
    n: str
    before: str
    after: str
    effect: tuple[str, str]
    sure: str


@dataclass(frozen=True)
class ProofSection:
    """The proof, ready to draw."""

    proof: Proof
    figure: Svg
    arms: tuple[tuple[str, str, tuple[str, str]], ...]
    classes: tuple[ClassRow, ...]
    slices: tuple[ClassRow, ...]
    level: str
    orders: tuple[OrderRow, ...] = ()


@dataclass(frozen=True)
class OrderRow:
    """What either order of review had gained, ready to draw."""

    reviewed: str
    worth: str
    plain: str
    effect: tuple[str, str]
    winner: str


ARM_NAMES = {
    "before": "before",
    "after": "after: repaired data",
    "placebo": "placebo: random changes",
    "model-centric": "bigger model, old data",
}


def show_effect(effect: Effect) -> tuple[str, str]:
    """An effect in points, and its interval.

    Examples
    --------
    >>> show_effect(Effect(0.0123, -0.001, 0.025))
    ('+1.23', '(−0.10 to +2.50)')
    """
    interval = f"({100 * effect.low:+.2f} to {100 * effect.high:+.2f})"
    return f"{100 * effect.estimate:+.2f}".replace("-", "−"), interval.replace("-", "−")


def _class_row(row: ClassEffect) -> ClassRow:
    sure = "up" if row.effect.low > 0 else "down" if row.effect.high < 0 else ""
    return ClassRow(
        clean_line(row.name), number(row.n), f"{row.before:.3f}", f"{row.after:.3f}", show_effect(row.effect), sure
    )


def proof_section(proof: Proof) -> ProofSection:
    """The arms as dots with whiskers, and the tables."""
    compared = [(ARM_NAMES.get(arm.name, arm.name), arm.against_before) for arm in proof.arms]
    rows = [Whisker(name, 100 * e.estimate, 100 * e.low, 100 * e.high) for name, e in compared if e is not None]
    levels = sorted({e.level for _, e in compared if e is not None})
    level = f"{levels[0]:.0%}" if levels else "95%"
    unit = f"difference from before, points of {proof.metric} ({level} interval)"
    arms = tuple(
        (
            clean_line(ARM_NAMES.get(arm.name, arm.name)),
            f"{arm.score:.4f}",
            ("—", "") if arm.against_before is None else show_effect(arm.against_before),
        )
        for arm in proof.arms
    )
    return ProofSection(
        proof,
        whiskers("proof-arms", rows, unit, "Effect of each arm on the metric") if rows else NOTHING,
        arms,
        tuple(_class_row(row) for row in proof.classes),
        tuple(_class_row(row) for row in proof.slices),
        level,
        tuple(
            OrderRow(
                number(row.reviewed),
                f"{100 * row.worth:+.2f}".replace("-", "−"),
                f"{100 * row.plain:+.2f}".replace("-", "−"),
                show_effect(row.difference),
                row.winner,
            )
            for row in proof.orders
        ),
    )
