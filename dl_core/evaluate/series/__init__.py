"""Judging forecasts."""
