"""Evaluation datasets, and how their files are paired."""
