"""The rounds of a search: every operation by itself, then mixtures by successive halving, then the choice."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt

from tilth.errors import MissingExtraError, NotApplicable, ParameterError
from tilth.numerics.augment.policy_choice import PolicyChoice, choose_policy, class_gains
from tilth.numerics.augment.search import halving_rounds
from tilth.numerics.statistics.interval_result import Interval
from tilth.workflows.augment.search_candidates import mixtures, operations_of, singles
from tilth.workflows.augment.search_result import AugmentationSearch, OperationReturn, SearchSettings
from tilth.workflows.augment.search_trials import Candidate, Trials

__all__ = ["Rounds"]

Floats = npt.NDArray[np.float64]
#: Repeats of the folds that every operation is screened on, and that the last candidates are scored on.
SCREENED, REPEATS = 2, 6
#: Share of the budget after which no further operation is screened.
SCREENING = 0.55
#: A loss of accuracy on changed held-out rows above which a weaker magnitude is taken, and one beyond which an
#: operation is not even trained with.
TOLERATED = -0.1
UNRECOGNISED = -0.3
#: Operations that mixtures are made of, at most.
MIXED = 6


class Rounds:
    """One search under way."""

    def __init__(self, trials: Trials, classes: Sequence[str], settings: SearchSettings, medium: str) -> None:
        self.trials, self.classes, self.settings, self.medium = trials, classes, settings, medium
        self.none, self.repeated = Candidate("none", None, 0), Candidate("rows repeated", None, settings.times)
        self.cut = False  # whether the budget left something out
        self.merits: dict[str, float] = {}
        self.placebo = 0.0
        self.parts = trials.folds(0)
        self.notes: list[str] = []
        counts = np.bincount(trials.codes, minlength=len(classes)).astype(np.float64)
        even = len(trials.codes) / (np.count_nonzero(counts) * np.maximum(counts, 1))
        self.weights = even[trials.codes] if settings.metric == "balanced_accuracy" else np.ones(len(trials.codes))

    def score(self, candidate: Candidate, repeats: int, metric: str = "") -> Floats:
        """Scores of the rows over some repeats, shape (repeats, n), in the metric of the search or another one."""
        wanted = metric or self.settings.metric
        both = np.stack([self.trials.scores(candidate, repeat) for repeat in range(repeats)])
        if wanted == "log_likelihood":
            return np.asarray(both[..., 1])
        return np.asarray(both[..., 0] * (self.weights if wanted == "balanced_accuracy" else 1.0))

    def rank(self, candidate: Candidate, repeats: int) -> Floats:
        """What candidates are told apart by, shape (repeats, n): the metric, and the probability of the right class.

        Adding rows sharpens probabilities by itself, so it is fair only between candidates that add equally many.
        """
        if self.settings.metric == "log_likelihood":
            return self.score(candidate, repeats)
        sure = np.exp(np.stack([self.trials.scores(candidate, repeat)[:, 1] for repeat in range(repeats)]))
        return self.score(candidate, repeats) + sure * self.weights

    def choose(self, scored: Mapping[str, tuple[Candidate, int]], level: float) -> PolicyChoice:
        """The best of some candidates that add equally many rows, or none."""
        most = max([1, *(repeats for _, repeats in scored.values())])
        return choose_policy(
            self.score(self.none, most),
            {name: self.score(c, repeats) for name, (c, repeats) in scored.items()},
            self.parts,
            rank_before=self.rank(self.none, most),
            rank={name: self.rank(c, repeats) for name, (c, repeats) in scored.items()},
            level=level,
        )

    def returns(self) -> list[OperationReturn]:
        """Each operation by itself."""
        operations = operations_of(self.medium, self.settings.operations)
        made = singles(self.medium, operations, self.settings.magnitudes, min(2, self.settings.times))
        few = Candidate("rows repeated", None, min(2, self.settings.times))
        first = [
            (self.none, SCREENED),
            (few, SCREENED),
            *([(self.repeated, 1)] if few.key != self.repeated.key else []),
        ]
        least = sum(repeats for _, repeats in first)
        if not self.trials.budget.room(least):
            raise ParameterError(
                "a search compares with no augmentation and with repeated rows first",
                where="budget",
                found=f"{self.trials.budget.trials} trials",
                fix=f"give at least {least} trials, and {SCREENED} more for each operation",
            )
        self.trials.run.expect(least + SCREENED * len(made), "trying operations")
        for candidate, repeats in first:
            self.score(candidate, repeats)
        self.placebo = float(self.rank(few, SCREENED).mean())
        return [self._return(name, tried) for name, tried in made.items()]

    def _return(self, name: str, tried: list[Candidate]) -> OperationReturn:
        magnitude = _magnitude(tried[0])
        if self.trials.budget.spent(SCREENING) or not self.trials.budget.room(SCREENED):
            self.cut = True
            return OperationReturn(name, magnitude, None, {}, None, "not tried", "the budget was used up")
        recognised = None
        try:
            candidate, recognised = self._recognised(tried)
            if recognised is not None and recognised.high < UNRECOGNISED:
                why = "models trained without it do not recognise what it makes of held-out rows"
                made = _magnitude(candidate)
                return OperationReturn(name, made, None, {}, recognised, "dropped: not recognised", why)
            self.score(candidate, SCREENED)
        except (NotApplicable, MissingExtraError) as answer:
            return OperationReturn(name, magnitude, None, {}, recognised, "not tried", str(answer))
        return self._measured(name, candidate, recognised)

    def _recognised(self, tried: list[Candidate]) -> tuple[Candidate, Interval | None]:
        """The strongest magnitude whose rows are still recognised by density matching, else the weakest."""
        for candidate in tried:
            found = self.trials.density(candidate)
            if found is None or found.kept.estimate >= TOLERATED or candidate is tried[-1]:
                return candidate, None if found is None else found.kept
        raise NotApplicable("there is no magnitude to try")

    def _measured(self, name: str, best: Candidate, recognised: Interval | None) -> OperationReturn:
        """The return of one operation, from its trials."""
        choice = self.choose({best.name: (best, SCREENED)}, self.settings.level)
        self.merits[name] = float(self.rank(best, SCREENED).mean()) - self.placebo
        by_class = class_gains(
            self.trials.codes,
            self.score(self.none, SCREENED, "accuracy"),
            self.score(best, SCREENED, "accuracy"),
            level=self.settings.level,
        )
        named = {self.classes[code]: found for code, found in by_class.items()}
        return OperationReturn(name, _magnitude(best), choice.gain, named, recognised, self._verdict(name, choice))

    def halve(self, returns: Sequence[OperationReturn]) -> dict[str, tuple[Candidate, int]]:
        """Successive halving over mixtures of the operations that are left: each candidate and its repeats."""
        order = sorted((r for r in returns if r.kept), key=lambda r: -self.merits[r.operation])[:MIXED]
        left = mixtures(
            self.medium, [(r.operation, r.magnitude) for r in order], self.settings.magnitudes, self.settings.times
        )
        scored: dict[str, tuple[Candidate, int]] = {}
        for count, repeats in halving_rounds(len(left), REPEATS, first=SCREENED):
            left = left[:count]
            self.trials.run.expect(len(left), f"{len(left)} policies over {repeats} repeats of the folds")
            for candidate in left:
                done = scored.get(candidate.name, (candidate, 0))[1]
                for repeat in range(done, repeats):
                    new = sum(not self.trials.known(one, repeat) for one in (self.none, candidate))
                    if self.trials.budget.spent() or not self.trials.budget.room(new):
                        self.cut = True
                        return {name: found for name, found in scored.items() if found[1]}
                    self.trials.scores(self.none, repeat)
                    self.trials.scores(candidate, repeat)
                    scored[candidate.name] = (candidate, repeat + 1)
            left = sorted(left, key=lambda c: -self._merit(c, scored[c.name][1]))
        return scored

    def _merit(self, candidate: Candidate, repeats: int) -> float:
        return float((self.rank(candidate, repeats) - self.rank(self.none, repeats)).mean())

    def _gain(self, candidate: Candidate, repeats: int) -> float:
        return float((self.score(candidate, repeats) - self.score(self.none, repeats)).mean())

    def _verdict(self, name: str, choice: PolicyChoice) -> str:
        if choice.gain.low > 0:
            return "helps"
        if choice.apparent.high < 0:
            return "dropped: hurts"
        return "may help" if choice.apparent.estimate >= 0 and self.merits[name] > 0 else "dropped: no gain"

    def run(self) -> AugmentationSearch:
        """The whole search."""
        returns = self.returns()
        scored = self.halve(returns)
        most = max([SCREENED, *(repeats for _, repeats in scored.values())])
        finalists = {name: found for name, found in scored.items() if 2 * found[1] > most}
        choice = self.choose(finalists, self.settings.taken_at)
        before = self.score(self.none, most)
        placebo = self.score(self.repeated, 1)
        gains = [(name, repeats, self._gain(c, repeats)) for name, (c, repeats) in scored.items()]
        ranking = sorted(gains, key=lambda each: (each[0] != choice.best, each[0] not in finalists, -each[2]))
        chosen = scored[choice.chosen][0].policy if choice.chosen else None
        exhausted = self.cut or self.trials.budget.spent()
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
