"""``prove``: did the change of data help the model, and by how much?

One model, held fixed, is trained on the dataset before and after the change, over repeated splits or, where
the dataset has a test part, over repeated subsamples of the training part. Both are scored on the same
held-out rows, which neither training part holds, by the labels as they were before the change: labels that a
rule made agree with the rule's own model and would grade themselves. Where a person decided, what the person
said counts. Two more arms keep the
result honest: *placebo* (as many random training rows changed in the same way) and *model-centric* (a bigger
model on the old data). The verdict is "helped", "hurt" or "cannot tell"; nothing is called an improvement
without it.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from tilth.engine import Resolver, ResolverOptions
from tilth.engine.inputs import group_ids
from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.cross_fitting.crossfit import default_classifier
from tilth.numerics.cross_fitting.folds import merge_groups
from tilth.numerics.statistics.intervals import Interval
from tilth.numerics.statistics.trials import ARMS, Arms, run_trials
from tilth.records import (
    Arm,
    ClassEffect,
    Decision,
    Effect,
    OrderEffect,
    Proof,
    RoleOverrides,
    Snapshot,
    effective,
)
from tilth.workflows.audit_settings import AuditSettings, settings_of
from tilth.workflows.ingest import dataset_of
from tilth.workflows.models import model_identity
from tilth.workflows.project import RunOptions, opened, require_head
from tilth.workflows.proof.descendants import family_of, parents_of, without_augmentation
from tilth.workflows.proof.review_orders import review_orders
from tilth.workflows.proof.trial_rows import Rules, Split, align, join, rules_of, split_rows, verified_rows

__all__ = ["prove", "prove_snapshots"]

METRICS = ("accuracy", "balanced_accuracy")


def bigger_model(seed: int) -> Any:
    """The model of the model-centric arm: 300 extremely randomised trees."""
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(n_estimators=300, random_state=seed, n_jobs=-1)


def _verdict(arms: Arms) -> tuple[str, str]:
    effect, placebo, margin = arms.effects["after"], arms.effects["placebo"], arms.after_over_placebo
    points = f"{100 * effect.estimate:+.2f} points (95% interval {100 * effect.low:+.2f} to {100 * effect.high:+.2f})"
    said = f"the same model changes by {points}; changing as many random rows gives {100 * placebo.estimate:+.2f}"
    if effect.low > 0 and margin.low > 0:
        return "helped", said
    if effect.high < 0:
        return "hurt", said
    return "cannot tell", said + "; the interval or the placebo leaves room for chance"


def _check(before: Snapshot, repeats: int, metric: str, slices: Sequence[str]) -> None:
    """Raise where what was asked cannot be measured."""
    if metric not in METRICS:
        raise ParameterError("unknown metric", found=repr(metric), fix=f"use one of {', '.join(METRICS)}")
    if repeats < 2:
        raise ParameterError("an interval needs at least 2 repeats", found=str(repeats), fix="use --repeats 10")
    if not before.classes:
        raise NotApplicable("prove needs a class label", fix="name the label column with --label")
    own = [column.name for column in before.schema.columns]
    if unknown := [name for name in slices if name not in own]:
        raise ParameterError(
            "no such column to slice by", found=repr(unknown[0]), fix=f"the columns are {', '.join(own)}"
        )


def prove_snapshots(
    before: Snapshot,
    after: Snapshot,
    resolver: Resolver,
    *,
    repeats: int = 10,
    metric: str = "accuracy",
    slices: Sequence[str] = (),
    bigger: Any = None,
    decisions: Sequence[Decision] = (),
    rules: Rules | None = None,
    parents: Mapping[str, Sequence[str]] | None = None,
    orders: bool = False,
) -> Proof:
    """Measure the effect of going from `before` to `after`.

    Parameters
    ----------
    before, after : Snapshot
    resolver : Resolver
        Of the union of both snapshots' rows.
    repeats : int
        Splits or subsamples; at least 2.
    metric : {"accuracy", "balanced_accuracy"}
    slices : sequence of str
        Columns whose values define slices to report on.
    bigger : scikit-learn classifier, optional
        Model of the model-centric arm; default 300 extremely randomised trees.
    decisions : sequence of Decision
        The standing decisions that made `after`. Rows that a person decided on are scored by what the
        person said; policies that see labels are run afresh inside each drawn training part.
    rules : Rules, optional
        Those policies with the settings of the audit behind them; default: read off `decisions`, with none.
    parents : mapping of row id to row ids, optional
        The rows as first read that each generated row goes back to; such a row trains only where all of them do.
    orders : bool
        Compare orders of review, by worth and by probability of error, on the rows that people decided on.

    Returns
    -------
    Proof

    Raises
    ------
    LeakError
        After the change, a test row's content also stands in the training part, or a generated row or a parent of
        one stands in the wrong part. Training rows that repeat a test row but are gone after the change are left
        out of every arm instead.
    NotApplicable
        No class label, or nothing to score on; or too few reviewed rows to compare orders.
    """
    _check(before, repeats, metric, slices)
    run, options, embeddings = resolver.run, resolver.options, resolver.get("embeddings")
    readable = resolver.snapshot.positions(list(embeddings.row_ids))
    rows = resolver.snapshot.take(readable)
    groups = merge_groups(group_ids(rows), resolver.get("duplicates").values)
    family = family_of(rows, parents or {}, groups)
    aligned, verified = align(rows, before, after), verified_rows(decisions)
    split = split_rows(
        rows,
        aligned,
        family.own_groups(resolver, rows),
        embeddings,
        resolver,
        run,
        repeats=repeats,
        rules=rules if rules is not None else rules_of(decisions),
        verified=verified,
        aside=family.children,
        share=1.0 if family.crowded else 0.9,
    )
    split = replace(split, trials=family.place(split.trials, aligned.before, aligned.after, fixed=split.fixed))
    model = options.model if options.model is not None else default_classifier(run.seed)
    bigger = bigger if bigger is not None else bigger_model(run.seed)
    balanced = metric == "balanced_accuracy"
    arms = run_trials(
        embeddings.values,
        aligned.before,
        aligned.after,
        split.trials,
        model=model,
        bigger=bigger,
        n_classes=len(before.classes),
        balanced=balanced,
        fixed_test=split.fixed,
        truth=split.truth,
        slices={column: [str(v) for v in rows.table.column(column).to_pylist()] for column in slices},
        rng=run.child("placebo").rng,
        on_fit=lambda total: run.expect(total) if total else run.advance(),
    )
    compared: tuple[OrderEffect, ...] = ()
    if orders:
        compared = review_orders(
            rows, aligned, split, verified, family.groups, resolver, model=model, balanced=balanced
        )
    called = (options.model_name, type(bigger).__name__)
    notes = (*split.notes, *family.notes(aligned.before, aligned.after, split.trials))
    changed = int(aligned.changed.sum())
    made = _proof(before, after, metric, arms, changed, split, called, run.seed)
    return replace(made, notes=notes, orders=compared)


def _proof(
    before: Snapshot,
    after: Snapshot,
    metric: str,
    arms: Arms,
    changed: int,
    split: Split,
    models: tuple[str, str],
    seed: int,
) -> Proof:
    """What was measured, as a record."""
    verdict, why = _verdict(arms)
    return Proof(
        before.id,
        after.id,
        metric,
        _arm_records(arms),
        _class_effects(arms.by_class, before.classes),
        verdict,
        why,
        changed,
        int(np.mean([len(t.train) for t in split.trials])),
        int(np.mean([len(t.test) for t in split.trials])),
        len(split.trials),
        *models,
        seed,
        slices=_class_effects(arms.by_slice, None),
        machine=_machine(),
    )


def _arm_records(arms: Arms) -> tuple[Arm, ...]:
    return tuple(
        Arm(name, arms.scores[name], _effect(arms.effects[name]) if name in arms.effects else None) for name in ARMS
    )


def _effect(interval: Interval) -> Effect:
    return Effect(interval.estimate, interval.low, interval.high, interval.level)


def _class_effects(found: dict[Any, Any], names: tuple[str, ...] | None) -> tuple[ClassEffect, ...]:
    return tuple(
        ClassEffect(
            names[key] if names is not None else str(key),
            value.n,
            value.before,
            value.after,
            _effect(value.interval),
        )
        for key, value in found.items()
    )


def _machine() -> dict[str, str]:
    libraries = ("tilth", "numpy", "scipy", "scikit-learn")
    return {"python": platform.python_version(), "system": platform.platform(), **{n: version(n) for n in libraries}}


def prove(
    target: Any,
    *,
    before: str = "",
    after: str = "",
    augmentation: bool = False,
    orders: bool = False,
    repeats: int = 10,
    metric: str = "accuracy",
    slices: Sequence[str] = (),
    model: Any = None,
    model_name: str = "",
    bigger: Any = None,
    embedder: str = "",
    workspace: str | Path | None = None,
    name: str = "",
    overrides: RoleOverrides | None = None,
    encoding: str = "",
    options: RunOptions | None = None,
) -> Proof:
    """Measure what the changes to a dataset did to a fixed model.

    Parameters
    ----------
    target : str, Path, object or Dataset
    before, after : str
        Snapshot ids, or unique beginnings of ids. Default: the rows as first read, and the current
        snapshot.
    augmentation : bool
        Compare the current snapshot with itself less the augmented rows, whatever else was changed.
    orders, repeats, metric, slices, bigger
        As for `prove_snapshots`.
    model, model_name, embedder
        As for `audit`; default: those of the newest audit. Rules are run afresh with the settings of that audit in
        any case.
    workspace, name, overrides, encoding, options
        As for `ingest`.

    Returns
    -------
    Proof
    """
    options = options or RunOptions()
    dataset, _ = dataset_of(
        target, overrides=overrides, workspace=workspace, name=name, encoding=encoding, options=options
    )
    with opened(dataset) as store:
        require_head(store, dataset)
        old = (
            without_augmentation(store, dataset)
            if augmentation and not before
            else store.load_snapshot(before or store.base(dataset.name) or "")
        )
        new = store.load_snapshot(after or require_head(store, dataset))
        if old.id == new.id:
            raise NotApplicable(
                "before and after are the same snapshot, so there is nothing to prove",
                found=old.id,
                fix="run: tilth fix --yes (with --policy label_error=relabel where it found nothing worth doing), or "
                "name two snapshots with --before and --after",
            )
        settings = settings_of(store, dataset) or AuditSettings()
        standing = effective(store.decisions(dataset.name))
        rules = rules_of(standing)
        audited = settings.options(model) if model is None or rules.batches else ResolverOptions()
        chosen = replace(audited, embedder=embedder or settings.embedder)
        if model is not None:
            called, key = model_identity(model, model_name)
            chosen = replace(chosen, model=model, model_name=called, model_key=key)
        resolver = Resolver(join(old, new), options.run("prove", store), chosen)
        if rules.batches:
            probs = settings.brought(resolver.snapshot, store)
            rules = replace(rules, params=settings.params, options=audited, probs=probs)
        proof = prove_snapshots(
            old,
            new,
            resolver,
            repeats=repeats,
            metric=metric,
            slices=slices,
            bigger=bigger,
            decisions=standing,
            rules=rules,
            parents=parents_of(store.decisions(dataset.name)),
            orders=orders,
        )
        store.put_proof(dataset.name, proof)
    return proof
