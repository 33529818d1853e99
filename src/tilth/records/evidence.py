"""Evidence: a named array aligned to the rows of a snapshot."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import numpy.typing as npt

from tilth.errors import AlignmentError, ProbabilityError
from tilth.records.hashing import digest
from tilth.records.snapshot import Snapshot

__all__ = ["Evidence"]


@dataclass(frozen=True)
class Evidence:
    """A named array aligned to rows.

    Parameters
    ----------
    kind : str
        ``embeddings`` (n, d) float32, ``probs`` (n, k) float32, ``neighbors`` (n, q) int64 with
        ``distances`` (n, q) float32, ``recall`` (n,) float32 (measured share of the true neighbours, the
        same in every row) and ``approximate`` (n,) bool in `extra`, ``perceptual`` (n,) uint64,
        ``sizes`` (n, 2) float32: height and width of an image in pixels, ``readable`` (n,) str,
        ``predictions`` (n, 2) float64: a numeric label's expectation and spread.
    snapshot_id : str
    row_ids : (n,) array of str
    values : array, first axis n
    classes : tuple of str
        Names of the columns of `values`, for probabilities and beliefs.
    maker : dict
        Full spec of what made it: room, part, version, parameters, seed.
    out_of_sample : bool
        True only where no row's value was made by something that saw the row's own label.
    extra : dict of arrays
        Companions of `values`.
    notes : tuple of str
        What the maker wants said (recall reached, folds lowered).
    """

    kind: str
    snapshot_id: str
    row_ids: npt.NDArray[np.object_]
    values: npt.NDArray[Any]
    classes: tuple[str, ...] = ()
    maker: dict[str, Any] = field(default_factory=dict)
    out_of_sample: bool = False
    extra: dict[str, npt.NDArray[Any]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        for name, array in {"values": self.values, **self.extra}.items():
            if len(array) != len(self.row_ids):
                raise AlignmentError(
                    f"{self.kind} {name} and row ids have different lengths",
                    found=f"{len(array)} and {len(self.row_ids)}",
                    fix="give one row of the array for each row id",
                )
        if self.classes and self.values.ndim == 2 and self.values.shape[1] != len(self.classes):
            raise ProbabilityError(
                f"{self.kind} has another number of columns than there are classes",
                found=f"{self.values.shape[1]} columns, {len(self.classes)} classes",
                fix="name one class for each column",
            )

    @property
    def address(self) -> str:
        """Hash of kind, snapshot and maker: where this evidence is looked up."""
        return self.address_of(self.kind, self.snapshot_id, self.maker)

    @staticmethod
    def address_of(kind: str, inputs: str, maker: dict[str, Any]) -> str:
        """Address before the evidence exists."""
        return digest({"kind": kind, "inputs": inputs, "maker": maker})

    def align(self, snapshot: Snapshot) -> Evidence:
        """Check that this evidence describes `snapshot`; raises `AlignmentError` where it does not."""
        if self.snapshot_id != snapshot.id:
            raise AlignmentError(
                f"this {self.kind} belongs to another snapshot",
                found=f"{self.snapshot_id}, wanted {snapshot.id}",
                fix="run the verb again so that it is made for this snapshot",
            )
        snapshot.positions(list(self.row_ids))
        return self

    def take(self, rows: npt.NDArray[np.int64]) -> Evidence:
        """Some rows only, in the order given."""
        extra = {name: array[rows] for name, array in self.extra.items()}
        return replace(self, row_ids=self.row_ids[rows], values=self.values[rows], extra=extra)

    def require_out_of_sample(self) -> Evidence:
        """Raise `ProbabilityError` where the values may have seen their own labels."""
        if not self.out_of_sample:
            raise ProbabilityError(
                "these probabilities are in-sample: the model that made them was trained on the same labels",
                where=f"{self.kind} of snapshot {self.snapshot_id}",
                fix="use cross-validated probabilities, or let tilth cross-fit them",
            )
        return self
