"""From files to a data set of rows of a table."""
