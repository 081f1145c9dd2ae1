"""Evaluation: datasets, methods, metrics, statistics and reports."""
