"""Degradations of good pictures by physics: darkness, noise, JPEG, haze and rain, as batch operations on tensors.

Functions take pictures ``(N, 3, H, W)`` in [0, 1], and return such; they take their regions ``labels`` ``(N, H, W)`` or
smaller, whole numbers from 0, the intervals to draw from, which are in
:mod:`pielight.training.schema.degradations`, and a ``torch.Generator`` on the CPU, the source of all randomness. What
differs is said at each function.
"""
