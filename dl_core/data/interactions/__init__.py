"""Interactions: who took what, when and how much; their reader, checks and splits."""
