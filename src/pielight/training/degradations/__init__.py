"""Degradations of good pictures by physics: darkness, noise, JPEG, haze and rain, as batch operations on tensors.

Functions take pictures ``(N, 3, H, W)`` in [0, 1] and a ``torch.Generator`` on the CPU, the source of all randomness.
Their settings are in :mod:`pielight.training.schema.degradations`.
"""
