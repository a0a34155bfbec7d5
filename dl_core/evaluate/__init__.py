"""Honest scores: metrics as plain functions, intervals, pairing, calibration, robustness."""
