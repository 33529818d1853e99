"""Votes of many raters: agree and consensus."""
