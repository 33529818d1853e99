"""Strategies: evidence and a budget to picks, one file a strategy.

A strategy is a frozen dataclass with the verb ``pick(view, budget, run) -> Findings``. The pool is the rows whose
label is -1. One finding a pick, flagged, the one to ask first with the highest score; ``why`` is one sentence with
numbers. It must work from zero labels on: where the view lacks ``probs`` or ``committee``, since no model could be
trained yet, it picks what a start without labels should be, and says so.
"""
