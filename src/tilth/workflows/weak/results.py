"""What the verbs of weak supervision take and return."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from tilth.engine.labelling import Fault
from tilth.errors import ParameterError
from tilth.numerics.consensus.choice import Choice
from tilth.numerics.consensus.votes import Votes
from tilth.numerics.statistics.interval_result import Interval
from tilth.numerics.weak_supervision.analysis import FunctionReport
from tilth.numerics.weak_supervision.dependency import Dependence
from tilth.numerics.weak_supervision.model import WeakModel
from tilth.numerics.weak_supervision.slices import SliceScore
from tilth.numerics.weak_supervision.soft_training import RowPlan
from tilth.numerics.weak_supervision.suggest import Suggestion
from tilth.records import Snapshot
from tilth.sources import write_rows
from tilth.workflows.project import Dataset
from tilth.workflows.weak.ledger import WeakRecorded
from tilth.workflows.weak.rule_set import RuleSet, checked_classes

__all__ = ["WeakAnalysis", "WeakFit", "WeakLabels", "WeakOptions", "WeakVotes"]

IntArray = npt.NDArray[np.int64]
FloatArray = npt.NDArray[np.float64]


@dataclass(frozen=True)
class WeakOptions:
    """How weak supervision runs.

    Parameters
    ----------
    method : str
        A label model, or "auto": majority vote unless another is shown to be better.
    fault_tolerant : bool
        Count a rule's failures as abstentions instead of stopping.
    classes : tuple of str
        In order; default those of the rules, else of the data.
    class_balance : tuple of float
        Shares of the classes; default estimated, or from gold.
    threshold : float
        Belief from which on `label` writes a label, in [0.5, 1].
    model : {"label", "end"}
        Whose labels `label` writes: the label model's, on rows with votes; or the trained model's, on all rows.
    relabel, include_test : bool
        Also write over labels that are there; also write to the test and validation part.
    workspace : path, optional
    """

    method: str = "auto"
    fault_tolerant: bool = False
    classes: tuple[str, ...] = ()
    class_balance: tuple[float, ...] = ()
    threshold: float = 0.5
    model: str = "label"
    relabel: bool = False
    include_test: bool = False
    workspace: str | Path | None = None

    def __post_init__(self) -> None:
        if self.model not in ("label", "end"):
            raise ParameterError("unknown model", found=repr(self.model), fix="use 'label' or 'end'")
        object.__setattr__(self, "classes", tuple(map(str, checked_classes(self.classes, "classes"))))
        if not 0 <= self.threshold <= 1:
            raise ParameterError("threshold must lie in [0, 1]", found=str(self.threshold))


@dataclass(frozen=True, eq=False)
class WeakVotes:
    """What the rules said about a dataset.

    Parameters
    ----------
    dataset : Dataset
    snapshot : Snapshot
    rules : RuleSet
    votes : Votes
    faults : tuple of Fault
    gold : (n,) int64
        Labels that came with the data or from people; -1 where there is none.
    held_out : (n,) bool
        Rows of the test part.
    notes : tuple of str
    """

    dataset: Dataset
    snapshot: Snapshot
    rules: RuleSet
    votes: Votes
    faults: tuple[Fault, ...]
    gold: IntArray
    held_out: npt.NDArray[np.bool_]
    notes: tuple[str, ...] = ()

    @property
    def classes(self) -> tuple[str, ...]:
        """Names of the classes."""
        return tuple(str(c) for c in self.votes.classes)

    @property
    def development(self) -> IntArray:
        """Gold that rules may be judged by: all but the test part's, -1 elsewhere."""
        return np.where(self.held_out, -1, self.gold)

    def write(self, path: Path, *, force: bool = False) -> Path:
        """One row for each vote: item, rater and label, as `agree` and `consensus` read them; CSV or Parquet."""
        if path.exists() and not force:
            raise ParameterError("this file is there already", where=str(path), fix="name another, or use --force")
        path.parent.mkdir(parents=True, exist_ok=True)
        votes = self.votes
        words = np.asarray(self.classes, dtype=object)
        table = pa.table(
            {
                "item": pa.array(votes.item_names[votes.items].tolist(), pa.string()),
                "rater": pa.array(votes.rater_names[votes.raters].tolist(), pa.string()),
                "label": pa.array(words[votes.values.astype(np.int64)].tolist(), pa.string()),
            }
        )
        write_rows(table, path)
        return path


@dataclass(frozen=True, eq=False)
class WeakAnalysis:
    """What each rule does.

    Parameters
    ----------
    said : WeakVotes
    functions : tuple of FunctionReport
        By the development gold.
    dependence : Dependence or None
        Rules that err together.
    disputed : tuple of (row id, votes)
        Rows on which rules differ most.
    entropy : tuple of float
        Of the votes on those rows, in bits.
    suggestions : tuple of Suggestion
        Words that could become rules.
    missed : (n_classes,) int64
        Development gold rows of each class on which no rule votes.
    """

    said: WeakVotes
    functions: tuple[FunctionReport, ...]
    dependence: Dependence | None
    disputed: tuple[tuple[str, str], ...]
    entropy: tuple[float, ...]
    suggestions: tuple[Suggestion, ...]
    missed: IntArray


@dataclass(frozen=True, eq=False)
class WeakFit:
    """Beliefs about every row, and the model trained on them.

    Parameters
    ----------
    said : WeakVotes
    model : WeakModel
    choice : Choice or None
    why : str
        Why this method.
    beliefs : (n, k)
        Of the label model.
    plan : RowPlan
        Rows to train on, to drop and to send to people.
    end : (n, k) or of size 0
        Probabilities of the end model.
    scores : tuple of (name, Interval)
        Accuracy on the gold of the test part: majority vote, label model, end model. Ties count by their share.
    slices : tuple of SliceScore
        Of the best model on the test part, by slice.
    notes : tuple of str
    """

    said: WeakVotes
    model: WeakModel
    choice: Choice | None
    why: str
    beliefs: FloatArray
    plan: RowPlan
    end: FloatArray = field(default_factory=lambda: np.empty(0))
    scores: tuple[tuple[str, Interval], ...] = ()
    slices: tuple[SliceScore, ...] = ()
    notes: tuple[str, ...] = ()


@dataclass(frozen=True, eq=False)
class WeakLabels:
    """What `weak_label` wrote.

    Parameters
    ----------
    fit : WeakFit
    recorded : WeakRecorded
    """

    fit: WeakFit
    recorded: WeakRecorded
