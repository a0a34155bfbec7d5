"""Judging lists: how good top-k recommendations are, and what they are made of, with intervals over users."""
