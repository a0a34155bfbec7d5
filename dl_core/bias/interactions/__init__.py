"""Whom a model fails: what only interactions need."""
