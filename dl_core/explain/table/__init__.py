"""Explaining rows of a table."""
