"""Policies: rules that turn findings into decisions, and what they would change."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from tilth.engine.inputs import canonical_split
from tilth.errors import ParameterError, TilthError
from tilth.plugin import Shelf
from tilth.records import Decision, Findings, Snapshot, finding_id
from tilth.workflows.project import Dataset

__all__ = ["DEFAULT_POLICIES", "Plan", "Policy", "looks_at_labels", "make_plan", "parse_policy", "policy_of"]

POLICY_ACTIONS = ("relabel", "drop", "keep")


@dataclass(frozen=True)
class Policy:
    """What to do with the flagged rows of one issue.

    Parameters
    ----------
    issue : str
        Name of a detector.
    action : {"relabel", "drop", "keep"}
        ``relabel`` takes the finding's suggestion; ``keep`` leaves the rows and records that.
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
        if not 0 <= self.floor <= 1:
            raise ParameterError(
                "a confidence floor lies in [0, 1]", where=f"policy of {self.issue}", found=str(self.floor)
            )

    @property
    def who(self) -> str:
        """The policy as the author of decisions: the whole rule, so that it can be run again."""
        return f"policy:{self.issue}={self.action}" + (f":{self.floor:g}" if self.floor else "")


#: Without another word: correct confident label errors, drop surplus copies and unreadable files, leave the rest.
DEFAULT_POLICIES = (
    Policy("label_error", "relabel", 0.5),
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
    return bool({"labels", "probs"} & set(Shelf("detectors").get(policy.issue).needs))


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
    """

    dataset: Dataset
    snapshot: Snapshot
    decisions: tuple[Decision, ...]
    spared: int = 0

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
) -> Plan:
    """The decisions that policies make of findings.

    A row that one policy drops is not relabelled by another.
    """
    split = dict(zip(snapshot.row_ids, canonical_split(snapshot), strict=True))
    decisions: list[Decision] = []
    spared: set[str] = set()
    gone: set[str] = set()
    for policy in sorted(policies, key=lambda p: p.action != "drop"):
        if policy.issue not in findings:
            continue
        for row in findings[policy.issue].flagged().to_dicts():
            row_id = row["row_id"]
            if row["score"] < policy.floor or row_id in gone:
                continue
            suggestion = row["suggestion"] or ""
            if policy.action == "relabel" and suggestion not in snapshot.classes:
                continue
            if policy.action == "drop" and policy.issue == "near_duplicate" and not suggestion:
                continue
            if split[row_id] in ("test", "val") and not include_test:
                spared.add(row_id)
                continue
            if policy.action == "drop":
                gone.add(row_id)
            decisions.append(
                Decision(
                    who=policy.who,
                    when=when,
                    action=policy.action,
                    rows=(row_id,),
                    value=suggestion if policy.action == "relabel" else "",
                    because=finding_id(snapshot.id, row["issue"], row_id),
                    snapshot_id=snapshot.id,
                    dataset=dataset.name,
                )
            )
    return Plan(dataset, snapshot, tuple(decisions), len(spared))
