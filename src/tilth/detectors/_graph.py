"""From the evidence on neighbours to the graph that numerics reads."""

from __future__ import annotations

import numpy as np

from tilth.numerics.similarity.neighbors import NeighborGraph, nearest_neighbors
from tilth.plugin import View

__all__ = ["graph_of"]


def graph_of(view: View) -> NeighborGraph:
    """The neighbour graph of a view.

    Where some neighbours are outside the view (position -1), the graph is made anew from the embeddings.
    """
    evidence = view.evidence_of("neighbors")
    if bool(np.any(evidence.values < 0)):
        return nearest_neighbors(view["embeddings"], min(evidence.values.shape[1], max(len(view) - 1, 1)))
    return NeighborGraph.from_columns(evidence.values, evidence.extra)
