"""Color spaces and color models of picture files."""
