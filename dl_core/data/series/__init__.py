"""Reading, checking and splitting time series."""
