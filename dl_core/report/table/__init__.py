"""What a report shows of the rows of a table."""
