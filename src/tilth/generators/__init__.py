"""Rows to proposed rows: one file per recipe, in folders by medium.

A recipe is an `Operation`, which changes one sample, or another `Generator`, which makes samples from many.
Augmentation policies join operations by name.
"""
