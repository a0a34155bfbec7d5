"""Tables of rows as people have them, whatever the industry: files, formats, numbers, times, columns' names."""
