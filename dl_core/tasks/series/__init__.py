"""What jobs do with series alone."""
