"""The constraints of PIE and learning by inversion as plain functions of tensors, differentiable, each a mean.

Pictures are ``(N, 3, H, W)`` in [0, 1], those before and after of the same shape, regions ``labels`` ``(N, H, W)``,
curve maps ``alphas`` ``(N, 3 * iterations, h, w)``, brightness profiles ``(N, K)`` of N pictures, ``(P, K)`` of P
positives and ``(M, K)`` of M negatives. What differs is said at each function.
"""
