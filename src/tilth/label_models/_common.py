"""What the label models share: the checks of their votes, and the votes of their examples."""

from __future__ import annotations

import numpy as np

from tilth.errors import AlignmentError, NotApplicable
from tilth.numerics.consensus.result import Consensus
from tilth.numerics.consensus.votes import Votes, as_votes
from tilth.plugin import Example, LabelModel

__all__ = ["class_votes_for", "crowd_example", "number_votes_for"]


def class_votes_for(part: LabelModel, votes: Votes, k: int) -> Votes:
    """The votes, if they name `k` >= 2 classes; else `NotApplicable` or `AlignmentError`."""
    if votes.numeric:
        raise NotApplicable(f"{part.name or type(part).__name__} needs classes; these votes are numbers")
    if k < 2:
        raise NotApplicable("all votes name the same class, so there is nothing to infer")
    if votes.n_classes != k:
        raise AlignmentError(
            "the votes have another number of classes",
            found=f"{votes.n_classes}, wanted {k}",
            fix="declare the classes when reading the votes: as_votes(..., classes=...)",
        )
    return votes


def number_votes_for(part: LabelModel, votes: Votes) -> Votes:
    """The votes, if they are numbers; else `NotApplicable`."""
    if not votes.numeric:
        raise NotApplicable(f"{part.name or type(part).__name__} needs numbers; these votes are classes")
    return votes


def crowd_votes() -> Votes:
    """24 items of two classes by turns; three raters who slip now and then, one who answers by whim; one gap."""
    item = np.arange(24)
    truth = item % 2
    slips = [(item % 8 == offset) for offset in (1, 4, 7)]
    table = np.column_stack([*(np.where(slip, 1 - truth, truth) for slip in slips), item // 3 % 2])
    table[4, 3] = -1
    return as_votes(table, classes=[0, 1], rater_names=["ann", "bob", "cleo", "whim"])


def crowd_example() -> Example:
    """An example on which every method gives one answer."""

    def check(found: Consensus) -> str:
        wrong = np.flatnonzero(found.labels != np.arange(24) % 2)
        if wrong.size > 3:
            return f"{wrong.size} labels are wrong, the first on item {wrong[0]}"
        return "" if found.quality[3] < found.quality[:3].min() else "the careless rater is not seen"

    return Example(crowd_votes(), check, "Three raters who slip now and then outweigh one who answers by whim.")
