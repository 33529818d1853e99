"""What ``agree`` found, as plain values: for JSON, for CSV and for the guideline."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa

if TYPE_CHECKING:
    from tilth.numerics.agreement.result import Agreement
    from tilth.workflows.crowd.agree import Agreed

__all__ = ["agreement_table", "day", "pair_items", "summary_of"]


def _plain(value: float, digits: int = 6) -> float | None:
    return round(float(value), digits) if math.isfinite(value) else None


def _statistic(found: Agreement) -> dict[str, Any]:
    return {
        "statistic": found.statistic,
        "estimate": _plain(found.estimate),
        "low": _plain(found.low),
        "high": _plain(found.high),
        "confidence": found.confidence,
        "scale": found.scale,
        "items": found.n_items,
        "raters": found.n_raters,
        "votes": found.n_votes,
        "limits": list(found.limits),
    }


def day(seconds: float) -> str:
    """The day of a time in seconds since 1970, UTC."""
    return str(np.datetime64(round(seconds), "s").astype("datetime64[D]"))


def summary_of(found: Agreed) -> dict[str, Any]:
    """The ``summary`` of the JSON output."""
    votes, rule = found.table.votes, found.rule
    made: dict[str, Any] = {
        "votes": votes.n_votes,
        "items": votes.n_items,
        "raters": votes.n_raters,
        "classes": [str(c) for c in votes.classes],
        "level": found.table.level,
        "rule": {
            "passed": rule.passed,
            "sure": rule.sure,
            "target": rule.target,
            "statistic": rule.agreement.statistic,
            "why": rule.why,
        },
        "statistics": [_statistic(s) for s in found.statistics],
        "by_class": _by_class(found),
        "by_rater": _by_rater(found),
        "confused": _confused(found),
        "rater_pairs": _rater_pairs(found),
        "over_time": [{"from": day(b.start), "to": day(b.end), **_statistic(b.agreement)} for b in found.over_time],
        "notes": list(found.notes),
    }
    return made


def _by_class(found: Agreed) -> list[dict[str, Any]]:
    if found.classes is None or found.classed is None:
        return []
    c = found.classes
    return [
        {
            "class": str(name),
            "votes": int(c.n_votes[i]),
            "agreement": _plain(c.agreement[i]),
            "kappa": _plain(c.kappa[i]),
        }
        for i, name in enumerate(found.classed.classes)
    ]


def _by_rater(found: Agreed) -> list[dict[str, Any]]:
    if found.raters is None:
        return []
    r, table = found.raters, found.table
    order = np.lexsort((np.arange(r.n_votes.size), np.nan_to_num(r.agreement, nan=2.0)))
    return [
        {
            "rater": str(table.votes.rater_names[i]),
            "votes": int(r.n_votes[i]),
            "compared_items": int(r.n_compared[i]),
            "agreement": _plain(r.agreement[i]),
            "low": _plain(r.low[i]),
            "high": _plain(r.high[i]),
            "answers_used": int(r.n_answers[i]),
            "repeated_votes": int(table.repeats[i]),
            "contradicts_self": int(table.contradictions[i]),
        }
        for i in order.tolist()
    ]


def _confused(found: Agreed) -> list[dict[str, Any]]:
    if found.confused is None or found.classed is None:
        return []
    p, names = found.confused, found.classed.classes
    return [
        {
            "first": str(names[p.first[i]]),
            "second": str(names[p.second[i]]),
            "disagreements": _plain(p.disagreements[i], 3),
            "share": _plain(p.share[i]),
            "lift": _plain(p.lift[i]),
            "items": pair_items(found, int(p.first[i]), int(p.second[i])),
        }
        for i in range(min(len(p.first), 200))
    ]


def _rater_pairs(found: Agreed) -> list[dict[str, Any]]:
    if found.pairs is None:
        return []
    k = found.pairs.kappa
    names = found.table.votes.rater_names[found.pairs.raters]
    return [
        {
            "first": str(names[k.first[i]]),
            "second": str(names[k.second[i]]),
            "items": int(k.n_items[i]),
            "kappa": _plain(k.estimate[i]),
            "low": _plain(k.low[i]),
            "high": _plain(k.high[i]),
        }
        for i in range(len(k.first))
        if k.n_items[i]
    ]


def pair_items(found: Agreed, first: int, second: int, most: int = 5) -> list[str]:
    """Names of the items that split raters most between two classes."""
    if found.classed is None:
        return []
    counts = found.classed.count_table()[:, [first, second]]
    both = np.flatnonzero(counts.min(axis=1) > 0)
    order = both[np.lexsort((both, -counts.sum(axis=1)[both], -counts.min(axis=1)[both]))][:most]
    return [str(name) for name in found.classed.item_names[order].tolist()]


def agreement_table(found: Agreed) -> pa.Table:
    """All figures in one table: which table, names, statistic, estimate, interval, n and the word for it."""
    summary = summary_of(found)
    rows: list[tuple[Any, ...]] = [
        ("statistics", "all", "", s["statistic"], s["estimate"], s["low"], s["high"], s["items"], s["scale"])
        for s in summary["statistics"]
    ]
    for c in summary["by_class"]:
        rows.append(("classes", c["class"], "", "kappa", c["kappa"], None, None, c["votes"], ""))
        rows.append(("classes", c["class"], "", "agreement", c["agreement"], None, None, c["votes"], ""))
    rows += [
        ("raters", r["rater"], "", "agreement", r["agreement"], r["low"], r["high"], r["compared_items"], "")
        for r in summary["by_rater"]
    ]
    rows += [
        ("rater pairs", p["first"], p["second"], "kappa", p["kappa"], p["low"], p["high"], p["items"], "")
        for p in summary["rater_pairs"]
    ]
    rows += [
        ("confused classes", p["first"], p["second"], "share", p["share"], None, None, round(p["disagreements"]), "")
        for p in summary["confused"]
    ]
    rows += [
        ("time", t["from"], t["to"], t["statistic"], t["estimate"], t["low"], t["high"], t["items"], t["scale"])
        for t in summary["over_time"]
    ]
    names = ["table", "name", "other", "statistic", "estimate", "low", "high", "n", "scale"]
    kinds = [pa.string()] * 4 + [pa.float64()] * 3 + [pa.int64(), pa.string()]
    columns = list(zip(*rows, strict=True))
    arrays = [pa.array(column, kind) for column, kind in zip(columns, kinds, strict=True)]
    return pa.Table.from_arrays(arrays, names=names)
