"""Probes of runs whose rows are interactions."""
