"""Numbers and addresses of people in tables: found by what stands in a column, and kept from all that follows."""
