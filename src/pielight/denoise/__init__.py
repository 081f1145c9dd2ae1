"""Denoising: how much noise a picture has, how much of it the curves show, and a small network that takes it out."""
