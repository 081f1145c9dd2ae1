"""Pixel operations in NumPy and C: lattices, curves, thumbnails, noise estimates."""
