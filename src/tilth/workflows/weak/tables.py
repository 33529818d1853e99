"""What the verbs of weak supervision say, as JSON-like dictionaries, findings and tables."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tilth.errors import ParameterError
from tilth.numerics.statistics.interval_result import Interval
from tilth.records import Findings
from tilth.sources import write_rows
from tilth.workflows.weak.judging import contents
from tilth.workflows.weak.results import WeakAnalysis, WeakFit, WeakLabels, WeakVotes

__all__ = [
    "analysis_dict", "ask_findings", "disputed_findings", "fit_dict", "functions_table", "labels_dict", "shown",
    "votes_dict", "write_beliefs", "write_rules",
]  # fmt: skip


def _n(value: float) -> float | None:
    return None if not math.isfinite(value) else float(value)


def _interval(found: Interval | None) -> dict[str, Any] | None:
    if found is None:
        return None
    return {"estimate": _n(found.estimate), "low": _n(found.low), "high": _n(found.high), "n": found.n}


def _head(said: WeakVotes, step: str) -> dict[str, Any]:
    votes = said.votes
    return {
        "step": step,
        "dataset": said.dataset.name,
        "rows": votes.n_items,
        "rules": [str(name) for name in votes.rater_names.tolist()],
        "classes": list(said.classes),
        "votes": votes.n_votes,
        "covered": int((votes.votes_per_item > 0).sum()),
        "gold": int((said.development >= 0).sum()),
        "test_gold": int((said.held_out & (said.gold >= 0)).sum()),
        "faults": [{"rule": f.function, "count": f.count, "first": f.first} for f in said.faults],
        "notes": list(said.notes),
    }


def votes_dict(said: WeakVotes) -> dict[str, Any]:
    """What ``weak apply`` prints with ``--json``."""
    summary = _head(said, "apply")
    fired = said.votes.votes_per_rater.tolist()
    summary["by_rule"] = [
        {"rule": name, "votes": int(count)} for name, count in zip(summary["rules"], fired, strict=True)
    ]
    return {"verb": "weak", "snapshot": said.snapshot.id, "summary": summary}


def disputed_findings(found: WeakAnalysis) -> Findings:
    """Rows on which rules differ most, as findings; the score is the entropy of the votes over its highest value."""
    top = math.log2(max(len(found.said.classes), 2))
    rows = [row for row, _ in found.disputed]
    scores = [min(e / top, 1.0) for e in found.entropy]
    why = [f"{words.count(':')} rules differ: {words}" for _, words in found.disputed]
    return Findings.build("rule_conflict", rows, scores, [True] * len(rows), why)


def shown(found: WeakAnalysis) -> list[str]:
    """What the disputed rows say."""
    place = {str(name): at for at, name in enumerate(found.said.votes.item_names.tolist())}
    return contents(found.said, [place[row] for row, _ in found.disputed])


def functions_table(found: WeakAnalysis) -> pa.Table:
    """One row a rule, with snorkel's column names beside what they lack."""
    rows = found.functions
    classes = found.said.classes
    return pa.table(
        {
            "rule": [r.name for r in rows],
            "j": [r.index for r in rows],
            "Polarity": [", ".join(classes[c] for c in r.polarity) for r in rows],
            "Coverage": [r.coverage for r in rows],
            "Overlaps": [r.overlaps for r in rows],
            "Conflicts": [r.conflicts for r in rows],
            "Correct": [r.correct for r in rows],
            "Incorrect": [r.incorrect for r in rows],
            "Emp. Acc.": pa.array([_n(r.accuracy) for r in rows], pa.float64()),
            "low": pa.array([_n(r.low) for r in rows], pa.float64()),
            "high": pa.array([_n(r.high) for r in rows], pa.float64()),
            "alone": [r.alone for r in rows],
            "gain": pa.array([_n(r.gain) for r in rows], pa.float64()),
        }
    )


def analysis_dict(found: WeakAnalysis) -> dict[str, Any]:
    """What ``weak analyze`` prints with ``--json``."""
    said = found.said
    summary = _head(said, "analyze")
    names = said.votes.rater_names
    summary["by_rule"] = functions_table(found).to_pylist()
    summary["disputed"] = [
        {"row": row, "content": text} for (row, _), text in zip(found.disputed, shown(found), strict=True)
    ]
    pairs = found.dependence
    summary["dependent"] = (
        []
        if pairs is None
        else [
            {"first": str(names[i]), "second": str(names[j]), "strength": float(s)}
            for i, j, s in zip(pairs.first.tolist(), pairs.second.tolist(), pairs.strength.tolist(), strict=True)
        ]
    )
    summary["suggestions"] = [
        {
            "words": s.words, "label": said.classes[s.label], "precision": s.precision, "low": s.low, "high": s.high,
            "gold_rows": s.n, "coverage": s.coverage, "adds": s.adds,
        }
        for s in found.suggestions
    ]  # fmt: skip
    summary["missed"] = {c: int(n) for c, n in zip(said.classes, found.missed.tolist(), strict=True)}
    return {
        "verb": "weak",
        "snapshot": said.snapshot.id,
        "findings": disputed_findings(found).to_dicts(),
        "summary": summary,
    }


def ask_findings(fit: WeakFit) -> Findings:
    """Rows for people, as findings; the score is 1 less the margin of the two best classes."""
    rows = fit.plan.ask
    ordered = np.sort(fit.beliefs[rows], axis=1)
    scores = 1.0 - (ordered[:, -1] - ordered[:, -2]) if rows.size else np.empty(0)
    ids = [str(name) for name in fit.said.votes.item_names[rows].tolist()]
    return Findings.build("weak_label", ids, np.clip(scores, 0, 1), [True] * len(ids), list(fit.plan.reasons))


def fit_dict(fit: WeakFit) -> dict[str, Any]:
    """What ``weak fit`` prints with ``--json``."""
    said = fit.said
    summary = _head(said, "fit")
    names = said.votes.rater_names.tolist()
    summary |= {
        "method": fit.model.method,
        "why": fit.why,
        "class_balance": {c: float(p) for c, p in zip(said.classes, fit.model.prior.tolist(), strict=True)},
        "accuracies": {str(r): _n(a) for r, a in zip(names, fit.model.accuracies.tolist(), strict=True)},
        "train": int(fit.plan.train.size),
        "drop": int(fit.plan.drop.size),
        "scores": {name: _interval(found) for name, found in fit.scores},
        "slices": [
            {"slice": s.name, "n": s.n, "accuracy": _interval(s.accuracy), "gap": _n(s.gap), "worse": s.worse}
            for s in fit.slices
        ],
        "methods": [],
    }
    if fit.choice is not None:
        c = fit.choice
        summary["measure"], summary["measured_on"] = c.measure, c.n
        summary["methods"] = [
            {"method": c.baseline, "score": _n(c.baseline_score), "difference": None, "better": None},
            *(
                {"method": o.name, "score": _n(o.score), "difference": _interval(o.difference), "better": o.better}
                for o in c.contenders
            ),
        ]
    summary["notes"] = list(fit.notes)
    return {
        "verb": "weak", "snapshot": said.snapshot.id, "findings": ask_findings(fit).to_dicts(), "summary": summary,
    }  # fmt: skip


def labels_dict(made: WeakLabels) -> dict[str, Any]:
    """What ``weak label`` prints with ``--json``."""
    data = fit_dict(made.fit)
    done = made.recorded
    data["snapshot"] = done.snapshot.id
    data["summary"] |= {
        "step": "label", "recorded": {
            "votes": done.votes, "labels": done.relabels, "replaced": done.replaced, "spared": done.spared,
        },
    }  # fmt: skip
    return data


def write_beliefs(fit: WeakFit, path: Path, *, force: bool = False) -> Path:
    """One row a row of the data: beliefs by class, number of votes, likeliest label, what to do with the row."""
    if path.exists() and not force:
        raise ParameterError("this file is there already", where=str(path), fix="name another, or use --force")
    said = fit.said
    use = np.full(len(fit.beliefs), "", dtype=object)
    use[said.held_out] = "test"
    for word, rows in (("drop", fit.plan.drop), ("train", fit.plan.train)):
        use[rows] = word
    asked = np.zeros(len(use), dtype=bool)
    asked[fit.plan.ask] = True
    labels = fit.model.predict(said.votes)
    columns: dict[str, Any] = {
        "row_id": pa.array([str(name) for name in said.votes.item_names.tolist()], pa.string()),
        "label": pa.array([said.classes[c] if c >= 0 else None for c in labels.tolist()], pa.string()),
        "votes": said.votes.votes_per_item,
        **{f"belief {c}": fit.beliefs[:, at] for at, c in enumerate(said.classes)},
        "use": pa.array(use.tolist(), pa.string()),
        "ask": asked,
    }
    if fit.end.size:
        columns |= {f"model {c}": fit.end[:, at] for at, c in enumerate(said.classes)}
    path.parent.mkdir(parents=True, exist_ok=True)
    write_rows(pa.table(columns), path)
    return path


def write_rules(found: WeakAnalysis, path: Path, *, force: bool = False) -> Path:
    """Suggestions as a YAML file of rules: delete those that you refuse, and the rest is a file of rules."""
    import yaml

    if path.exists() and not force:
        raise ParameterError("this file is there already", where=str(path), fix="name another, or use --force")
    taken = {str(name) for name in found.said.votes.rater_names.tolist()}
    rules = []
    for s in found.suggestions:
        name = "has_" + "_".join(s.words.split())
        while name in taken:
            name += "_2"
        taken.add(name)
        rules.append({"name": name, "keywords": [s.words], "label": found.said.classes[s.label]})
    path.parent.mkdir(parents=True, exist_ok=True)
    data = {"classes": list(found.said.classes), "rules": rules}
    path.write_text(yaml.safe_dump(data, sort_keys=False, allow_unicode=True), encoding="utf-8")
    return path
