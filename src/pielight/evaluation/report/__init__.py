"""Reports of an evaluation: tables, files and a page."""
