"""Transfer learning: what only time series need."""
