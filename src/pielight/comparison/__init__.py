"""Sheets that show photos before and after."""
