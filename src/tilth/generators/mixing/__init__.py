"""Recipes that mix several samples and their labels."""
