"""HEIC and AVIF, which share a container."""
