"""Rows of tables to more rows of tables."""
