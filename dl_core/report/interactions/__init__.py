"""The report: what only interactions need."""
