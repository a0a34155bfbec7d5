"""The bodies of the panels for rows of a table."""
