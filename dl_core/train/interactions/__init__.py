"""Training: what only interactions need."""
