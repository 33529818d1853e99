"""What ``consensus`` made, as tables: files, JSON, and the folder that they go to."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from tilth.errors import ParameterError
from tilth.numerics.consensus.majority import NumericConsensus
from tilth.sources import write_rows
from tilth.workflows.crowd.consensus_ledger import class_words
from tilth.workflows.crowd.settled import ConsensusOptions, Settled, check_apart

__all__ = ["claim_folder", "items_name", "labels_table", "methods_table", "raters_table", "settled_dict", "write_files"]

MARK = "consensus.json"
NAMES = ("labels", "beliefs", "raters", "methods")


def items_name(name: str) -> str:
    """Name of the file that holds the items as a dataset of their own."""
    return f"{Path(name).stem}-items.csv"


def claim_folder(target: Any, name: str, options: ConsensusOptions) -> Path:
    """The folder for the files, made where it is not there.

    Raises
    ------
    ParameterError
        Files that an earlier consensus did not write would be overwritten, or an input would be.
    """
    beside = Path(target).resolve().parent if isinstance(target, (str, Path)) else Path.cwd()
    folder = Path(options.out) if options.out is not None else beside / f"{Path(name).stem}-consensus"
    ending = ".parquet" if options.parquet else ".csv"
    files = [*(folder / f"{stem}{ending}" for stem in NAMES), folder / items_name(name), folder / "consensus.html"]
    check_apart([*files, folder / MARK], [target, options.dataset, options.probs])
    taken = [path for path in files if path.exists()]
    if taken and not (folder / MARK).exists() and not options.force:
        raise ParameterError(
            "this would overwrite something", where=str(taken[0]), fix="choose another --out, or --force"
        )
    folder.mkdir(parents=True, exist_ok=True)
    if not (folder / MARK).exists():  # from here on the files are ours, whatever happens
        (folder / MARK).write_text("{}\n", encoding="utf-8")
    return folder


def write_files(made: Settled, options: ConsensusOptions) -> Settled:
    """Write labels, beliefs, raters and methods, then the summary; returns the record with their names."""
    tables = {"labels": labels_table(made), "raters": raters_table(made), "methods": methods_table(made)}
    if not made.table.votes.numeric:
        tables["beliefs"] = beliefs_table(made)
    ending = ".parquet" if options.parquet else ".csv"
    for stem, table in tables.items():
        write_rows(table, made.folder / f"{stem}{ending}")
    items = (items_name(made.name),) if options.dataset is None else ()
    done = replace(made, files=(*(f"{stem}{ending}" for stem in NAMES if stem in tables), *items, MARK))
    text = json.dumps(settled_dict(done)["summary"], ensure_ascii=False, indent=2, default=str, allow_nan=False)
    temporary = made.folder / f".{MARK}.part"
    temporary.write_text(text + "\n", encoding="utf-8")
    temporary.replace(made.folder / MARK)
    return done


def labels_table(made: Settled) -> pa.Table:
    """One row an item: label, how sure, whether another vote is worth asking for, and whom to ask."""
    votes, found = made.table.votes, made.chosen
    columns: dict[str, Any] = {
        "item": [str(name) for name in votes.item_names.tolist()],
        "label": pa.array(made.labels, pa.string()),
        "votes": votes.votes_per_item,
    }
    if isinstance(found, NumericConsensus):
        seen = votes.votes_per_item > 0
        columns["label"] = pa.array(found.values, pa.float64(), mask=~seen)
        columns["standard_error"] = pa.array(found.standard_errors, pa.float64(), mask=~seen)
        return pa.table(columns)
    columns["confidence"] = found.confidence
    flagged = {row["row_id"] for row in made.findings.flagged().to_dicts()}
    columns["worth_another_vote"] = [name in flagged for name in columns["item"]]
    if made.ask is not None:
        value, who = np.zeros(votes.n_items), np.full(votes.n_items, -1, dtype=np.int64)
        value[made.ask.items], who[made.ask.items] = made.ask.values, made.ask.raters
        raters = votes.rater_names.tolist()
        columns["ask"] = pa.array([str(raters[w]) if w >= 0 else None for w in who.tolist()], pa.string())
        columns["expected_bits"] = np.round(value, 6)
    if found.difficulty.size:
        columns["difficulty"] = found.difficulty
    return pa.table(columns)


def beliefs_table(made: Settled) -> pa.Table:
    """One row an item, one column a class."""
    votes = made.table.votes
    names = ["item"]
    for word in class_words(votes):
        names.append(word if word not in names else f"{word}_")
    items = pa.array([str(name) for name in votes.item_names.tolist()], pa.string())
    return pa.Table.from_arrays([items, *(pa.array(column) for column in made.chosen.beliefs.T)], names=names)


def raters_table(made: Settled) -> pa.Table:
    """One row a rater, the least reliable first."""
    votes, table = made.table.votes, made.table
    names = np.asarray([str(name) for name in votes.rater_names.tolist()], dtype=object)
    if isinstance(made.chosen, NumericConsensus):
        order = np.argsort(-np.nan_to_num(made.chosen.spread, nan=-1.0), kind="stable")
        return pa.table(
            {
                "rater": names[order].tolist(),
                "votes": votes.votes_per_rater[order],
                "bias": pa.array(made.chosen.bias[order], from_pandas=True),
                "spread": pa.array(made.chosen.spread[order], from_pandas=True),
                "repeated_votes": table.repeats[order],
                "contradicts_self": table.contradictions[order],
            }
        )
    r = made.raters
    if r is None:
        raise ParameterError("there is no report on raters", where=made.name)
    order = r.worst_first
    words = class_words(votes)
    columns: dict[str, Any] = {"rater": names[order].tolist(), "votes": r.n_votes[order]}
    for field in ("quality", "agreement", "low", "high", "agreement_with_others", "others_low", "others_high"):
        columns[field] = pa.array(getattr(r, field)[order], from_pandas=True)
    columns["worst_class"] = [words[c] if c >= 0 else None for c in r.worst_class[order].tolist()]
    columns["worst_class_accuracy"] = pa.array(r.worst_class_accuracy[order], from_pandas=True)
    columns["always_the_same"] = r.constant[order]
    columns["repeated_votes"] = table.repeats[order]
    columns["contradicts_self"] = table.contradictions[order]
    if len(words) <= 20:
        for z, true in enumerate(words):
            for v, voted in enumerate(words):
                columns[f"true {true}, said {voted}"] = np.round(r.confusion[order, z, v], 4)
    return pa.table(columns)


def methods_table(made: Settled) -> pa.Table:
    """One row a method beside the trivial one."""
    rows = method_rows(made)
    return pa.table({key: [row[key] for row in rows] for key in rows[0]})


def method_rows(made: Settled) -> list[dict[str, Any]]:
    """The trivial method first, then every label model with its difference and whether it is recommended."""
    trivial = "mean" if made.table.votes.numeric else "majority"
    choice = made.choice
    measured = {c.name: c for c in choice.contenders} if choice is not None else {}
    outcomes = {o.part: o for o in made.outcomes if o.outcome != "not applicable" or not made.table.votes.numeric}
    names = [trivial, *sorted(name for name in outcomes if name != trivial)]
    gold = made.table.gold
    rows = []
    for name in names:
        c, fit = measured.get(name), made.fitted.get(name)
        score = c.score if c is not None else choice.baseline_score if choice is not None and name == trivial else None
        right = None
        if gold.size and fit is not None and not isinstance(fit, NumericConsensus):
            right = round(float((fit.labels == gold)[gold >= 0].mean()), 6)
        rows.append(
            {
                "method": name,
                "outcome": outcomes[name].outcome if name in outcomes else "ran",
                "reason": (outcomes[name].reason.strip().splitlines() or [""])[-1] if name in outcomes else "",
                "accuracy_on_gold": right,
                "score": None if score is None else round(score, 6),
                "difference": None if c is None else round(c.difference.estimate, 6),
                "low": None if c is None else round(c.difference.low, 6),
                "high": None if c is None else round(c.difference.high, 6),
                "better": None if c is None else c.better,
                "recommended": choice is not None and choice.recommended == name,
                "used": made.method == name,
                "seconds": outcomes[name].seconds if name in outcomes else 0.0,
            }
        )
    return rows


def settled_dict(made: Settled) -> dict[str, Any]:
    """The object that ``--json`` prints."""
    votes, choice = made.table.votes, made.choice
    spread: dict[str, int] = {}
    for label in made.labels:
        if label is not None and not votes.numeric:
            spread[label] = spread.get(label, 0) + 1
    summary: dict[str, Any] = {
        "votes": votes.n_votes,
        "items": votes.n_items,
        "raters": votes.n_raters,
        "classes": list(class_words(votes)),
        "method": made.method,
        "measure": choice.measure if choice is not None else None,
        "measured_on": choice.n if choice is not None else 0,
        "methods": method_rows(made),
        "labels": spread,
        "worst_raters": _worst_raters(made),
        "worth_another_vote": made.findings.n_flagged,
        "folder": str(made.folder),
        "files": list(made.files),
        "dataset": made.dataset.name if made.dataset is not None else None,
        "recorded": None
        if made.recorded is None
        else {
            "votes": made.recorded.votes,
            "relabels": made.recorded.relabels,
            "spared_test_rows": made.recorded.spared,
        },
        "notes": list(made.notes),
    }
    found: dict[str, Any] = {
        "verb": "consensus",
        "outcomes": [
            {"part": o.part, "outcome": o.outcome, "reason": o.reason, "seconds": o.seconds} for o in made.outcomes
        ],
        "findings": made.findings.flagged().to_dicts(),
        "summary": summary,
    }
    if made.recorded is not None:
        found["snapshot"] = made.recorded.snapshot.id
    return found


def _worst_raters(made: Settled, most: int = 10) -> list[dict[str, Any]]:
    rows = raters_table(made).slice(0, most).to_pylist()
    return [
        {
            key: round(value, 4) if isinstance(value, float) and math.isfinite(value) else value
            for key, value in row.items()
            if not key.startswith("true ")
        }
        for row in rows
    ]
