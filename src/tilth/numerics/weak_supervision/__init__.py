"""Votes of labelling functions: analysis, label models and training on beliefs."""
