"""``fix``: from findings to decisions to a repaired snapshot.

A policy says what to do with the flagged rows of an issue: relabel, drop or keep, from a score on. The plan
is shown first; only `apply_plan` writes it, as one decision a row in the ledger, under the rule as the author,
such as ``policy:label_error=relabel:0.5``. The user's files are never touched. Rows of the test and validation
part are left alone unless asked for: changing them would move the measure.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from tilth.engine import Execution, Resolver, run_detectors
from tilth.errors import ConflictError, PartError
from tilth.records import Findings, Snapshot
from tilth.workflows.audit import audit, audit_dataset, pick_detectors
from tilth.workflows.audit_settings import AuditSettings, settings_of
from tilth.workflows.ingest import dataset_of
from tilth.workflows.models import model_identity
from tilth.workflows.policies import DEFAULT_POLICIES, Plan, Policy, make_plan, parse_policy
from tilth.workflows.project import Dataset, RunOptions, head_snapshot, opened, record_decisions, require_head

ATTEMPTS = 5
"""How often a repair agreed to in advance is planned again where another process changed the dataset meanwhile."""

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
    the dataset applies them. Where another process changed the dataset meanwhile, `ConflictError` is raised and
    nothing is written.
    """
    with opened(plan.dataset) as store, store.write_lock():
        if require_head(store, plan.dataset) != plan.snapshot.id:
            raise ConflictError(
                "the dataset has changed since this plan was made, so nothing was written",
                where=plan.dataset.name,
                found=f"planned on {plan.snapshot.id}, now {require_head(store, plan.dataset)}",
                fix="plan again: tilth fix",
            )
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
        As for `audit`. The newest findings on the current snapshot are used, with the settings that made them; where
        there are none, an audit is run first, with the settings of the newest one on this dataset. A policy whose
        check has not run has it run.
    yes : bool
        Write the decisions and apply them. Otherwise only the plan comes back. Where another process changed the
        dataset while this one was planning, the plan is made again on what stands then.
    policies : sequence of Policy
        Default: `DEFAULT_POLICIES`.
    include_test : bool
        Change rows of the test and validation part too.
    workspace, name, options, **audit_options
        As for `audit`; settings named here lead to a new audit.

    Returns
    -------
    Plan or Fixed

    Raises
    ------
    ConflictError
        With `yes`: the dataset changed during each of `ATTEMPTS` plans. Nothing was written.
    """
    options, policies = options or RunOptions(), tuple(policies) or DEFAULT_POLICIES
    reading = {key: audit_options.pop(key) for key in ("overrides", "encoding") if key in audit_options}
    dataset, _ = dataset_of(target, workspace=workspace, name=name, options=options, **reading)
    asked = {key: value for key, value in audit_options.items() if value not in (None, "", (), [], {})}
    plan = _planned(dataset, policies, include_test, options, asked)
    if not yes:
        return plan
    for _ in range(ATTEMPTS - 1):
        with suppress(ConflictError):
            return apply_plan(plan)
        plan = _planned(dataset, policies, include_test, options, asked)
    return apply_plan(plan)


def _planned(
    dataset: Dataset, policies: Sequence[Policy], include_test: bool, options: RunOptions, asked: Mapping[str, Any]
) -> Plan:
    """The plan on the current snapshot, from its newest findings or, where there are none, from an audit."""
    with opened(dataset) as store:
        snapshot = head_snapshot(store, dataset)
        latest = None if asked.keys() - {"model", "model_name"} else store.latest_findings(dataset.name, snapshot.id)
        settings = None if asked else settings_of(store, dataset)
    model = asked.get("model")
    if latest is not None and "settings" in latest[2] and _same_model(latest[2]["settings"], asked):
        findings, settings = latest[0], AuditSettings(**latest[2]["settings"])
    elif settings is not None:
        findings = audit_dataset(dataset, settings, options=options).findings
    else:
        found = audit(dataset, options=options, **asked)
        findings, settings = found.findings, found.settings
    with opened(dataset) as store:
        resolver = settings.resolver(snapshot, options, store, model=model)
        findings, notes = _complete(findings, policies, resolver, settings)
        plan = make_plan(
            dataset, snapshot, findings, policies, when=store.now(), include_test=include_test, resolver=resolver
        )
    return replace(plan, notes=(*notes, *plan.notes))


def _same_model(settings: Mapping[str, Any], asked: Mapping[str, Any]) -> bool:
    """Whether findings were made with the model that is asked for, if one is."""
    if asked.get("model") is None:
        return True
    return bool(model_identity(asked["model"], asked.get("model_name", ""))[1] == settings["model_key"])


def _complete(
    findings: Mapping[str, Findings], policies: Sequence[Policy], resolver: Resolver, settings: AuditSettings
) -> tuple[dict[str, Findings], tuple[str, ...]]:
    """The findings with those that a policy needs and the audit did not make; what did not apply is said.

    Raises
    ------
    PartError
        A check that a policy acts on failed, so that doing nothing about its issue would pass for a clean result.
    """
    lacking = [name for name in dict.fromkeys(policy.issue for policy in policies) if name not in findings]
    made = run_detectors(resolver, pick_detectors(lacking, settings.params)) if lacking else Execution({}, ())
    for outcome in made.failed:
        raise PartError(
            f"the check {outcome.part} failed, so its policy has nothing to act on",
            found=outcome.reason.strip().splitlines()[-1],
            fix=f"see: tilth audit --issue {outcome.part}",
        )
    notes = tuple(f"{o.part} does not apply: {o.reason}" for o in made.outcomes if o.outcome == "not applicable")
    named = policies is not DEFAULT_POLICIES
    return {**findings, **made.findings}, notes if named else ()
