"""The bodies of the panels for time series."""
