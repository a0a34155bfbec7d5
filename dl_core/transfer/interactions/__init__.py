"""Transfer learning: what only interactions need."""
