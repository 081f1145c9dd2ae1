"""Formats of other runtimes: one file each, with how a graph is written and how the file is run here."""
