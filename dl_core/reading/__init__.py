"""From files as people have them to rows and roles: archives, encodings, formats, layouts."""
