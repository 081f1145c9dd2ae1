"""Surveys: people compare or rate the results of methods in a browser, without knowing which method made what."""
