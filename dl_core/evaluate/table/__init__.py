"""Judging: what only rows of a table need."""
