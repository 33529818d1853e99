"""Neighbours and what follows from them: outliers, duplicates, maps."""
