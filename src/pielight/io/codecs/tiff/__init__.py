"""TIFF, of one page and of several."""
