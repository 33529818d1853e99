"""``agree``: how far raters agree, where they do not, and what the guideline should say.

A table of votes is read; every statistic comes with an interval, a word for its size and the limits of both. Then
the report goes where disagreement comes from: classes, raters, pairs of classes that are mixed up, the items that
split the raters, and time. Nothing is stored but the page.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import LabelError, NotApplicable
from tilth.numerics.agreement.coefficients import (
    Agreement,
    PairwiseKappa,
    cohen_kappa,
    fleiss_kappa,
    gwet_ac1,
    gwet_ac2,
    krippendorff_alpha,
    pairwise_kappa,
    percent_agreement,
    scott_pi,
)
from tilth.numerics.agreement.detail import (
    ClassAgreement,
    ConfusedPairs,
    RaterAgreement,
    class_agreement,
    confused_pairs,
    item_agreement,
    rater_agreement,
)
from tilth.numerics.agreement.rule import AGREEMENT_TARGET, RuleResult, agreement_rule
from tilth.numerics.consensus.votes import Votes, as_votes
from tilth.records import Findings
from tilth.sources import write_rows
from tilth.workflows.crowd.agreement_tables import agreement_table, summary_of
from tilth.workflows.crowd.rule_votes import read_any_votes
from tilth.workflows.crowd.votes import VoteOptions, VoteTable
from tilth.workflows.report.page import write_page

__all__ = ["Agreed", "RaterPairs", "TimeBin", "agree", "publish_agreement"]

#: Raters in the table of pairs: those with most votes.
MOST_RATERS = 20
_BINS = 12


@dataclass(frozen=True)
class TimeBin:
    """Agreement on the items of one stretch of time (seconds since 1970)."""

    start: float
    end: float
    agreement: Agreement


@dataclass(frozen=True, eq=False)
class RaterPairs:
    """Kappa of every pair among some raters.

    Parameters
    ----------
    raters : (r,) int64
        Positions of the raters, those with most votes.
    kappa : PairwiseKappa
        Its positions count within `raters`.
    """

    raters: npt.NDArray[np.int64]
    kappa: PairwiseKappa


@dataclass(frozen=True, eq=False)
class Agreed:
    """What ``agree`` found.

    Parameters
    ----------
    name : str
    table : VoteTable
    classed : Votes or None
        The votes as classes; None where they are numbers of which there are many.
    rule : RuleResult
        Kappa or alpha against the target.
    statistics : tuple of Agreement
    pairs : RaterPairs or None
    classes, raters, confused : None for numbers
    together : (k, k) float64
        Pairs of votes on one item by their two classes, each vote counting once; the diagonal is agreement.
    findings : Findings
        One row an item on which raters differ, the most split first.
    over_time : tuple of TimeBin
    notes : tuple of str
    """

    name: str
    table: VoteTable
    classed: Votes | None
    rule: RuleResult
    statistics: tuple[Agreement, ...]
    pairs: RaterPairs | None
    classes: ClassAgreement | None
    raters: RaterAgreement | None
    confused: ConfusedPairs | None
    together: npt.NDArray[np.float64]
    findings: Findings
    over_time: tuple[TimeBin, ...] = ()
    notes: tuple[str, ...] = ()

    def to_dict(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        return {"verb": "agree", "findings": self.findings.flagged().to_dicts(), "summary": summary_of(self)}


def agree(
    target: Any,
    options: VoteOptions | None = None,
    *,
    name: str = "",
    target_kappa: float = AGREEMENT_TARGET,
    n_resamples: int = 1000,
    seed: int = 0,
    workspace: str | Path | None = None,
) -> Agreed:
    """Measure how far raters agree.

    Parameters
    ----------
    target : str, Path or table
        A long table (item, rater, label) or a wide one (one column a rater), gaps and extra columns allowed; or
        data without raters of their own, on which rules voted.
    options : VoteOptions, optional
        Which column is what, and what the labels are; default: guessed, nominal.
    name : str
        Name in reports; default: the file's.
    target_kappa : float
        What the rule asks for.
    n_resamples, seed : int
        Of the bootstrap intervals.
    workspace : path, optional
        Where votes of rules are; default beside the data.

    Returns
    -------
    Agreed

    Raises
    ------
    LabelError
        One rater only, or a label that cannot be used.
    NotApplicable
        No item has two votes.
    SchemaError, SourceError
        The table cannot be read as votes.
    """
    table, _ = read_any_votes(target, options, workspace)
    votes = table.votes
    bootstrap: dict[str, Any] = {"n_resamples": n_resamples, "random_state": seed}
    rule = agreement_rule(votes, target=target_kappa, level=table.level, **bootstrap)  # type: ignore[arg-type]
    classed = _as_classes(votes)
    statistics = list(_statistics(votes, classed, table.level, bootstrap))
    notes = list(table.notes)
    classes = raters = confused = pairs = None
    together = np.zeros((0, 0))
    if classed is not None:
        classes, raters, confused = class_agreement(classed), rater_agreement(classed), confused_pairs(classed)
        together = _together(classed)
        pairs = _pairs(classed, "quadratic" if table.level != "nominal" else None, bootstrap, notes)
    return Agreed(
        name or (Path(target).name if isinstance(target, (str, Path)) else "votes"),
        table,
        classed,
        rule,
        tuple(statistics),
        pairs,
        classes,
        raters,
        confused,
        together,
        _split_items(votes, classed),
        _over_time(table, bootstrap),
        tuple(notes),
    )


def _as_classes(votes: Votes) -> Votes | None:
    """The votes as classes; numbers only where there are few different ones."""
    if not votes.numeric:
        return votes
    if np.unique(votes.values).size > 20:
        return None
    made = as_votes(
        votes.items,
        votes.raters,
        votes.values,
        missing=None,
        item_names=list(range(votes.n_items)),
        rater_names=list(range(votes.n_raters)),
    )
    return replace(made, item_names=votes.item_names, rater_names=votes.rater_names)


def _statistics(votes: Votes, classed: Votes | None, level: str, bootstrap: dict[str, Any]) -> Sequence[Agreement]:
    if classed is None:
        return [krippendorff_alpha(votes, level=level, **bootstrap)]  # type: ignore[arg-type]
    made = [percent_agreement(classed, **bootstrap)]
    if np.count_nonzero(classed.votes_per_rater) == 2:
        both = classed.matrix()[:, classed.votes_per_rater > 0]
        codes = np.where(np.isnan(both), -1, both).astype(np.int64)
        order = list(range(classed.n_classes))
        made.append(cohen_kappa(codes[:, 0], codes[:, 1], classes=order, **bootstrap))
        if level != "nominal":
            weighted = cohen_kappa(codes[:, 0], codes[:, 1], classes=order, weights="quadratic", **bootstrap)
            made.append(replace(weighted, statistic="cohen_kappa_quadratic"))
        made.append(scott_pi(codes[:, 0], codes[:, 1], classes=order, **bootstrap))
    made += [fleiss_kappa(classed, **bootstrap), gwet_ac1(classed, **bootstrap)]
    if level != "nominal":
        made.append(gwet_ac2(classed, **bootstrap))
    made.append(krippendorff_alpha(votes if votes.numeric else classed, level=level, **bootstrap))  # type: ignore[arg-type]
    return made


def _together(votes: Votes) -> npt.NDArray[np.float64]:
    counts = votes.count_table().astype(np.float64)
    counts = counts[counts.sum(axis=1) >= 2]
    others = counts.sum(axis=1, keepdims=True) - 1
    made: npt.NDArray[np.float64] = counts.T @ (counts / others)
    made[np.diag_indices_from(made)] = (counts * (counts - 1) / others).sum(axis=0)
    return made


def _pairs(votes: Votes, weights: str | None, bootstrap: dict[str, Any], notes: list[str]) -> RaterPairs:
    """Kappa of the pairs among the raters with most votes."""
    by_votes = np.argsort(-votes.votes_per_rater, kind="stable")
    active = int(np.count_nonzero(votes.votes_per_rater))
    chosen = np.sort(by_votes[: min(MOST_RATERS, active)]).astype(np.int64)
    if active > len(chosen):
        notes.append(f"the table of pairs shows the {len(chosen)} raters with most votes of {active}")
    keep = np.isin(votes.raters, chosen)
    few = replace(
        votes,
        items=votes.items[keep],
        raters=np.searchsorted(chosen, votes.raters[keep]).astype(np.int64),
        values=votes.values[keep],
        n_raters=len(chosen),
        rater_names=votes.rater_names[chosen],
    )
    return RaterPairs(chosen, pairwise_kappa(few, weights=weights, **bootstrap))


def _split_items(votes: Votes, classed: Votes | None) -> Findings:
    """Items on which raters differ, the most split first; flagged where most pairs of votes differ."""
    if classed is None:
        return _spread_items(votes)
    share = item_agreement(classed)
    counts = classed.count_table()
    differ = np.flatnonzero(share < 1)
    order = differ[np.lexsort((differ, -counts.sum(axis=1)[differ], share[differ]))]
    why, best = [], []
    for item in order.tolist():
        ranked = np.argsort(-counts[item], kind="stable")
        said = ", ".join(f"{classed.classes[c]} ×{counts[item, c]}" for c in ranked.tolist()[:4] if counts[item, c])
        why.append(f"{share[item]:.0%} of the pairs of votes agree: {said}")
        best.append(str(classed.classes[int(ranked[0])]))
    names = [str(name) for name in votes.item_names[order].tolist()]
    return Findings.build("disagreement", names, 1 - share[order], share[order] < 0.5, why, suggestion=best)


def _spread_items(votes: Votes) -> Findings:
    values = np.asarray(votes.values, dtype=np.float64)
    n = votes.votes_per_item
    mean = np.bincount(votes.items, values, minlength=votes.n_items) / np.maximum(n, 1)
    spread = np.bincount(votes.items, (values - mean[votes.items]) ** 2, minlength=votes.n_items)
    deviation = np.sqrt(spread / np.maximum(n - 1, 1))
    many = np.flatnonzero((n >= 2) & (deviation > 0))
    order = many[np.argsort(-deviation[many], kind="stable")]
    usual = float(np.median(deviation[n >= 2]))
    why = [f"votes differ by a standard deviation of {deviation[i]:.3g}; {usual:.3g} is usual" for i in order]
    score = deviation[order] / (deviation[order] + max(usual, 1e-300))
    return Findings.build(
        "disagreement", [str(v) for v in votes.item_names[order].tolist()], score, deviation[order] > 2 * usual, why
    )


def _over_time(table: VoteTable, bootstrap: dict[str, Any]) -> tuple[TimeBin, ...]:
    """The level's alpha on items in the order of their votes, in bins of equally many items."""
    votes = table.votes
    if not table.item_times.size:
        return ()
    usable = np.flatnonzero(np.isfinite(table.item_times) & (votes.votes_per_item >= 2))
    order = usable[np.argsort(table.item_times[usable], kind="stable")]
    bins = min(_BINS, len(order) // 15)
    if bins < 2:
        return ()
    made = []
    for part in np.array_split(order, bins):
        keep = np.isin(votes.items, part)
        some = replace(votes, items=votes.items[keep], raters=votes.raters[keep], values=votes.values[keep])
        try:
            found = krippendorff_alpha(some, level=table.level, **bootstrap)  # type: ignore[arg-type]
        except (NotApplicable, LabelError):
            continue
        times = table.item_times[part]
        made.append(TimeBin(float(times.min()), float(times.max()), found))
    return tuple(made)


def publish_agreement(
    found: Agreed,
    target: Any,
    *,
    report: Path | None = None,
    csv: Path | None = None,
    guideline: Path | None = None,
    workspace: str | Path | None = None,
    seed: int = 0,
) -> Path:
    """Write the page, and where asked the figures as CSV and the guideline; returns the page's path.

    The page goes to ``reports/NAME.agreement.html`` in the workspace beside the votes unless `report` is given.
    """
    from tilth.workflows.crowd.agreement_page import report_agreement
    from tilth.workflows.crowd.guideline import draft_guideline
    from tilth.workflows.project import locate

    dataset = locate(target, workspace=workspace, name=found.name)
    path = report or dataset.workspace / "reports" / f"{dataset.name}.agreement.html"
    if csv is not None:
        write_rows(agreement_table(found), csv)
    if guideline is not None:
        write_page(draft_guideline(found), guideline)
    return report_agreement(found, path, seed=seed)
