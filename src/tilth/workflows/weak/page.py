"""The pages of ``weak analyze`` and ``weak fit``: what to do first, then what each rule hits, gets wrong and adds."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pyarrow as pa

from tilth.errors import ParameterError
from tilth.records import Findings
from tilth.sources import write_rows
from tilth.workflows.crowd.agreement_page import made_with
from tilth.workflows.crowd.figures import Dot, dots
from tilth.workflows.crowd.page import Figure, Page, Section, save_page, table
from tilth.workflows.report.figures import Bar, Whisker, class_bars, whiskers
from tilth.workflows.report.svg import number, percent
from tilth.workflows.weak.figures import gains
from tilth.workflows.weak.judging import contents, gain_of
from tilth.workflows.weak.pictures import with_pictures
from tilth.workflows.weak.results import WeakAnalysis, WeakFit, WeakVotes
from tilth.workflows.weak.tables import (
    analysis_dict,
    ask_findings,
    disputed_findings,
    fit_dict,
    functions_table,
    labels_dict,
    votes_dict,
    write_beliefs,
    write_rules,
)
from tilth.workflows.weak.tables import shown as contents_of

__all__ = [
    "advise_fit", "advise_rules", "analysis_dict", "fit_dict", "labels_dict", "publish_analysis", "publish_fit",
    "report_analysis", "report_fit", "votes_dict",
]  # fmt: skip

_TICKS = (0.0, 0.2, 0.4, 0.6, 0.8, 1.0)


def _f(value: float, digits: int = 3) -> str:
    return f"{value:.{digits}f}".replace("-", "−") if math.isfinite(value) else "–"


def _range(low: float, high: float) -> str:
    return f"{_f(low, 2)} to {_f(high, 2)}" if math.isfinite(low) and math.isfinite(high) else "–"


def _listed(names: list[str], most: int = 4) -> str:
    rest = len(names) - most
    return ", ".join(names[:most]) + (f" and {rest} more" if rest > 0 else "")


def advise_rules(found: WeakAnalysis) -> tuple[str, ...]:
    """What to do about the rules, the most valuable first."""
    said, made = found.said, []
    n = said.votes.n_items
    if said.faults:
        worst = max(said.faults, key=lambda f: f.count)
        made.append(f"Mend {worst.function}: it failed on {worst.count:,} rows, first on {worst.first}.")
    silent = [f.name for f in found.functions if not f.polarity]
    if silent:
        made.append(f"Mend or drop {_listed(silent)}: no vote on any row.")
    share = np.bincount(said.development[said.development >= 0], minlength=len(said.classes))
    wrong = [
        f.name for f in found.functions
        if f.polarity and math.isfinite(f.high) and f.high < max(share[c] / max(share.sum(), 1) for c in f.polarity)
    ]  # fmt: skip
    if wrong:
        made.append(f"Look at {_listed(wrong)}: right less often than guessing its class would be.")
    made += _without(found)
    if found.dependence is not None and found.dependence.strength.max(initial=0.0) >= 0.5:
        d, names = found.dependence, said.votes.rater_names
        made.append(
            f"Merge {names[d.first[0]]} and {names[d.second[0]]}, or see why they fire together "
            f"(correlation {d.strength[0]:.2f} within classes): two names, but nearly one voice."
        )
    unnamed = [c for at, c in enumerate(said.classes) if not any(at in f.polarity for f in found.functions)]
    if unnamed:
        made.append(f"Write a rule for {_listed(unnamed)}: no rule names it.")
    bare = int((said.votes.votes_per_item == 0).sum())
    if bare:
        made.append(f"Cover more: {percent(bare, n)} of the rows ({bare:,}) have no vote.")
    if found.suggestions:
        best = found.suggestions[0]
        made.append(
            f"Consider the rule {best.words!r} for {said.classes[best.label]}: right on {best.precision:.0%} of "
            f"{best.n} labelled rows, in {percent(best.coverage, 1)} of all."
        )
    gold = int((said.development >= 0).sum())
    if gold < 30:
        made.append(f"Label 30 to 100 rows by hand ({gold} are): only they can show which rules and methods are right.")
    return tuple(made) or ("Nothing: fit the label model.",)


def _without(found: WeakAnalysis) -> list[str]:
    """Rules without which majority vote is better, told apart from those of which that may be chance."""
    costly = [f for f in found.functions if math.isfinite(f.gain) and f.gain < -0.005]
    gains = [(f.name, gain_of(found.said.votes, found.said.development, f.index)) for f in costly]
    made = []
    harm = [name for name, gain in gains if gain.high < 0]
    if harm:
        made.append(f"Drop {_listed(harm)}: majority vote is better without.")
    doubt = [
        f"{name} ({_f(100 * gain.estimate, 1)} points, {_f(100 * gain.low, 1)} to {_f(100 * gain.high, 1)})"
        for name, gain in gains
        if gain.high >= 0
    ]
    if doubt:
        made.append(f"Keep an eye on {_listed(doubt)}: majority vote was better without, which may be chance.")
    return made


def _numbers(said: WeakVotes) -> tuple[tuple[str, str], ...]:
    votes = said.votes
    return (
        ("rows", number(votes.n_items)),
        ("rules", number(votes.n_raters)),
        ("votes", number(votes.n_votes)),
        ("rows with a vote", percent(int((votes.votes_per_item > 0).sum()), votes.n_items)),
        ("labelled rows to judge by", number(int((said.development >= 0).sum()))),
    )


def _hits(found: WeakAnalysis) -> Section:
    n = found.said.votes.n_items
    rows = found.functions
    bars = [Bar(f.name, round(f.coverage * n), round(f.conflicts * n)) for f in rows[:40]]
    hits = Figure(
        "Rows that each rule votes on",
        class_bars("hits", bars, f"{len(rows) - 40} more rules" if len(rows) > 40 else "", "Rows that each rule hits"),
        "Marked: rows on which another rule votes otherwise.",
    )
    words = found.said.classes
    lines = [
        (f.name, ", ".join(words[c] for c in f.polarity) or "never", _f(f.coverage), _f(f.overlaps), _f(f.conflicts),
         number(f.correct), number(f.incorrect), _f(f.accuracy, 2), _range(f.low, f.high), number(f.alone),
         _f(f.gain))
        for f in rows
    ]  # fmt: skip
    head = [
        "rule", "polarity", "coverage#", "overlaps#", "conflicts#", "correct#", "incorrect#", "accuracy#", "95%#",
        "alone#", "adds#",
    ]  # fmt: skip
    figures = [hits, *_wrong(found), *_adds(found)]
    return Section(
        "rules",
        "Rules",
        "What each rule hits, what it gets wrong on labelled rows, and what it adds: the accuracy of majority vote "
        "with it less without it. Alone: rows on which no other rule votes.",
        figures=tuple(figures),
        tables=(table("All rules", head, lines, most=200),),
    )


def _wrong(found: WeakAnalysis) -> list[Figure]:
    judged = [f for f in found.functions if math.isfinite(f.accuracy)]
    if not judged:
        return []
    judged.sort(key=lambda f: f.accuracy)
    shown = [
        Dot(f.name, f.accuracy, f.low, f.high, f"{f.incorrect} of {f.correct + f.incorrect} votes wrong")
        for f in judged[:25]
    ]
    chance = round(1 / len(found.said.classes), 2)
    svg = dots(
        "wrong", shown, "Accuracy of each rule", axis=(0.0, 1.0), ticks=_TICKS, unit="share of votes that are right",
        target=chance, line="chance",
    )  # fmt: skip
    return [Figure("What each rule gets wrong", svg, "On labelled rows, with 95% intervals; hollow: chance is within.")]


def _adds(found: WeakAnalysis) -> list[Figure]:
    known = [f for f in found.functions if math.isfinite(f.gain)]
    if not known:
        return []
    known.sort(key=lambda f: -abs(f.gain))
    votes, gold = found.said.votes, found.said.development
    adds = [(f.name, gain_of(votes, gold, f.index)) for f in known[:25]]
    shown = [Dot(name, 100 * i.estimate, 100 * i.low, 100 * i.high, f"{i.n} labelled rows") for name, i in adds]
    svg = gains("adds", shown, "points of accuracy of majority vote", "What each rule adds to the others")
    remark = "Right of the line: majority vote is better with it. With 95% intervals; hollow: it may add nothing."
    return [Figure("What each rule adds to the others", svg, remark)]


def report_analysis(found: WeakAnalysis, path: Path, *, seed: int = 0) -> Path:
    """Write the page of ``weak analyze``; returns its absolute path."""
    said = found.said
    names = said.votes.rater_names
    said_rows = [(row, text, votes) for (row, votes), text in zip(found.disputed, contents_of(found), strict=True)]
    disputed = table("Rows on which rules differ most", ["row", "what it says", "votes"], said_rows, most=50)
    place = {str(name): at for at, name in enumerate(said.votes.item_names.tolist())}
    disputed = with_pictures(disputed, said, [place[row] for row, _ in found.disputed])
    suggested = [
        (s.words, said.classes[s.label], f"{s.precision:.0%}", _range(s.low, s.high), s.n, percent(s.coverage, 1),
         percent(s.adds, 1))
        for s in found.suggestions
    ]  # fmt: skip
    head = ["words", "class", "precision#", "95%#", "labelled rows#", "in#", "without a vote yet#"]
    sections = [_hits(found)]
    pairs = found.dependence
    if pairs is not None and len(pairs.first):
        lines = [
            (str(names[i]), str(names[j]), f"{s:.2f}")
            for i, j, s in zip(pairs.first.tolist(), pairs.second.tolist(), pairs.strength.tolist(), strict=True)
        ]
        sections.append(
            Section("pairs", "Rules that fire together", "Beyond what the classes explain; copies have 1.",
                    tables=(table("Pairs", ["rule", "rule", "correlation#"], lines),))
        )  # fmt: skip
    empty = "" if found.disputed else "No two rules differ on any row."
    sections.append(Section("disputed", "Disputed rows", empty=empty, tables=(disputed,) if found.disputed else ()))
    why = "" if suggested else "None: at least 20 labelled rows and a text column are needed, and words that tell."
    sections.append(
        Section("suggestions", "Words that could become rules", "Mined from the labelled rows. Accept with your eyes.",
                empty=why, tables=(table("Suggestions", head, suggested),) if suggested else ())
    )  # fmt: skip
    first = advise_rules(found)
    page = Page(
        "Rules report", said.dataset.name, "", f"{said.votes.n_raters} rules", first[0], _numbers(said), first,
        tuple(sections), made_with(f"tilth weak analyze {said.dataset.name}", seed), said.notes,
    )  # fmt: skip
    return save_page(page, path)


def advise_fit(fit: WeakFit) -> tuple[str, ...]:
    """What to do with the beliefs, the most valuable first."""
    made, said = [], fit.said
    if fit.plan.ask.size:
        first = said.votes.item_names[fit.plan.ask[0]]
        made.append(f"Label {fit.plan.ask.size:,} rows by hand, {first} first: {fit.plan.reasons[0]}.")
    if not (said.held_out & (said.gold >= 0)).any():
        made.append("Label some rows of a test part: without them nothing says how good the labels are.")
    scores = dict(fit.scores)
    if "end model" in scores and scores["end model"].estimate <= scores["label model"].estimate:
        made.append("Take the labels of the label model: on hand labels the end model is no better. Try another one.")
    worse = [s.name for s in fit.slices if s.worse]
    if worse:
        made.append(f"Write rules for {_listed(worse)}: worse than the rest beyond doubt.")
    if (said.development >= 0).sum() < 30:
        made.append("Label 30 rows or more outside the test part: then methods can be compared by truth.")
    made.append("Write the labels with: tilth weak label. Then measure what they did with: tilth prove.")
    return tuple(made)


def report_fit(fit: WeakFit, path: Path, *, seed: int = 0) -> Path:
    """Write the page of ``weak fit``; returns its absolute path."""
    said = fit.said
    sections = [_scores(fit), _methods(fit), _learned(fit), _slices(fit)]
    asked = fit.plan.ask.tolist()
    rows = [
        (str(said.votes.item_names[row]), text, reason)
        for row, text, reason in zip(asked, contents(said, asked), fit.plan.reasons, strict=True)
    ]
    head = ["row", "what it says", "why"]
    if rows:
        sections.append(
            Section(
                "ask", "Rows for people", tables=(with_pictures(table("Ask first", head, rows, most=50), said, asked),)
            )
        )
    mood = "up" if fit.choice is not None and fit.choice.recommended != fit.choice.baseline else ""
    page = Page(
        "Label model report", said.dataset.name, mood, fit.model.method, f"{fit.why}.", _numbers(said),
        advise_fit(fit), tuple(s for s in sections if s is not None),
        made_with(f"tilth weak fit {said.dataset.name}", seed), fit.notes,
    )  # fmt: skip
    return save_page(page, path)


def _scores(fit: WeakFit) -> Section:
    if not fit.scores:
        return Section("scores", "How good the labels are", empty="The test part has no labelled rows.")
    shown = [Dot(name, i.estimate, i.low, i.high, f"{i.n} rows") for name, i in fit.scores]
    svg = dots(
        "scores", shown, "Accuracy on the test part", axis=(0.0, 1.0), ticks=_TICKS, unit="share right; ties by halves"
    )
    rows = [(name, _f(i.estimate), _range(i.low, i.high), i.n) for name, i in fit.scores]
    return Section(
        "scores", "How good the labels are", "On hand labels of the test part, which nothing was fitted on.",
        figures=(Figure("Accuracy on the test part", svg),),
        beside=(table("Accuracy", ["labels of", "accuracy#", "95%#", "rows#"], rows),),
    )  # fmt: skip


def _methods(fit: WeakFit) -> Section | None:
    c = fit.choice
    if c is None:
        return None
    shown = [Whisker(o.name, o.difference.estimate, o.difference.low, o.difference.high) for o in c.contenders]
    svg = whiskers("methods", shown, c.measure, "Each method less majority vote")
    return Section(
        "methods", "Which method", f"Measured by {c.measure}, n = {c.n:,}. Majority vote unless another is "
        "better beyond doubt.", figures=(Figure("Each method less majority vote", svg),), remarks=c.notes,
    )  # fmt: skip


def _learned(fit: WeakFit) -> Section:
    names = fit.said.votes.rater_names.tolist()
    rows = [(str(n), _f(a, 2)) for n, a in zip(names, fit.model.accuracies.tolist(), strict=True)]
    shares = [(c, f"{p:.3f}") for c, p in zip(fit.said.classes, fit.model.prior.tolist(), strict=True)]
    return Section(
        "learned",
        "What the model believes",
        "Learned without labels unless the method was given some.",
        tables=(
            table("Class balance", ["class", "share#"], shares),
            table("Accuracy of each rule, as estimated", ["rule", "accuracy#"], rows, most=200, fold=True),
        ),
    )


def _slices(fit: WeakFit) -> Section | None:
    if not fit.slices:
        return None
    rows = [
        (s.name, number(s.n), _f(s.accuracy.estimate) if s.accuracy else "–",
         _range(s.accuracy.low, s.accuracy.high) if s.accuracy else "–", _f(s.gap), "worse" if s.worse else "")
        for s in fit.slices
    ]  # fmt: skip
    head = ["slice", "rows#", "accuracy#", "interval#", "less the rest#", ""]
    return Section("slices", "Slices", "Of the test part, the worst first.", tables=(table("Slices", head, rows),))


def publish_analysis(
    found: WeakAnalysis,
    *,
    report: Path | None = None,
    csv: Path | None = None,
    table: Path | None = None,
    suggest: Path | None = None,
    force: bool = False,
    seed: int = 0,
) -> Path:
    """Write the page, and where asked the disputed rows, the table of rules and suggested rules; returns the page.

    The page goes to ``reports/NAME.rules.html`` in the workspace unless `report` is given.
    """
    for path in (table, csv, suggest):
        _free(path, force)
    if suggest is not None:
        write_rules(found, suggest, force=force)
    if table is not None:
        table.parent.mkdir(parents=True, exist_ok=True)
        write_rows(functions_table(found), table)
    if csv is not None:
        _write(disputed_findings(found), contents_of(found), csv)
    home = found.said.dataset
    return report_analysis(found, report or home.workspace / "reports" / f"{home.name}.rules.html", seed=seed)


def publish_fit(
    fit: WeakFit,
    *,
    report: Path | None = None,
    csv: Path | None = None,
    beliefs: Path | None = None,
    force: bool = False,
    seed: int = 0,
) -> Path:
    """Write the page, and where asked the rows for people and the beliefs; returns the page.

    The page goes to ``reports/NAME.weak.html`` in the workspace unless `report` is given.
    """
    for path in (beliefs, csv):
        _free(path, force)
    if beliefs is not None:
        write_beliefs(fit, beliefs, force=force)
    if csv is not None:
        _write(ask_findings(fit), contents(fit.said, fit.plan.ask.tolist()), csv)
    home = fit.said.dataset
    return report_fit(fit, report or home.workspace / "reports" / f"{home.name}.weak.html", seed=seed)


def _free(path: Path | None, force: bool) -> None:
    if path is not None and path.exists() and not force:
        raise ParameterError("this file is there already", where=str(path), fix="name another, or use --force")


def _write(found: Findings, texts: list[str], path: Path) -> None:
    """Findings with what each row says."""
    table = found.table.append_column("content", pa.array(texts, pa.string()))
    related = pa.array([" ".join(ids) for ids in table.column("related").to_pylist()], pa.string())
    path.parent.mkdir(parents=True, exist_ok=True)
    write_rows(table.set_column(table.schema.get_field_index("related"), "related", related), path)
