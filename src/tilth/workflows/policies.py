"""Policies: rules that turn findings into decisions, and what they would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from tilth.engine import Resolver
from tilth.engine.inputs import canonical_split, group_ids
from tilth.engine.label_errors import estimate_of
from tilth.errors import ParameterError, TilthError
from tilth.numerics.label_errors.repair import choose_repair
from tilth.plugin import Shelf
from tilth.records import Decision, Findings, Snapshot, finding_id
from tilth.workflows.project import Dataset

__all__ = ["DEFAULT_POLICIES", "Plan", "Policy", "looks_at_labels", "make_plan", "parse_policy", "policy_of"]

POLICY_ACTIONS = ("auto", "relabel", "drop", "keep")


@dataclass(frozen=True)
class Policy:
    """What to do with the flagged rows of one issue.

    Parameters
    ----------
    issue : str
        Name of a detector.
    action : {"auto", "relabel", "drop", "keep"}
        ``relabel`` takes the finding's suggestion; ``keep`` leaves the rows and records that; ``auto``, for
        label errors, chooses among relabel, drop and nothing by what helps the model on held-out rows.
    floor : float
        Only findings with at least this score, in [0, 1], are acted on.
    """

    issue: str
    action: str
    floor: float = 0.0

    def __post_init__(self) -> None:
        if self.action not in POLICY_ACTIONS:
            raise ParameterError(
                "unknown policy action",
                where=f"policy of {self.issue}",
                found=repr(self.action),
                fix=f"use one of {', '.join(POLICY_ACTIONS)}",
            )
        if self.action == "auto" and self.issue != "label_error":
            raise ParameterError(
                "only label errors can be fixed by auto", found=repr(self.issue), fix="use relabel, drop or keep"
            )
        if not 0 <= self.floor <= 1:
            raise ParameterError(
                "a confidence floor lies in [0, 1]", where=f"policy of {self.issue}", found=str(self.floor)
            )

    @property
    def who(self) -> str:
        """The policy as the author of decisions: the whole rule, so that it can be run again."""
        return f"policy:{self.issue}={self.action}" + (f":{self.floor:g}" if self.floor else "")


#: Without another word: fix label errors as far as it helps, drop surplus copies and unreadable files, leave the rest.
DEFAULT_POLICIES = (
    Policy("label_error", "auto"),
    Policy("near_duplicate", "drop", 0.9),
    Policy("unreadable", "drop"),
)


def parse_policy(text: str) -> Policy:
    """A policy written as ``issue=action`` or ``issue=action:floor``.

    Examples
    --------
    >>> parse_policy("label_error=relabel:0.8")
    Policy(issue='label_error', action='relabel', floor=0.8)
    """
    issue, equals, rest = text.partition("=")
    action, _, floor = rest.partition(":")
    try:
        value = float(floor) if floor else 0.0
    except ValueError:
        value = -1.0
    if not equals or not issue or value < 0:
        raise ParameterError(
            "a policy is written issue=action or issue=action:floor",
            found=repr(text),
            fix="for instance --policy label_error=relabel:0.8",
        )
    Shelf("detectors").get(issue)
    return Policy(issue, action, value)


def policy_of(who: str) -> Policy | None:
    """The policy that an author's name spells, or None where the author is something else.

    Examples
    --------
    >>> policy_of("policy:label_error=drop"), policy_of("ann")
    (Policy(issue='label_error', action='drop', floor=0.0), None)
    """
    try:
        return parse_policy(who.removeprefix("policy:")) if who.startswith("policy:") else None
    except TilthError:
        return None


def looks_at_labels(policy: Policy) -> bool:
    """Whether the policy's detector sees labels, so that its changes carry what other rows' labels say."""
    return bool({"labels", "probs", "label_errors"} & set(Shelf("detectors").get(policy.issue).needs))


@dataclass(frozen=True)
class Plan:
    """What a fix would do, before anything is written.

    Parameters
    ----------
    dataset : Dataset
    snapshot : Snapshot
        The one that the findings speak of.
    decisions : tuple of Decision
    spared : int
        Flagged rows of the test and validation part that were left alone.
    notes : tuple of str
        Why ``auto`` chose what it chose.
    policies : tuple of Policy
        The ones that it follows.
    """

    dataset: Dataset
    snapshot: Snapshot
    decisions: tuple[Decision, ...]
    spared: int = 0
    notes: tuple[str, ...] = ()
    policies: tuple[Policy, ...] = ()

    def counts(self) -> dict[str, int]:
        """Rows per ``issue: action``."""
        counts: dict[str, int] = {}
        for decision in self.decisions:
            key = f"{decision.who.removeprefix('policy:').partition('=')[0]}: {decision.action}"
            counts[key] = counts.get(key, 0) + len(decision.rows)
        return counts


def make_plan(
    dataset: Dataset,
    snapshot: Snapshot,
    findings: Mapping[str, Findings],
    policies: Sequence[Policy] = DEFAULT_POLICIES,
    *,
    when: str,
    include_test: bool = False,
    resolver: Resolver | None = None,
) -> Plan:
    """The decisions that policies make of findings.

    A row that one policy drops is not relabelled by another. `resolver` gives ``auto`` the embeddings and the
    estimate of label errors; without it, ``auto`` does nothing.
    """
    split = dict(zip(snapshot.row_ids, canonical_split(snapshot), strict=True))
    decisions: list[Decision] = []
    notes: tuple[str, ...] = ()
    spared: set[str] = set()
    gone: set[str] = set()
    for policy in sorted(policies, key=lambda p: p.action != "drop"):
        if policy.issue not in findings:
            continue
        if policy.action == "auto":
            wanted, notes = _auto(resolver, include_test) if resolver is not None else ([], ())
        else:
            wanted = _flagged(policy, findings[policy.issue], snapshot)
        for row_id, action, value in wanted:
            if row_id in gone:
                continue
            if split[row_id] in ("test", "val") and not include_test:
                spared.add(row_id)
                continue
            if action == "drop":
                gone.add(row_id)
            because = finding_id(snapshot.id, policy.issue, row_id)
            decisions.append(Decision(policy.who, when, action, (row_id,), value, because, snapshot.id, dataset.name))
    return Plan(dataset, snapshot, tuple(decisions), len(spared), notes, tuple(policies))


def _flagged(policy: Policy, found: Findings, snapshot: Snapshot) -> list[tuple[str, str, str]]:
    """(row, action, value) of every flagged row that a plain policy acts on."""
    wanted: list[tuple[str, str, str]] = []
    for row in found.flagged().to_dicts():
        suggestion = row["suggestion"] or ""
        fits = policy.action != "relabel" or suggestion in snapshot.classes
        kept_copy = policy.action == "drop" and policy.issue == "near_duplicate" and not suggestion
        if row["score"] >= policy.floor and fits and not kept_copy:
            wanted.append((row["row_id"], policy.action, suggestion if policy.action == "relabel" else ""))
    return wanted


def _auto(resolver: Resolver, include_test: bool) -> tuple[list[tuple[str, str, str]], tuple[str, ...]]:
    """What the cross-fitted choice of repair does to each row of the training part, and why."""
    snapshot = resolver.snapshot
    evidence, embeddings = resolver.get("label_errors"), resolver.get("embeddings")
    place = {row: i for i, row in enumerate(embeddings.row_ids)}
    rows = snapshot.positions(list(evidence.row_ids))
    part = canonical_split(snapshot)[rows]
    keep = np.arange(len(rows)) if include_test else np.flatnonzero((part != "test") & (part != "val"))
    evidence = evidence.take(keep)
    X = embeddings.values[[place[row] for row in evidence.row_ids]]
    labels = snapshot.labels[rows[keep]]
    chosen = choose_repair(
        X,
        estimate_of(evidence, labels),
        model=resolver.options.model,
        groups=group_ids(snapshot)[rows[keep]],
        actions=("relabel", "drop"),
        random_state=resolver.run.seed,
    )
    gains = ", ".join(f"{name} {100 * gain:+.1f} +- {200 * se:.1f}" for name, (gain, se) in chosen.gains.items())
    note = f"label errors: {chosen.chosen} (estimated gain in points on held-out rows: {gains or 'none tried'})"
    wanted = [
        (str(row), str(action), snapshot.classes[int(label)] if action == "relabel" else "")
        for row, action, label in zip(evidence.row_ids, chosen.action, chosen.labels, strict=True)
        if action in ("relabel", "drop")
    ]
    return wanted, (note, *chosen.notes)
