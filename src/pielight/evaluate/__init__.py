"""Measures of quality: how near a reference, how natural, and what was harmed."""
