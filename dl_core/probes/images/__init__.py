"""Probes of runs whose rows are images."""
