"""What a person needs to judge: rows worth asking for, what they say, and what a rule adds with its interval."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

from tilth.numerics.consensus.votes import Votes
from tilth.numerics.statistics.interval_result import Interval
from tilth.numerics.weak_supervision.choice import right_share
from tilth.numerics.weak_supervision.soft_training import RowPlan, plan_rows
from tilth.workflows.weak.results import WeakVotes

__all__ = ["contents", "gain_of", "one_class_note", "plan_of", "vote_entropy"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]

#: Letters of a row that are shown.
_SHOWN = 160
#: Margin of the two best classes below which a row is in doubt though all its votes agree.
_DOUBT = 0.5


def vote_entropy(votes: Votes) -> FloatArray:
    """Entropy of the votes on each row, in bits, shape (n,); 0 where at most one class was named."""
    counts = votes.count_table().astype(np.float64)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)
    logs = np.log2(share, out=np.zeros_like(share), where=share > 0)
    return np.asarray(-(share * logs).sum(axis=1) + 0.0)


def plan_of(said: WeakVotes, beliefs: FloatArray, ask: int) -> RowPlan:
    """Rows to train on, to drop and to show: none of the test part, gold rows always to train on.

    Shown are rows in doubt only: those on which rules differ or whose two best classes are close, the closest and most
    disputed first, then rows without a vote.
    """
    fired = said.votes.votes_per_item
    known = said.development >= 0
    dispute = vote_entropy(said.votes)
    plan = plan_rows(beliefs, fired, dispute, ask=len(fired))
    train = np.union1d(plan.train[~said.held_out[plan.train]], np.flatnonzero(known))
    ordered = np.sort(beliefs, axis=1)
    doubtful = (dispute > 0) | (ordered[:, -1] - ordered[:, -2] < _DOUBT) | (fired == 0)
    free = ~said.held_out & ~known & doubtful
    keep = [at for at, row in enumerate(plan.ask.tolist()) if free[row]][:ask]
    return RowPlan(
        train, np.setdiff1d(np.flatnonzero(~said.held_out), train), plan.ask[keep], tuple(plan.reasons[i] for i in keep)
    )


def contents(said: WeakVotes, rows: Iterable[int]) -> list[str]:
    """What rows say, as text: the inputs, shortened; for media their paths or names."""
    schema = said.snapshot.schema
    inputs = [c.name for c in schema.columns if c.role == "input"]
    inputs = [c.name for c in schema.columns if c.role == "input" and c.media == "text"] or inputs
    table = said.snapshot.table
    at = list(rows)
    if not inputs or not at:
        return [""] * len(at)
    taken = table.select(inputs[:4]).take(at).to_pylist()
    return [
        _short("; ".join(str(v) for v in row.values() if v is not None and not isinstance(v, bytes))) for row in taken
    ]


def _short(text: str) -> str:
    line = " ".join(text.split())
    return line if len(line) <= _SHOWN else line[: _SHOWN - 1].rstrip() + "…"


def gain_of(votes: Votes, gold: IntArray, rule: int, level: float = 0.95) -> Interval:
    """What a rule adds to majority vote: accuracy on gold rows less that without the rule, with a paired t interval.

    Parameters
    ----------
    votes : Votes
    gold : (n,) int64
        Class of each row, -1 where unknown; one row at least is known.
    rule : int
    level : float
    """
    from scipy.stats import t

    known = np.flatnonzero(gold >= 0)
    mine = votes.raters == rule
    counts = votes.count_table()
    without = counts[known].astype(np.float64)
    spot = np.searchsorted(known, votes.items[mine])
    hit = (spot < known.size) & (known[np.minimum(spot, known.size - 1)] == votes.items[mine])
    np.subtract.at(without, (spot[hit], votes.values[mine][hit].astype(np.int64)), 1.0)
    change = right_share(counts[known].astype(np.float64), gold[known]) - right_share(without, gold[known])
    n, mean = known.size, float(change.mean())
    # half a row each way, so that a handful of equal rows does not look certain
    spread = math.sqrt((float(((change - mean) ** 2).sum()) + 0.5) / max(n - 1, 1))
    half = float(t.ppf(0.5 + level / 2, max(n - 1, 1))) * spread / math.sqrt(n)
    return Interval(mean, mean - half, mean + half, level, n, "paired t")


def one_class_note(gold: IntArray, classes: Sequence[str]) -> tuple[str, ...]:
    """What to say where all labels to judge by are of one class."""
    found = np.unique(gold[gold >= 0])
    if found.size != 1:
        return ()
    only = classes[int(found[0])]
    return (
        f"all {int((gold >= 0).sum()):,} labels to judge rules by are {only}: they cannot show which rules name it too "
        "often, so accuracies and the choice of a method mean little; label some rows of another class",
    )
