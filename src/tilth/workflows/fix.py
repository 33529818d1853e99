"""``fix``: from findings to decisions to a repaired snapshot.

A policy says what to do with the flagged rows of an issue: relabel, drop or keep, from a score on. The plan
is shown first; only `apply_plan` writes it, as one decision a row in the ledger, under the author
``policy:ISSUE``. The user's files are never touched. Rows of the test and validation part are left alone
unless asked for: changing them would move the measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tilth.engine.inputs import canonical_split
from tilth.errors import ParameterError
from tilth.plugin import Shelf
from tilth.records import Decision, Findings, Snapshot, finding_id
from tilth.workflows.audit import audit
from tilth.workflows.ingest import ingest
from tilth.workflows.project import Dataset, RunOptions, advance_head, head_snapshot, opened

__all__ = ["DEFAULT_POLICIES", "Fixed", "Plan", "Policy", "apply_plan", "fix", "make_plan", "parse_policy"]

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
            key = f"{decision.who.removeprefix('policy:')}: {decision.action}"
            counts[key] = counts.get(key, 0) + len(decision.rows)
        return counts


@dataclass(frozen=True)
class Fixed:
    """What a fix did.

    Parameters
    ----------
    plan : Plan
    snapshot : Snapshot
        The repaired one.
    """

    plan: Plan
    snapshot: Snapshot


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
                    who=f"policy:{policy.issue}",
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


def apply_plan(plan: Plan) -> Fixed:
    """Write a plan's decisions to the ledger and make the repaired snapshot the current one.

    All decisions are written in one transaction. Where the process dies afterwards, the next verb on
    the dataset applies them.
    """
    with opened(plan.dataset) as store, store.write_lock():
        store.append(plan.decisions)
        return Fixed(plan, advance_head(store, plan.dataset))


def fix(
    target: Any,
    *,
    yes: bool = False,
    policies: Sequence[Policy] = (),
    include_test: bool = False,
    workspace: str | Path | None = None,
    name: str = "",
    options: RunOptions | None = None,
    **audit_options: Any,
) -> Plan | Fixed:
    """Plan a repair, and do it where `yes` is set.

    Parameters
    ----------
    target : str, Path, object or Dataset
        As for `audit`. The newest findings on the current snapshot are used; where there are none, an
        audit is run first.
    yes : bool
        Write the decisions and apply them. Otherwise only the plan comes back.
    policies : sequence of Policy
        Default: `DEFAULT_POLICIES`.
    include_test : bool
        Change rows of the test and validation part too.
    workspace, name, options, **audit_options
        As for `audit`.

    Returns
    -------
    Plan or Fixed
    """
    options = options or RunOptions()
    if isinstance(target, Dataset):
        dataset = target
    else:
        reading = {key: audit_options.pop(key) for key in ("overrides", "encoding") if key in audit_options}
        dataset = ingest(target, workspace=workspace, name=name, options=options, **reading).dataset
    with opened(dataset) as store:
        snapshot = head_snapshot(store, dataset)
        latest = None if audit_options else store.latest_findings(dataset.name, snapshot.id)
    findings = latest[0] if latest is not None else audit(dataset, options=options, **audit_options).findings
    with opened(dataset) as store:
        when = store.now()
    plan = make_plan(dataset, snapshot, findings, policies or DEFAULT_POLICIES, when=when, include_test=include_test)
    return apply_plan(plan) if yes else plan
