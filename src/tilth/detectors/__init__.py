"""Detectors: evidence to findings, one file an issue.

A detector is a frozen dataclass with the verb ``detect(view, run) -> Findings``. Scores are in [0, 1]
and high means "look here first"; ``why`` is one sentence with numbers. It raises `NotApplicable` with a
reason where it has nothing to say, and changes nothing.
"""
