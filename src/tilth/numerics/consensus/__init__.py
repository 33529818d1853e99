"""Votes of many raters, and the label that they support."""
