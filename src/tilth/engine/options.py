"""What the user may choose about evidence."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from tilth.errors import ParameterError

__all__ = ["ResolverOptions"]


@dataclass(frozen=True)
class ResolverOptions:
    """What the user may choose about evidence.

    Parameters
    ----------
    embedder : str
        Name of an embedder for the media that it accepts; empty for the defaults.
    model : object or None
        A scikit-learn classifier, or a factory of one; None for the default classifier.
    model_name : str
        How the model is named in reports.
    n_folds : int
        At least 2.
    n_neighbors : int
    model_key : str
        Hash of what the model is: part of the cache key. Empty where the name says it all.
    """

    embedder: str = ""
    model: Any = None
    model_name: str = "default"
    n_folds: int = 5
    n_neighbors: int = 10
    model_key: str = ""

    def __post_init__(self) -> None:
        if self.n_folds < 2:
            raise ParameterError("cross-fitting needs at least 2 folds", found=str(self.n_folds), fix="use 5")

    @property
    def model_id(self) -> str:
        """What stands for the model in the specs of what it makes."""
        return self.model_key or self.model_name
