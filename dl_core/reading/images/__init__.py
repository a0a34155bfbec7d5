"""From files to a data set of images."""
