"""Every error that tilth raises on purpose, in one tree.

::

    TilthError
    ├── DataError (ValueError)          the data are not what they should be
    │   ├── SourceError                 a file or table cannot be read as rows
    │   ├── SchemaError                 a column, role, id or label is wrong or ambiguous
    │   ├── LabelError                  labels that a computation cannot use
    │   ├── ProbabilityError            probabilities of the wrong shape, range or provenance
    │   └── AlignmentError              two things that should describe the same rows do not
    ├── ParameterError (ValueError)     an argument is outside what is allowed
    ├── LeakError                       a row or its descendant would sit in train and test
    ├── ConflictError                   two decisions contradict each other
    ├── StoreError                      the workspace cannot be read or written
    │   └── BusyError                   another process is writing it
    ├── PartError                       a part is unknown, doubly named or broken
    │   └── MissingExtraError (ImportError)   an optional library is not installed
    ├── NotApplicable                   not a failure: a part has nothing to say, and says why
    └── Cancelled                       the user stopped the work; what was done is kept

A message has up to four pieces: what is wrong, where, what was found, and what to do next.
"""

from __future__ import annotations

__all__ = [
    "AlignmentError",
    "BusyError",
    "Cancelled",
    "ConflictError",
    "DataError",
    "LabelError",
    "LeakError",
    "MissingExtraError",
    "NotApplicable",
    "ParameterError",
    "PartError",
    "ProbabilityError",
    "SchemaError",
    "SourceError",
    "StoreError",
    "TilthError",
]


class TilthError(Exception):
    """Base of all errors raised on purpose.

    Parameters
    ----------
    what : str
        What is wrong, as one clause.
    where : str, optional
        The file, line, row or column.
    found : str, optional
        What was there.
    fix : str, optional
        What to do or type next.
    """

    def __init__(self, what: str, *, where: str = "", found: str = "", fix: str = "") -> None:
        self.what = what
        self.where = where
        self.found = found
        self.fix = fix
        super().__init__(self._compose())

    def _compose(self) -> str:
        text = f"{self.where}: {self.what}" if self.where else self.what
        if self.found:
            text += f" (found {self.found})"
        if self.fix:
            text += f". {self.fix[0].upper()}{self.fix[1:]}"
        return text


class DataError(TilthError, ValueError):
    """The data are not what they should be."""


class SourceError(DataError):
    """A file, folder or table cannot be read as rows."""


class SchemaError(DataError):
    """A column, role, id or label is wrong, missing or ambiguous."""


class LabelError(DataError):
    """Labels that the computation cannot use."""


class ProbabilityError(DataError):
    """Probabilities of the wrong shape, range or provenance."""


class AlignmentError(DataError):
    """Two things that should describe the same rows do not."""


class ParameterError(TilthError, ValueError):
    """An argument is outside what is allowed."""


class LeakError(TilthError):
    """A row, its duplicate or its descendant would sit in train and test."""


class ConflictError(TilthError):
    """Two decisions contradict each other."""


class StoreError(TilthError):
    """The workspace cannot be read or written."""


class BusyError(StoreError):
    """Another process is writing the workspace."""


class PartError(TilthError):
    """A part is unknown, doubly named or breaks its contract."""


class MissingExtraError(PartError, ImportError):
    """An optional library is not installed; the message holds the install line."""


class NotApplicable(TilthError):  # noqa: N818 - an answer, not an error
    """A part has nothing to say about these rows, and says why."""


class Cancelled(TilthError):  # noqa: N818 - an answer, not an error
    """The user stopped the work; finished pieces stay in the cache."""
