"""What a consensus is made with, and what comes of it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tilth.errors import ParameterError
from tilth.numerics.consensus.ask import AskNext
from tilth.numerics.consensus.choice import Choice
from tilth.numerics.consensus.raters import RaterReport
from tilth.records import Findings, Outcome
from tilth.workflows.crowd.consensus_ledger import Recorded
from tilth.workflows.crowd.votes import VoteTable
from tilth.workflows.project import Dataset

__all__ = ["ConsensusOptions", "Settled", "check_apart"]


@dataclass(frozen=True)
class ConsensusOptions:
    """What a consensus is made with and where it goes.

    Parameters
    ----------
    method : str
        A label model by name; empty for the recommended one.
    dataset : object
        Data whose row ids are the items; None makes the items a dataset of their own.
    probs : path or table, optional
        Out-of-sample class probabilities for the model-assisted method, as for `audit`.
    model, model_name, embedder
        As for `audit`: what the model-assisted method trains otherwise.
    out : Path, optional
        Folder for the files; default: ``NAME-consensus`` beside the votes.
    workspace : Path, optional
    record : bool
        Write decisions. Otherwise only files.
    include_test : bool
        Relabel rows of the test and validation part too.
    force : bool
        Overwrite files that an earlier consensus did not write.
    parquet : bool
        Write Parquet instead of CSV.
    """

    method: str = ""
    dataset: Any = None
    probs: Any = None
    model: Any = None
    model_name: str = ""
    embedder: str = ""
    out: Path | None = None
    workspace: Path | None = None
    record: bool = True
    include_test: bool = False
    force: bool = False
    parquet: bool = False


@dataclass(frozen=True, eq=False)
class Settled:
    """What ``consensus`` made.

    Parameters
    ----------
    name : str
    table : VoteTable
    fitted : dict of method name to Consensus or NumericConsensus
    outcomes : tuple of Outcome
        One for each label model.
    choice : Choice or None
        Every method beside the trivial one; None where nothing could be compared.
    method : str
        Whose labels were taken.
    labels : tuple of str or None
        One an item; None without votes.
    raters : RaterReport or None
        None for numbers.
    ask : AskNext or None
        Items worth another vote, and whom to ask; None for numbers.
    findings : Findings
        One row an item, least sure first; flagged where another vote is worth asking for.
    recorded : Recorded or None
    dataset : Dataset or None
    folder : Path
    files : tuple of str
        Names of the files in `folder`.
    notes : tuple of str
    """

    name: str
    table: VoteTable
    fitted: dict[str, Any]
    outcomes: tuple[Outcome, ...]
    choice: Choice | None
    method: str
    labels: tuple[str | None, ...]
    raters: RaterReport | None
    ask: AskNext | None
    findings: Findings
    recorded: Recorded | None
    dataset: Dataset | None
    folder: Path
    files: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def chosen(self) -> Any:
        """The Consensus or NumericConsensus whose labels were taken."""
        return self.fitted[self.method]

    @property
    def failed(self) -> tuple[Outcome, ...]:
        """Outcomes of the label models that failed."""
        return tuple(outcome for outcome in self.outcomes if outcome.outcome == "failed")

    def to_dict(self) -> dict[str, Any]:
        """The object that ``--json`` prints."""
        from tilth.workflows.crowd.consensus_tables import settled_dict

        return settled_dict(self)


def check_apart(paths: Sequence[Path], inputs: Sequence[Any]) -> None:
    """Raise where a file to be written is one of the inputs."""
    taken = {Path(i).resolve() for i in inputs if isinstance(i, (str, Path)) and str(i)}
    for path in paths:
        if path.resolve() in taken:
            raise ParameterError(
                "this would overwrite what was read", where=str(path), fix="choose another --out folder"
            )
