"""Training: what only time series need."""
