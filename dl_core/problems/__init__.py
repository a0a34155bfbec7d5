"""Kinds of problem: what is asked of models, and how the stages judge their answers."""
