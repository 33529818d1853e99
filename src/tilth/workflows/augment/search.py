"""``augment --search``: which policy pays for this model and these rows, or none.

Everything is measured on held-out folds of the training part, on rows as they are; test rows are never touched. Each
operation is tried by itself: density matching first (do models that were trained without it recognise what it makes
of held-out rows?), then its return, the gain of training with it, with an interval, overall and by class. Operations
that lower the score are dropped. Mixtures of the others (RandAugment's grid, one of them, several of them) go through
successive halving. The winner is taken only where its gain, measured on rows that had no say in the choice, is above
zero outside its 80% interval; otherwise the answer is "none", and says so. The trials of a stopped search are kept in
the workspace, and the next one goes on from them.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine import Resolver, ResolverOptions
from tilth.engine.inputs import group_ids
from tilth.engine.runs import EngineRun
from tilth.engine.sample_rows import sample_rows
from tilth.errors import AlignmentError, LabelError, NotApplicable, ParameterError
from tilth.numerics.cross_fitting.folds import merge_groups
from tilth.records import RoleOverrides, Sample, Snapshot, digest
from tilth.store import Workspace
from tilth.workflows.augment.search_features import Features, features_of, model_of
from tilth.workflows.augment.search_result import AugmentationSearch, OperationReturn, SearchSettings
from tilth.workflows.augment.search_rounds import Rounds
from tilth.workflows.augment.search_trials import Budget, Trials
from tilth.workflows.augment.selection import check_arguments, choose_medium, passed_over, readable_rows, training_rows
from tilth.workflows.ingest import dataset_of
from tilth.workflows.models import model_identity
from tilth.workflows.project import Dataset, RunOptions, head_snapshot, opened
from tilth.workflows.proof.descendants import parents_of

__all__ = ["AugmentationSearch", "OperationReturn", "SearchSettings", "search_augmentation", "search_samples"]


def search_samples(
    samples: Sequence[Sample],
    *,
    model: Any = None,
    model_name: str = "",
    features: Features | None = None,
    features_name: str = "",
    settings: SearchSettings | None = None,
    budget: str | int | Budget | None = None,
    groups: npt.ArrayLike | None = None,
    embedder: str = "",
    seed: int = 0,
    run: EngineRun | None = None,
) -> AugmentationSearch:
    """Search a policy for labelled samples of one medium; all of them must be of the training part.

    Parameters
    ----------
    samples : sequence of Sample, length n
        With class labels; unlabelled ones are left out.
    model : object or callable, optional
        Anything with scikit-learn's ``fit`` and ``predict_proba``, a torch model in such a coat too, or a function
        that makes one; default: a fixed model of the medium.
    model_name : str
        What the kept trials of a model are filed under where it cannot describe itself.
    features : callable, optional
        Samples to what the model takes: an array, a sparse matrix or a list. Default: the embedder of the medium, the
        texts themselves, or the encoded rows.
    features_name : str
        What kept trials are filed under; with a function of your own and no name nothing is kept.
    settings : SearchSettings, optional
    budget : str or int, optional
        ``"10m"``, ``"90s"``, or a number of trials; default: until every round is done.
    groups : array_like of int, shape (n,), optional
        Rows that stay in one fold; -1 for those that stand alone.
    embedder : str
        ``name:param=value``, for images and sounds.
    seed : int
    run : EngineRun, optional
        Progress, a stop button, and the store that keeps trials.

    Returns
    -------
    AugmentationSearch

    Raises
    ------
    LabelError
        There are fewer than two classes with two rows.
    ParameterError
        Samples of several media, an unknown metric, or a budget that is none.

    References
    ----------
    Cubuk et al. (2020). RandAugment. NeurIPS. Lim et al. (2019). Fast AutoAugment. NeurIPS. Jamieson, Talwalkar
    (2016). Non-stochastic best arm identification and hyperparameter optimization. AISTATS.

    Examples
    --------
    >>> rows = [Sample("table", {"x": i % 2 * 4 + i / 40}, f"r{i}", "ab"[i % 2]) for i in range(40)]
    >>> found = search_samples(rows, settings=SearchSettings(("swap_noise", "quantile_jitter")), budget=40)
    >>> found.policy is None, found.baseline
    (True, 1.0)
    """
    settings, run = settings or SearchSettings(), run or EngineRun(seed, "search")
    ids = np.full(len(samples), -1, dtype=np.int64) if groups is None else np.asarray(groups)
    if ids.shape != (len(samples),):
        raise AlignmentError("there must be one group a sample", found=f"shape {ids.shape} for {len(samples)}")
    keep = [at for at, sample in enumerate(samples) if sample.label is not None]
    rows, ids = [samples[at] for at in keep], ids[keep]
    classes = sorted({str(sample.label) for sample in rows})
    codes = np.asarray([classes.index(str(sample.label)) for sample in rows], dtype=np.int64)
    if (np.bincount(codes, minlength=2) > 1).sum() < 2:
        raise LabelError("a search needs two classes of two rows at least", found=f"{len(classes)} classes")
    media = {sample.medium for sample in rows}
    if len(media) > 1:
        raise ParameterError("a search is for samples of one medium", found=", ".join(sorted(media)))
    medium = media.pop()
    maker = _maker(rows, codes, ids, model, model_name, features, features_name, settings, embedder, seed)
    trials = Trials(
        rows, codes, len(classes), ids,
        features=features or features_of(rows, run, embedder),
        model=model_of(medium, seed) if model is None else model,
        n_folds=settings.n_folds, seed=seed, run=run, budget=Budget.parse(budget), maker=maker,
    )  # fmt: skip
    return Rounds(trials, classes, settings, medium).run()


def _maker(
    rows: Sequence[Sample],
    codes: npt.NDArray[np.int64],
    groups: npt.NDArray[np.int64],
    model: Any,
    model_name: str,
    features: Features | None,
    features_name: str,
    settings: SearchSettings,
    embedder: str,
    seed: int,
) -> dict[str, Any]:
    """What scores depend on; empty where that cannot be told, and then nothing is kept."""
    if features is not None and not features_name:
        return {}
    try:
        identity = model_identity(model, model_name)[1]
    except ParameterError:
        return {}
    marks = [digest([sample.row_id, _mark(sample.value)]) for sample in rows]
    return {
        "what": "augmentation trials 1", "rows": digest([marks, codes.tolist(), groups.tolist()]), "model": identity,
        "features": features_name or embedder, "folds": settings.n_folds, "seed": seed,
    }  # fmt: skip


def _mark(value: Any) -> Any:
    if isinstance(value, np.ndarray):
        return [str(value.dtype), list(value.shape), digest(np.ascontiguousarray(value).tobytes().hex())]
    return {str(k): repr(v) for k, v in value.items()} if hasattr(value, "items") else str(value)


def search_augmentation(
    target: Any,
    *,
    budget: str | int | None = "10m",
    settings: SearchSettings | None = None,
    model: Any = None,
    model_name: str = "",
    embedder: str = "",
    medium: str = "",
    column: str = "",
    workspace: str | Path | None = None,
    name: str = "",
    overrides: RoleOverrides | None = None,
    encoding: str = "",
    options: RunOptions | None = None,
) -> AugmentationSearch:
    """Search an augmentation policy on the training part of a dataset.

    Parameters
    ----------
    target : str, Path, object or Dataset
        As for `ingest`.
    budget : str or int, optional
        ``"10m"``, ``"90s"``, or a number of trials.
    settings : SearchSettings, optional
    model : object or callable, optional
        The model that the policy is for; see `search_samples`.
    model_name, embedder : str
    medium, column : str
        What to change, where the dataset holds several.
    workspace, name, overrides, encoding, options
        As for `ingest`.

    Returns
    -------
    AugmentationSearch
        Its ``policy`` goes to `augment` and `stream`, or to a file by `save_policy`.

    Raises
    ------
    NotApplicable
        The dataset has no class label.
    """
    check_arguments(options=options, embedder=embedder)
    options = options or RunOptions()
    dataset, _ = dataset_of(
        target, overrides=overrides, workspace=workspace, name=name, encoding=encoding, options=options
    )
    with opened(dataset) as store:
        return _search_dataset(store, dataset, budget, settings, model, model_name, embedder, medium, column, options)


def _search_dataset(
    store: Workspace,
    dataset: Dataset,
    budget: str | int | None,
    settings: SearchSettings | None,
    model: Any,
    model_name: str,
    embedder: str,
    medium: str,
    column: str,
    options: RunOptions,
) -> AugmentationSearch:
    snapshot = head_snapshot(store, dataset)
    if not snapshot.classes:
        raise NotApplicable("a search needs a class label", fix="name the label column with --label")
    chosen = choose_medium(snapshot, medium, None)
    places = training_rows(snapshot, "train", parents_of(store.decisions(dataset.name)))
    columns = sample_rows(snapshot, chosen, places, column).columns
    whole = options.run("search", store)
    places, unreadable = readable_rows(snapshot, places, chosen, columns, whole)
    rows = sample_rows(snapshot, chosen, places, column)
    same = np.unique(snapshot.items[places].astype(str), return_inverse=True)[1].astype(np.int64)
    alike = _near_duplicates(snapshot, whole, embedder)[places]
    groups = merge_groups(group_ids(snapshot)[places], same, alike)
    with whole.step("searching a policy") as run:
        found = search_samples(
            [rows[at] for at in range(len(rows))], model=model, model_name=model_name, settings=settings,
            budget=budget, groups=groups, embedder=embedder, seed=options.seed, run=run,
        )  # fmt: skip
    return replace(found, notes=(*found.notes, *passed_over(unreadable)))


def _near_duplicates(snapshot: Snapshot, run: EngineRun, embedder: str) -> npt.NDArray[np.int64]:
    """Group of near-duplicates of each row, shape (n,), -1 where it has none: a row and its like share a fold."""
    groups = np.full(len(snapshot), -1, dtype=np.int64)
    try:
        found = Resolver(snapshot, run, ResolverOptions(embedder=embedder)).get("duplicates")
    except NotApplicable:
        return groups
    groups[snapshot.positions(list(found.row_ids))] = found.values
    return groups
