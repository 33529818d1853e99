"""The rounds of a search: every operation by itself, then mixtures by successive halving, then the choice."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from tilth.errors import NotApplicable
from tilth.numerics.augment.search import PolicyChoice, choose_policy, class_gains, halving_rounds
from tilth.workflows._search_candidates import mixtures, operations_of, singles
from tilth.workflows._search_result import AugmentationSearch, OperationReturn, SearchSettings
from tilth.workflows._search_trials import Candidate, Trials

__all__ = ["Rounds"]

#: Repeats of the folds that every operation is screened on, and that the last candidates are scored on.
SCREENED, REPEATS = 2, 6
#: Share of the budget after which no further operation is screened.
SCREENING = 0.55
#: A loss of accuracy on changed held-out rows beyond which an operation is not even trained with.
UNRECOGNISED = -0.3
#: Operations that mixtures are made of, at most.
MIXED = 6


class Rounds:
    """One search under way."""

    def __init__(self, trials: Trials, classes: Sequence[str], settings: SearchSettings, medium: str) -> None:
        self.trials, self.classes, self.settings, self.medium = trials, classes, settings, medium
        self.none = Candidate("none", None, 0)
        self.parts = trials.folds(0)
        self.notes: list[str] = []
        counts = np.bincount(trials.codes, minlength=len(classes)).astype(np.float64)
        even = len(trials.codes) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        self.weights = even[trials.codes] if settings.metric == "balanced_accuracy" else np.ones(len(trials.codes))

    def score(self, candidate: Candidate, repeats: int, column: int | None = None) -> npt.NDArray[np.float64]:
        """Scores of the rows over some repeats, shape (repeats, n), in the metric or in column 0, right or wrong."""
        at = (1 if self.settings.metric == "log_likelihood" else 0) if column is None else column
        rows = [self.trials.scores(candidate, repeat)[:, at] for repeat in range(repeats)]
        return np.stack(rows) * (self.weights if column is None else 1.0)

    def returns(self) -> list[OperationReturn]:
        """Each operation by itself."""
        operations = operations_of(self.medium, self.settings.operations)
        made = singles(self.medium, operations, self.settings.magnitudes, min(2, self.settings.times))
        self.trials.run.expect(SCREENED * (2 + sum(len(tried) for tried in made.values())), "trying operations")
        self.score(self.none, SCREENED)
        return [self._return(name, tried) for name, tried in made.items()]

    def _return(self, name: str, tried: list[Candidate]) -> OperationReturn:
        magnitude = _magnitude(tried[0])
        if self.trials.budget.spent(SCREENING):
            return OperationReturn(name, magnitude, None, {}, None, "not tried", "the budget was used up")
        recognised = None
        left: dict[str, npt.NDArray[np.float64]] = {}
        by_name = {candidate.name: candidate for candidate in tried}
        try:
            for candidate in tried:
                found = self.trials.density(candidate)
                recognised = found.kept if found is not None else None
                if recognised is not None and recognised.high < UNRECOGNISED and self.settings.metric == "accuracy":
                    continue
                left[candidate.name] = self.score(candidate, SCREENED)
                if self.trials.budget.spent(SCREENING):
                    break
        except NotApplicable as answer:
            return OperationReturn(name, magnitude, None, {}, recognised, "not tried", str(answer))
        if not left:
            why = "models trained without it do not recognise what it makes of held-out rows"
            return OperationReturn(name, magnitude, None, {}, recognised, "dropped: not recognised", why)
        before = self.score(self.none, SCREENED)
        choice = choose_policy(before, left, self.parts, level=self.settings.level)
        best = by_name[choice.best]
        by_class = class_gains(
            self.trials.codes, self.score(self.none, SCREENED, 0), self.score(best, SCREENED, 0),
            level=self.settings.level,
        )  # fmt: skip
        named = {self.classes[code]: found for code, found in by_class.items()}
        return OperationReturn(name, _magnitude(best), choice.gain, named, recognised, _verdict(choice))

    def halve(self, returns: Sequence[OperationReturn]) -> dict[str, tuple[Candidate, int]]:
        """Successive halving over mixtures of the operations that are left: each candidate and its repeats."""
        order = sorted(
            (r for r in returns if r.kept), key=lambda r: -r.gain.estimate if r.gain is not None else 0.0
        )[:MIXED]  # fmt: skip
        left = mixtures(
            self.medium, [(r.operation, r.magnitude) for r in order], self.settings.magnitudes, self.settings.times
        )
        scored: dict[str, tuple[Candidate, int]] = {}
        for count, repeats in halving_rounds(len(left), REPEATS):
            left = left[:count]
            self.trials.run.expect(len(left), f"{len(left)} policies over {repeats} repeats of the folds")
            for candidate in left:
                done = scored.get(candidate.name, (candidate, 0))[1]
                for repeat in range(done, repeats):
                    if self.trials.budget.spent():
                        return {name: found for name, found in scored.items() if found[1]}
                    self.trials.scores(self.none, repeat)
                    self.trials.scores(candidate, repeat)
                    scored[candidate.name] = (candidate, repeat + 1)
            left = sorted(left, key=lambda c: -self._gain(c, scored[c.name][1]))
        return scored

    def _gain(self, candidate: Candidate, repeats: int) -> float:
        return float((self.score(candidate, repeats) - self.score(self.none, repeats)).mean())

    def run(self) -> AugmentationSearch:
        """The whole search."""
        returns = self.returns()
        scored = self.halve(returns)
        most = max([SCREENED, *(repeats for _, repeats in scored.values())])
        before = self.score(self.none, most)
        choice = choose_policy(
            before, {name: self.score(c, repeats) for name, (c, repeats) in scored.items()}, self.parts,
            level=self.settings.level,
        )  # fmt: skip
        placebo = self.score(Candidate("rows repeated", None, self.settings.times), 1)
        ranking = sorted(((n, k, self._gain(c, k)) for n, (c, k) in scored.items()), key=lambda each: -each[2])
        chosen = scored[choice.chosen][0].policy if choice.chosen else None
        exhausted = self.trials.budget.spent()
        notes = [*self.notes]
        if exhausted:
            notes.append("the budget ended the search; run it again with a larger one to go on")
        if choice.best:
            notes.append("operations were screened on the same rows; prove on test rows has the last word")
        return AugmentationSearch(
            chosen, self.settings.times, choice, float(before.mean()), float(placebo.mean()), tuple(returns),
            tuple(ranking), self.settings.metric, self.trials.budget.used, self.trials.resumed, exhausted,
            len(self.trials.codes), tuple(notes),
        )  # fmt: skip


def _magnitude(candidate: Candidate) -> float | None:
    step = candidate.policy.steps[0] if candidate.policy is not None else None
    return step.magnitude if step is not None and isinstance(step.magnitude, float) else None


def _verdict(choice: PolicyChoice) -> str:
    if choice.gain.low > 0:
        return "helps"
    if choice.apparent.high < 0:
        return "dropped: hurts"
    return "may help" if choice.apparent.estimate > 0 else "dropped: no gain"
