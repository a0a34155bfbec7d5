"""Whom a model fails: what only time series need."""
