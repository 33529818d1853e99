"""``simulate``: would active learning have paid on these data?

Labelled rows are replayed as an oracle: every strategy starts from nothing, asks for labels batch by batch, and is
scored on rows that are never in its pool. Random picks are always among the strategies. A strategy is said to beat
random only where the interval of the difference over the splits is above zero; else it is said that it does not.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine import EngineRun, Resolver, ResolverOptions
from tilth.engine.inputs import canonical_split, group_ids
from tilth.engine.replay import Replay, ReplayData, full_score, replay, schedule
from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.cross_fitting.folds import merge_groups
from tilth.plugin import Shelf
from tilth.records import RoleOverrides, Snapshot
from tilth.workflows.active.select import brief_notes, cost_column, without_cost
from tilth.workflows.active.simulate_results import BASELINE, Simulation, StrategyResult, summarize
from tilth.workflows.ingest import dataset_of
from tilth.workflows.project import RunOptions, head_snapshot, opened

__all__ = ["Simulation", "StrategyResult", "simulate", "summarize"]

DEFAULT_BUDGET = 1_000


_SHARED: dict[str, Any] = {}


def _share(data: ReplayData, counts: list[int]) -> None:
    _SHARED.update(data=data, counts=counts)


def _one(job: tuple[str, dict[str, Any], int, Any, Any, float]) -> Replay:
    """One replay in a worker process."""
    strategy, params, seed, train, test, full = job
    data = replace(_SHARED["data"], train=train, test=test)
    return replay(data, strategy, params, seed, _SHARED["counts"], full=full)


def _run_all(data: ReplayData, jobs: list[Any], counts: list[int], run: EngineRun) -> Iterator[Replay]:
    if run.jobs == 1 or len(jobs) < 2:
        _share(data, counts)
        for job in jobs:
            yield _one(job)
            run.advance()
        _SHARED.clear()
        return
    workers = ProcessPoolExecutor(min(run.jobs, len(jobs)), get_context("spawn"), _share, (data, counts))
    try:
        for made in workers.map(_one, jobs):
            yield made
            run.advance()
    finally:
        workers.shutdown(wait=True, cancel_futures=True)


def _splits(
    snapshot: Snapshot, rows: npt.NDArray[np.int64], groups: npt.NDArray[np.int64], seeds: range, seed: int
) -> tuple[list[tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]], tuple[str, ...]]:
    """Pool and test rows of each seed: the dataset's test part, else a drawn quarter; groups stay on one side."""
    split, labels = canonical_split(snapshot)[rows], snapshot.labels[rows]
    usable = labels >= 0
    unit = np.where(groups >= 0, groups, groups.max(initial=-1) + 1 + np.arange(len(groups)))
    if (split == "test").any():
        test = (split == "test") & usable
        near = np.isin(unit, unit[split == "test"])
        train = usable & (split != "test") & (split != "val") & ~near
        _check_parts(snapshot, split, usable, train)
        return [(np.flatnonzero(train), np.flatnonzero(test))] * len(seeds), (
            "the dataset's own test part is held out",
        )
    names = np.unique(unit[usable])
    made = []
    for turn in seeds:
        rng = np.random.default_rng([seed, turn])
        out = rng.choice(names, max(1, round(0.25 * len(names))), replace=False)
        test = np.isin(unit, out) & usable
        made.append((np.flatnonzero(usable & ~test), np.flatnonzero(test)))
    if any(not len(train) for train, _ in made):
        raise NotApplicable(
            "no row is left for the pool beside the test rows",
            found=f"{len(names)} group(s) of rows with a label",
            fix="a replay needs rows of several groups, near-copies counted as one",
        )
    return made, ("a quarter of the rows is held out, another one for each split",)


def _check_parts(
    snapshot: Snapshot,
    split: npt.NDArray[np.object_],
    usable: npt.NDArray[np.bool_],
    train: npt.NDArray[np.bool_],
) -> None:
    """Both the test part and the pool need labels."""
    column, label = snapshot.schema.one("split"), snapshot.schema.label
    test = split == "test"
    if not (test & usable).any():
        raise NotApplicable(
            "the test part has no labels, so nothing can be scored",
            where=f"split column {column!r}, label column {label!r}",
            found=f"{int(test.sum()):,} test row(s), none of them with a label",
            fix=f"label some of them, or hold out a quarter of the labelled rows instead: --split none --drop {column}",
        )
    if not train.any():
        raise NotApplicable(
            "no row with a label is left for the pool",
            where=f"split column {column!r}, label column {label!r}",
            found=f"{int((~test & usable).sum()):,} row(s) with a label outside the test part",
            fix="rows of a validation part, and near-copies of test rows, are never in the pool",
        )


def _strategies(strategies: Sequence[str], params: Mapping[str, Mapping[str, Any]]) -> list[str]:
    """The strategies to replay, random last; parameters of another one are an error."""
    if isinstance(strategies, str) or not isinstance(strategies, Sequence):
        raise ParameterError(
            "strategies are a list of names", where="strategies", found=repr(strategies), fix="such as ['margin']"
        )
    if not isinstance(params, Mapping) or not all(isinstance(said, Mapping) for said in params.values()):
        raise ParameterError(
            "parameters are a mapping of strategies to mappings", where="params", found=repr(params), fix="such as "
            "{'priority': {'start': 20}}",
        )  # fmt: skip
    wanted = [*dict.fromkeys([*(s for s in strategies if s != BASELINE), BASELINE])]
    shelf = Shelf("strategies")
    for strategy in wanted:
        if not isinstance(strategy, str):
            raise ParameterError("a strategy is named by a text", where="strategies", found=repr(strategy))
        shelf.make(strategy, **params.get(strategy, {}))
    stray = [name for name in params if name not in wanted]
    if stray:
        near = difflib.get_close_matches(str(stray[0]), wanted, n=1)
        raise ParameterError(
            "parameters were given for a strategy that is not replayed",
            where="params",
            found=repr(stray[0]),
            fix=(f"did you mean {near[0]!r}? " if near else "") + f"Replayed are {', '.join(wanted)}",
        )
    return wanted


def _whole(name: str, value: Any, least: int) -> None:
    if isinstance(value, bool) or not isinstance(value, (int, np.integer)) or value < least:
        raise ParameterError(f"{name} is a whole number of at least {least}", found=repr(value))


def simulate(
    target: Any,
    *,
    strategies: Sequence[str] = ("priority", "margin"),
    params: Mapping[str, Mapping[str, Any]] | None = None,
    seeds: int = 5,
    budget: int = 0,
    batch: int = 0,
    noise: float = 0.0,
    cost: str = "",
    model: Any = None,
    model_name: str = "",
    embedder: str = "",
    overrides: RoleOverrides | None = None,
    workspace: str | Path | None = None,
    name: str = "",
    encoding: str = "",
    options: RunOptions | None = None,
) -> Simulation:
    """Replay labelled data over strategies and seeds, in parallel.

    Parameters
    ----------
    target : str, Path, object or Dataset
        Data whose rows have labels; rows without one are left out.
    strategies : sequence of str
        Random is always added.
    params : mapping of strategy to parameters, optional
    seeds : int
        At least 2 for verdicts.
    budget : int
        Labels at the end; 0 takes 1,000 or the whole pool.
    batch : int
        Labels a round; 0 takes 10 up to 100, then steps of 15%.
    noise : float
        In [0, 1): share of the oracle's answers that are wrong.
    cost : str
        Column with what each label costs; it is no input. Curves, areas, what is needed and verdicts go by what was
        spent then, not by the number of labels.
    model, model_name, embedder
        As for `select`.
    overrides, workspace, name, encoding, options
        As for `ingest`; ``options.jobs`` processes work at once.

    Returns
    -------
    Simulation

    Raises
    ------
    ParameterError
        A budget above the pool, or a share outside [0, 1).
    NotApplicable
        Fewer than two classes with labels, or a test part without labels.
    """
    del model_name
    for what, value, least in (("seeds", seeds, 1), ("budget", budget, 0), ("batch", batch, 0)):
        _whole(what, value, least)
    if isinstance(noise, bool) or not isinstance(noise, (int, float, np.number)) or not 0 <= noise < 1:
        raise ParameterError("noise is a share in [0, 1)", where="noise", found=repr(noise))
    options = options or RunOptions()
    given = params or {}
    wanted = _strategies(strategies, given)
    dataset, notes = dataset_of(
        target, overrides=overrides, workspace=workspace, name=name, encoding=encoding, options=options
    )
    notes = brief_notes(notes, cost)
    with opened(dataset) as store:
        snapshot = head_snapshot(store, dataset)
        run = options.run("simulate", store)
        resolver = Resolver(without_cost(snapshot, cost), run, ResolverOptions(embedder=embedder))
        embeddings = resolver.get("embeddings")
        rows = snapshot.positions(list(embeddings.row_ids))
        if len(np.unique(snapshot.labels[rows][snapshot.labels[rows] >= 0])) < 2:
            raise NotApplicable("a replay needs rows with labels of two classes", where=dataset.name)
        groups = merge_groups(group_ids(snapshot)[rows], resolver.get("duplicates").values)
        splits, said = _splits(snapshot, rows, groups, range(seeds), options.seed)
        size = min(len(train) for train, _ in splits)
        most = budget or min(DEFAULT_BUDGET, size)
        if most > size:
            raise ParameterError("the budget is above the pool", found=f"{most} of {size}", fix="lower --budget")
        data = ReplayData(
            embeddings.values,
            snapshot.labels[rows],
            snapshot.classes,
            *splits[0],
            model() if isinstance(model, type) else model,
            cost_column(snapshot, cost, rows),
            noise,
        )
        counts = schedule(most, batch)
        with run.step("replays") as step:
            step.expect(len(wanted) * seeds)
            full = [full_score(replace(data, train=a, test=b), options.seed + i) for i, (a, b) in enumerate(splits)]
            work = [
                (strategy, dict(given.get(strategy, {})), options.seed + i, *splits[i], full[i])
                for strategy in wanted
                for i in range(seeds)
            ]
            replays = list(_run_all(data, work, counts, step))
    test_rows = len(splits[0][1])
    if noise:
        said = (*said, f"{noise:.0%} of the oracle's answers are wrong")
    if cost:
        said = (*said, f"everything goes by {cost} spent, not by the number of labels; {cost} is no input")
    results = summarize(replays, size, test_rows, money=bool(cost), chance=1 / len(snapshot.classes))
    beaten = [r.name for r in results if r.verdict == "does not beat random"]
    if beaten:
        said = (*said, f"not shown to beat random here: {', '.join(beaten)}")
    return Simulation(dataset.name, snapshot.id, results, float(np.mean(full)), size, test_rows, (*notes, *said), cost)
