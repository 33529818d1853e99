"""Confident learning: the joint of given and true labels, issues, quality scores and health."""
