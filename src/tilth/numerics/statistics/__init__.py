"""Intervals, scores, planted noise and repeated trials."""
