"""Codecs: one module for each picture format, or one package where a format has several parts."""
