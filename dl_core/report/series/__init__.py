"""The report: what only time series need."""
