"""Jobs that only time series need."""
