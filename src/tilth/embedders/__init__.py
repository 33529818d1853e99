"""Embedders: items to vectors, one file a model.

An embedder is a frozen dataclass with the verb ``embed(items, run) -> (n, d) float32``. What `items`
is follows from the part's ``accepts``; see `tilth.plugin.Embedder`. It never sees labels.
"""
