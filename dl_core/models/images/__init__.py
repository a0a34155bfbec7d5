"""Models of images. Each is imported only when it is asked for."""
