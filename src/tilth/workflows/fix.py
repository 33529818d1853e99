"""``fix``: from findings to decisions to a repaired snapshot.

A policy says what to do with the flagged rows of an issue: relabel, drop or keep, from a score on. The plan
is shown first; only `apply_plan` writes it, as one decision a row in the ledger, under the rule as the author,
such as ``policy:label_error=relabel:0.5``. The user's files are never touched. Rows of the test and validation
part are left alone unless asked for: changing them would move the measure.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tilth.engine import Resolver, ResolverOptions
from tilth.records import Snapshot
from tilth.workflows.audit import audit
from tilth.workflows.ingest import ingest
from tilth.workflows.policies import DEFAULT_POLICIES, Plan, Policy, make_plan, parse_policy
from tilth.workflows.project import Dataset, RunOptions, head_snapshot, opened, record_decisions

__all__ = ["DEFAULT_POLICIES", "Fixed", "Plan", "Policy", "apply_plan", "fix", "make_plan", "parse_policy"]


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


def apply_plan(plan: Plan) -> Fixed:
    """Write a plan's decisions to the ledger and make the repaired snapshot the current one.

    All decisions are written in one transaction. Where the process dies afterwards, the next verb on
    the dataset applies them.
    """
    with opened(plan.dataset) as store, store.write_lock():
        return Fixed(plan, record_decisions(store, plan.dataset, plan.decisions)[1])


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
        model = audit_options.get("model")
        chosen = ResolverOptions(
            embedder=audit_options.get("embedder", ""),
            model=model,
            model_name=audit_options.get("model_name") or (repr(model) if model else "default"),
            n_folds=audit_options.get("n_folds", 5),
        )
        plan = make_plan(
            dataset,
            snapshot,
            findings,
            policies or DEFAULT_POLICIES,
            when=store.now(),
            include_test=include_test,
            resolver=Resolver(snapshot, options.run("audit", store), chosen),
        )
    return apply_plan(plan) if yes else plan
