"""Forecasters: plain ones and networks."""
