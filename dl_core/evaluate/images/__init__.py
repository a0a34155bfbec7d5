"""Judging: what only images need."""
