"""Trials of a search: train with a policy on some folds, score rows as they are on the others, remember the scores."""

from __future__ import annotations

import re
import time
from collections import OrderedDict
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.engine.augment import Augmenter
from tilth.engine.runs import EngineRun
from tilth.errors import NotApplicable, ParameterError
from tilth.numerics.augment.search import DensityMatch, density_match
from tilth.numerics.cross_fitting.fold_models import FoldModel, model_maker
from tilth.numerics.cross_fitting.folds import assign_folds
from tilth.numerics.statistics.threads import one_blas_thread
from tilth.numerics.weak_supervision.soft_training import duplicate_rows
from tilth.records import AugmentationPolicy, Sample, digest
from tilth.workflows.augment.search_features import Features

__all__ = ["Budget", "Candidate", "Trials"]

Floats = npt.NDArray[np.float64]
_UNITS = {"s": 1.0, "m": 60.0, "h": 3600.0}


@dataclass
class Budget:
    """How much a search may cost: trials, seconds, or both; a trial trains one model a fold.

    Parameters
    ----------
    trials : int, optional
        Equal budgets of trials give equal results.
    seconds : float, optional
        A search that is cut off by time can be gone on with.
    """

    trials: int | None = None
    seconds: float | None = None
    used: int = 0
    start: float = field(default_factory=time.monotonic)

    @classmethod
    def parse(cls, said: str | int | float | Budget | None) -> Budget:
        """A budget from ``"10m"``, ``"90s"``, ``"1h"``, ``"200"`` or ``"200 trials"``; a number means trials.

        Examples
        --------
        >>> Budget.parse("10m").seconds, Budget.parse("200 trials").trials, Budget.parse(30).trials
        (600.0, 200, 30)
        """
        if said is None:
            return cls()
        if isinstance(said, Budget):
            return said
        text = str(said).strip().lower()
        timed = re.fullmatch(r"(\d+(?:\.\d+)?)\s*(s|m|h)(?:ec|in|r)?s?", text)
        counted = re.fullmatch(r"(\d+)(?:\s*trials?)?", text)
        if isinstance(said, bool) or not (timed or counted):
            raise ParameterError(
                "a budget is a time or a number of trials", found=repr(said), fix="write 10m, 90s, 1h or 200"
            )
        made = cls(seconds=float(timed[1]) * _UNITS[timed[2]]) if timed else cls(trials=int(counted[1]))  # type: ignore[index]
        if made.seconds == 0 or made.trials == 0:
            raise ParameterError("a budget of nothing finds nothing", found=repr(said), fix="write 10m or 200")
        return made

    def spent(self, share: float = 1.0) -> bool:
        """Whether this share of the budget is used up."""
        late = self.seconds is not None and time.monotonic() - self.start >= share * self.seconds
        return late or (self.trials is not None and self.used >= share * self.trials)

    def room(self, trials: int) -> bool:
        """Whether so many more trials are within a budget of trials."""
        return self.trials is None or self.used + trials <= self.trials


@dataclass(frozen=True)
class Candidate:
    """A policy on trial.

    Parameters
    ----------
    name : str
    policy : AugmentationPolicy or None
        None for rows that are repeated as they are (the placebo), or with `times` 0 for no augmentation.
    times : int
        New rows for each row.
    """

    name: str
    policy: AugmentationPolicy | None
    times: int

    @property
    def key(self) -> str:
        """What the scores depend on, beside the data."""
        return digest([self.policy.key if self.policy is not None else "", self.times])


@dataclass(frozen=True, eq=False)
class _Rows:
    """Rows to train on: features, classes, and weights where some are not 1."""

    features: Any
    codes: npt.NDArray[np.int64]
    weights: Floats | None = None


class Trials:
    """Scores of policies on held-out folds of labelled samples.

    Only rows as they are get scored, each by a model that saw neither it nor anything made from it.

    Parameters
    ----------
    samples : sequence of Sample, length n
    codes : (n,) int64
        Class of each, from 0 up.
    n_classes : int
    groups : (n,) int64
        Rows that stay together; -1 for rows that stand alone.
    features : callable
        Samples to what the model takes.
    model : object
        With ``fit`` and ``predict_proba``, or a function that makes one.
    n_folds, seed : int
    run : EngineRun
    budget : Budget
    maker : dict
        What the scores depend on beside policy, times and repeat; the key of the store. Empty: nothing is kept.
    """

    def __init__(
        self,
        samples: Sequence[Sample],
        codes: npt.NDArray[np.int64],
        n_classes: int,
        groups: npt.NDArray[np.int64],
        *,
        features: Features,
        model: Any,
        n_folds: int,
        seed: int,
        run: EngineRun,
        budget: Budget,
        maker: dict[str, Any],
    ) -> None:
        self.samples, self.codes, self.n_classes, self.groups = list(samples), codes, n_classes, groups
        self.features, self.n_folds, self.seed, self.run, self.budget = features, n_folds, seed, run, budget
        self._make = model_maker(model, seed)
        self._plain = features(self.samples)
        self._changed: OrderedDict[tuple[str, int], Any] = OrderedDict()
        self._held = 0
        self._models: dict[tuple[int, int], FoldModel] = {}
        self._cache = run.store.item_cache(digest(maker)) if maker else None
        self._known: dict[tuple[str, int], Floats] = {}
        self.resumed = 0

    def folds(self, repeat: int) -> npt.NDArray[np.int64]:
        """Fold of each row in a repeat."""
        return assign_folds(
            self.codes, n_folds=self.n_folds, groups=self.groups, random_state=self.seed * 1009 + repeat
        )

    def scores(self, candidate: Candidate, repeat: int) -> Floats:
        """Of each row: 1 where it is classified rightly, and the log-probability of its label; shape (n, 2)."""
        key = (candidate.key, repeat)
        if not self.known(candidate, repeat):
            self.budget.used += 1
            stored = self._stored(key)
            self._known[key] = self._trial(candidate, repeat) if stored is None else stored
            self.resumed += stored is not None
            if stored is None and self._cache is not None:
                self._cache.put([digest(list(key))], self._known[key].astype(np.float32)[None])
            self.run.advance()
        return self._known[key]

    def known(self, candidate: Candidate, repeat: int) -> bool:
        """Whether a trial was made already, so that asking for its scores costs nothing."""
        return (candidate.key, repeat) in self._known

    def _stored(self, key: tuple[str, int]) -> Floats | None:
        if self._cache is None:
            return None
        found, values = self._cache.get([digest(list(key))])
        return np.asarray(values[0], dtype=np.float64) if found[0] else None

    def _trial(self, candidate: Candidate, repeat: int) -> Floats:
        folds = self.folds(repeat)
        out = np.zeros((len(self.samples), 2), dtype=np.float32)
        for fold in range(int(folds.max()) + 1):
            train, test = np.flatnonzero(folds != fold), np.flatnonzero(folds == fold)
            model = self._fitted(candidate, train, repeat, fold)
            if not candidate.times:
                self._models[repeat, fold] = model
            probs = self._predict(model, _take(self._plain, test))
            out[test, 0] = probs.argmax(axis=1) == self.codes[test]
            out[test, 1] = np.log(np.clip(probs[np.arange(len(test)), self.codes[test]], 1e-6, 1))
        return out.astype(np.float64)

    def _predict(self, model: FoldModel, X: Any) -> Floats:
        with one_blas_thread():
            return model.predict(X, self.n_classes)

    def _fitted(self, candidate: Candidate, train: npt.NDArray[np.int64], repeat: int, fold: int) -> FoldModel:
        plain = _Rows(_take(self._plain, train), self.codes[train])
        rows = [plain, *self._more(candidate, train)]
        weights = None
        if any(block.weights is not None for block in rows):
            weights = np.concatenate([np.ones(len(b.codes)) if b.weights is None else b.weights for b in rows])
        name = f"{candidate.name}, repeat {repeat + 1}, fold {fold + 1}"
        made = self._make(repeat * self.n_folds + fold)
        blocks, codes = [block.features for block in rows], np.concatenate([block.codes for block in rows])
        try:
            with one_blas_thread():
                return FoldModel.fit(name, made, _joined(blocks), codes, weights)
        except ParameterError as error:
            if weights is None:
                raise
            raise NotApplicable(f"mixed labels need a model that weighs rows: {error}") from error

    def _more(self, candidate: Candidate, train: npt.NDArray[np.int64]) -> list[_Rows]:
        """The rows that a candidate adds to training rows."""
        if not candidate.times:
            return []
        if candidate.policy is None:
            return [_Rows(_take(self._plain, train), self.codes[train])] * candidate.times
        augmenter = Augmenter(candidate.policy, self.seed, self.samples[0].medium)
        if augmenter.recipe is None and not augmenter.wants_fit:
            made = [self._epoch(augmenter, epoch) for epoch in range(candidate.times)]
            return [_Rows(_take(block, train), self.codes[train]) for block in made]
        rows = [self.samples[at] for at in train]
        if augmenter.wants_fit:
            augmenter = augmenter.fit(rows)
        if augmenter.recipe is not None:
            new = augmenter.generate(rows, candidate.times * len(rows), self.run)
            return [self._labelled(new)] if new else []
        epochs = [[augmenter(row, epoch) for row in rows] for epoch in range(candidate.times)]
        return [_Rows(self.features(new), self.codes[train]) for new in epochs]

    def _labelled(self, new: Sequence[Sample]) -> _Rows:
        """Made samples as rows to train on; one with a mixed label once for each class, weighted by its share."""
        classes = {str(row.label): code for row, code in zip(self.samples, self.codes.tolist(), strict=True)}
        made = self.features(new)
        if not any(sample.soft for sample in new):
            return _Rows(made, np.asarray([classes[str(sample.label)] for sample in new], dtype=np.int64))
        beliefs = np.zeros((len(new), self.n_classes))
        for at, sample in enumerate(new):
            for name, share in (sample.soft or {sample.label: 1.0}).items():
                beliefs[at, classes[str(name)]] += share
        rows, codes, weights = duplicate_rows(beliefs)
        return _Rows(_take(made, rows), codes, weights)

    def _epoch(self, augmenter: Augmenter, epoch: int) -> Any:
        """Features of all rows changed in one epoch; the last ones that fit the memory budget are kept."""
        key = (augmenter.policy.key, epoch)
        if key in self._changed:
            self._changed.move_to_end(key)
            return self._changed[key]
        block = self.features([augmenter(sample, epoch) for sample in self.samples])
        self.run.check()
        self._changed[key] = block
        self._held += getattr(block, "nbytes", 0)
        while self._held > self.run.memory_budget // 4 and len(self._changed) > 1:
            _, old = self._changed.popitem(last=False)
            self._held -= getattr(old, "nbytes", 0)
        return block

    def density(self, candidate: Candidate) -> DensityMatch | None:
        """How well models that were trained without augmentation recognise changed held-out rows.

        None for a batch recipe, which changes no row.
        """
        if candidate.policy is None:
            return None
        augmenter = Augmenter(candidate.policy, self.seed, self.samples[0].medium)
        if augmenter.recipe is not None:
            return None
        if augmenter.wants_fit:
            augmenter = augmenter.fit(self.samples)
        folds = self.folds(0)
        plain, changed = (np.zeros((len(self.samples), self.n_classes)) for _ in range(2))
        block = self._epoch(augmenter, 0)
        for fold in range(int(folds.max()) + 1):
            test = np.flatnonzero(folds == fold)
            if (0, fold) not in self._models:
                nothing = Candidate("none", None, 0)
                self._models[0, fold] = self._fitted(nothing, np.flatnonzero(folds != fold), 0, fold)
            for out, X in ((plain, self._plain), (changed, block)):
                out[test] = self._predict(self._models[0, fold], _take(X, test))
        return density_match(plain, changed, self.codes)


def _take(X: Any, rows: npt.NDArray[np.int64]) -> Any:
    return [X[at] for at in rows] if isinstance(X, list) else X[rows]


def _joined(blocks: Sequence[Any]) -> Any:
    from scipy.sparse import issparse, vstack

    if len(blocks) == 1:
        return blocks[0]
    if issparse(blocks[0]):
        return vstack(blocks, format="csr")
    if isinstance(blocks[0], list):
        return [row for block in blocks for row in block]
    return np.concatenate([np.asarray(block) for block in blocks])
