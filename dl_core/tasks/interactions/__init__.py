"""What jobs do with interactions alone."""
