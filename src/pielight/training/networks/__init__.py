"""Networks in torch, and their public checkpoints."""
