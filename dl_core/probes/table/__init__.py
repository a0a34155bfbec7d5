"""Probes of runs whose rows are lines of a table."""
