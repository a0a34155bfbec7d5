"""Models of tables: rows with numbers and categories, and sequences of an account's rows."""
