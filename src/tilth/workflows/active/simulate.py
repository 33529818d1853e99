"""``simulate``: would active learning have paid on these data?

Labelled rows are replayed as an oracle: every strategy starts from nothing, asks for labels batch by batch, and is
scored on rows that are never in its pool. Random picks are always among the strategies. A strategy is said to beat
random only where the interval of the difference over the splits is above zero; else it is said that it does not.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import numpy.typing as npt

from tilth.engine import EngineRun, Resolver, ResolverOptions
from tilth.engine.inputs import canonical_split, group_ids
from tilth.engine.replay import Replay, ReplayData, full_score, replay, schedule
from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.cross_fitting.folds import merge_groups
from tilth.numerics.querying.curves import area_under_curve, labels_to_reach
from tilth.numerics.statistics.interval_result import Interval
from tilth.numerics.statistics.intervals import paired_interval
from tilth.plugin import Shelf
from tilth.records import RoleOverrides, Snapshot
from tilth.workflows.active.curves import Curve, curves_page, curves_svg
from tilth.workflows.active.select import cost_column
from tilth.workflows.ingest import ingest
from tilth.workflows.project import Dataset, RunOptions, head_snapshot, opened

__all__ = ["Simulation", "StrategyResult", "simulate", "summarize"]

BASELINE = "random"
TARGETS = (0.90, 0.95, 0.99)
DEFAULT_BUDGET = 1_000


@dataclass(frozen=True)
class StrategyResult:
    """What one strategy did, over all seeds.

    Parameters
    ----------
    name : str
    replays : tuple of Replay
    area : float
        Mean score over the label counts.
    needed : dict of target to float
        Median labels to reach 0.90, 0.95 and 0.99 of the full-data score; infinite where it was not reached.
    difference : Interval or None
        Of the area, against random, paired by seed; None for random itself.
    verdict : str
        "the baseline", "beats random", "does not beat random" or "worse than random".
    """

    name: str
    replays: tuple[Replay, ...]
    area: float
    needed: dict[float, float]
    difference: Interval | None
    verdict: str

    def curve(self) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.float64], npt.NDArray[np.float64]]:
        """Label counts, mean score, and half the width of its 95% interval."""
        scores = np.stack([r.scores for r in self.replays])
        if len(scores) < 2:
            return self.replays[0].counts, scores.mean(axis=0), np.zeros(scores.shape[1])
        from scipy.stats import t as student

        half = student.ppf(0.975, len(scores) - 1) * scores.std(axis=0, ddof=1) / np.sqrt(len(scores))
        return self.replays[0].counts, scores.mean(axis=0), np.asarray(half)


@dataclass(frozen=True)
class Simulation:
    """Learning curves of strategies beside random.

    Parameters
    ----------
    name : str
        Of the dataset.
    snapshot_id : str
    results : tuple of StrategyResult
        Random last.
    full : float
        Mean score with all labels.
    pool, test : int
        Rows.
    notes : tuple of str
    """

    COLUMNS: ClassVar[tuple[str, ...]] = ("strategy", "area", "90%", "95%", "99%", "against random", "verdict")

    name: str
    snapshot_id: str
    results: tuple[StrategyResult, ...]
    full: float
    pool: int
    test: int
    notes: tuple[str, ...] = ()

    @property
    def title(self) -> str:
        """One line: what was measured."""
        seeds = len(self.results[0].replays)
        last = int(self.results[0].replays[0].counts[-1])
        return (
            f"{self.name}: labels to reach a share of the full-data score {self.full:.3f} "
            f"({seeds} splits, pool {self.pool:,}, test {self.test:,}, up to {last:,} labels)"
        )

    def table(self) -> list[tuple[str, ...]]:
        """One row a strategy, as `COLUMNS`."""
        rows = []
        for r in self.results:
            needed = [f"{r.needed[t]:,.0f}" if np.isfinite(r.needed[t]) else "not reached" for t in TARGETS]
            d = r.difference
            gain = f"{d.estimate:+.3f} [{d.low:+.3f}, {d.high:+.3f}]" if d is not None else "-"
            rows.append((r.name, f"{r.area:.3f}", *needed, gain, r.verdict))
        return rows

    def curves(self) -> list[Curve]:
        """The curves for a picture."""
        made = []
        for r in self.results:
            counts, mean, half = r.curve()
            made.append(Curve(r.name, counts.tolist(), mean.tolist(), half.tolist(), r.verdict, r.name == BASELINE))
        return made

    def write(self, path: str | Path) -> Path:
        """Write the curves as ``.svg``, or with the table as ``.html``."""
        path = Path(path)
        if path.suffix.lower() not in (".svg", ".html"):
            raise ParameterError("the picture is .svg or .html", where=str(path), found=path.suffix or "no ending")
        path.parent.mkdir(parents=True, exist_ok=True)
        picture = curves_svg(self.curves(), self.full, self.title)
        text = picture if path.suffix.lower() == ".svg" else curves_page(
            self.title, picture, self.COLUMNS, self.table(), self.notes
        )  # fmt: skip
        path.write_text(text, encoding="utf-8")
        return path

    def to_dict(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""

        def finite(value: float) -> float | None:
            return value if np.isfinite(value) else None

        strategies = [
            {
                "strategy": r.name,
                "area": r.area,
                "labels_needed": {f"{t:.2f}": finite(v) for t, v in r.needed.items()},
                "against_random": None if r.difference is None else [r.difference.low, r.difference.high],
                "verdict": r.verdict,
                "counts": r.replays[0].counts.tolist(),
                "scores": [p.scores.tolist() for p in r.replays],
                "spent": [p.spent.tolist() for p in r.replays],
            }
            for r in self.results
        ]
        summary = {"full": self.full, "pool": self.pool, "test": self.test, "notes": list(self.notes)}
        return {"verb": "simulate", "snapshot": self.snapshot_id, "summary": {**summary, "strategies": strategies}}


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


def summarize(replays: Sequence[Replay], n_train: int, n_test: int) -> tuple[StrategyResult, ...]:
    """Areas, labels needed and verdicts; the replays hold random and as many seeds of every strategy."""
    by: dict[str, list[Replay]] = {}
    for made in replays:
        by.setdefault(made.strategy, []).append(made)
    areas = {name: [area_under_curve(r.counts, r.scores) for r in group] for name, group in by.items()}
    results = []
    for name in sorted(by, key=lambda name: name == BASELINE):
        group = by[name]
        needed = {
            t: float(np.median([labels_to_reach(r.counts, r.scores, t * r.full) for r in group])) for t in TARGETS
        }
        difference, verdict = None, "the baseline"
        if name != BASELINE:
            if len(group) < 2:
                verdict = "not compared: one seed has no interval"
            else:
                difference = paired_interval(areas[BASELINE], areas[name], n_train=n_train, n_test=n_test)
                said = {"helped": "beats random", "hurt": "worse than random", "cannot tell": "does not beat random"}
                verdict = said[difference.verdict]
        results.append(StrategyResult(name, tuple(group), float(np.mean(areas[name])), needed, difference, verdict))
    return tuple(results)


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
    return made, ("a quarter of the rows is held out, another one for each split",)


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
    encoding: str = "utf-8",
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
        Column with what each label costs.
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
        Fewer than two classes with labels.
    """
    del model_name
    if seeds < 1 or not 0 <= noise < 1:
        raise ParameterError("seeds is at least 1 and noise lies in [0, 1)", found=f"{seeds}, {noise}")
    options = options or RunOptions()
    shelf, given = Shelf("strategies"), params or {}
    wanted = [*dict.fromkeys([*(s for s in strategies if s != BASELINE), BASELINE])]
    for strategy in wanted:
        shelf.make(strategy, **given.get(strategy, {}))
    notes: tuple[str, ...] = ()
    if isinstance(target, Dataset):
        dataset = target
    else:
        made = ingest(target, overrides=overrides, workspace=workspace, name=name, encoding=encoding, options=options)
        dataset, notes = made.dataset, made.notes
    with opened(dataset) as store:
        snapshot = head_snapshot(store, dataset)
        run = options.run("simulate", store)
        resolver = Resolver(snapshot, run, ResolverOptions(embedder=embedder))
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
    results = summarize(replays, size, test_rows)
    beaten = [r.name for r in results if r.verdict == "does not beat random"]
    if beaten:
        said = (*said, f"not shown to beat random here: {', '.join(beaten)}")
    return Simulation(dataset.name, snapshot.id, results, float(np.mean(full)), size, test_rows, (*notes, *said))
