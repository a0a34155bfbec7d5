"""From files to a data set of time series."""
