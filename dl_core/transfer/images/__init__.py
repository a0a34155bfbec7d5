"""Transfer learning: what only images need."""
