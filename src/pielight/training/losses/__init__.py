"""The constraints of PIE and learning by inversion as plain functions of tensors, differentiable, each a mean."""
