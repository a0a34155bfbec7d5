"""Explaining interactions."""
