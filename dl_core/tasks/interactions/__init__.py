"""Jobs that only interactions need."""
