"""What jobs do with images alone."""
