"""Jobs that only rows of a table need."""
