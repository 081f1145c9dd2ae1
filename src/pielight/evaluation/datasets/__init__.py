"""Evaluation datasets: pictures with or without references, and how files are paired.

A new public dataset is one line of :data:`pielight.evaluation.datasets.presets.PRESETS`; a new arrangement of files is
one function and one line of :data:`pielight.evaluation.datasets.layouts.LAYOUTS`.
"""
