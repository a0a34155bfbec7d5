"""Probes of runs whose rows are series."""
