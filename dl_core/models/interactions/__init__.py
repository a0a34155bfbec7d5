"""Recommenders: models that rank items for a user's history."""
