"""Explaining images."""
