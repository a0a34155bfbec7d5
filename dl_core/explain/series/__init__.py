"""Explaining time series."""
