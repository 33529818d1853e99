"""``prove``: did the change of data help the model, and by how much?

One model, held fixed, is trained on the dataset before and after the change, over repeated splits or, where
the dataset has a test part, over repeated subsamples of the training part. Both are scored on the same
held-out rows, which neither training part holds and whose label the change left alone. Two more arms keep the
result honest: *placebo* (as many random training rows changed in the same way) and *model-centric* (a bigger
model on the old data). The verdict is "helped", "hurt" or "cannot tell"; nothing is called an improvement
without it.
"""

from __future__ import annotations

import platform
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine import Resolver, ResolverOptions
from tilth.engine.inputs import canonical_split, group_ids
from tilth.errors import LeakError, NotApplicable, ParameterError, SchemaError
from tilth.numerics.crossfit import default_classifier
from tilth.numerics.folds import merge_groups
from tilth.numerics.trials import Arms, Trial, run_trials
from tilth.plugin import Run
from tilth.records import Arm, ClassEffect, Effect, Proof, Snapshot
from tilth.workflows.ingest import ingest
from tilth.workflows.project import Dataset, RunOptions, opened, require_head

__all__ = ["prove", "prove_snapshots"]

METRICS = ("accuracy", "balanced_accuracy")


@dataclass(frozen=True)
class _Aligned:
    """Rows of both snapshots on one axis: all rows of `before`, then the rows that only `after` has."""

    before: npt.NDArray[np.int64]
    after: npt.NDArray[np.int64]
    in_before: npt.NDArray[np.bool_]
    in_after: npt.NDArray[np.bool_]

    @property
    def changed(self) -> npt.NDArray[np.bool_]:
        """Rows that were relabelled, dropped or added."""
        return np.asarray((self.before != self.after) | (self.in_before != self.in_after))


def _align(union: Snapshot, before: Snapshot, after: Snapshot) -> _Aligned:
    labels = {s.id: dict(zip(s.row_ids, s.labels, strict=True)) for s in (before, after)}

    def column(snapshot: Snapshot) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
        known = labels[snapshot.id]
        return (
            np.asarray([known.get(row, -1) for row in union.row_ids], dtype=np.int64),
            np.asarray([row in known for row in union.row_ids], dtype=bool),
        )

    (old, in_old), (new, in_new) = column(before), column(after)
    return _Aligned(old, new, in_old, in_new)


def _union(before: Snapshot, after: Snapshot) -> Snapshot:
    """All rows of `before`, then those that only `after` has, in the schema of `before`."""
    import pyarrow as pa

    if before.classes != after.classes:
        raise SchemaError(
            "the two snapshots declare other classes",
            found=f"{len(before.classes)} and {len(after.classes)}",
            fix="prove compares versions of one dataset with one set of classes",
        )
    known = set(before.row_ids)
    new = np.asarray([i for i, row in enumerate(after.row_ids) if row not in known], dtype=np.int64)
    if not len(new):
        return before
    table = pa.concat_tables([before.table, after.table.take(pa.array(new)).select(before.table.column_names)])
    table = table.set_column(2, "position", pa.array(range(table.num_rows), pa.int64()))
    return Snapshot(table, before.schema, root=before.root)


def _refuse_leaks(union: Snapshot, train: npt.NDArray[np.bool_], test: npt.NDArray[np.bool_]) -> None:
    """Raise `LeakError` where a test row's content also stands in the training part."""
    training = {item: i for i, item in enumerate(union.items) if train[i]}
    leaks = [(i, training[item]) for i, item in enumerate(union.items) if test[i] and item in training]
    if leaks:
        i, j = leaks[0]
        raise LeakError(
            f"{len(leaks)} test row(s) also stand in the training part, so no score on them means anything",
            where=f"test row {union.row_ids[i]!r} = training row {union.row_ids[j]!r}",
            fix="run: tilth fix --policy near_duplicate=drop --yes (it drops the training copies), then prove again",
        )


def _trials(
    union: Snapshot, aligned: _Aligned, groups: npt.NDArray[np.int64], rows: npt.NDArray[np.int64], run: Run, n: int
) -> tuple[list[Trial], bool, tuple[str, ...]]:
    """The train and test rows of each repeat, whether the test part is fixed, and notes."""
    split = canonical_split(union)[rows]
    usable = (aligned.before[rows] >= 0) | (aligned.after[rows] >= 0)
    scored = usable & (aligned.before[rows] == aligned.after[rows]) & aligned.in_before[rows] & aligned.in_after[rows]
    rng = run.rng
    fixed = bool((split == "test").any())
    notes: list[str] = []
    trials: list[Trial] = []
    if fixed:
        test, train = (split == "test"), (split != "test") & (split != "val") & usable
        whole = canonical_split(union)
        _refuse_leaks(
            union, (whole != "test") & (whole != "val") & aligned.in_after, (whole == "test") & aligned.in_after
        )
        near = np.isin(groups, groups[test & (groups >= 0)]) & train
        if near.any():
            notes.append(
                f"{int(near.sum())} training rows that repeat or nearly repeat a test row were left out of every arm"
            )
        pool, held = np.flatnonzero(train & ~near), np.flatnonzero(test & scored)
        size = round(0.9 * len(pool))
        trials = [Trial(np.sort(rng.choice(pool, size, replace=False)), held) for _ in range(n)]
    else:
        unit = np.where(groups >= 0, groups, groups.max(initial=-1) + 1 + np.arange(len(groups)))
        names = np.unique(unit[usable])
        for _ in range(n):
            out = rng.choice(names, max(1, round(0.25 * len(names))), replace=False)
            test = np.isin(unit, out) & usable
            trials.append(Trial(np.flatnonzero(usable & ~test), np.flatnonzero(test & scored)))
    skipped = int((usable & ~scored).sum())
    if skipped:
        notes.append(f"{skipped} rows that the change touched are trained on but never scored")
    if not trials or not len(trials[0].test) or not len(trials[0].train):
        raise NotApplicable(
            "there are no held-out rows whose label the change left alone",
            fix="add labelled rows with split 'test', or fix fewer rows",
        )
    return trials, fixed, tuple(notes)


def bigger_model(seed: int) -> Any:
    """The model of the model-centric arm: 300 extremely randomised trees."""
    from sklearn.ensemble import ExtraTreesClassifier

    return ExtraTreesClassifier(n_estimators=300, random_state=seed, n_jobs=-1)


def _verdict(arms: Arms) -> tuple[str, str]:
    effect, placebo, margin = arms.effects["after"], arms.effects["placebo"], arms.after_over_placebo
    points = f"{100 * effect.estimate:+.2f} points (95% interval {100 * effect.low:+.2f} to {100 * effect.high:+.2f})"
    said = f"the same model gains {points}; changing as many random rows gives {100 * placebo.estimate:+.2f}"
    if effect.low > 0 and margin.low > 0:
        return "helped", said
    if effect.high < 0:
        return "hurt", said
    return "cannot tell", said + "; the interval or the placebo leaves room for chance"


def prove_snapshots(
    before: Snapshot,
    after: Snapshot,
    resolver: Resolver,
    *,
    repeats: int = 10,
    metric: str = "accuracy",
    slices: Sequence[str] = (),
    bigger: Any = None,
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

    Returns
    -------
    Proof

    Raises
    ------
    LeakError
        After the change, a test row's content also stands in the training part. Training rows that
        repeat a test row but are gone after the change are left out of every arm instead.
    NotApplicable
        No class label, or nothing to score on.
    """
    if metric not in METRICS:
        raise ParameterError("unknown metric", found=repr(metric), fix=f"use one of {', '.join(METRICS)}")
    if repeats < 2:
        raise ParameterError("an interval needs at least 2 repeats", found=str(repeats), fix="use --repeats 10")
    if not before.classes:
        raise NotApplicable("prove needs a class label", fix="name the label column with --label")
    union, run = resolver.snapshot, resolver.run
    embeddings = resolver.get("embeddings")
    rows = union.positions(list(embeddings.row_ids))
    duplicates = resolver.get("duplicates").values
    groups = merge_groups(group_ids(union)[rows], duplicates)
    aligned = _align(union, before, after)
    trials, fixed, notes = _trials(union, aligned, groups, rows, run, repeats)
    options = resolver.options
    model = options.model if options.model is not None else default_classifier(run.seed)
    names = {column: [str(v) for v in union.table.column(column).take(rows).to_pylist()] for column in slices}
    arms = run_trials(
        embeddings.values,
        aligned.before[rows],
        aligned.after[rows],
        trials,
        model=model,
        bigger=bigger if bigger is not None else bigger_model(run.seed),
        n_classes=len(before.classes),
        balanced=metric == "balanced_accuracy",
        fixed_test=fixed,
        slices=names,
        rng=run.child("placebo").rng,
        on_fit=lambda total: run.expect(total) if total else run.advance(),
    )
    verdict, why = _verdict(arms)
    return Proof(
        before.id,
        after.id,
        metric,
        tuple(
            Arm(
                name,
                arms.scores[name],
                Effect(e.estimate, e.low, e.high, e.level) if (e := arms.effects.get(name)) else None,
            )
            for name in ("before", "after", "placebo", "model-centric")
        ),
        _class_effects(arms.by_class, before.classes),
        verdict,
        why,
        int(aligned.changed.sum()),
        int(np.mean([len(t.train) for t in trials])),
        int(np.mean([len(t.test) for t in trials])),
        repeats,
        options.model_name,
        type(bigger if bigger is not None else bigger_model(run.seed)).__name__,
        run.seed,
        slices=_class_effects(arms.by_slice, None),
        notes=notes,
        machine=_machine(),
    )


def _class_effects(found: dict[Any, Any], names: tuple[str, ...] | None) -> tuple[ClassEffect, ...]:
    return tuple(
        ClassEffect(
            names[key] if names is not None else str(key),
            value.n,
            value.before,
            value.after,
            Effect(value.interval.estimate, value.interval.low, value.interval.high, value.interval.level),
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
    repeats: int = 10,
    metric: str = "accuracy",
    slices: Sequence[str] = (),
    model: Any = None,
    model_name: str = "",
    bigger: Any = None,
    embedder: str = "",
    workspace: str | Path | None = None,
    name: str = "",
    options: RunOptions | None = None,
) -> Proof:
    """Measure what the changes to a dataset did to a fixed model.

    Parameters
    ----------
    target : str, Path, object or Dataset
    before, after : str
        Snapshot ids, or unique beginnings of ids. Default: the rows as first read, and the current
        snapshot.
    repeats, metric, slices, bigger
        As for `prove_snapshots`.
    model, model_name, embedder
        As for `audit`.
    workspace, name, options
        As for `ingest`.

    Returns
    -------
    Proof
    """
    options = options or RunOptions()
    dataset = (
        target
        if isinstance(target, Dataset)
        else ingest(target, workspace=workspace, name=name, options=options).dataset
    )
    with opened(dataset) as store:
        require_head(store, dataset)
        old = store.load_snapshot(before or store.base(dataset.name) or "")
        new = store.load_snapshot(after or require_head(store, dataset))
        if old.id == new.id:
            raise NotApplicable(
                "before and after are the same snapshot, so there is nothing to prove",
                found=old.id,
                fix="run: tilth fix --yes, or name two snapshots with --before and --after",
            )
        chosen = ResolverOptions(
            embedder=embedder, model=model, model_name=model_name or (repr(model) if model else "default")
        )
        resolver = Resolver(_union(old, new), options.run("prove", store), chosen)
        proof = prove_snapshots(old, new, resolver, repeats=repeats, metric=metric, slices=slices, bigger=bigger)
        store.put_proof(dataset.name, proof)
    return proof
